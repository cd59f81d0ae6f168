"""Three suggestions after each key, in a plain terminal: python examples/keyboard.py BUNDLE.

1, 2 and 3 take a suggestion, the delete key takes back a letter, enter ends. Without a terminal, keys are read from
standard input.
"""

import contextlib
import sys
from collections.abc import Iterator

import edgeword

ENTER, DELETE = "\n\r\x04", "\x08\x7f"


@contextlib.contextmanager
def one_key_at_a_time() -> Iterator[None]:
    """Let the terminal hand over each key, without showing it."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def main() -> None:
    """Type."""
    lm = edgeword.load(sys.argv[1])
    session, text = lm.session(), ""
    suggestions = session.suggest(k=3)
    with one_key_at_a_time():
        while (key := sys.stdin.read(1)) and key not in ENTER:
            if key in DELETE:
                text = text[:-1]
                session = lm.session(text)  # `session.rewind` takes back whole tokens
            elif key in "123"[: len(suggestions)]:
                rest = suggestions[int(key) - 1].word[len(session.begun) :] + " "
                text += rest
                session.feed(rest)
            else:
                text += key
                session.feed(key)  # a letter costs no run of the model, a finished word one
            suggestions = session.suggest(k=3)
            row = "   ".join(f"{number} {found.word}" for number, found in enumerate(suggestions, 1))
            print(f"\r\x1b[K{text}▏   {row}" if sys.stdout.isatty() else f"{text}|   {row}", end="", flush=True)
            print("" if sys.stdout.isatty() else "\n", end="")
    print(f"\n{text}")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
