"""What holds for every test: in CI a tier that was skipped is a failure, unless SRS is what is missing."""

import os

import pytest
from hypothesis import settings

from tests.lab.servers import NO_SRS

# The machine may be busy; how long an example takes is no property of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was skipped for another reason, and make CI fail for it."""
    skipped = {str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])}
    unexpected = sorted(reason for reason in skipped if NO_SRS not in reason)
    if unexpected and os.environ.get("CI"):
        terminalreporter.section("skipped in CI: this is a failure", red=True)
        for reason in unexpected:
            terminalreporter.line(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session in CI when a test was skipped for another reason than a missing SRS."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    assert isinstance(reporter, pytest.TerminalReporter)
    skipped = (str(report.longrepr) for report in reporter.stats.get("skipped", []))
    if os.environ.get("CI") and any(NO_SRS not in reason for reason in skipped):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
