"""Networks: building, running, injecting, and saying what is wrong."""

from __future__ import annotations

import pytest

from tcpsim.net import Network, description, impair
from tcpsim.net.faults import Drop, Selector
from tcpsim.tcp.config import KnobError, profile
from tcpsim.tcp.diagram import ESTABLISHED
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Arrived, Ended, Header, HostHeader, Lost, Sent
from tests.net.talk import Talk

# ------------------------------------------------------------------ building


def test_addresses_follow_the_order_of_hosts() -> None:
    net = Network()
    assert [net.host(name).address for name in "abc"] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert net.host("d", "198.51.100.7").address == "198.51.100.7"
    assert net.host("e").address == "192.0.2.4"
    net.host("f", "192.0.2.5")
    assert net.host("g").address == "192.0.2.6"


def test_names_and_addresses_are_unique() -> None:
    net = Network()
    net.host("a")
    with pytest.raises(ValueError, match="there is a host 'a' already"):
        net.host("a")
    with pytest.raises(ValueError, match=r"there is a host with the address 192\.0\.2\.1 already"):
        net.host("b", "192.0.2.1")


def test_there_is_a_bound_on_hosts() -> None:
    net = Network(trace=False)
    for number in range(250):
        net.host(f"h{number}")
    with pytest.raises(ValueError, match="at most 250 hosts"):
        net.host("more")


def test_a_profile_is_a_name_or_a_config() -> None:
    net = Network()
    assert net.host("a", profile="plain", mss=400).config == profile("plain", mss=400)
    assert net.host("b", profile=profile("plain"), mss=300).config.mss == 300
    with pytest.raises(KnobError, match="did you mean mss"):
        net.host("c", msss=1)
    assert net.trace is not None
    assert net.trace.header.hosts == (
        HostHeader("a", ("192.0.2.1",), "plain"),
        HostHeader("b", ("192.0.2.2",), ""),
    )


def test_a_link_joins_two_hosts_once() -> None:
    net = Network()
    a, b = net.host("a"), net.host("b")
    link = net.link(a, "b")
    assert (link.a, link.b) == (a, b)
    with pytest.raises(ValueError, match="b and a are linked already"):
        net.link(b, a)
    with pytest.raises(ValueError, match="not a with itself"):
        net.link(a, "a")
    with pytest.raises(ValueError, match="there is no host 'c'"):
        net.link(a, "c")


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"delay": "50"}, "expected a duration"), ({"rate": "fast"}, "expected a rate"),
        ({"limit": 0}, "expected a queue limit"), ({"loss": "101%"}, "from 0% to 100%"),
        ({"jitter": "soon"}, "expected a duration"), ({"reorder": 2}, "from 0% to 100%"),
    ],
)  # fmt: skip
def test_values_out_of_range_are_errors(bad: dict[str, object], words: str) -> None:
    net = Network()
    net.host("a")
    net.host("b")
    with pytest.raises(ValueError, match=words):
        net.link("a", "b", **bad)  # type: ignore[arg-type]  # wrong on purpose


def test_the_header_says_what_the_network_is() -> None:
    net = Network(seed=7, header=Header(title="a question", source="RFC 9293 3.5"))
    net.host("a")
    net.host("b")
    link = net.link("a", "b", delay="50ms", rate="1Mbit/s", limit=5, loss="1%", jitter="2ms")
    same = "a - b: 50ms, 1Mbit/s, queue of 5, jitter 2ms, random loss 1%"
    assert net.trace is not None
    assert (net.trace.header.seed, net.trace.header.title) == (7, "a question")
    assert net.trace.header.links == (same,) == (description(link),)
    impair(link.toward("a"), delay=0, rules=[Drop(Selector("SYN,ACK", nth=2))])
    assert "b > a: 0s" in description(link)
    assert description(link).endswith("fault: drop 2nd SYN,ACK") or description(link).endswith("drop 2nd SYN,ACK")
    net.run()
    assert net.trace.header.links == (description(link),)


