"""Pickles read as data: a machine of its own for the few instructions that a pickled tokenizer needs.

Nothing is imported or called: a class stands in the result as its name, and only the objects named in `MAKERS` are
made, by functions of this module. Format: Python's `pickletools`, protocols 0 to 5.
"""

from __future__ import annotations

import codecs
import io
import pickletools
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from edgeword.errors import TokenizerError
from edgeword_export.tokenizer_files.pickled_objects import MAKERS, Class, Made, OldText, built, checked_key, new

# A pickle of a million words has some ten million instructions; more would only be made to keep us busy.
_MOST_INSTRUCTIONS = 30_000_000
_MARK = object()
_OPCODES = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}


def unpickled(content: bytes) -> Any:
    """The value of a pickle: of dicts, lists, tuples, text, numbers, and `PickledTokenizer`; TokenizerError else."""
    machine = _Machine()
    try:
        for name, argument in islice(_instructions(content), _MOST_INSTRUCTIONS):
            if name == "STOP":
                return machine.result()
            machine.run(name, argument)
    except TokenizerError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise TokenizerError(f"not a whole pickle ({_first(error)}); save or copy it again") from None
    raise TokenizerError("not a whole pickle (it has no end); save or copy it again")


def _instructions(content: bytes) -> Iterator[tuple[str, Any]]:
    """Name and argument of each instruction."""
    file = io.BytesIO(content)
    while code := file.read(1):
        opcode = _OPCODES[code]
        # Python 2's text of bytes beyond ASCII is more than pickletools reads.
        read = _old_line if opcode.name == "STRING" else opcode.arg.reader if opcode.arg else None
        yield opcode.name, read(file) if read else None


def _old_line(file: io.BytesIO) -> str:
    line = file.readline().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise ValueError("text without its quotes")
    value: bytes = codecs.escape_decode(line[1:-1])[0]  # as pickle itself does
    return value.decode("latin1")


def _first(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


class _Machine:
    """The stack and the memory of one pickle."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}

    def run(self, name: str, argument: Any) -> None:
        """Do one instruction; TokenizerError names one that no tokenizer needs."""
        if name in _PUSHED:
            self._stack.append(argument)
            return
        if name in _OLD_TEXT:
            self._stack.append(OldText(argument))
            return
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
            return
        if name not in _INSTRUCTIONS:
            raise TokenizerError(f"the pickle uses {name}, which no tokenizer needs; nothing in it was run")
        _INSTRUCTIONS[name](self, argument)

    def result(self) -> Any:
        """The one value that is left."""
        (value,) = self._stack
        return value

    def nothing(self, _: Any) -> None:
        """PROTO, FRAME: said for readers that need it."""

    def pop(self, _: Any) -> None:
        self._stack.pop()

    def duplicate(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def remember(self, place: Any) -> None:
        self._memory[len(self._memory) if place is None else int(place)] = self._stack[-1]

    def recall(self, place: Any) -> None:
        self._stack.append(self._memory[int(place)])

    def tuple_of(self, count: int | None) -> None:
        items = self._marked() if count is None else [self._stack.pop() for _ in range(count)][::-1]
        self._stack.append(tuple(items))

    def list_of(self, _: Any) -> None:
        self._stack.append(self._marked())

    def dict_of(self, _: Any) -> None:
        items = self._marked()
        self._stack.append({})
        self._set(items)

    def append(self, _: Any) -> None:
        self._extend([self._stack.pop()])

    def extend(self, _: Any) -> None:
        self._extend(self._marked())

    def set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def set_items(self, _: Any) -> None:
        self._set(self._marked())

    def class_of(self, argument: Any) -> None:
        """GLOBAL gives `module name` as text; STACK_GLOBAL takes both from the stack."""
        if argument is None:
            name, module = self._stack.pop(), self._stack.pop()
        else:
            module, _, name = str(argument).partition(" ")
        if (module, name) not in MAKERS:
            raise TokenizerError(
                f"the pickle asks for {module}.{name}, which no tokenizer of Keras needs; nothing in it was run. Save "
                "tokenizer.word_index as JSON"
            )
        self._stack.append(Class(module, name))

    def call(self, _: Any) -> None:
        """REDUCE and NEWOBJ: make an object of a known class."""
        arguments, made = self._stack.pop(), self._stack.pop()
        self._stack.append(new(made, arguments))

    def build(self, _: Any) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if not isinstance(target, Made):
            raise TokenizerError("the pickle gives a state to what has none; nothing in it was run")
        built(target, state)

    def _marked(self) -> list[Any]:
        """What stands above the last mark."""
        items: list[Any] = []
        while (item := self._stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _extend(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise TokenizerError("the pickle appends to what is no list; save it again")
        target.extend(items)

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise TokenizerError("the pickle sets an item of what is no dict; save it again")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value


_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_TEXTS = ("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8")
_PUSHED = frozenset((*_NUMBERS, *_TEXTS))
_OLD_TEXT = frozenset(("STRING", "BINSTRING", "SHORT_BINSTRING"))
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "MARK": lambda: _MARK,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.nothing,
    "FRAME": _Machine.nothing,
    "POP": _Machine.pop,
    "DUP": _Machine.duplicate,
    **dict.fromkeys(("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"), _Machine.remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.recall),
    "TUPLE": lambda machine, _: machine.tuple_of(None),
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "LIST": _Machine.list_of,
    "DICT": _Machine.dict_of,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.extend,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.class_of,
    "STACK_GLOBAL": _Machine.class_of,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "BUILD": _Machine.build,
}
