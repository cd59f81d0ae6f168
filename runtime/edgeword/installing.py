"""Where this edgeword came from and where its programs are: commands that are shown work as they stand."""

from __future__ import annotations

import os
import sys

DISTRIBUTION = "edgeword"


def install_command(extra: str) -> str:
    """The command that adds an extra to this edgeword, from where it came: a clone, a wheel, or a release."""
    origin, editable = _origin()
    return f'{_program("pip")} install {"--editable " if editable else ""}"{_from_here(origin)}[{extra}]"'


def install_command_elsewhere(extra: str) -> str:
    """The command that installs an extra on a machine that has none of this: in a clone, or from a release."""
    return f'pip install "{"edgeword" if _origin()[0] == DISTRIBUTION else "."}[{extra}]"'


def edgeword_program() -> str:
    """What a shell calls for this edgeword: its name where that is found, else where it lies."""
    return _program(DISTRIBUTION)


def _program(name: str) -> str:
    """A program of this Python's environment, as a shell finds it that stands here."""
    import shutil  # 5 ms, which no cold start should pay

    bin_folder = os.path.dirname(sys.executable)
    own = os.path.join(bin_folder, name)
    found = shutil.which(name)
    if found and os.path.realpath(os.path.dirname(found)) == os.path.realpath(bin_folder):
        return name
    return _from_here(own) if os.path.exists(own) else f"{_from_here(sys.executable)} -m {name}"


def _from_here(path: str) -> str:
    """A path as seen from the current folder where it lies in there; what is no absolute path stays as it is."""
    if not os.path.isabs(path):
        return path
    here = os.path.relpath(path)
    if here == os.curdir:
        return here
    return path if here.startswith(os.pardir) else os.path.join(os.curdir, here)


def _origin() -> tuple[str, bool]:
    """The folder or the wheel that edgeword was installed from, else its name; and whether it is that folder."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:  # the sources, on the path
        clone = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        return (clone if os.path.exists(os.path.join(clone, "pyproject.toml")) else DISTRIBUTION), False
    return _told(told) if told else (DISTRIBUTION, False)


def _told(told: str) -> tuple[str, bool]:
    """What an installer wrote of a direct URL (PEP 610), where that is still there."""
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    facts = json.loads(told)
    parts = urlsplit(facts.get("url", ""))
    path = url2pathname(parts.path)
    if parts.scheme != "file" or not os.path.exists(path):
        return DISTRIBUTION, False
    return path, bool(facts.get("dir_info", {}).get("editable"))
