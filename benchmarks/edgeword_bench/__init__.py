"""edgeword_bench: the latency of a bundle on this machine, measured so that it can be held against another.

>>> import edgeword_bench
>>> report = edgeword_bench.benchmark("bundle/")
>>> [(row.engine, row.precision, row.p50_us) for row in report.results]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeword_bench.benchmarking import Interrupted, benchmark
    from edgeword_bench.measuring.effort import Effort
    from edgeword_bench.results.comparison import Change, Comparison, compare
    from edgeword_bench.results.result import Report, Result

__all__ = ["Change", "Comparison", "Effort", "Interrupted", "Report", "Result", "benchmark", "compare"]

_MODULES = {
    "benchmarking": ("Interrupted", "benchmark"),
    "measuring.effort": ("Effort",),
    "results.comparison": ("Change", "Comparison", "compare"),
    "results.result": ("Report", "Result"),
}


def __getattr__(name: str) -> Any:
    """Import on first use: a cold start is measured by a module of this package, and must not pay for the others."""
    from importlib import import_module

    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
