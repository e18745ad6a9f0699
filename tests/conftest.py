"""Settings for every test: in CI a skipped test is a failure, unless the reason is a missing SRS."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests.lab.servers import NO_SRS

# No deadline for hypothesis: on a busy machine the time of an example says nothing about the code.
# The same for how long hypothesis takes to make its examples up.
settings.register_profile("patient", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("patient")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI, print the reasons of tests that were skipped for another reason than a missing SRS."""
    skipped = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])}
    unexpected = sorted(reason for reason in skipped if NO_SRS not in reason)
    if unexpected and os.environ.get("CI"):
        terminalreporter.section("skipped in CI: this is a failure", red=True)
        for reason in unexpected:
            terminalreporter.line(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, fail the session if a test was skipped for another reason than a missing SRS."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert isinstance(reporter, pytest.TerminalReporter)
    skipped = (str(report.longrepr) for report in reporter.stats.get("skipped", []))
    if os.environ.get("CI") and any(NO_SRS not in reason for reason in skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