def test_impairments_are_added_and_values_set() -> None:
    net = Network()
    net.host("a")
    net.host("b")
    direction = net.link("a", "b", delay="1ms", loss=0.5).toward("b")
    impair(direction, duplicate=0.1, corrupt=0.1, reorder=0.1)
    assert (direction.delay, direction.rate, direction.limit) == (1 * MS, None, None)
    assert [type(rule).__name__ for rule in direction.rules] == ["Loss", "Duplicate", "Corrupt", "Reorder"]


# ------------------------------------------------------------------ running


def test_a_run_ends_when_nothing_is_left() -> None:
    net = Network()
    assert net.run() == "idle"
    assert net.step() is False
    assert (net.now, net.next, net.idle) == (0, None, True)
    assert net.trace is not None
    assert [(r.time, r.reason, r.host) for r in net.trace.of_kind(Ended)] == [(0, "idle", "")]


def test_a_run_ends_at_a_time() -> None:
    talk = Talk()
    talk.client.connect(talk.server, 80)
    assert talk.net.run("20ms") == "until"
    assert talk.net.now == 20 * MS
    assert talk.trace.of_kind(Ended)[-1].time == 20 * MS
    assert talk.net.next == 50 * MS
    assert talk.net.run("10ms") == "until"
    assert talk.net.now == 20 * MS, "time does not run back"


def test_a_run_that_only_waits_for_dead_alarms_is_idle() -> None:
    talk = Talk()
    talk.established()
    assert talk.net.next is not None
    assert talk.net.idle
    assert talk.trace.of_kind(Ended)[-1].reason == "idle"


def test_a_run_ends_after_so_many_events() -> None:
    talk = Talk()
    talk.server.listen(80)
    talk.client.connect(talk.server, 80)
    assert talk.net.run(max_events=1) == "event limit"
    assert talk.net.now == 50 * MS
    assert talk.net.run() == "idle"
    assert [r.reason for r in talk.trace.of_kind(Ended)] == ["event limit", "idle"]


def test_idle_means_the_time_of_the_last_thing_that_happened() -> None:
    talk = Talk()
    talk.established()
    assert talk.net.run() == "idle"
    assert talk.trace.last_time < SECOND
    assert talk.net.now >= talk.trace.last_time


def test_an_end_may_be_told() -> None:
    net = Network()
    net.end("interrupted", 5)
    assert net.trace is not None
    assert [(r.reason, r.time) for r in net.trace.of_kind(Ended)] == [("interrupted", 5)]
    untraced = Network(trace=False)
    untraced.end("idle")
    assert untraced.run() == "idle"


def test_ctrl_c_keeps_what_has_happened() -> None:
    net = Network()

    def interrupt() -> None:
        raise KeyboardInterrupt

    net.at("1s", interrupt)
    with pytest.raises(KeyboardInterrupt):
        net.run()
    assert net.trace is not None
    assert [(r.reason, r.time) for r in net.trace.of_kind(Ended)] == [("interrupted", SECOND)]


def test_calls_at_a_time() -> None:
    net = Network()
    heard: list[tuple[int, object]] = []
    net.at("2ms", lambda *what: heard.append((net.now, what)), 1, "two")
    net.at(1, lambda: heard.append((net.now, "first")))
    net.at(2 * MS, lambda: heard.append((net.now, "third")))
    net.run()
    assert heard == [(1, "first"), (2 * MS, (1, "two")), (2 * MS, "third")]


def test_the_past_is_refused() -> None:
    net = Network()
    net.at("1s", lambda: None)
    net.run()
    with pytest.raises(ValueError, match="expected a time from 1s on, now, not '500ms'"):
        net.at("500ms", lambda: None)
    with pytest.raises(ValueError, match="expected a duration"):
        net.at("soon", lambda: None)


def test_step_by_step_is_the_same_run() -> None:
    def trace(stepwise: bool) -> str:
        talk = Talk(link={"loss": 0.2}, seed=4)
        talk.server.listen(80)
        connection = talk.client.connect(talk.server, 80)
        connection.send(3000)
        if stepwise:
            while talk.net.step():
                pass
            talk.net.end("idle")
        else:
            talk.net.run()
        return talk.trace.to_jsonl()

    assert trace(True) == trace(False)


