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
