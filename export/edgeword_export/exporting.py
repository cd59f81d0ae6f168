"""Keras model → bundle: opened, decided, written, measured, gated, packed."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from edgeword.bundle.bundle import CARD_FILE, TOKENIZER_FILE, file_entry
from edgeword.bundle.manifest import FORMAT_VERSION, Manifest, Variant
from edgeword.bundle.seal import digest
from edgeword.bundle.spec import Spec
from edgeword.bundle.writing import write_bundle
from edgeword.errors import EngineError, GateError
from edgeword.files import check_output
from edgeword.input_files import writable
from edgeword.padding import Side
from edgeword.precisions import FORMATS, PRECISIONS, model_file
from edgeword.version import __version__
from edgeword_export.card import model_card
from edgeword_export.errors import ConversionError
from edgeword_export.exported import Exported
from edgeword_export.formats.writer import Writer, writer
from edgeword_export.graphs.calibration import Calibration, Drawn, Samples
from edgeword_export.graphs.graphs import Graphs, graphs_of
from edgeword_export.options import DEFAULT_PRECISIONS, ExportOptions, PathLike, Says
from edgeword_export.proof.decode_mode import Decoding, decide
from edgeword_export.proof.gates import gate_failure
from edgeword_export.proof.prover import Prover
from edgeword_export.source.evaluation import Evaluation
from edgeword_export.source.opening import Source, evaluation_text, open_source
from edgeword_export.witness.settling import Settled, settle

Announce = Callable[[str], None]


def export(
    model: PathLike | keras.Model,
    out: str | os.PathLike[str],
    *,
    tokenizer: Any = None,
    window: int | None = None,
    padding: Side = "pre",
    truncating: Side = "pre",
    says: Says | None = None,
    formats: Sequence[str] = FORMATS,
    precisions: Sequence[str] = DEFAULT_PRECISIONS,
    decode: str = "auto",
    eval: PathLike | None = None,  # noqa: A002 (the option's name)
    max_perplexity_increase: float | None = None,
    custom_objects: Sequence[str] = (),
    name: str | None = None,
    license: str | None = None,  # noqa: A002 (the option's name)
    datasets: Sequence[str] = (),
    report: Announce = lambda _line: None,
) -> Exported:
    """Export a run folder, a Keras file, or a live Keras model as a bundle; the keywords are those of `ExportOptions`.

    Variants outside their gate are left out and named in the result; GateError where none is left. Raises
    ModelError, TokenizerError, UsageError or InputFileError for what cannot be used.
    """
    options = ExportOptions(
        tokenizer=tokenizer,
        window=window,
        padding=padding,
        truncating=truncating,
        says=says,
        formats=tuple(formats),
        precisions=tuple(precisions),
        decode=decode,  # type: ignore[arg-type]  # checked there
        eval=eval,
        max_perplexity_increase=max_perplexity_increase,
        custom_objects=tuple(custom_objects),
        name=name,
        license=license,
        datasets=tuple(datasets),
    )
    return export_with(model, out, options, report)


def export_with(model: PathLike | keras.Model, out: PathLike, options: ExportOptions, report: Announce) -> Exported:
    """`export`, with its options in one."""
    path = check_output(out)
    return _write(path, open_source(model, options), options, report)


def _write(path: Path, source: Source, options: ExportOptions, report: Announce) -> Exported:
    if source.mends:
        report(f"the model was changed before it was read: {'; '.join(source.mends)}")
    if source.tokenizer.vocab_size < source.model.vocabulary:
        report(f"the tokenizer has {source.tokenizer.vocab_size} ids, the model {source.model.vocabulary} words")
    settled = settle(source, options.says, report)
    source = dataclasses.replace(source, tokenizer=settled.tokenizer)
    reference = settled.reference
    graphs = graphs_of(source.model, reference.window, reference.windowed)
    evaluation = evaluation_text(source, reference.window, reference.windowed, reference.after, options.eval)
    report(f"asking the Keras model about {evaluation.tokens:,} tokens ({evaluation.source})")
    prover = Prover(settled, evaluation, source.tokenizer)
    report(f"converting to {options.formats[0]}")
    decoding = decide(graphs, prover, lambda graphs: _writers(graphs, options.formats), options.decode)
    shipped = _Shipped(prover, decoding.spec, _samples(decoding, evaluation), options.max_perplexity_increase, report)
    for name, precision in options.variants():
        shipped.add(decoding.writers[name], precision)
    if not shipped.variants:
        raise GateError(f"no variant is fit to ship: {'; '.join(shipped.failures)}")
    manifest = _manifest(options.name or writable(path.name), source, settled, prover, decoding)
    manifest = dataclasses.replace(manifest, variants=tuple(shipped.variants))
    others = {**settled.files, CARD_FILE: model_card(manifest, options.license, options.datasets).encode("utf-8")}
    manifest = dataclasses.replace(manifest, files=tuple(file_entry(*item) for item in others.items()))
    write_bundle(path, manifest, {**shipped.files, TOKENIZER_FILE: source.tokenizer_bytes, **others})
    return Exported(path, manifest, tuple(shipped.failures))


def _writers(graphs: Graphs, formats: Sequence[str]) -> dict[str, Writer]:
    return {name: writer(name, graphs.signatures) for name in dict.fromkeys(formats)}


def _samples(decoding: Decoding, evaluation: Evaluation) -> Callable[[str], Samples]:
    """What the quantizer of a precision looks at; computed when one does."""
    signatures, spec = decoding.graphs.signatures, decoding.spec
    drawn, calibration = Drawn(signatures, spec), Calibration(signatures, spec, evaluation.calibration_texts())
    return lambda precision: drawn if precision == "int4" else calibration


class _Shipped:
    """The variants that are fit to ship, their bytes, and why the others are not."""

    def __init__(
        self,
        prover: Prover,
        spec: Spec,
        samples: Callable[[str], Samples],
        max_increase: float | None,
        report: Announce,
    ) -> None:
        self.variants: list[Variant] = []
        self.files: dict[str, bytes] = {}
        self.failures: list[str] = []
        self._prover, self._spec, self._samples = prover, spec, samples
        self._max_increase, self._report = max_increase, report

    def add(self, writer: Writer, precision: str) -> None:
        """Write and measure a variant. What is the model's fault leaves it out; what is the machine's is raised."""
        file = model_file(precision, writer.format)
        try:
            content = writer.write(precision, self._samples(precision))
            self.variants.append(self._variant(file, writer, precision, content))
            self.files[file] = content
        except (ConversionError, EngineError, GateError) as error:
            self.failures.append(f"{file}: {error}{self._instead(writer.format, precision)}")

    def _instead(self, file_format: str, precision: str) -> str:
        """The smallest step back that holds, in words."""
        order = list(PRECISIONS)
        held = [v.precision for v in self.variants if v.format == file_format]
        better = [name for name in held if order.index(name) < order.index(precision)]
        return f"; {max(better, key=order.index)} holds" if better else ""

    def _variant(self, file: str, writer: Writer, precision: str, content: bytes) -> Variant:
        self._report(f"measuring {file}")
        if precision != "float32" and len(content) >= len(writer.write("float32")):
            raise GateError("it is not smaller than the float32 file: nothing was quantized")
        measured = self._prover.measure(writer.format, content, self._spec)
        failure = gate_failure(precision, measured.fidelity, self._max_increase)
        if failure is None and measured.misreads_prompts:
            failure = "its graphs `step` and `advance` disagree, or a row of several with one alone"
        if failure is None and precision == "float32":
            failure = self._prover.witness_failure(writer.format, content, self._spec)
        if failure is not None:
            raise GateError(failure)
        return Variant(
            file=file,
            format=writer.format,
            precision=precision,
            size=len(content),
            sha256=digest(content),
            verified=(measured.version,),
            weights_read_bytes=writer.weights_read(content),
            fidelity=measured.fidelity,
            self_test=measured.self_test,
        )


def _manifest(name: str, source: Source, settled: Settled, prover: Prover, decoding: Decoding) -> Manifest:
    """All of it but the entries of the files."""
    return Manifest(
        format_version=FORMAT_VERSION,
        name=name,
        created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        edgeword_version=__version__,
        spec=decoding.spec,
        convention=settled.convention,
        proof=decoding.proof,
        tokenizer=file_entry(TOKENIZER_FILE, source.tokenizer_bytes),
        files=(),
        variants=(),
        training=source.facts,
        evaluation={
            "text": prover.evaluation.source,
            "tokens": prover.evaluation.tokens,
            "keras_perplexity": prover.yardstick.perplexity,
            "versions": {"tensorflow": tf.__version__, "keras": keras.__version__},
        },
        self_test=prover.self_test,
    )
