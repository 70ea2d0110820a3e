"""UDP beside TCP in every drawing: arrows with their octets, no numbers, no states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tcpsim.draw import FULL, explain_text, ladder_svg, ladder_text, states_svg
from tcpsim.draw.layout import layout
from tcpsim.draw.scene import scene, silence_text
from tcpsim.draw.words import header_fields, numbers, octets
from tcpsim.net import Network
from tcpsim.net.faults import CorruptIt, Drop, DuplicateIt, Selector
from tcpsim.trace import Arrived, Corrupted, Datagram, Trace

if TYPE_CHECKING:
    from collections.abc import Callable


def mishaps() -> Trace:
    """Datagrams to which everything happens, and a port at which nobody waits."""
    net = Network(seed=1)
    client, server = net.host("client"), net.host("server")
    rules = [
        Drop(Selector("UDP", nth=2)),
        DuplicateIt(Selector("UDP", nth=3), lag="20ms"),
        CorruptIt(Selector("UDP", nth=4)),
    ]
    net.link(client, server, delay="50ms", rules=rules)
    server.udp(53)
    socket = client.udp(4000)
    for at, data in ((0, b"one"), (10, b"two"), (20, b"three"), (40, 1)):
        net.at(f"{at}ms", socket.send_to, server, 53, data)
    net.at("200ms", socket.send_to, server, 54, b"hello?")
    net.run()
    assert net.trace is not None
    return net.trace


def beside_tcp() -> Trace:
    net = Network(seed=1)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, delay="50ms")
    server.listen(80)
    client.connect(server, 80)
    net.at("1s", client.udp().send_to, server, 53, b"x")
    net.run()
    assert net.trace is not None
    return net.trace


def test_the_ladder_is_as_reviewed() -> None:
    assert ladder_text(mishaps()) == (Path(__file__).parent / "snapshots" / "datagrams.txt").read_text("utf-8")


def test_a_host_that_knows_only_udp_has_no_state() -> None:
    assert "CLOSED" not in ladder_text(mishaps())
    assert "CLOSED" in ladder_text(beside_tcp())


def test_the_full_ladder_has_no_header_fields_for_a_datagram() -> None:
    lines = [line for line in ladder_text(mishaps(), detail=FULL).splitlines() if "UDP 3 octets" in line]
    assert len(lines) == 3
    assert not any("win" in line for line in lines)


def test_in_words() -> None:
    datagram = Arrived(0, 0, "server", None, None, 1, ("192.0.2.1", 1, "192.0.2.2", 2), Datagram(1), 0, None)
    assert (numbers(datagram), header_fields(datagram)) == ("UDP 1 octet", "")
    assert (octets(0), octets(1), octets(2)) == ("0 octets", "1 octet", "2 octets")


def test_explained() -> None:
    trace = mishaps()
    told = " ".join(explain_text(trace).split())
    assert "client sends UDP 3 octets to server UDP guarantees no delivery: one call is one datagram" in told
    assert "UDP 3 octets from client is lost: fault: drop 2nd UDP" in told
    assert "server hands a datagram of 5 octets to its application, whole" in told
    assert (
        "A datagram for a port at which nobody waits is answered with ICMP port unreachable. (RFC 1122 4.1.3.1)" in told
    )
    assert "a datagram that fails it is discarded. (RFC 1122 4.1.3.4)" in told
    assert "MUST-3" not in told


def test_one_event_explained() -> None:
    trace = mishaps()
    (corrupted,) = trace.of_kind(Corrupted)
    told = explain_text(trace, corrupted.serial)
    assert "- packet 4, 192.0.2.1:4000 to 192.0.2.2:53" in told
    assert "- on the wire <UDP><DATA=1>\n" in told


@pytest.mark.parametrize("make", [mishaps, beside_tcp])
def test_the_figure_has_a_lifeline_for_each_host_and_words_on_each_arrow(make: Callable[[], Trace]) -> None:
    trace = make()
    page = layout(trace)
    assert {bar.host for bar in page.bars} == {0, 1}
    assert all(bar.y1 > bar.y0 for bar in page.bars)
    assert len(page.shots) == len(scene(trace).arrows)
    assert "UDP" in ladder_svg(trace)


def test_the_state_diagram_of_a_trace_with_datagrams_is_that_of_its_connections() -> None:
    assert "SYN-SENT" in states_svg(beside_tcp())
    assert "CLOSED" in states_svg(mishaps())


def test_each_datagram_that_was_delivered_is_told_however_many_there_are() -> None:
    net = Network(seed=1)
    client, server = net.host("client"), net.host("server")
    net.link(client, server, delay="50ms")
    server.udp(53)
    socket = client.udp()
    for number in range(1, 9):
        socket.send_to(server, 53, number)
    net.run()
    assert net.trace is not None
    told = [remark.text for remark in scene(net.trace).remarks if remark.kind == "data"]
    assert told == [f"gets a datagram of {octets(number)}" for number in range(1, 9)]


def test_silence_names_datagrams_packets() -> None:
    arrows = scene(mishaps()).arrows
    assert silence_text(1_000_000, arrows[:1]) == "for 1 ms only UDP 3 octets is under way"
    assert silence_text(1_000_000, arrows[:2]) == "for 1 ms only 2 packets are under way"
