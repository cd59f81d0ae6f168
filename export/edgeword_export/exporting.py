"""Keras model → bundle: planned, written, measured, gated, packed."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from edgeword.bundle import CARD_FILE, TOKENIZER_FILE, digest, file_entry
from edgeword.decoding import decoder_factory
from edgeword.engines import engine_of
from edgeword.errors import EdgewordError, GateError, UsageError
from edgeword.manifest import FORMAT_VERSION, Manifest, SelfTest, Variant
from edgeword.padding import SIDES, Side
from edgeword.precisions import FOR_OLD_ENGINES, FORMATS, PRECISIONS, model_file
from edgeword.self_test import self_test_logprobs
from edgeword.version import __version__
from edgeword.writing import check_output, write_bundle
from edgeword_export import formats
from edgeword_export.calibration import Calibration
from edgeword_export.card import model_card
from edgeword_export.decode_mode import Plan, choose
from edgeword_export.fidelity import Yardstick, gate_failure
from edgeword_export.formats import Writer
from edgeword_export.quiet import quiet
from edgeword_export.reference import Reference
from edgeword_export.source import Source, open_source

DEFAULT_PRECISIONS = ("float32", "dynamic-int8", "int4")
SELF_TEST_WORDS = 16

Report = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """What an export wrote; `failures` names each variant that was left out, with the reason."""

    path: Path
    manifest: Manifest
    failures: tuple[str, ...]


def export(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    tokenizer: str | os.PathLike[str] | None = None,
    window: int | None = None,
    padding: Side = "pre",
    formats: Sequence[str] = FORMATS,
    precisions: Sequence[str] = DEFAULT_PRECISIONS,
    decode: str = "auto",
    eval: str | os.PathLike[str] | None = None,  # noqa: A002 (the option's name)
    max_perplexity_increase: float | None = None,
    custom_objects: Sequence[str] = (),
    name: str | None = None,
    report: Report = lambda _line: None,
) -> Exported:
    """Export a run folder, a `.keras` or a `.h5` file as a bundle.

    `padding` is the side on which the model's training padded short texts. `custom_objects` names classes of
    the user's own as `module:Name`. `precisions` may be `["all"]`. `max_perplexity_increase` (percent) replaces
    each precision's own gate.

    Variants outside their gate are left out and named in the result; GateError where none is left. Raises
    ModelError, TokenizerError, UsageError or InputFileError for what cannot be used.
    """
    _check_options(formats, precisions, decode, padding, max_perplexity_increase)
    path = check_output(out)
    source = open_source(
        Path(model),
        tokenizer=tokenizer,
        window=window,
        padding=padding,
        eval_text=eval,
        decode=decode,
        custom_objects=custom_objects,
    )
    if source.tokenizer.vocab_size < source.model.vocabulary:
        report(f"the tokenizer has {source.tokenizer.vocab_size} ids, the model {source.model.vocabulary} words")
    job = _Job(source, name or path.name, report)
    plan, writers = job.plan(list(dict.fromkeys(formats)), decode)
    variants, files, failures = job.variants(plan, writers, _wanted(precisions), max_perplexity_increase)
    if not variants:
        raise GateError(f"no variant is fit to ship: {'; '.join(failures)}")
    manifest = job.manifest(plan, variants)
    files[TOKENIZER_FILE] = job.tokenizer
    files[CARD_FILE] = model_card(manifest).encode("utf-8")
    manifest = dataclasses.replace(manifest, files=(file_entry(CARD_FILE, files[CARD_FILE]),))
    write_bundle(path, manifest, files)
    return Exported(path, manifest, tuple(failures))


class _Job:
    """One export: the source, its yardstick, and what every part of the manifest needs."""

    def __init__(self, source: Source, name: str, report: Report) -> None:
        self._source = source
        self._name = name
        self._report = report
        self.tokenizer = source.tokenizer.to_json().encode("utf-8")
        reference = Reference(source.model, source.window, source.windowed)
        report(f"asking the Keras model about {source.evaluation.tokens:,} tokens ({source.evaluation.source})")
        self._yardstick = Yardstick(reference, source.evaluation, source.tokenizer.oov_id)
        prompt = source.evaluation.prompts()[-1]
        ids, logprobs = reference.greedy(prompt, SELF_TEST_WORDS)
        self._self_test = SelfTest(prompt, tuple(ids), tuple(logprobs))
        self._empty_prompt = reference.empty_prompt()
        self._created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def plan(self, wanted: Sequence[str], requested: str) -> tuple[Plan, list[Writer]]:
        """The decode mode, and a writer for each format."""
        self._report(f"converting to {wanted[0]}")
        plan, first = choose(
            self._source.model,
            self._yardstick,
            requested,
            lambda plan: self._writer(wanted[0], plan),
            lambda plan: self.manifest(plan, []),
        )
        self._report(f"decode mode {plan.decode.mode}: {plan.decode.reason}")
        return plan, [first, *(self._writer(name, plan) for name in wanted[1:])]

    def _writer(self, file_format: str, plan: Plan) -> Writer:
        source = self._source
        calibration = Calibration(plan.signatures, plan.states, source.window, source.calibration_texts())
        return formats.writer(file_format, plan.signatures, calibration)

    def variants(
        self, plan: Plan, writers: Sequence[Writer], precisions: Sequence[str], max_increase: float | None
    ) -> tuple[list[Variant], dict[str, bytes], list[str]]:
        """Write and measure each variant: those fit to ship, their bytes, and why the others are not."""
        variants: list[Variant] = []
        files: dict[str, bytes] = {}
        failures: list[str] = []
        wanted = [(w, p) for w in writers for p in precisions if w.format in PRECISIONS[p].formats]
        for writer, precision in wanted:
            file = model_file(precision, writer.format)
            try:
                content = writer.write(precision)
                variants.append(self._variant(plan, writer, precision, content, max_increase))
                files[file] = content
            except EdgewordError as error:
                failures.append(f"{file}: {error}")
                self._report(f"left out {file}: {error}")
        return variants, files, failures

    def _variant(
        self, plan: Plan, writer: Writer, precision: str, content: bytes, max_increase: float | None
    ) -> Variant:
        file = model_file(precision, writer.format)
        self._report(f"measuring {file}")
        if precision != "float32" and len(content) >= len(writer.write("float32")):
            raise GateError("it is not smaller than the float32 file: nothing was quantized")
        with quiet():
            engine = engine_of(writer.format).open(content, 1)
            make_decoder = decoder_factory(engine, self.manifest(plan, []))
        fidelity = self._yardstick.measure(make_decoder)
        failure = gate_failure(precision, fidelity, max_increase)
        if failure is None and self._yardstick.misreads_prompts(make_decoder):
            failure = "its graphs `step` and `advance` disagree"
        if failure is not None:
            raise GateError(failure)
        return Variant(
            file,
            writer.format,
            precision,
            len(content),
            digest(content),
            (engine.version,),
            writer.read_bytes(content),
            fidelity,
            self_test_logprobs(make_decoder(), self._self_test),
        )

    def manifest(self, plan: Plan, variants: Sequence[Variant]) -> Manifest:
        """The manifest, as far as it is known."""
        source, yardstick = self._source, self._yardstick
        return Manifest(
            format_version=FORMAT_VERSION,
            name=self._name,
            created=self._created,
            edgeword_version=__version__,
            vocabulary=source.model.vocabulary,
            decode=plan.decode,
            window=source.window,
            state=plan.states,
            empty_prompt=self._empty_prompt,
            tokenizer=file_entry(TOKENIZER_FILE, self.tokenizer),
            files=(),
            variants=tuple(variants),
            training=source.facts,
            evaluation={
                "text": source.evaluation.source,
                "tokens": source.evaluation.tokens,
                "keras_perplexity": yardstick.perplexity,
                "versions": _versions(),
            },
            self_test=self._self_test,
        )


def _versions() -> dict[str, Any]:
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def _wanted(precisions: Sequence[str]) -> list[str]:
    """The precisions to write, with what old engines need in place of those that they get wrong."""
    if "all" in precisions:
        return list(PRECISIONS)
    return list(dict.fromkeys([*precisions, *(FOR_OLD_ENGINES[p] for p in precisions if p in FOR_OLD_ENGINES)]))


def _check_options(
    wanted_formats: Sequence[str],
    precisions: Sequence[str],
    decode: str,
    padding: str,
    max_increase: float | None,
) -> None:
    for option, values, known in (
        ("formats", wanted_formats, FORMATS),
        ("precisions", precisions, (*PRECISIONS, "all")),
        ("decode", [decode], ("auto", "step", "window")),
        ("padding", [padding], SIDES),
    ):
        unknown = [value for value in values if value not in known]
        if unknown or not values:
            raise UsageError(f"{option}: {unknown[0] if unknown else 'nothing'!r} is not one of {', '.join(known)}")
    for precision in precisions:
        fitting = PRECISIONS[precision].formats if precision != "all" else FORMATS
        if not set(fitting) & set(wanted_formats):
            raise UsageError(f"precisions: {precision} is for {', '.join(fitting)} only; add it to --formats")
    if max_increase is not None and not max_increase >= 0:
        raise UsageError(f"max_perplexity_increase is {max_increase}; give a percentage of at least 0")
