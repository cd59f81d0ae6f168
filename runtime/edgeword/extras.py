"""What each extra needs, read from the metadata of the distribution: no second list of it stands in code."""

from __future__ import annotations

import operator
import platform
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from edgeword.errors import EdgewordError, UsageError
from edgeword.installing import DISTRIBUTION, install_command

if TYPE_CHECKING:
    from email.message import Message

# `tf2onnx>=1.17; extra == 'export'`: the name, the extras of it, the marker.
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?[^;]*(?:;(.*))?")
_CONDITION = re.compile(r"[\s(]*(\w+)\s*([<>=!]=?)\s*['\"]([^'\"]*)['\"][\s)]*")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_HERE = {
    "python_version": f"{sys.version_info.major}.{sys.version_info.minor}",
    "sys_platform": sys.platform,
    "platform_machine": platform.machine(),
    "platform_system": platform.system(),
}


class MissingExtraError(EdgewordError, ImportError):
    """A package of an extra is not installed."""


def require(extra: str) -> None:
    """Raise MissingExtraError, with the command that installs it, where a package of an extra is missing."""
    missing = missing_from(extra)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingExtraError(f"{', '.join(missing)} {verb} not installed; {install_command(extra)}")


def missing_from(extra: str) -> tuple[str, ...]:
    """The distributions that an extra needs and that are not installed."""
    return tuple(name for name in requirements_of(extra) if not is_installed(name))


def extras() -> tuple[str, ...]:
    """The extras that there are; raises MissingExtraError where edgeword itself was never installed."""
    return tuple(_metadata().get_all("Provides-Extra") or ())


def requirements_of(extra: str) -> tuple[str, ...]:
    """The distributions that an extra takes on this machine, those of the extras that it names among them.

    Raises UsageError for an unknown extra, MissingExtraError where edgeword itself was never installed.
    """
    return tuple(dict.fromkeys(_names(extra, frozenset())))


def is_installed(distribution: str) -> bool:
    """Whether a distribution, or another one that brings its module (`tensorflow-cpu`), can be found."""
    # It takes 15 ms to import, which nothing that only runs a bundle should pay.
    from importlib.metadata import PackageNotFoundError, version

    if find_spec(module_of(distribution)) is not None:
        return True
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def module_of(distribution: str) -> str:
    """The name by which a distribution of an extra is imported."""
    return re.sub(r"[-.]", "_", distribution)


def _names(extra: str, seen: frozenset[str]) -> Iterator[str]:
    """Of one extra, in the order of the metadata; `seen` are the extras that led here."""
    for line in _requirement_lines(extra):
        name, extras, marker = _parse(line)
        if not _holds(marker, extra):
            continue
        if name != DISTRIBUTION:
            yield name
            continue
        for other in extras:
            if other not in seen:
                yield from _names(other, seen | {extra})


def _requirement_lines(extra: str) -> list[str]:
    """All requirements of the distribution, once it is known to have the extra."""
    if extra not in extras():
        raise UsageError(f"{DISTRIBUTION} has no extra {extra!r}; choose one of {', '.join(extras())}")
    return _metadata().get_all("Requires-Dist") or []


def _metadata() -> Message:
    from importlib.metadata import PackageNotFoundError, metadata

    try:
        return cast("Message", metadata(DISTRIBUTION))
    except PackageNotFoundError:
        raise MissingExtraError(f"{DISTRIBUTION} was never installed here; {install_command('litert')}") from None


def _parse(requirement: str) -> tuple[str, tuple[str, ...], str]:
    """Name, extras and marker."""
    match = _REQUIREMENT.match(requirement)
    if match is None:
        raise UsageError(f"the metadata of {DISTRIBUTION} hold the requirement {requirement!r}; install it again")
    name, extras, marker = match.groups(default="")
    return name, tuple(item.strip() for item in extras.split(",") if item.strip()), marker


def _holds(marker: str, extra: str) -> bool:
    """Whether a requirement is one of this extra: conditions joined by `and`, of which one names the extra."""
    conditions = re.split(r"\band\b", marker)
    return "extra" in marker and all(_condition_holds(condition, extra) for condition in conditions)


def _condition_holds(condition: str, extra: str) -> bool:
    match = _CONDITION.fullmatch(condition)
    if match is None or match[1] not in {"extra", *_HERE}:
        raise UsageError(f"the metadata of {DISTRIBUTION} hold the condition {condition.strip()!r}; install it again")
    name, sign, value = match.groups()
    here = {**_HERE, "extra": extra}[name]
    if name == "python_version":
        return _OPERATORS[sign](_release(here), _release(value))
    return _OPERATORS[sign](here, value)


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
