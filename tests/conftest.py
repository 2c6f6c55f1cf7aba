"""What every suite shares: under CI nothing is skipped silently."""

from __future__ import annotations

import os
import signal

import pytest

from runtime_lib.linux import signals

# A skip for what this very machine cannot have (no such kernel feature) is legitimate; one for a missing tool is not.
MACHINE = "this machine: "


def pytest_configure() -> None:
    """Ignore no signal that whoever started the suite ignores: a shell in the background does, make's own spawn does.

    What the suite starts inherits that: its Docker Engine, and then the containers, would ignore it too.
    """
    signals.reset()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in unexpected_skips(terminalreporter):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"ERROR: skipped under CI: {report.nodeid}: {reason}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and unexpected_skips(reporter) and session.exitstatus == 0:
        session.exitstatus = 1


def unexpected_skips(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    if not os.environ.get("CI"):
        return []
    return [report for report in reporter.stats.get("skipped", []) if MACHINE not in str(report.longrepr)]