def test_what_happens_at_one_instant_happens_in_the_order_of_asking() -> None:
    talk = Talk(delay="0s")
    talk.server.listen(80)
    first = talk.client.connect(talk.server, 80)
    second = talk.client.connect(talk.server, 80)
    talk.net.run()
    assert talk.net.now > 0, "dead alarms have moved it"
    assert {r.time for r in talk.trace.of_kind(Sent)} == {0}
    assert [r.connection for r in talk.trace.of_kind(Arrived, "server")] == [1, 2, 1, 2]
    assert (first.state, second.state) == (ESTABLISHED, ESTABLISHED)


# ------------------------------------------------------------------ strangers


def test_an_injected_segment_enters_where_it_is_put() -> None:
    """An old duplicate: the link's rules judge it, and the receiver takes its address for the sender's."""
    talk = Talk(link={"rules": [Drop(Selector("data"))]})
    talk.server.listen(80)
    source, target = ("198.51.100.9", 4), ("192.0.2.2", 80)
    talk.net.inject(source, target, segment("SYN", seq=9), via="client", delay="10ms")
    talk.net.inject(source, target, segment("ACK", seq=9, text=b"x"), via=talk.client)
    talk.net.run("1s")
    assert [(r.time, r.host, r.connection, r.to, r.flow) for r in talk.trace.of_kind(Sent, "client")] == [
        (0, "client", None, "server", (*source, *target)),
        (10 * MS, "client", None, "server", (*source, *target)),
    ]
    assert [r.by for r in talk.trace.of_kind(Lost, "client")] == ["fault: drop every data"]
    assert talk.server.connections[1].remote == source
    assert talk.trace.of_kind(Lost, "server")[0].by == "no route to 198.51.100.9"


def test_an_injection_needs_a_link() -> None:
    talk = Talk()
    with pytest.raises(ValueError, match=r"no link leads from client to 203\.0\.113\.1"):
        talk.net.inject(("192.0.2.1", 1), ("203.0.113.1", 2), segment("SYN"), via="client")
    with pytest.raises(ValueError, match="there is no host 'nobody'"):
        talk.net.inject(("192.0.2.1", 1), ("192.0.2.2", 2), segment("SYN"), via="nobody")


def test_an_injection_without_a_trace() -> None:
    net = Network(trace=False)
    net.host("a")
    net.host("b")
    net.link("a", "b")
    net.inject(("192.0.2.1", 1), ("192.0.2.2", 2), segment("SYN"), via="a")
    assert net.run() == "idle"


def test_a_blind_reset_does_not_end_a_connection() -> None:
    """RFC 5961 3.2: within the window it is challenged; only the exact number is obeyed."""
    talk = Talk()
    mine, theirs = talk.established()
    assert mine.local is not None
    for seq in (102, 101 + 65_535, 90):
        talk.net.inject(mine.local, ("192.0.2.2", 80), segment("RST", seq=seq), via="client")
    talk.net.run("2s")
    assert theirs.state is ESTABLISHED
    assert talk.sent("server", since=SECOND) == ["server ACK 1 1"]
    talk.net.inject(mine.local, ("192.0.2.2", 80), segment("RST", seq=101), via="client")
    talk.net.run("3s")
    assert theirs.signals[-1] == "connection reset"


def test_ends_at_each_others_right_edge_come_to_rest_without_any_delay() -> None:
    """Each has lost the first segment of a full window: their ACKs refuse one another at one instant."""
    talk = Talk(delay="0s", rcv_buff=1072, nagle=False)
    mine, theirs = talk.established()
    for direction in talk.link.directions:
        direction.rules.append(Drop(Selector("data", nth=1)))
    mine.send(5000)
    theirs.send(5000)
    assert talk.net.run(max_events=5000) == "idle"
    assert (mine.delivered, theirs.delivered) == (5000, 5000)
