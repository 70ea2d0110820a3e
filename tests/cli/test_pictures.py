"""`tcpsim diagram` and `tcpsim states`: what is drawn, where it goes, and what can go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli.commands import tcpsim

PNG = b"\x89PNG\r\n\x1a\n"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, list(arguments))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drawn(ran: Result) -> Path:
    """Return the file that a call says it drew."""
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("drew ")
    return Path(ran.stdout.removeprefix("drew ").strip())


@pytest.mark.usefixtures("here")
def test_lossy_goes_into_the_current_folder_where_there_is_no_other() -> None:
    path = drawn(call("diagram", "--lossy"))
    assert path == Path("lossy.png")
    assert path.read_bytes().startswith(PNG)


def test_lossy_goes_into_figures_where_that_exists(here: Path) -> None:
    (here / "figures").mkdir()
    assert drawn(call("diagram", "--lossy")) == Path("figures/lossy.png")
    assert (here / "figures" / "lossy.png").is_file()


@pytest.mark.usefixtures("here")
def test_runs_that_differ_go_into_files_that_differ() -> None:
    calls = [(), ("--seed", "7"), ("--loss", "30%"), ("--seed", "7", "--loss", "0.3"), ("--profile", "rfc9293")]
    names = [drawn(call("diagram", "--lossy", *options)).name for options in calls]
    assert names == [
        "lossy.png", "lossy-seed7.png", "lossy-loss30.png", "lossy-loss30-seed7.png", "lossy-rfc9293.png"
    ]  # fmt: skip
    assert len({Path(name).read_bytes() for name in names}) == len(names)


@pytest.mark.parametrize(("suffix", "start"), [("png", PNG), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("SVG", b"<?xml")])
def test_the_suffix_says_which_kind(here: Path, suffix: str, start: bytes) -> None:
    path = here / f"handshake.{suffix}"
    assert drawn(call("diagram", "handshake", "-o", str(path))) == path
    assert path.read_bytes().startswith(start)


def test_a_trace_draws_what_its_scenario_draws_whatever_it_is_called(here: Path) -> None:
    CliRunner().invoke(tcpsim, ["run", "-q", "lossy", "--trace", "kept.yaml"])
    for command in ("diagram", "states"):
        call(command, "kept.yaml", "-o", "from-trace.svg")
        call(command, "lossy", "-o", "from-scenario.svg")
        assert (here / "from-trace.svg").read_bytes() == (here / "from-scenario.svg").read_bytes()


def test_no_loss_at_all_draws_no_loss(here: Path) -> None:
    call("diagram", "--lossy", "--loss", "0%", "-o", "none.svg")
    call("diagram", "--lossy", "-o", "some.svg")
    assert "is lost" not in (here / "none.svg").read_text() or "lost" not in (here / "none.svg").read_text()
    assert "lost" in (here / "some.svg").read_text()


@pytest.mark.usefixtures("here")
def test_states_alone_and_with_a_path() -> None:
    assert drawn(call("states")) == Path("states.png")
    assert drawn(call("states", "simultaneous-close")) == Path("simultaneous-close-states.png")
    assert Path("states.png").read_bytes() != Path("simultaneous-close-states.png").read_bytes()


def test_states_as_a_table_with_the_steps_of_one_host() -> None:
    alone = call("states", "--text")
    assert "SYN-SENT      rcv SYN,ACK          snd ACK              ESTABLISHED" in alone.stdout
    both = call("states", "handshake", "--text", "--ascii")
    one = call("states", "handshake", "--text", "--host", "client")
    assert "* client, step 2 of 2, at 100 ms" in one.stdout
    assert "* server" in both.stdout
    assert "* server" not in one.stdout
    assert max(map(len, both.stdout.splitlines())) <= 80


def assert_is_a_sentence(ran: Result, *words: str) -> None:
    assert ran.exit_code == 2
    assert "bug of tcpsim" not in ran.output
    for word in words:
        assert word in ran.stderr


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [("diagram", "handshake"), ("states",)])
def test_output_that_can_not_be(command: tuple[str, ...]) -> None:
    assert_is_a_sentence(call(*command, "-o", "x.gif"), "--output: can't draw into", ".png, .svg, .pdf")
    assert_is_a_sentence(call(*command, "-o", "nosuch/x.png"), "nosuch/x.png: can't be written: No such file")
    assert_is_a_sentence(call(*command, "-o", "."), "can't be written: it is a directory")


@pytest.mark.usefixtures("here")
def test_diagram_wants_one_thing_to_draw() -> None:
    assert_is_a_sentence(call("diagram"), "name a scenario or a trace, or say --lossy")
    assert_is_a_sentence(call("diagram", "--lossy", "handshake"), "not both")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("loss", ["150%", "-1", "much", ""])
def test_a_loss_that_is_no_probability(loss: str) -> None:
    assert_is_a_sentence(call("diagram", "--lossy", "--loss", loss), "expected a probability")


def test_a_trace_has_happened_already(here: Path) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")
    assert_is_a_sentence(call("diagram", "kept.jsonl", "--seed", "2"), "a trace has happened already")


def test_a_damaged_trace_is_located(here: Path) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")
    lines = (here / "kept.jsonl").read_text().splitlines()
    lines[4] = lines[4][:-9]
    (here / "kept.jsonl").write_text("\n".join(lines))
    assert_is_a_sentence(call("diagram", "kept.jsonl"), "kept.jsonl:5")


def test_a_file_that_can_not_be_read(here: Path) -> None:
    (here / "loop.yaml").symlink_to("loop.yaml")
    assert_is_a_sentence(call("diagram", "loop.yaml"), "loop.yaml")


def test_a_host_that_is_not_there() -> None:
    assert_is_a_sentence(call("states", "handshake", "--host", "clint"), "no host 'clint'", "client, server")
    assert_is_a_sentence(call("states", "--host", "client"), "--host takes a scenario or a trace")


def test_a_trace_that_may_not_be_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "kept.jsonl")

    monkeypatch.setattr("tcpsim.trace.Trace.read", forbidden)
    assert_is_a_sentence(call("diagram", "kept.jsonl"), "kept.jsonl: can't be read: Permission denied")


def test_the_hidden_command_makes_the_figures_of_the_readme(here: Path) -> None:
    ran = call("figures", "new")
    assert ran.exit_code == 0
    assert sorted(path.name for path in (here / "new").iterdir()) == sorted(
        Path(line.removeprefix("drew ")).name for line in ran.stdout.splitlines()
    )
