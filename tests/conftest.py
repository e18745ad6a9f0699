"""Settings for every test: in CI a skipped test is a failure, unless lab/skips.py accepts its reason."""

import os
import signal
import subprocess
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

from tests.lab import container
from tests.lab.deadline import LabError
from tests.lab.skips import ACCEPTED

LAST_LINES = 80
"""Lines of each container's journal that the report of a failed test ends with."""

# No deadline for hypothesis: on a busy machine the time of an example says nothing about the code.
# The same for how long hypothesis takes to make its examples up.
settings.register_profile("patient", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("patient")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would all that they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the containers' journals to the report of a test that failed: they go with the containers."""
    report = yield
    if report.failed:
        for each in container.booted:
            try:
                report.sections.append((f"journal of {each.name}", each.journal(LAST_LINES)))
            except (LabError, OSError, subprocess.SubprocessError) as error:
                report.sections.append((f"no journal of {each.name}", str(error)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI, print the skips that fail the session."""
    unexpected = _unexpected_skips(terminalreporter)
    if unexpected:
        terminalreporter.section("skipped in CI: this is a failure", red=True)
        for reason in unexpected:
            terminalreporter.line(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail the session if a test was skipped for a reason that is not accepted."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert isinstance(reporter, pytest.TerminalReporter)
    if _unexpected_skips(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unexpected_skips(reporter: pytest.TerminalReporter) -> list[str]:
    """Return the reasons of skips that fail a session, each once; outside CI there are none."""
    if not os.environ.get("CI"):
        return []
    reasons = {str(report.longrepr) for report in reporter.stats.get("skipped", [])}
    return sorted(reason for reason in reasons if not any(accepted in reason for accepted in ACCEPTED))
