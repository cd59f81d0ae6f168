"""The machine, its state and the settings in words with units; no name of a host among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeword_bench.report.figures import NOTHING, figure, megabytes
from edgeword_bench.results.result import Report

Say = Callable[[Any], str]


def _text(value: Any) -> str:
    return str(value)


def _count(unit: str) -> Say:
    return lambda value: f"{value:,} {unit}".strip() if isinstance(value, int) else _text(value)


def _number(unit: str) -> Say:
    return lambda value: f"{figure(value)} {unit}" if isinstance(value, int | float) else _text(value)


def _share(value: Any) -> str:
    return f"{value:.1%} of the processors' time".replace("%", " %") if isinstance(value, float) else _text(value)


def _choice(yes: str, no: str) -> Say:
    return lambda value: {True: yes, False: no}.get(value, _text(value)) if isinstance(value, bool) else _text(value)


def _list(value: Any) -> str:
    return ", ".join(map(_text, value)) or "none" if isinstance(value, list | tuple) else _text(value)


def _pairs(value: Any) -> str:
    """`name value` of a mapping."""
    return ", ".join(f"{name} {inner}" for name, inner in value.items()) or "none" if _is_map(value) else _text(value)


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


_UNITS = {"K": "KiB", "M": "MiB", "G": "GiB"}


def _caches(value: Any) -> str:
    """`32K`, as Linux has it, is 32 KiB."""
    if not _is_map(value):
        return _text(value)
    sizes = {name: f"{size[:-1]} {_UNITS.get(size[-1:], size[-1:])}" for name, size in value.items() if size}
    return _pairs(sizes)


def _load(value: Any) -> str:
    return ", ".join(f"{average:.2f}" for average in value) + " processes (mean of 1, 5, 15 minutes)"


def _reference(value: Any) -> str:
    times = [time for time in value if isinstance(time, int | float)]
    return f"{figure(min(times))} to {figure(max(times))} µs in {len(times)} processes" if times else NOTHING


def _bandwidths(value: Any) -> str:
    """`4400000 bytes` → GB/s."""
    return ", ".join(f"{_size(name)}: {figure(rate)} GB/s" for name, rate in value.items()) or "none"


def _size(name: str) -> str:
    number = name.partition(" ")[0]
    return f"{megabytes(int(number))} MB" if number.isdigit() else name


# Heading → (what it is called, where it stands in the environment, how it is said).
_FACTS: dict[str, tuple[tuple[str, tuple[str, ...], Say], ...]] = {
    "Bundle": (
        ("name", ("bundle", "name"), _text),
        ("SHA-256 of its manifest", ("bundle", "digest"), _text),
        ("vocabulary", ("bundle", "vocabulary"), _count("ids")),
        ("decode mode", ("bundle", "decode"), _text),
        ("prompt", ("bundle", "prompt_tokens"), _count("tokens")),
    ),
    "Machine": (
        ("processor", ("machine", "cpu"), _text),
        ("architecture", ("machine", "architecture"), _text),
        ("instructions", ("machine", "features"), _list),
        ("processors", ("machine", "cores"), _count("")),
        ("of them allowed", ("machine", "cores_allowed"), _count("")),
        ("quota of time", ("machine", "cpu_quota"), _number("processors' worth")),
        ("frequency governor", ("machine", "governor"), _text),
        ("caches", ("machine", "caches"), _caches),
        ("memory", ("machine", "memory_gb"), _number("GB")),
        ("virtual machine", ("machine", "virtual"), _choice("yes", "no")),
        ("system", ("machine", "platform"), _text),
        ("variables for threads", ("machine", "variables"), _pairs),
        ("reading speed of NumPy", ("bandwidth_gb_per_s",), _bandwidths),
    ),
    "Meanwhile": (
        ("measured", ("created",), _text),
        ("it took", ("seconds",), _number("s")),
        ("load before", ("state", "load_before"), _load),
        ("load after", ("state", "load_after"), _load),
        ("temperature before", ("state", "temperature_c_before"), _number("°C")),
        ("temperature after", ("state", "temperature_c_after"), _number("°C")),
        ("other processes took", ("state", "others_share"), _share),
        ("the hypervisor took", ("state", "steal_share"), _share),
        ("slowed down against heat", ("state", "throttled"), _count("times")),
        ("a fixed computation took", ("state", "reference_us"), _reference),
    ),
    "Settings": (
        ("threads", ("settings", "threads"), _count("")),
        ("processes, at least", ("settings", "processes"), _count("")),
        ("turns in each", ("settings", "turns"), _count("")),
        ("words of a variant, at least", ("settings", "words"), _count("")),
        ("a turn lasts", ("settings", "turn_s"), lambda value: f"{figure(value * 1e3)} ms, or at most its words"),
        ("words a turn, at most", ("settings", "most_words_a_turn"), _count("")),
        ("processes follow for", ("settings", "least_s"), lambda value: f"{figure(value)} s at least"),
        ("cold starts", ("settings", "cold_starts"), _count("of each variant")),
        ("garbage collection", ("settings", "garbage_collector"), _choice("on", "off while words are timed")),
        ("ONNX Runtime's threads", ("settings", "onnxruntime_spinning"), _choice("spin", "do not spin")),
        ("a look at the clock", ("settings", "timer_ns"), _number("ns")),
    ),
}


def fact_groups(report: Report) -> list[tuple[str, list[tuple[str, str]]]]:
    """Headings, each with its facts; what is not known is a dash, and what is of another kind is said as it stands."""
    groups = [(heading, [_said(report, *row) for row in rows]) for heading, rows in _FACTS.items()]
    versions = report.fact("versions")
    return [*groups, ("Versions", [(str(name), _text(version)) for name, version in _items(versions)])]


def _items(value: Any) -> Sequence[tuple[Any, Any]]:
    return list(value.items()) if _is_map(value) else []


def _said(report: Report, name: str, path: tuple[str, ...], say: Say) -> tuple[str, str]:
    value = report.fact(*path)
    if value is None:
        return name, NOTHING
    try:
        return name, say(value)
    except (TypeError, ValueError, AttributeError):  # the file was made by hand, or by another version
        return name, _text(value)
