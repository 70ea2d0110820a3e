"""`tcpsim diagram --view`: which view is drawn, of which runs, into which file, and what does not go together."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tcpsim.cli import views
from tcpsim.cli.commands import tcpsim
from tcpsim.cli.looks import caption_of
from tcpsim.draw import views as drawn
from tcpsim.draw.framing import Caption


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(tcpsim, ["diagram", *arguments])


def draw(*arguments: str) -> str:
    """Return the name of the file that a call says it drew."""
    ran = call(*arguments)
    assert ran.exit_code == 0, ran.output
    return ran.stdout.removeprefix("drew ").strip()


def texts(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[str]:
    """Return the words on the chart that a call draws."""
    seen: list[str] = []
    original = drawn.view

    def view(*given: object, **options: object) -> object:
        chart = original(*given, **options)  # type: ignore[arg-type]  # passed on as they came
        seen.extend(label.text for label in chart.labels)
        return chart

    monkeypatch.setattr(drawn, "view", view)
    draw(*arguments)
    return seen


def assert_is_a_sentence(ran: Result, *words: str) -> None:
    assert ran.exit_code == 2
    assert "bug of tcpsim" not in ran.output
    said = " ".join(ran.stderr.split())
    for word in words:
        assert word in said


def test_the_command_line_knows_the_views_that_there_are() -> None:
    assert views.VIEWS[2:] == drawn.VIEWS
    assert views.MAX_RUNS == drawn.MAX_RUNS


@pytest.mark.parametrize("view", views.VIEWS)
def test_every_view_is_drawn_into_a_file_of_its_name(view: str) -> None:
    name = draw("handshake", "--view", view)
    assert name == ("handshake.png" if view == "ladder" else f"handshake-{view}.png")
    assert Path(name).read_bytes().startswith(b"\x89PNG")


def test_the_ladder_is_what_is_drawn_without_a_view() -> None:
    draw("handshake", "-o", "plain.svg")
    draw("handshake", "--view", "ladder", "-o", "named.svg")
    assert Path("plain.svg").read_bytes() == Path("named.svg").read_bytes()


def test_runs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    name = draw("lossy", "--view", "queues", "--seed", "1", "--seed", "2", "--loss", "10%")
    assert name == "lossy-loss10-seed1-seed2-queues.png"
    said = texts(
        monkeypatch, "lossy", "--view", "congestion", "--seed", "1", "--profile", "rfc9293", "--profile", "linux"
    )
    assert {"seed 1, rfc9293", "seed 1, linux"} <= set(said)
    assert Path("lossy-seed1-rfc9293-linux-congestion.png").is_file()


def test_congestion_is_of_an_explained_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(text.startswith("Not in this trace") for text in texts(monkeypatch, "lossy", "--view", "congestion"))


def test_a_trace_that_was_not_explained_tells_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(tcpsim, ["run", "-q", "lossy", "--trace", "kept.jsonl"])
    assert any("cwnd" in text for text in texts(monkeypatch, "kept.jsonl", "--view", "congestion"))


def test_host_and_connection_choose_the_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    said = texts(monkeypatch, "echo-server", "--view", "sequence", "--host", "server", "--connection", "2")
    assert any(text.startswith("time-sequence graph, server to ") for text in said)
    draw("handshake", "--view", "states", "--host", "client", "-o", "one.svg")
    draw("handshake", "--view", "states", "-o", "both.svg")
    assert Path("one.svg").read_bytes() != Path("both.svg").read_bytes()


def test_a_caption_and_a_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    said = texts(monkeypatch, "handshake", "--view", "timeline", "--caption", "-o", "light.svg")
    below = caption_of("handshake")
    assert isinstance(below, Caption)
    assert any(text and below.question.startswith(text) for text in said)
    draw("handshake", "--view", "timeline", "--theme", "dark", "-o", "dark.svg")
    assert Path("dark.svg").read_bytes() != Path("light.svg").read_bytes()


def test_any_view_is_of_a_piece_and_in_a_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    for view in views.VIEWS[1:]:
        options = [(), ("--from", "client FIN", "--to", "client is TIME-WAIT"), ("--theme", "dark")]
        names = [draw("lossy", "--view", view, *each, "-o", f"{view}{n}.svg") for n, each in enumerate(options)]
        assert len({Path(name).read_bytes() for name in names}) == len(options), view
    said = texts(monkeypatch, "lossy", "--view", "timeline", "--from", "10.4s", "--to", "10.6s", "-o", "x.svg")
    assert "Only what happens from 10.4 s to 10.6 s is drawn; the run ends after 70.6 s." in said
    assert {"FIN-WAIT-1", "FIN-WAIT-2"} <= set(said)
    assert not {"SYN-SENT", "LISTEN"} & set(said)


def test_each_run_is_cut_at_its_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    piece = ("--from", "client FIN", "-o", "x.svg")
    said = texts(monkeypatch, "lossy", "--view", "sequence", "--seed", "1", "--seed", "2", *piece)
    assert "Of each run only a piece is drawn." in said


def test_states_alone_have_a_theme() -> None:
    for theme in ("light", "dark", "print"):
        assert CliRunner().invoke(tcpsim, ["states", "lossy", "--theme", theme, "-o", f"{theme}.svg"]).exit_code == 0
    assert len({path.read_bytes() for path in Path().glob("*.svg")}) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--view", "pie"), "'pie' is not one of 'ladder', 'states', 'timeline'"),
        (("--seed", "1", "--seed", "2"), "--view ladder shows one run; `tcpsim diff` shows two ladders side by side"),
        (("--view", "states", "--profile", "plain", "--profile", "linux"), "--view states shows one run"),
        (("--view", "queues", *("--seed", "1") * 7), "a view compares at most 6 runs, not 7"),
        (("--view", "timeline", "--host", "client"), "--host is for --view states, sequence and congestion"),
        (("--view", "sequence", "--connection", "1"), "--connection is for --view sequence and congestion, beside"),
        (("--view", "sequence", "--host", "cliant"), "there is no host 'cliant'; expected client or server; did"),
        (("--view", "queues", "--from", "1h"), "--from: nothing happens at 1h or later: the run ends after 200 ms"),
        (("--view", "states", "--to", "server RST"), "--to: 'server RST' never happens"),
        (("--view", "timeline", "--segments", "3"), "--segments is for --view ladder"),
        (("--view", "queues", "--detail", "full"), "--detail is for --view ladder"),
        (("--view", "states", "--caption"), "--caption is for other views than states"),
        (("--view", "queues", "-o", "x.gif"), "expected one of .png, .svg, .pdf"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(arguments: tuple[str, ...], said: str) -> None:
    assert_is_a_sentence(call("handshake", *arguments), said)
    assert not list(Path().glob("*.png"))
