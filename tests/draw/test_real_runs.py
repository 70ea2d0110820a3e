"""Runs of the real simulator, drawn: handshake, data and four-way close over lossy links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from tcpsim.draw import FULL, explain_text, ladder_svg, ladder_text, layout
from tcpsim.draw.scene import scene
from tcpsim.net import Network
from tcpsim.scenario import run as run_scenario
from tcpsim.trace import Header, Note

from .test_layout import ALONG, check, check_ends, struck, texts

if TYPE_CHECKING:
    from tcpsim.trace import Trace


def client(connection: Any, what: str) -> None:
    if what == "connection open":
        connection.send(3000)
        connection.close()


def server(connection: Any, what: str) -> None:
    if what == "connection closing":
        connection.close()


def run(seed: int, profile: str = "rfc9293", until: str = "10min", **impairments: Any) -> Trace:
    network = Network(seed=seed, header=Header(title="Over a lossy link", source="RFC 9293 3.8.1", seed=seed))
    left, right = network.host("client", profile=profile), network.host("server", profile=profile)
    network.link(left, right, **{"delay": "50ms", **impairments})
    right.listen(80, application=server)
    left.connect(right, 80, application=client)
    network.run(until)
    assert network.trace is not None
    return network.trace


@pytest.mark.parametrize("seed", range(1, 21))
def test_the_lossy_figure_is_clear_with_any_seed(seed: int) -> None:
    """As `tcpsim diagram --lossy --seed N` draws it: nothing overlaps, no arrow passes through words."""
    page = layout(run_scenario("lossy", seed=seed).trace)
    check(page)
    check_ends(page)
    assert (page.unlabelled, page.struck) == (0, 0)
    assert struck(page) == []


@pytest.mark.parametrize("detail", [1, 2, 3])
def test_a_loss_keeps_its_cause(detail: int) -> None:
    page = layout(run_scenario("udp-contrast").trace, detail=detail)
    check(page)
    lost = " ".join(label.text for label in page.labels if label.role == "lost")
    assert lost.count("(fault:") == 2
    assert (page.unlabelled, page.struck) == (0, 0)


@pytest.mark.parametrize(("name", "detail"), [("tfo-replay", 2), ("tfo-replay", 3), ("lossy-transfer", 3)])
def test_words_break_before_an_arrow_passes_through_them(name: str, detail: int) -> None:
    page = layout(run_scenario(name).trace, detail=detail)
    check(page)
    assert struck(page) == []
    assert not any("…" in label.text for label in page.labels)


@pytest.mark.parametrize("detail", [1, 2, 3])
def test_no_word_lies_on_a_broken_lifeline(detail: int) -> None:
    page = layout(run_scenario("syn-flood").trace, detail=detail)
    check(page)
    assert page.folds
    edges = sorted({(bar.x0, bar.x1) for bar in page.bars})
    words = [label.box.bounds for label in page.labels if label.role in ALONG]
    for fold in page.folds:
        for left, top, right, bottom in words:
            if top < fold.y + 6 and bottom > fold.y - 6:
                assert not any(left < x1 + 5 and x0 - 5 < right for x0, x1 in edges)


def test_after_a_crash_a_connection_is_closed() -> None:
    """As RFC 9293 Figure 9 has it; what was forgotten leaves its lifeline to the next connection."""
    trace = run_scenario("half-open-crash").trace
    page = layout(trace)
    check(page)
    client = [(str(bar.state), bar.start and bar.start // 1_000_000) for bar in page.bars if bar.host == 0]
    assert client == [
        ("CLOSED", None), ("SYN-SENT", 0), ("ESTABLISHED", 100), ("CLOSED", 1000), ("SYN-SENT", 2000),
        ("ESTABLISHED", 3100),
    ]  # fmt: skip
    assert len({bar.x0 for bar in page.bars if bar.host == 0}) == 1
    assert "   1 s        #1 CLOSED │ crash: every connection is forgotten" in ladder_text(trace)
    crash = next(record.serial for record in trace.records if isinstance(record, Note))
    later = ladder_text(trace, window=(crash + 1, len(trace)))
    assert "#2 CLOSED │" in later  # one CLOSED is enough, that of whoever opens next
    assert "crash:" not in later


def test_a_crash_stops_what_timers_ran() -> None:
    network = Network(seed=1)
    left, right = network.host("client"), network.host("server")
    network.link(left, right, delay="10ms", loss="100%")
    left.connect(right, 80)
    network.at("500ms", left.crash)
    network.run("5s")
    assert network.trace is not None
    of = scene(network.trace, detail=FULL)
    assert {(run.timer, run.outcome, run.end[0]) for run in of.timers} >= {("retransmission", "stopped", 500_000_000)}
    assert all(run.outcome == "stopped" for run in of.timers)


def test_a_transfer_in_dense_bundles_is_clear() -> None:
    page = layout(run_scenario("lossy-transfer").trace)
    check(page)
    check_ends(page)
    assert page.unlabelled == 0
    words = [label.text for label in page.labels if label.role in ALONG]
    assert len(words) > 120
    assert len(struck(page)) <= 2  # labels of lost segments, half as long, where others cross


@pytest.mark.parametrize("profile", ["rfc9293", "plain"])
@pytest.mark.parametrize("seed", range(1, 21))
def test_lossy_runs_keep_the_laws(seed: int, profile: str) -> None:
    trace = run(seed, profile, loss="15%")
    page = layout(trace)
    check(page)
    assert page.unlabelled == 0
    for width in (80, 120):
        text = ladder_text(trace, width=width, explain=True)
        assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "client sends SYN seq 0 to server" in explain_text(trace)


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_impairment_at_once_keeps_the_laws(seed: int) -> None:
    trace = run(seed, loss="10%", jitter="30ms", duplicate="10%", reorder="10%", corrupt="5%", rate="1Mbit/s")
    page = layout(trace)
    check(page)
    assert page.unlabelled == 0
    assert sum(shot.cross for shot in page.shots) == sum(record.kind in ("lost", "corrupted") for record in trace)


def test_a_dead_link_gives_a_picture_of_retransmissions() -> None:
    trace = run(1, loss="100%", until="1min")
    page = layout(trace)
    check(page)
    assert page.unlabelled == 0
    assert all(shot.cross for shot in page.shots)
    assert any("retransmission 3" in text for text in texts(page, "lost"))


def test_a_link_without_delay() -> None:
    check(layout(run(1, delay="0s")))


def test_an_svg_of_a_real_run_names_the_rules() -> None:
    svg = ladder_svg(run(1))
    assert "(RFC 9293 3.10.1)" in svg


def test_what_is_used_in_part_is_not_called_unused() -> None:
    """The SYN,ACK of a simultaneous open repeats a SYN, but its ACK counts (Figure 7)."""
    net = Network()
    left, right = net.host("left", iss=100), net.host("right", iss=300)
    net.link(left, right, delay="50ms")
    left.open(1000, active=True, remote=(right.address, 2000))
    right.open(2000, active=True, remote=(left.address, 1000))
    net.run("1s")
    assert net.trace is not None
    text = ladder_text(net.trace)
    assert text.count("SYN,ACK seq 0 ack 1") >= 2
    assert "not used" not in text
    assert "retransmission" not in text
    assert "left has the SYN already, and uses the ACK of SYN,ACK seq 0 ack 1" in explain_text(net.trace, width=200)
