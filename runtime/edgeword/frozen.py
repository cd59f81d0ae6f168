"""Frozen dataclasses that are quick to define.

`dataclasses` writes and compiles six methods for each class, 0.4 ms of them: thirty classes were half of edgeword's
share of a cold start. Here the fields, and `replace`, `asdict` and their like, are still those of `dataclasses`; the
methods are the same few functions for all classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_kinds: Any) -> Callable[[T], T]:
        """In `typing` from Python 3.11 on; says something to type checkers alone."""
        return lambda decorator: decorator


T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True)`; two are equal if they are of one class and their fields are."""
    return _defined(cls, {"__eq__": _eq, "__hash__": _hash})


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def frozen_identity(cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True, eq=False)`: each is equal to itself alone, as what holds arrays has to be."""
    return _defined(cls, {})


def _defined(cls: type[T], comparison: dict[str, Any]) -> type[T]:
    dataclass(init=False, repr=False, eq=False)(cls)
    methods = {"__init__": _init_of(cls), "__setattr__": _set, "__delattr__": _delete, **comparison}
    if "__repr__" not in vars(cls):
        methods["__repr__"] = _repr
    for name, method in methods.items():
        setattr(cls, name, method)
    return cls


def _init_of(cls: Any) -> Callable[..., None]:
    """`__init__` of a class: by position or by name, then the defaults, then `__post_init__`."""
    names = [item.name for item in fields(cls) if item.init]
    wanted = frozenset(names)
    factories: dict[str, Any] = {}
    for item in fields(cls):
        if item.default_factory is not MISSING:
            factories[item.name] = item.default_factory
    after = getattr(cls, "__post_init__", None)

    def init(self: Any, *args: Any, **given: Any) -> None:
        values = self.__dict__
        values.update(zip(names, args))  # noqa: B905 (what is too many is found below)
        if len(args) > len(names) or not given.keys() <= wanted or not given.keys().isdisjoint(values):
            raise _misfit(cls, names, args, given)
        values.update(given)
        for name, make in factories.items():
            if name not in values:
                values[name] = make()
        for name in wanted - values.keys():
            # A default stands on the class; what is neither there nor given is missing.
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__qualname__}() misses the argument {name!r}")
            values[name] = getattr(cls, name)
        if after is not None:
            after(self)

    return init


def _misfit(cls: Any, names: list[str], args: tuple[Any, ...], given: dict[str, Any]) -> TypeError:
    if len(args) > len(names):
        return TypeError(f"{cls.__qualname__}() takes {len(names)} arguments and got {len(args)}")
    wrong = next(name for name in given if name not in names or name in names[: len(args)])
    problem = "got twice" if wrong in names else "has no"
    return TypeError(f"{cls.__qualname__}() {problem} the argument {wrong!r}")


def _compared(record: Any) -> tuple[Any, ...]:
    return tuple(getattr(record, item.name) for item in fields(record) if item.compare)


def _eq(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _set(_self: Any, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
