"""Reports as a page may have to show them: crowded, empty, half measured, hostile."""

import random
from dataclasses import replace

from edgeword_bench.results.result import Report, Result

HOSTILE = "</script><script>alert(1)</script><b onload='x'>\"&amp;\x1b[31m"
ENVIRONMENT = {
    "created": "2026-01-02T03:04:05Z",
    "bundle": {"name": "wiki", "vocabulary": 10000},
    "machine": {
        "cpu": "a processor",
        "caches": {"L1d": "32K", "L3": "491520K"},
        "governor": None,
        "features": ["avx2"],
        "virtual": True,
    },
    "bandwidth_gb_per_s": {"3150000 bytes": 92.1},
}


def measured(engine="litert", precision="float32", p50=100.0, size=4_000_000, change=0.0, **other) -> Result:
    rng = random.Random(precision)  # noqa: S311
    times = tuple(tuple(tuple(p50 * rng.uniform(0.95, 1.1) for _ in range(40)) for _ in range(2)) for _ in range(3))
    figures = {
        "p50_us": p50,
        "p50_interval_us": (p50 * 0.99, p50 * 1.01),
        "p90_us": p50 * 1.1,
        "p99_us": p50 * 2,
        "words_per_s": 9_500.0,
        "runs": 240,
        "last_over_first": 1.0,
        "times_us": times,
    }
    return replace(unmeasured(engine, precision, size, change, reason=None), **(figures | other))


def unmeasured(engine="onnx", precision="float16", size=8_490_000, change=0.0, reason="refused here") -> Result:
    return Result(
        engine=engine,
        engine_version=None,
        file=f"model.{precision}",
        format="tflite",
        precision=precision,
        decode="step",
        threads=1,
        size_bytes=size,
        perplexity=435.8,
        perplexity_increase=change,
        top1_agreement=0.996,
        reason=reason,
    )


def crowded() -> tuple[Result, ...]:
    """Variants so alike that their marks lie on each other, and some at the edges."""
    alike = [measured(engine, f"dynamic-int8-{i}", 50 + i, 4_000_000 + 9_000 * i, 0.03 * i)
             for i in range(4) for engine in ("litert", "onnx")]  # fmt: skip
    return (*alike, measured("litert", "float32", 236, 17_000_000), measured("onnx", "int4", 1400, 900_000, -0.7))


def report(*results: Result, **other) -> Report:
    return Report(ENVIRONMENT, results, **other)


REPORTS = {
    "crowded": report(*crowded(), unmeasured()),
    "one": report(measured()),
    "one word": report(measured(times_us=(((100.0,),),), p90_us=None, p99_us=None)),
    "no raw times": report(measured(times_us=())),
    "empty processes": report(measured(times_us=((), ((),)))),
    "nothing measured": report(unmeasured(), unmeasured("litert")),
    "no results": Report({}, ()),
    "window": report(replace(measured(), decode="window", engine_runs_per_word=12.5, settled=False)),
    "another engine": report(measured("keras", HOSTILE)),
    "hostile": Report(
        {"bundle": {"name": HOSTILE}, "machine": {"cpu": HOSTILE, HOSTILE: [[HOSTILE], {HOSTILE: None}]}},
        (measured("litert", HOSTILE), unmeasured(reason=HOSTILE * 40)),
        (HOSTILE,),
        interrupted=True,
    ),
}
