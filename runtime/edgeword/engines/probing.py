"""Whether an engine's package can be imported, found out in a process of its own: some take theirs down."""

from __future__ import annotations

import signal
import subprocess
import sys

from edgeword.engines.engine import Package

_LONGEST_SECONDS = 120
_SAYS = "edgeword: "
# Before its path is ours, it would import from the current folder.
_IMPORT = f"""
import sys
sys.path[:] = sys.argv[2:]
from edgeword.engines.quiet import keep_offline
keep_offline()
try:
    __import__(sys.argv[1])
except BaseException as error:
    from edgeword.errors import described
    print("\\n{_SAYS}" + described(error))
"""


def import_failure(package: Package) -> str | None:
    """Why it cannot be imported, in a few words; None where it can."""
    line = [sys.executable, "-c", _IMPORT, package.module, *sys.path]
    try:
        done = subprocess.run(
            line, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"takes more than {_LONGEST_SECONDS} s"
    except OSError:  # there is no Python to ask
        return None
    if done.returncode:
        return ended(done.returncode)
    last = done.stdout.decode("utf-8", "replace").rpartition("\n" + _SAYS)
    return last[2].strip() if last[1] else None


def ended(code: int) -> str:
    """How a process ended that should not have."""
    if code >= 0:
        return f"ends the process with {code}"
    known = {number.value: number.name for number in signal.Signals}
    return f"ends the process by {known.get(-code, f'signal {-code}')}"
