"""`tcpsim diagram` and `tcpsim states`: what is drawn, where it goes, and what can go wrong."""

from __future__ import annotations

from collections.abc import Callable
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
    said = " ".join(ran.stderr.split())  # a long message may be wrapped
    for word in words:
        assert word in said


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [("diagram", "handshake"), ("states",)])
def test_output_that_can_not_be(command: tuple[str, ...]) -> None:
    assert_is_a_sentence(call(*command, "-o", "x.gif"), "--output: can't draw into", ".png, .svg, .pdf")
    assert_is_a_sentence(call(*command, "-o", "nosuch/x.png"), "nosuch/x.png: can't be written: No such file")
    assert_is_a_sentence(call(*command, "-o", "."), "can't be written: it is a directory")


@pytest.mark.usefixtures("here")
def test_diagram_wants_one_thing_to_draw() -> None:
    assert_is_a_sentence(call("diagram"), "name what to draw", "or say --lossy")
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
    assert_is_a_sentence(
        call("states", "handshake", "--host", "clint"),
        "no host 'clint'; expected client or server; did you mean 'client'?",
    )
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


def test_a_figure_is_never_drawn_onto_what_it_is_drawn_from(here: Path) -> None:
    call("run", "-q", "handshake", "--trace", "kept.svg")
    kept = (here / "kept.svg").read_bytes()
    (here / "link.svg").symlink_to("kept.svg")
    for command in ("diagram", "states"):
        for source, target in (("kept.svg", "kept.svg"), ("link.svg", "./kept.svg"), ("kept.svg", "link.svg")):
            ran = call(command, source, "-o", target)
            assert_is_a_sentence(ran, f"{Path(target)}: this is the file that is read; --output takes another one")
            assert (here / "kept.svg").read_bytes() == kept
    (here / "kept.svg").rename("kept.png")
    assert_is_a_sentence(call("diagram", "kept.png"), "kept.png: this is the file that is read")
    assert (here / "kept.png").read_bytes() == kept


def test_the_name_of_a_figure_is_told_on_one_line(here: Path) -> None:
    name = "two\nlines\x1b[31m.svg"
    for command in ("diagram", "states"):
        assert call(command, "handshake", "-o", name).stdout == "drew two\\nlines\\x1b[31m.svg\n"
        assert (here / name).is_file()


@pytest.mark.usefixtures("here")
def test_nothing_to_draw_is_told_with_examples() -> None:
    ran = call("diagram")
    assert_is_a_sentence(ran, "as in `tcpsim diagram handshake` or `tcpsim diagram kept.jsonl`", "`tcpsim list`")
    assert max(map(len, ran.stderr.splitlines())) <= 80


HEADER = 'expected the header {"format":"tcpsim trace", ...} of a trace; '


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda whole: whole.split(b"\n", 1)[1], f":1: {HEADER}this is a record already, the first line is missing"),
        (lambda whole: b"\xef\xbb\xbf" + whole, f":1: {HEADER}a byte order mark stands in front of it: save the"),
        (lambda whole: whole.decode().encode("utf-16"), f":1: {HEADER}the file is in UTF-16: save it as UTF-8"),
        (lambda _: b"", f":1: {HEADER}the file is empty: `tcpsim run SCENARIO --trace FILE` writes one"),
        (lambda _: b"junk\n", f":1: {HEADER}this is no trace: `tcpsim run SCENARIO --trace FILE` writes one"),
        (lambda whole: whole[:80], f":1: {HEADER}the file was cut short in its first line"),
        (lambda whole: whole[:-9], "expected a JSON object on this line; the file was cut short in it: without this"),
    ],
)
def test_a_damaged_trace_is_told_with_what_to_do(here: Path, damage: Callable[[bytes], bytes], told: str) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")
    (here / "kept.jsonl").write_bytes(damage((here / "kept.jsonl").read_bytes()))
    for command in ("diagram", "states", "explain"):
        assert_is_a_sentence(call(command, "kept.jsonl"), "kept.jsonl:", told)


def test_a_trace_without_its_first_line_is_still_told_from_a_scenario(here: Path) -> None:
    call("run", "-q", "handshake", "--trace", "kept.jsonl")
    (here / "kept").write_bytes((here / "kept.jsonl").read_bytes().split(b"\n", 1)[1])
    assert_is_a_sentence(call("run", "kept"), "kept: this is a trace, which has run already")
    assert_is_a_sentence(call("diagram", "kept"), "kept:1: expected the header")
    assert_is_a_sentence(call("diagram", "missing.jsonl"), "missing.jsonl: there is no such file")


def test_a_name_that_is_empty_is_no_lossy_link(here: Path) -> None:
    for command in ("diagram", "states", "explain", "run"):
        assert call(command, "").exit_code == 2
    assert list(here.iterdir()) == []
