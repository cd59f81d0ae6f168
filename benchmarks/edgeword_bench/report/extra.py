"""The packages of the extra `report`, which nothing but pages and pictures needs."""

from __future__ import annotations

from importlib.util import find_spec

from edgeword.installing import install_command
from edgeword_bench.errors import MissingReportError

PACKAGES = ("matplotlib", "jinja2")


def check_report_packages() -> None:
    """Raise MissingReportError, which says how to get them, where one is not installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingReportError(f"{' and '.join(missing)} {verb} not installed; {install_command('report')}")
