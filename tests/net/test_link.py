"""Links: two independent directions, the arithmetic of rate and queue, and what verdicts add up to."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tcpsim.net import Direction, Network, Packet
from tcpsim.net.rule import AT_ONCE, CORRUPT, DELAY, DROP, DUPLICATE, HOLD, Verdict
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import RST, SYN, Segment, segment
from tcpsim.tcp.units import MS, SECOND
from tcpsim.trace import Arrived, Corrupted, Duplicated, Held, Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tcpsim.net.rule import LinkRule

FLOW = ("192.0.2.1", 1000, "192.0.2.2", 2000)


class Wire:
    """Two hosts that answer nothing (a RST is not answered), and one direction between them."""

    def __init__(self, **link: object) -> None:
        self.net = Network(seed=1)
        self.net.host("a")
        self.net.host("b")
        self.link = self.net.link("a", "b", **link)  # type: ignore[arg-type]  # keywords of a test
        self.direction: Direction = self.link.toward("b")

    def send(self, number: int, *, at: int = 0, octets: int = 40) -> None:
        packet = Packet(number, FLOW, segment("RST", text=octets - 40))
        self.net.at(at, lambda: self.direction.transmit(at, packet))

    def arrivals(self) -> list[tuple[int, int]]:
        """(packet, time) of all that arrived, in order."""
        self.net.run()
        assert self.net.trace is not None
        return [(record.packet, record.time) for record in self.net.trace.of_kind(Arrived)]

    def records(self, kind: type[Lost | Held | Duplicated]) -> list[tuple[int, int, str, int]]:
        assert self.net.trace is not None
        return [(record.packet, record.time, record.by, record.due) for record in self.net.trace.of_kind(kind)]


def on(decisions: dict[int, Verdict | Sequence[Verdict]]) -> list[LinkRule]:
    """Rules that decide about packets by their numbers; as many as one packet needs."""
    lists = {number: [each] if isinstance(each, Verdict) else list(each) for number, each in decisions.items()}

    def rule(index: int) -> Callable[[int, Packet, random.Random], Verdict | None]:
        def decide(_now: int, packet: Packet, _chance: random.Random) -> Verdict | None:
            verdicts = lists.get(packet.number, [])
            return verdicts[index] if index < len(verdicts) else None

        return decide

    return [rule(index) for index in range(max(len(each) for each in lists.values()))]


# ------------------------------------------------------------------ delay, rate, queue


def test_a_packet_arrives_after_the_delay() -> None:
    wire = Wire(delay="50ms")
    wire.send(1, at=7)
    assert wire.arrivals() == [(1, 50 * MS + 7)]


def test_without_delay_it_arrives_at_once() -> None:
    wire = Wire()
    wire.send(1, at=7)
    assert wire.arrivals() == [(1, 7)]


def test_a_rate_takes_the_time_of_the_whole_datagram() -> None:
    """1000 octets at 1 Mbit/s are 8 ms; then the delay."""
    wire = Wire(delay="10ms", rate="1Mbit/s")
    wire.send(1, octets=1000)
    assert wire.arrivals() == [(1, 18 * MS)]


def test_the_time_of_a_datagram_is_rounded_up_to_a_nanosecond() -> None:
    """40 octets at 3 bit/s: 106.66666666666... s."""
    wire = Wire(rate=3)
    wire.send(1)
    wire.send(2)
    assert wire.arrivals() == [(1, 106_666_666_667), (2, 213_333_333_334)]


def test_options_are_octets_too() -> None:
    packet = Packet(1, FLOW, Segment(0, 0, SYN | RST, 0, 10, None, None, Options(1460, 7)))
    assert packet.octets == 40 + 10 + 8
    assert repr(packet) == "<Packet 1 192.0.2.1:1000 > 192.0.2.2:2000 <SEQ=0><DATA=10><MSS=1460,WS=7><CTL=SYN,RST>>"
    wire = Wire(rate="1kbit/s")
    wire.net.at(0, lambda: wire.direction.transmit(0, packet))
    wire.net.run()
    assert wire.direction.rate == 1000
    assert wire.net.now == 58 * 8 * MS


def test_packets_leave_one_after_the_other_in_order() -> None:
    wire = Wire(delay="5ms", rate="1Mbit/s")
    for number in (1, 2, 3):
        wire.send(number, octets=125)
    wire.send(4, at=100 * MS, octets=125)
    assert wire.arrivals() == [(1, 6 * MS), (2, 7 * MS), (3, 8 * MS), (4, 106 * MS)]


def test_a_small_packet_does_not_overtake_a_large_one() -> None:
    wire = Wire(rate="1Mbit/s")
    wire.send(1, octets=1500)
    wire.send(2, octets=40)
    assert wire.arrivals() == [(1, 12 * MS), (2, 12 * MS + 320_000)]


def test_a_full_queue_drops_the_newcomer() -> None:
    """Two wait beside the one that is being sent."""
    wire = Wire(delay="1ms", rate="1Mbit/s", limit=2)
    for number in range(1, 6):
        wire.send(number, octets=125)
    wire.send(6, at=1 * MS, octets=125)
    wire.send(7, at=1 * MS, octets=125)
    assert wire.arrivals() == [(1, 2 * MS), (2, 3 * MS), (3, 4 * MS), (6, 5 * MS)]
    assert wire.records(Lost) == [
        (4, 0, "queue full", 4 * MS),
        (5, 0, "queue full", 4 * MS),
        (7, 1 * MS, "queue full", 5 * MS),
    ]


def test_a_full_queue_drops_what_rules_let_pass() -> None:
    wire = Wire(rate="1Mbit/s", limit=1, rules=on({1: Verdict(DELAY, "late", 3 * MS)}))
    for number in (1, 2, 3):
        wire.send(number, octets=125)
    assert wire.arrivals() == [(2, 2 * MS), (1, 4 * MS)]
    assert [each[:3] for each in wire.records(Lost)] == [(3, 0, "queue full")]


def test_a_dropped_packet_does_not_occupy_the_queue() -> None:
    wire = Wire(rate="1Mbit/s", rules=on({1: Verdict(DROP, "gone")}))
    wire.send(1, octets=1250)
    wire.send(2, octets=125)
    assert wire.arrivals() == [(2, 1 * MS)]


def test_the_two_directions_do_not_know_one_another() -> None:
    net = Network()
    a, b = net.host("a"), net.host("b")
    link = net.link(a, b, delay="10ms", rate="1Mbit/s")
    link.toward(b).delay = 1 * MS
    assert [direction.delay for direction in link.directions] == [1 * MS, 10 * MS]
    assert link.toward("a") is link.directions[1]
    assert link.toward(a).source is b
    assert link.toward(b).chance is not link.toward(a).chance
    link.toward(b).transmit(0, Packet(1, FLOW, segment("RST", text=85)))
    link.toward(a).transmit(0, Packet(2, FLOW, segment("RST", text=85)))
    net.run()
    assert net.trace is not None
    assert [(r.host, r.time) for r in net.trace.of_kind(Arrived)] == [("b", 2 * MS), ("a", 11 * MS)]
    assert link.name == "a-b"
    with pytest.raises(ValueError, match="there is no host 'c'"):
        link.toward("c")


def test_each_direction_has_its_own_chance_from_the_seed_and_the_names() -> None:
    def draws(seed: int, *names: str) -> list[float]:
        net = Network(seed=seed)
        for name in sorted(names):
            net.host(name)
        return [direction.chance.random() for direction in net.link(*names).directions]

    assert draws(1, "a", "b") == draws(1, "a", "b")
    assert len({*draws(1, "a", "b"), *draws(2, "a", "b"), *draws(1, "a", "c")}) == 6


# ------------------------------------------------------------------ verdicts


def test_the_first_drop_decides_and_every_rule_sees_the_packet() -> None:
    seen: list[int] = []

    def watch(_now: int, packet: Packet, _chance: random.Random) -> None:
        seen.append(packet.number)

    drops = on({1: [Verdict(DELAY, "late", 5), Verdict(DROP, "first"), Verdict(DROP, "second")]})
    wire = Wire(delay="1ms", rules=[*drops, watch])
    wire.send(1)
    wire.send(2)
    assert wire.arrivals() == [(2, 1 * MS)]
    assert wire.records(Lost) == [(1, 0, "first", 1 * MS)]
    assert wire.records(Held) == []
    assert seen == [1, 2]


def test_delays_add_up() -> None:
    wire = Wire(delay="10ms", rules=on({1: [Verdict(DELAY, "a", 5 * MS), Verdict(DELAY, "", 2 * MS)]}))
    wire.send(1)
    wire.send(2, at=1 * MS)
    assert wire.arrivals() == [(2, 11 * MS), (1, 17 * MS)]
    assert wire.records(Held) == [(1, 0, "a", 17 * MS)], "a delay without words is no event"


def test_no_packet_arrives_before_it_was_sent() -> None:
    wire = Wire(delay="10ms", rules=on({1: Verdict(DELAY, "x", -3 * MS), 2: Verdict(DELAY, "y", AT_ONCE)}))
    wire.send(1, at=1 * MS)
    wire.send(2, at=2 * MS)
    assert wire.arrivals() == [(2, 2 * MS), (1, 8 * MS)]


def test_at_once_outweighs_every_other_delay() -> None:
    wire = Wire(delay="10ms", rules=on({1: [Verdict(DELAY, "x", SECOND), Verdict(DELAY, "y", AT_ONCE)]}))
    wire.send(1, at=5)
    assert wire.arrivals() == [(1, 5)]


def test_copies_follow_each_so_far_behind_the_other() -> None:
    wire = Wire(delay="10ms", rules=on({1: Verdict(DUPLICATE, "copy", 2 * MS, 3)}))
    wire.send(1)
    assert wire.arrivals() == [(1, at * MS) for at in (10, 12, 14, 16)]
    assert wire.records(Duplicated) == [(1, 0, "copy", at * MS) for at in (12, 14, 16)]


def test_a_copy_without_lag_arrives_right_behind() -> None:
    wire = Wire(rules=on({1: Verdict(DUPLICATE, "copy")}))
    wire.send(1)
    wire.send(2)
    assert [number for number, _ in wire.arrivals()] == [1, 1, 2]


def test_a_damaged_packet_arrives_and_is_seen_by_nobody() -> None:
    """MUST-3; its copies are damaged as well."""
    wire = Wire(rules=on({1: [Verdict(CORRUPT, "bit"), Verdict(DUPLICATE, "copy", 5)]}))
    wire.send(1)
    assert wire.arrivals() == []
    assert wire.net.trace is not None
    corrupted = wire.net.trace.of_kind(Corrupted)
    assert [(record.time, record.host, record.by) for record in corrupted] == [(0, "b", "bit"), (5, "b", "bit")]


# ------------------------------------------------------------------ holding back


def test_a_held_packet_follows_right_behind_the_next() -> None:
    wire = Wire(delay="10ms", rules=on({1: Verdict(HOLD, "swap")}))
    wire.send(1)
    wire.send(2, at=3 * MS)
    wire.send(3, at=3 * MS)
    assert wire.arrivals() == [(2, 13 * MS), (1, 13 * MS), (3, 13 * MS)]
    assert wire.records(Held) == [(1, 3 * MS, "swap", 13 * MS)]


def test_several_held_packets_keep_their_order() -> None:
    wire = Wire(rules=on({1: Verdict(HOLD, "s"), 2: Verdict(HOLD, "s")}))
    for number in (1, 2, 3):
        wire.send(number)
    assert [number for number, _ in wire.arrivals()] == [3, 1, 2]


@pytest.mark.parametrize(("longest", "waits"), [(0, 10 * SECOND), (2 * SECOND, 2 * SECOND)])
def test_a_held_packet_that_nothing_overtakes_goes_on_by_itself(longest: int, waits: int) -> None:
    wire = Wire(delay="10ms", rules=on({1: Verdict(HOLD, "swap", longest)}))
    wire.send(1)
    wire.send(2, at=20 * SECOND)
    assert wire.arrivals() == [(1, waits + 10 * MS), (2, 20 * SECOND + 10 * MS)]


def test_it_does_not_wait_longer_because_the_next_is_slow() -> None:
    rules = on({1: Verdict(HOLD, "swap", 1 * SECOND), 2: Verdict(DELAY, "late", 5 * SECOND)})
    wire = Wire(rules=rules)
    wire.send(1)
    wire.send(2)
    assert wire.arrivals() == [(1, 1 * SECOND), (2, 5 * SECOND)]


def test_a_dropped_packet_overtakes_nobody() -> None:
    wire = Wire(rules=on({1: Verdict(HOLD, "swap"), 2: Verdict(DROP, "gone")}))
    for number, at in ((1, 0), (2, 1), (3, 2)):
        wire.send(number, at=at)
    assert wire.arrivals() == [(3, 2), (1, 2)]


def test_a_held_packet_keeps_its_other_verdicts() -> None:
    rules = on({1: [Verdict(HOLD, "swap"), Verdict(DUPLICATE, "copy", 4), Verdict(DELAY, "late", 100)]})
    wire = Wire(rules=rules)
    wire.send(1)
    wire.send(2, at=10)
    assert wire.arrivals() == [(2, 10), (1, 10), (1, 14)]


def test_a_held_packet_that_was_released_sends_on_those_behind_it() -> None:
    wire = Wire(rules=on({1: Verdict(HOLD, "a", 5), 2: Verdict(HOLD, "b", 50)}))
    wire.send(1)
    wire.send(2)
    assert wire.arrivals() == [(1, 5), (2, 5)]


def test_without_a_trace_links_do_the_same() -> None:
    net = Network(trace=False)
    net.host("a")
    net.host("b")
    verdicts: dict[int, Verdict | Sequence[Verdict]] = {
        1: Verdict(HOLD, "h"), 2: [Verdict(DUPLICATE, "d"), Verdict(DELAY, "l", 5)], 3: Verdict(DROP, "x"),
        4: Verdict(CORRUPT, "c"),
    }  # fmt: skip
    direction = net.link("a", "b", rules=on(verdicts)).toward("b")
    for number in range(1, 5):
        direction.transmit(0, Packet(number, FLOW, segment("ACK")))
    assert net.run() == "idle"
    assert net.trace is None


# ------------------------------------------------------------------ lanes


def test_a_packet_overtakes_those_under_way_when_the_link_has_become_faster() -> None:
    wire = Wire(delay="10ms")
    wire.send(1, at=0)
    wire.send(2, at=MS)
    wire.net.at(2 * MS, lambda: setattr(wire.direction, "delay", 3 * MS))
    wire.send(3, at=2 * MS)
    wire.send(4, at=8 * MS)
    assert wire.arrivals() == [(3, 5 * MS), (1, 10 * MS), (2, 11 * MS), (4, 11 * MS)]


def test_what_is_due_with_a_packet_happens_in_the_order_of_entering() -> None:
    wire = Wire(delay="10ms")
    seen: list[str] = []
    assert wire.net.trace is not None
    trace = wire.net.trace

    def look(word: str) -> None:
        seen.append(f"{word} {len(trace.of_kind(Arrived))}")

    wire.send(1, at=0)
    wire.net.at(10 * MS, look, "entered before")  # now: the packets enter when their sending comes up
    wire.net.at(MS, lambda: wire.net.at(10 * MS, look, "entered after"))
    wire.send(2, at=MS)
    wire.net.run()
    assert seen == ["entered before 0", "entered after 1"]


def test_a_network_is_not_idle_while_a_packet_is_under_way() -> None:
    wire = Wire(delay="10ms")
    wire.send(1, at=0)
    assert (wire.net.run(until="1ms"), wire.net.idle, wire.net.next) == ("until", False, 10 * MS)
    assert (wire.net.step(), wire.net.idle, wire.net.step()) == (True, True, False)
