"""What holds for every test.

With TCPSIM_REQUIRE_ALL=1 a skipped test is a failed test: on the machine that decides, whatever a
test needs has to be there. With --require-protocol-coverage the session fails unless each line and
branch of the protocol (tcpsim/tcp/) was run, by the protocol's own tests in tests/tcp/: those of other floors are
not measured.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from coverage import Coverage
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

# The same examples on every run, whatever the machine's speed; `make fuzz` looks for new ones.
settings.register_profile("check", derandomize=True, deadline=None, print_blob=True)
settings.register_profile(
    "fuzz", max_examples=int(os.environ.get("FUZZ_EXAMPLES", "2000")), deadline=None, print_blob=True
)
settings.load_profile("check")

# What a test sees printed depends neither on the terminal that it runs in nor on its reader's taste.
os.environ |= {"COLUMNS": "80", "TERM": "xterm"}
for _taste in ("LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "PYTHONIOENCODING"):
    os.environ.pop(_taste, None)

PROTOCOL = "*/tcpsim/tcp/*"
PROTOCOL_TESTS = Path(__file__).parent / "tcp"

_unrun: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-protocol-coverage",
        action="store_true",
        help="fail unless every line and branch in tcpsim/tcp/ was run (needs --cov)",
    )


def fail_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn the report of a skip into that of a failure; leave an expected failure as it is."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"TCPSIM_REQUIRE_ALL is set, and this was skipped: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage in the tests of the protocol alone: elsewhere it would take two thirds of the time."""
    measured = Coverage.current()
    if measured is None or item.path.is_relative_to(PROTOCOL_TESTS):
        return (yield)
    measured.stop()
    try:
        return (yield)
    finally:
        measured.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get("TCPSIM_REQUIRE_ALL") == "1":
        fail_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if os.environ.get("TCPSIM_REQUIRE_ALL") == "1":
        fail_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    result = yield
    config = session.config
    if config.getoption("--require-protocol-coverage") and not hasattr(config, "workerinput"):
        measured: Any = config.pluginmanager.getplugin("_cov")
        if measured is None or measured.cov_controller is None:
            raise pytest.UsageError("--require-protocol-coverage needs --cov")
        table = io.StringIO()
        if measured.cov_controller.cov.report(include=[PROTOCOL], file=table, ignore_errors=True) < 100:
            config.stash[_unrun] = table.getvalue()
            session.testsfailed += 1
    return result


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if _unrun in config.stash:
        terminalreporter.section("part of the protocol was never run", red=True)
        terminalreporter.write_line(config.stash[_unrun])
