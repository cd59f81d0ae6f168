"""A kiosk that goes on with what visitors type, and never says some words: python examples/kiosk.py BUNDLE DENIED.txt.

Reads a line, answers with a line, and ends with its input. A service manager may start it again at any time: it keeps
nothing, and says what is wrong in one line with exit code 2.
"""

import sys
from pathlib import Path

import edgeword

LONGEST = 200
"""Characters of a visitor's line that are read."""


def main(bundle: str, denied: str) -> int:
    """Answer until the input ends."""
    try:
        # In a process of its own an engine that dies is an EngineError, and the kiosk goes on.
        lm = edgeword.load(bundle, isolate=True)
        words = {word for word in Path(denied).read_text(encoding="utf-8").splitlines() if word}
    except (edgeword.EdgewordError, OSError) as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return 2
    with lm:
        for line in sys.stdin:
            prompt = line.strip()[-LONGEST:]
            try:
                print(
                    f"{prompt} … {lm.generate(prompt, max_words=12, deny=words, stop=['.']).text.strip()}", flush=True
                )
            except edgeword.EngineError as error:
                print(f"kiosk: {error}", file=sys.stderr)
                lm = edgeword.load(bundle, isolate=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
