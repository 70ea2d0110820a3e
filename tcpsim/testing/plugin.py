"""The pytest plugin: loaded by name wherever tcpsim is installed; `-p no:tcpsim` turns it off.

Rule 1. A file `*.tcp.yaml` is a test: it passes if all that it expects holds.
Rule 2. A failure shows the ladder, and the command that runs the same again.
Rule 3. Nothing of the simulator is imported here until a test needs it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..net import Network
    from ..scenario import Run
    from .pair import Pair

SUFFIXES: Final = (".tcp.yaml", ".tcp.yml")
"""How the name of a scenario ends that is a test."""
DEFAULT_SEED: Final = 1
MAX_SEED: Final = (1 << 63) - 1
FAILED: Final = pytest.StashKey[bool]()
MAX_SEGMENTS: Final = 200
"""How many segments the ladder of a failure shows."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--tcpsim-seed`."""
    parser.getgroup("tcpsim").addoption(
        "--tcpsim-seed", type=_seed, default=None, metavar="N",
        help="the seed of all chance in simulated networks (by default a scenario's own, and 1 for the fixtures)",
    )  # fmt: skip


def _seed(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not 0 <= number <= MAX_SEED:
        raise pytest.UsageError(f"--tcpsim-seed: expected a whole number from 0 to {MAX_SEED}, not {text!r}")
    return number


# ---------------------------------------------------------------------- scenario files


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Take every `*.tcp.yaml` for a scenario that is a test."""
    if file_path.name.endswith(SUFFIXES):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


class ScenarioFile(pytest.File):
    """A scenario file: one test."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the one test, named as the scenario is."""
        name = self.path.name
        for suffix in SUFFIXES:
            name = name.removesuffix(suffix)
        yield ScenarioItem.from_parent(self, name=name)


class ScenarioFailed(Exception):
    """What a scenario expects does not hold."""

    def __init__(self, run: Run) -> None:
        self.run = run
        super().__init__(f"{len(run.failures)} of {len(run.verdict)} expectations do not hold")


class ScenarioItem(pytest.Item):
    """A scenario that is run; it fails if an expectation does, and errs if the file is wrong."""

    def runtest(self) -> None:
        """Run it."""
        from ..scenario import load, run

        done = run(load(self.path), seed=self.config.getoption("--tcpsim-seed"))
        if done.ended == "interrupted":
            raise KeyboardInterrupt
        if not done.passed:
            raise ScenarioFailed(done)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Tell what does not hold, with its place, the ladder and how to run it again; or what is wrong in the file."""
        from ..scenario import ScenarioError

        error = excinfo.value
        if isinstance(error, ScenarioError):
            return str(error)
        if not isinstance(error, ScenarioFailed):
            return super().repr_failure(excinfo, style)
        run = error.run
        told = [str(outcome) for outcome in run.failures]
        again = f"to run it again: tcpsim run {shlex.quote(str(self.path))} --seed {run.seed}"
        return "\n".join([*told, "", _ladder(run.trace), again])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test is."""
        return self.path, None, f"scenario {self.name}"


def _ladder(trace: Any) -> str:
    from ..draw import ladder_text

    return ladder_text(trace, max_segments=MAX_SEGMENTS)


# ---------------------------------------------------------------------- fixtures


@pytest.fixture
def tcp_network(request: pytest.FixtureRequest) -> Network:
    """An empty network, traced, with the seed of `--tcpsim-seed`."""
    from ..net import Network

    seed = request.config.getoption("--tcpsim-seed")
    return Network(seed=DEFAULT_SEED if seed is None else seed)


@pytest.fixture
def tcp_pair(request: pytest.FixtureRequest, tcp_network: Network) -> Iterator[Pair]:
    """Two hosts, `client` and `server`, on a link of 50 ms each way: see `tcpsim.testing.Pair`.

    A fault that never struck is an error at the end of a test that passed.
    """
    from .pair import Pair

    pair = Pair(tcp_network)
    yield pair
    if pair.unused and not request.node.stash.get(FAILED, False):
        pytest.fail(f"no such packet was sent: {'; '.join(pair.unused)}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add the ladder of a test's network to the report of its failure, and how to repeat it."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    network = getattr(item, "funcargs", {}).get("tcp_network")
    if call.when == "call" and report.failed and network is not None and len(network.trace):
        report.sections.append(("what the network did", _ladder(network.trace)))
        again = f"pytest {shlex.quote(item.nodeid)} --tcpsim-seed {network.seed}"
        report.sections.append(("to run it again", again))
    return report
