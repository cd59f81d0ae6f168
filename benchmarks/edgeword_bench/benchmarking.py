"""A benchmark of a bundle: each variant checked, timed in turn with the others, started cold, beside its machine."""

from __future__ import annotations

import dataclasses
import itertools
import os
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeword.bundle.bundle import Bundle
from edgeword.bundle.manifest import Variant
from edgeword.bundle.trust import trust_in
from edgeword.choice.choosing import FASTEST, candidates
from edgeword.engines.engine import engine_of
from edgeword.language_model import check_threads
from edgeword_bench.measuring import machine
from edgeword_bench.measuring.effort import USUAL, Effort
from edgeword_bench.measuring.harness import Tell
from edgeword_bench.measuring.measurement import Measurement
from edgeword_bench.measuring.process import Setting
from edgeword_bench.results import summary
from edgeword_bench.results.result import Report, Result

# How far the fixed computation may drift before it is said.
_MOST_DRIFT = 0.05
# The prompt, cut from the self-test: long enough that reading it can be told from finding a word.
_PROMPT_TOKENS = 8


class Interrupted(KeyboardInterrupt):
    """The benchmark was interrupted; `report` holds what was measured by then."""

    def __init__(self, report: Report) -> None:
        super().__init__("interrupted")
        self.report = report


def benchmark(
    bundle: str | os.PathLike[str],
    engine: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    *,
    effort: Effort = USUAL,
    tell: Tell = lambda _line: None,
    trusted_key: str | os.PathLike[str] | None = None,
    minimum_release: int | None = None,
) -> Report:
    """Measure every variant of a bundle that fits `engine` and `precision`, on one word at a time (batch 1).

    `trusted_key` and `minimum_release` are those of `edgeword.load`, asked for by every process: a cold start that is
    measured with them checks the signature.
    A variant that cannot run here gets a row with the reason. Raises BundleError, UsageError or MissingEngineError
    where nothing can be measured, and Interrupted, a KeyboardInterrupt with what was measured so far.
    """
    check_threads(threads)
    opened = Bundle(bundle, trust_in(trusted_key, minimum_release))
    pairs = candidates(opened, engine, precision)
    absent = _without_engine(opened, precision) if engine == "auto" else []
    with tempfile.TemporaryDirectory(prefix="edgeword-benchmark-") as cache:
        key = None if trusted_key is None else os.fspath(trusted_key)
        setting = Setting(opened.path, threads, _prompt(opened), cache, key, minimum_release)
        measurement = Measurement(pairs, setting, effort, tell)
        try:
            measurement.run()
            return _report(opened, measurement, absent, interrupted=False)
        except KeyboardInterrupt:
            raise Interrupted(_report(opened, measurement, absent, interrupted=True)) from None


def _without_engine(bundle: Bundle, precision: str) -> list[tuple[Variant, str]]:
    """The variants whose engine is not installed, and how to get it."""
    return [
        (variant, str(engine.missing()))
        for variant in bundle.manifest.variants
        for engine in [engine_of(variant.format)]
        if precision in ("auto", FASTEST, variant.precision) and not engine.installed
    ]


def _prompt(bundle: Bundle) -> str:
    """The same text for each benchmark of a bundle.

    In decode mode `window` it fills the window: a window that is not yet full costs less a word.
    """
    self_test, spec = bundle.manifest.self_test, bundle.spec
    wanted = spec.window.length if spec.decode.mode == "window" else None
    tokens = itertools.cycle((*self_test.prompt, *self_test.ids))
    return bundle.tokenizer.decode(itertools.islice(tokens, wanted or _PROMPT_TOKENS))


