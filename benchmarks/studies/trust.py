"""How far `edgeword benchmark` can be trusted: its p50 beside another clock's, and its verdicts on itself.

    python -m studies.trust BUNDLE [--repeats 10] [--out benchmarks/results/trust.json]

The p50 of a word is held against `timeit` around the same stream of words, in a process of its own, in turn with the
benchmark. Then pairs of benchmarks of the same bundle are compared with each other: each `slower` or `faster` is a
false alarm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from edgeword_bench import Effort, Report, benchmark, compare

PRECISIONS = ("float32", "dynamic-int8")
# No cold starts: they are not what is compared.
EFFORT = Effort(cold_starts=0)
TIMEIT = """
import statistics, sys, timeit, edgeword
bundle, engine, precision = sys.argv[1:]
lm, times = edgeword.load(bundle, engine, precision), []
while len(times) < 7000:
    words = lm.stream("the", 1000)  # a text that may end before
    next(words)
    clock = timeit.Timer(words.__next__)
    try:
        for _ in range(999):
            times.append(clock.timeit(1))
    except StopIteration:
        pass
print(statistics.median(times[2000:]) * 1e6)
"""


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="studies.trust", description=__doc__.splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("--repeats", type=int, default=10, choices=range(2, 1001), metavar="N")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/trust.json"))
    given = parser.parse_args()
    reports: list[Report] = []
    independent: dict[str, list[float]] = {}
    for number in range(given.repeats):
        for precision in PRECISIONS:
            report = benchmark(given.bundle, precision=precision, effort=EFFORT)
            for row in report.results:
                independent.setdefault(row.name, []).append(by_timeit(given.bundle, row.engine, precision))
            reports.append(report)
        print(f"{number + 1} of {given.repeats}", file=sys.stderr)
    warnings = sorted({line for report in reports for line in report.warnings})
    result = {
        "environment": {**reports[-1].environment, "warnings": warnings},
        "p50": clocks(reports, independent),
        **alarms(reports),
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in result.items() if key != "environment"}, indent=1))


def by_timeit(bundle: str, engine: str, precision: str) -> float:
    """Microseconds a word, by the standard library's own timer in a fresh process."""
    line = [sys.executable, "-c", TIMEIT, bundle, engine, precision]
    return float(subprocess.run(line, capture_output=True, check=True, text=True).stdout)


def clocks(reports: list[Report], independent: dict[str, list[float]]) -> dict[str, Any]:
    """Median p50 of the benchmarks over the median of the other clock, for each variant."""
    ours: dict[str, list[float]] = {}
    for report in reports:
        for row in report.results:
            if row.p50_us is not None:
                ours.setdefault(row.name, []).append(row.p50_us)
    return {
        name: {
            "benchmark_us": statistics.median(ours[name]),
            "timeit_us": statistics.median(independent[name]),
            "ratio": statistics.median(ours[name]) / statistics.median(independent[name]),
        }
        for name in ours
    }


def alarms(reports: list[Report]) -> dict[str, Any]:
    """Each benchmark against the next one of the same precision."""
    verdicts, ratios, failures = [], [], 0
    for start in range(len(PRECISIONS)):
        same = reports[start :: len(PRECISIONS)]
        for a, b in zip(same[::2], same[1::2], strict=False):
            comparison = compare(a, b)
            verdicts.append([change.verdict for change in comparison.changes])
            ratios += [change.ratio for change in comparison.changes]
            failures += bool(comparison.slower_than(0.05))
    return {
        "comparisons": len(verdicts),
        "with_a_false_verdict": sum(any(verdict != "same" for verdict in row) for row in verdicts),
        "slower_than_5_percent": failures,
        "largest_ratio": max(ratios),
        "smallest_ratio": min(ratios),
    }


if __name__ == "__main__":
    main()
