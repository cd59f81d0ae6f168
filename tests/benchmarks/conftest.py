"""Every report that a page may have to show."""

import pytest

from edgeword_bench.results.result import Report
from tests.benchmarks.shown import REPORTS


@pytest.fixture(params=REPORTS, ids=lambda name: name.replace(" ", "-"))
def any_report(request) -> Report:
    return REPORTS[request.param]