def _report(bundle: Bundle, found: Measurement, absent: Sequence[tuple[Variant, str]], *, interrupted: bool) -> Report:
    """What is known by now."""
    state = machine.meanwhile(found.before, machine.moment())
    facts = machine.machine()
    rows = [_row(bundle, found, variant, interrupted) for _, variant in found.pairs]
    rows += [
        dataclasses.replace(_bare_row(bundle, variant, found.setting.threads), reason=why) for variant, why in absent
    ]
    warnings = [*machine.doubts(facts, state, found.setting.threads), *_doubts(found, rows)]
    return Report(_environment(bundle, found, facts, state), tuple(rows), tuple(warnings), interrupted)


def _row(bundle: Bundle, found: Measurement, variant: Variant, interrupted: bool) -> Result:
    row, file, harness = _bare_row(bundle, variant, found.setting.threads), variant.file, found.harness
    memory, times = found.memory.get(file), harness.times.get(file, [])
    reason = harness.reasons.get(file)
    if not times and not reason:
        failed = harness.failures[-1] if harness.failures else "nothing was timed"
        reason = "interrupted before its turn" if interrupted else failed
    row = dataclasses.replace(row, reason=reason)
    if memory is None or file in harness.reasons:
        return row
    peak = None if memory.peak_rss_bytes is None else memory.peak_rss_bytes / 1e6
    row = dataclasses.replace(row, engine_version=memory.engine_version, peak_rss_mb=peak)
    row = summary.with_cold_starts(summary.with_words(row, times), found.cold[file])
    return summary.with_floor(row, found.bandwidths.get(variant.weights_read_bytes))


def _bare_row(bundle: Bundle, variant: Variant, threads: int) -> Result:
    """What the manifest says of a variant."""
    return Result(
        engine=engine_of(variant.format).name,
        file=variant.file,
        format=variant.format,
        precision=variant.precision,
        decode=bundle.spec.decode.mode,
        threads=threads,
        size_bytes=variant.size,
        perplexity=variant.fidelity.perplexity,
        perplexity_increase=variant.fidelity.perplexity_increase,
        top1_agreement=variant.fidelity.top1_agreement,
        read_bytes_per_word=variant.weights_read_bytes,
    )


def _environment(bundle: Bundle, found: Measurement, facts: dict[str, Any], state: machine.Meanwhile) -> dict[str, Any]:
    setting = found.setting
    references = [round(us, 2) for us in found.harness.references_us]
    return {
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(time.perf_counter() - found.started, 1),
        "bundle": {
            "name": bundle.manifest.name,
            "digest": bundle.digest,
            "vocabulary": bundle.spec.vocabulary,
            "decode": bundle.spec.decode.mode,
            "prompt_tokens": len(bundle.tokenizer.encode(setting.prompt)),
        },
        "machine": facts,
        "state": {**dataclasses.asdict(state), "reference_us": references},
        "versions": machine.versions(),
        "settings": {
            "threads": setting.threads,
            "onnxruntime_spinning": False,
            "garbage_collector": False,
            "timer_ns": round(_timer_s() * 1e9, 1),
            **dataclasses.asdict(found.effort),
        },
        "bandwidth_gb_per_s": {
            f"{size} bytes": round(rate / 1e9, 2) for size, rate in sorted(found.bandwidths.items())
        },
    }


def _doubts(found: Measurement, rows: Sequence[Result]) -> list[str]:
    """What in the figures themselves looks doubtful."""
    unsettled, failures = [row.file for row in rows if row.settled is False], found.harness.failures
    doubts = []
    if unsettled:
        doubts.append(f"not in every process did warming up end in a steady time: {', '.join(unsettled)}")
    if failures:
        doubts.append(f"{len(failures)} of the processes failed, the last of this: {failures[-1]}")
    drift = summary.drift(found.harness.references_us)
    if abs(drift) > _MOST_DRIFT:
        doubts.append(
            f"the machine's own speed changed by {drift:+.0%} from the first third of the processes to the last (a "
            "fixed computation, timed beside the words)"
        )
    return doubts


def _timer_s() -> float:
    """What looking at the clock costs: the mean of many looks in a row."""
    looks = [time.perf_counter() for _ in range(1000)]
    return float(np.diff(looks).mean())
