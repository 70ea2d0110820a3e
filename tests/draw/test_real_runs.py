"""Runs of the real simulator, drawn: handshake, data and four-way close over lossy links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from tcpsim.draw import explain_text, ladder_svg, ladder_text, layout
from tcpsim.net import Network
from tcpsim.scenario import run as run_scenario
from tcpsim.trace import Header

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
