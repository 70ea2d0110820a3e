"""What a NAT does, as it is drawn and told: rewritten flows in one ladder, and who made the RST that nobody sent."""

from __future__ import annotations

import pytest

from tcpsim.draw import explain_text, ladder_text
from tcpsim.net import Firewall, Nat, Network
from tcpsim.net.counters import counters
from tcpsim.net.middlebox import Middlebox
from tcpsim.trace import Trace
from tcpsim.trace.records import MIDDLEBOXES, stranger


def forgotten(made: Middlebox) -> Trace:
    """A connection through a middlebox that has forgotten it when the client writes once more."""
    net = Network()
    client = net.host("client", "10.0.0.1", profile="plain")
    server = net.host("server", "198.51.100.1", profile="plain")
    made.attach(net.link(client, server, delay="50ms"), client)
    server.listen(80)
    mine = client.connect(server, 80)
    net.at("2min", mine.send, b"hello")
    net.run(until="3min")
    assert net.trace is not None
    return net.trace


@pytest.mark.parametrize(("made", "name"), [(Nat("203.0.113.1", idle="1min", unknown="reset"), "NAT"),
                                            (Firewall(idle="1min", unknown="reset"), "firewall")])  # fmt: skip
def test_a_rst_that_a_middlebox_made_says_so(made: Middlebox, name: str) -> None:
    trace = forgotten(made)
    ladder = ladder_text(trace, width=100)
    assert f"RST seq 1 (injected by {name})" in ladder
    assert f"lost ({name}: " in ladder
    told = " ".join(explain_text(trace).split())
    assert f"RST seq 1 is injected by the {name}, as if it came from server, on its way to client" in told
    assert counters(trace, "server")["OutRsts"] == 0


def test_the_ladder_shows_each_host_with_its_own_address() -> None:
    ladder = ladder_text(forgotten(Nat("203.0.113.1")), width=100)
    assert ladder.count("10.0.0.1:49152") == 2  # at the head, and in the note
    assert "NAT: 10.0.0.1:49152 is 203.0.113.1:49152 outside" in ladder
    assert "198.51.100.1:80" in ladder


def test_who_made_a_segment() -> None:
    assert stranger(1, None) is None
    assert stranger(None, None) == ""
    assert set(MIDDLEBOXES.values()) == {"NAT", "firewall"}
