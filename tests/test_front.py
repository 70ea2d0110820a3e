"""The package's front: every name is there, typed as it is, and costs nothing until it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tcpsim

FRONT = Path(tcpsim.__file__)


def declared() -> set[str]:
    """Return the names that a type checker sees."""
    tree = ast.parse(FRONT.read_text("utf-8"))
    guards = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    statements = [*tree.body, *(node for guard in guards for node in guard.body)]
    return {
        alias.name for node in statements if isinstance(node, ast.ImportFrom) and node.level for alias in node.names
    }


def loaded(program: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after a program."""
    command = [sys.executable, "-c", f"{program}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"]
    ran = subprocess.run(command, cwd=FRONT.parent.parent, capture_output=True, text=True, timeout=60, check=True)
    return set(ran.stdout.split())


def test_every_name_is_there_and_a_type_checker_knows_the_same() -> None:
    names = {name for name in tcpsim.__all__ if name != "__version__"}
    assert names == declared()
    for name in names:
        assert getattr(tcpsim, name).__name__ == name
    assert names <= set(dir(tcpsim))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        tcpsim.Netwrok  # type: ignore[attr-defined]  # noqa: B018 -- that it raises is the point


def test_importing_the_package_loads_no_dependency() -> None:
    assert not loaded("import tcpsim") & {"matplotlib", "pydantic", "ruamel", "transitions", "rich", "click"}


def test_the_help_waits_for_nothing_heavy() -> None:
    program = "import tcpsim.cli\ntry:\n    tcpsim.cli.main()\nexcept SystemExit: pass"
    assert not loaded(program) & {"matplotlib", "pydantic", "ruamel", "transitions"}


def test_a_simulation_loads_neither_matplotlib_nor_pydantic() -> None:
    assert not loaded("import tcpsim\ntcpsim.Network()") & {"matplotlib", "pydantic", "ruamel"}


def test_a_few_lines_of_python_do_what_the_command_does() -> None:
    net = tcpsim.Network(seed=1)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, delay="50ms")
    server.listen(80)
    connection = client.connect(server, 80)
    net.at("1s", connection.send, b"hello")
    net.run(until="2s")
    assert connection.state is tcpsim.State.ESTABLISHED
    assert server.connections[1].received == b"hello"
    assert net.trace is not None
    assert "SYN,ACK seq 0 ack 1" in tcpsim.ladder_text(net.trace)


def test_traces_and_figures_show_themselves_in_jupyter(tmp_path: Path) -> None:
    trace = tcpsim.run(tcpsim.load("handshake")).trace
    shown = getattr(trace, "_repr_svg_")()  # noqa: B009 -- a type checker does not know the method
    assert shown.startswith("<svg")
    assert tcpsim.figure(trace)._repr_svg_() == shown
    assert tcpsim.states_figure(trace)._repr_svg_().startswith("<svg")
    assert tcpsim.figure(trace, max_segments=1).svg != shown != tcpsim.figure(trace, detail=0).svg
    saved = tcpsim.figure(trace).save(tmp_path / "ladder.svg")
    assert shown in saved.read_text("utf-8")
    assert tcpsim.states_figure(trace, host="client").save(tmp_path / "states.pdf").read_bytes().startswith(b"%PDF")
    run = tcpsim.run("handshake")
    assert run._repr_svg_() == shown


def test_dir_shows_the_public_names_and_no_other() -> None:
    command = [sys.executable, "-c", "import tcpsim; print(*dir(tcpsim))"]
    ran = subprocess.run(command, cwd=FRONT.parent.parent, capture_output=True, text=True, timeout=60, check=True)
    assert {name for name in ran.stdout.split() if not name.startswith("__")} == set(tcpsim.__all__) - {"__version__"}


def test_run_takes_a_name_a_path_or_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(tcpsim.load("handshake").text, "utf-8")
    runs = [tcpsim.run(given) for given in ("handshake", path, str(path), tcpsim.load("handshake"))]
    assert [run.scenario.name for run in runs] == ["handshake", "mine", "mine", "handshake"]
    assert all(run.passed for run in runs)
    assert tcpsim.run("lossy", seed=7).seed == 7
    with pytest.raises(tcpsim.ScenarioError, match="did you mean 'handshake'"):
        tcpsim.run("handshak")


@pytest.mark.parametrize("wrong", [5, None, b"handshake", ["handshake"], tcpsim.Trace()])
def test_what_is_neither_is_a_type_error(wrong: object) -> None:
    with pytest.raises(TypeError, match="expected a scenario, its name in the library or its file, not "):
        tcpsim.run(wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError, match="expected the name of a scenario or the path of its file, not "):
        tcpsim.load(wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError, match="expected the text of a scenario, not "):
        tcpsim.loads(wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_what_a_notebook_prints_is_short() -> None:
    scenario = tcpsim.load("handshake")
    run = tcpsim.run(scenario)
    assert repr(scenario) == "<Scenario handshake: A three-way handshake>"
    assert repr(run) == "<Run handshake: passed, 17 of 17>"
    assert repr(run.trace) == f"<Trace of handshake: {len(run.trace)} records>"
    assert repr(tcpsim.Trace()) == "<Trace: 0 records>"
    failed = tcpsim.run(tcpsim.loads(scenario.text.replace("server: hello", "server: help"), "mine.yaml"))
    assert repr(failed) == "<Run mine: failed, 16 of 17>"
    failed.ended = "interrupted"
    assert repr(failed) == "<Run mine: interrupted, 16 of 17>"


def test_a_figure_of_what_is_no_trace_is_a_type_error() -> None:
    net = tcpsim.Network()
    for make in (tcpsim.figure, tcpsim.states_figure):
        with pytest.raises(
            TypeError, match=r"expected a trace, not <Network of no host, at 0s>; did you mean its \.trace"
        ):
            make(net)  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(TypeError, match=r"expected a trace, not 'handshake'$"):
            make("handshake")  # type: ignore[arg-type]  # wrong on purpose
