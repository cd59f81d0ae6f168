"""The machine, its state and the settings in words with units; no name of a host among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgeword_bench.report.figures import NOTHING, figure, megabytes
from edgeword_bench.results.result import Report


def _list(value: Any) -> str:
    return ", ".join(map(str, value)) or "none"


def _pairs(value: Any) -> str:
    """`name value` of a mapping."""
    return _list([f"{name} {inner}" for name, inner in value.items()])


def _caches(value: Any) -> str:
    return _pairs({name: _cache(size) for name, size in value.items() if size})


def _cache(size: str) -> str:
    """`32K`, as Linux has it, is 32 KiB, and `491520K` 480 MiB."""
    kib = int(size.removesuffix("K"))
    return f"{kib} KiB" if kib < 1024 else f"{kib / 1024:g} MiB"


def _load(value: Any) -> str:
    return "{:.2f}, {:.2f}, {:.2f} processes (mean of 1, 5, 15 minutes)".format(*value)


def _reference(value: Any) -> str:
    return f"{figure(min(value))} to {figure(max(value))} µs in {len(value)} processes"


def _bandwidths(value: Any) -> str:
    """`4400000 bytes` → GB/s."""
    return _list([f"{megabytes(int(size.split()[0]))} MB: {figure(rate)} GB/s" for size, rate in value.items()])


def _milliseconds(value: Any) -> str:
    return f"{figure(value * 1e3)} ms, where that is not too many words"


# Heading → (what it is called, where it stands in the environment, how it is said: a format or a function).
_FACTS: dict[str, tuple[tuple[str, str, str | Callable[[Any], str]], ...]] = {
    "Bundle": (
        ("name", "bundle name", "{}"),
        ("SHA-256 of its manifest", "bundle digest", "{}"),
        ("vocabulary", "bundle vocabulary", "{:,} ids"),
        ("decode mode", "bundle decode", "{}"),
        ("prompt", "bundle prompt_tokens", "{:,} tokens"),
    ),
    "Machine": (
        ("processor", "machine cpu", "{}"),
        ("architecture", "machine architecture", "{}"),
        ("instructions", "machine features", _list),
        ("processors", "machine cores", "{}"),
        ("of them allowed", "machine cores_allowed", "{}"),
        ("quota of time", "machine cpu_quota", "{:g} processors' worth"),
        ("frequency governor", "machine governor", "{}"),
        ("caches", "machine caches", _caches),
        ("memory", "machine memory_gb", "{:g} GB"),
        ("virtual machine", "machine virtual", lambda value: "yes" if value else "no"),
        ("system", "machine platform", "{}"),
        ("variables for threads", "machine variables", _pairs),
        ("reading speed of NumPy", "bandwidth_gb_per_s", _bandwidths),
    ),
    "Meanwhile": (
        ("measured", "created", "{}"),
        ("it took", "seconds", "{:g} s"),
        ("load before", "state load_before", _load),
        ("load after", "state load_after", _load),
        ("temperature before", "state temperature_c_before", "{:.1f} °C"),
        ("temperature after", "state temperature_c_after", "{:.1f} °C"),
        ("other processes took", "state others_share", "{:.1%} of the processors' time"),
        ("the hypervisor took", "state steal_share", "{:.1%} of the processors' time"),
        ("slowed down against heat", "state throttled", "{:,} times"),
        ("a fixed computation took", "state reference_us", _reference),
    ),
    "Settings": (
        ("threads", "settings threads", "{}"),
        ("processes, at least", "settings processes", "{}"),
        ("turns in each", "settings turns", "{}"),
        ("words of a variant, at least", "settings words", "{:,}"),
        ("a turn lasts", "settings turn_s", _milliseconds),
        ("words a turn, at most", "settings most_words_a_turn", "{:,}"),
        ("processes follow for", "settings least_s", "{:g} s at least"),
        ("cold starts", "settings cold_starts", "{} of each variant"),
        ("garbage collection", "settings garbage_collector", lambda on: "on" if on else "off while words are timed"),
        ("ONNX Runtime's threads", "settings onnxruntime_spinning", lambda spin: "spin" if spin else "do not spin"),
        ("a look at the clock", "settings timer_ns", "{:g} ns"),
    ),
}


def fact_groups(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Headings, each with its facts; what is not known is a dash, and what is of another kind is said as it stands."""
    groups = [
        (heading, [(name, _said(report, path, say)) for name, path, say in rows]) for heading, rows in _FACTS.items()
    ]
    versions = report.fact("versions")
    found = versions.items() if isinstance(versions, Mapping) else ()
    return [*groups, ("Versions", [(str(name), str(version)) for name, version in found])]


def _said(report: Report, path: str, say: str | Callable[[Any], str]) -> str:
    value = report.fact(*path.split())
    if value is None:
        return NOTHING
    try:
        return say.format(value) if isinstance(say, str) else say(value)
    except (TypeError, ValueError, AttributeError, LookupError):  # made by hand, or by another version
        return str(value)
