"""What one capture tells: the truth is known, since the captures are of simulated runs, or made packet by packet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpsim.capture.inferring import BEFORE, BEHIND, infer
from tcpsim.capture.loading import load
from tcpsim.capture.passages import ARRIVED, LOST, UNDER_WAY, Account
from tcpsim.capture.reading import Packet, without_doubles
from tcpsim.capture.viewpoint import viewpoint_of
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tcpsim.trace import Arrived, Duplicated, Held, Sent

from .told import lost, notes, packets, path, ran, sent_again, written

C, S = 0, 1
OUT_OF_SIGHT = frozenset({"CLOSED"})
"""The end of TIME-WAIT, and a listener that goes on listening: no segment shows them."""


def account_of(seen: list[Packet]) -> Account:
    return infer(seen, viewpoint_of(seen))


def fates(account: Account) -> list[str]:
    return [passage.fate for passage in account.passages]


def opened(*more: tuple[float, int, Segment] | tuple[float, int, Segment, int]) -> list[Packet]:
    """A handshake captured at the client, over a round trip of 100 ms, and what follows."""
    return packets(
        (0, C, segment("SYN", seq=99)), (100, S, segment("SYN,ACK", seq=299, ack=100)),
        (100, C, segment("ACK", seq=100, ack=300)), *more,
    )  # fmt: skip


def data(number: int, length: int = 10, ack: int = 300, options: Options | None = None) -> Segment:
    return segment("ACK", seq=number, ack=ack, text=length, options=options)


def ack(
    number: int, sack: tuple[tuple[int, int], ...] = (), wnd: int = 65_535, options: Options | None = None
) -> Segment:
    return segment("ACK", seq=300, ack=number, wnd=wnd, options=Options(sack=sack) if sack else options)


def ack_of(number: int) -> Segment:
    """The client's acknowledgment."""
    return segment("ACK", seq=100, ack=number)


# ---------------------------------------------------------------------- simulated runs

SAME = [
    ("handshake", "client"), ("handshake", "server"), ("lost-syn", "client"), ("lost-syn-ack", "server"),
    ("lost-final-ack-server-speaks-first", "client"), ("close-four-way", "client"), ("close-four-way", "server"),
    ("close-three-segments", "server"), ("half-close", "client"), ("half-close", "server"), ("lost-fin", "client"),
    ("lost-fin-ack", "server"), ("lost-last-ack", "client"), ("why-2msl", "client"), ("linger-zero", "client"),
    ("linger-zero", "server"), ("fast-retransmit-sack", "client"), ("fast-retransmit-sack", "server"),
    ("fin-before-data", "client"), ("fin-before-data", "server"), ("rto-backoff-karn", "client"),
    ("refused", "client"), ("isn-wrap", "client"), ("lost-data-in-close-wait", "server"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "place"), SAME)
def test_a_capture_tells_what_the_run_tells(name: str, place: str, tmp_path: Path) -> None:
    truth = ran(name)
    told = load(written(tmp_path, truth, place))
    assert lost(told) == lost(truth)
    assert sent_again(told) == sent_again(truth)
    for host in ("client", "server"):
        states = path(truth, host)
        assert path(told, host) in (states, states[:-1] if states and states[-1] in {"CLOSED", "LISTEN"} else states)


@pytest.mark.parametrize(
    ("name", "place", "unknown", "instead"),
    [
        # What is lost before the capture, and nothing was sent behind it, leaves no hole.
        ("lost-syn", "server", {"client SYN 0"}, set()),
        ("lost-fin", "server", {"client FIN,ACK 1 ack 1"}, set()),
        # An ACK lost before the capture looks like what it would have acknowledged, lost behind it.
        ("lost-last-ack", "server", {"client ACK 2 ack 2"}, {"server FIN,ACK 1 ack 2"}),
        ("lost-fin-ack", "client", {"server ACK 1 ack 2"}, {"client FIN,ACK 1 ack 1"}),
        # An ACK that a later one repairs leaves no trace at all.
        ("lost-final-ack", "client", {"client ACK 1 ack 1"}, set()),
    ],
)
def test_what_no_capture_at_one_end_can_tell(
    name: str, place: str, unknown: set[str], instead: set[str], tmp_path: Path
) -> None:
    truth = ran(name)
    told = load(written(tmp_path, truth, place))
    assert set(lost(truth) - lost(told)) == unknown
    assert set(lost(told) - lost(truth)) == instead


def test_times_at_both_ends_are_those_of_the_run(tmp_path: Path) -> None:
    truth = ran("close-four-way")
    for place in ("client", "server"):
        told = load(written(tmp_path, truth, place))
        assert [(r.time, r.host) for r in told.of_kind(Sent)] == [(r.time, r.host) for r in truth.of_kind(Sent)]
        assert [(r.time, r.host) for r in told.of_kind(Arrived)] == [(r.time, r.host) for r in truth.of_kind(Arrived)]
        assert notes(told)[0].startswith(f"captured at the {place}: ")


def test_a_trace_of_a_capture_is_a_trace(tmp_path: Path) -> None:
    from tcpsim.trace import Trace

    told = load(written(tmp_path, ran("lossy"), "client"))
    told.write(tmp_path / "kept.jsonl")
    assert Trace.read(tmp_path / "kept.jsonl").to_jsonl() == told.to_jsonl()
    assert [record.serial for record in told] == list(range(len(told)))


# ---------------------------------------------------------------------- retransmissions, Rule 1


def test_a_segment_sent_again_unacknowledged_was_lost() -> None:
    account = account_of(opened((110, C, data(100)), (1110, C, data(100)), (1210, S, ack(110))))
    assert fates(account)[3:] == [LOST, ARRIVED, ARRIVED]
    assert account.passages[3].by == BEHIND


def test_an_answer_that_comes_too_soon_is_for_the_first_copy() -> None:
    account = account_of(opened((110, C, data(100)), (190, C, data(100)), (210, S, ack(110))))
    assert fates(account)[3:] == [ARRIVED, ARRIVED, ARRIVED]


def test_a_timestamp_echoed_tells_which_copy_arrived() -> None:
    first, second = (Options(ts=(value, 1)) for value in (1000, 2000))
    for echo, fate in ((1000, ARRIVED), (2000, LOST)):
        answer = ack(110, options=Options(ts=(5, echo)))
        seen = opened((110, C, data(100, options=first)), (1110, C, data(100, options=second)), (1300, S, answer))
        assert fates(account_of(seen))[3:] == [fate, ARRIVED, ARRIVED]


def test_a_duplicate_reported_by_sack_proves_that_both_arrived() -> None:
    seen = opened((110, C, data(100)), (1110, C, data(100)), (1210, S, ack(110)), (1211, S, ack(110, ((100, 110),))))
    assert fates(account_of(seen))[3:5] == [ARRIVED, ARRIVED]


def test_of_a_large_segment_a_part_may_be_lost() -> None:
    seen = opened((110, C, data(100, 30)), (210, S, ack(110)), (1200, C, data(110, 20)), (1300, S, ack(130)))
    whole = account_of(seen).passages[3]
    assert (whole.fate, whole.remark) == (ARRIVED, f"20 of its 30 octets were lost {BEHIND}")


def test_what_nothing_tells_of_is_under_way() -> None:
    account = account_of(opened((110, C, data(100))))
    assert fates(account)[3] == UNDER_WAY
    later = account_of(opened((110, C, data(100)), (5000, S, segment("ACK", seq=300, ack=100, text=5))))
    assert (later.passages[3].fate, later.passages[3].by) == (LOST, "never acknowledged")


# ---------------------------------------------------------------------- holes and gaps, Rules 2 and 3


def test_a_hole_that_is_filled_later_was_a_loss_before_the_capture() -> None:
    later, missing = (segment("ACK", seq=number, ack=100, text=10) for number in (310, 300))
    seen = opened((110, S, later), (111, C, ack_of(300)), (400, S, missing), (401, C, ack_of(320)))
    account = account_of(seen)
    unseen = account.passages[3]
    assert (unseen.frame, unseen.fate, unseen.by, unseen.segment.seq) == (0, LOST, BEFORE, 300)
    assert not account.findings


@pytest.mark.parametrize(("ident", "held"), [(7, True), (9, False)])
def test_identifications_tell_what_was_overtaken(ident: int, held: bool) -> None:
    seen = opened(
        (109, S, segment("ACK", seq=300, ack=100, text=10), 6), (110, S, segment("ACK", seq=320, ack=100, text=10), 8),
        (400, S, segment("ACK", seq=310, ack=100, text=10), ident),
    )  # fmt: skip
    passages = account_of(seen).passages
    filling = passages[-1]
    assert filling.held is held
    assert (len(passages) == 6) is held
    if held:
        skipper = next(each for each in passages if each.segment.seq == 320)
        assert filling.sent_at < skipper.sent_at


def test_what_comes_within_a_round_trip_was_overtaken() -> None:
    early = segment("ACK", seq=310, ack=100, text=10)
    late = segment("ACK", seq=300, ack=100, text=10)
    assert account_of(opened((110, S, early), (150, S, late))).passages[-1].held
    assert not account_of(opened((110, S, early), (250, S, late))).passages[-1].held


def test_what_is_acknowledged_and_was_never_seen_is_a_gap(tmp_path: Path) -> None:
    account = account_of(opened((110, C, data(100)), (111, C, data(130)), (210, S, ack(140))))
    (gap,) = account.findings
    assert gap.text == "gap in the capture: 20 octets of the client (11 to 30) were acknowledged, and never seen"
    assert fates(account)[3:] == [ARRIVED] * 3
    tail = account_of(opened((110, C, data(100)), (210, S, ack(120))))
    assert tail.findings[0].text.startswith("gap in the capture: 10 octets of the client (11 to 20)")


def test_a_capture_in_the_wrong_order_has_no_gap() -> None:
    account = account_of(opened((110, C, data(100)), (210, S, ack(120)), (210.4, C, data(110))))
    assert not account.findings


def test_holes_that_nothing_fills_are_told() -> None:
    account = account_of(opened((110, C, data(130))))
    assert account.findings[0].text.startswith("30 octets of the client (1 to 30) are not in the capture, and were not")


# ---------------------------------------------------------------------- Rules 4 and 5


def test_an_ack_whose_receiver_sends_again_was_lost() -> None:
    fin = segment("FIN,ACK", seq=300, ack=100)
    seen = opened((150, S, fin), (150, C, segment("ACK", seq=100, ack=301)), (1150, S, fin))
    account = account_of(seen)
    assert (account.passages[4].fate, account.passages[4].by) == (LOST, BEHIND)
    assert fates(account)[3] == ARRIVED


def test_an_ack_that_may_still_be_on_its_way_was_not() -> None:
    fin = segment("FIN,ACK", seq=300, ack=100)
    seen = opened((150, S, fin), (150, C, segment("ACK", seq=100, ack=301)), (240, S, fin))
    assert fates(account_of(seen)) == [ARRIVED] * 6


def test_keep_alive_segments_and_window_probes_lose_nothing() -> None:
    alive = opened((110, C, data(100)), (210, S, ack(110)), (7000, C, data(109, 1)), (7100, S, ack(110)))
    account = account_of(alive)
    assert fates(account) == [ARRIVED] * 7
    assert account.passages[5].probe
    probes = opened((110, C, data(100)), (210, S, ack(110, wnd=0)), (400, C, data(110, 1)), (500, S, ack(110, wnd=0)),
                    (800, C, data(110, 1)), (900, S, ack(110, wnd=0)))  # fmt: skip
    assert fates(account_of(probes)) == [ARRIVED] * 9


# ---------------------------------------------------------------------- what is not in the capture


def test_a_capture_that_begins_in_the_middle(tmp_path: Path) -> None:
    truth = ran("close-four-way")
    whole = written(tmp_path, truth, "client").read_bytes()
    second = 24 + 16 + int.from_bytes(whole[32:36], "little")
    third = second + 16 + int.from_bytes(whole[second + 8 : second + 12], "little")
    (tmp_path / "late.pcap").write_bytes(whole[:24] + whole[third:])
    told = load(tmp_path / "late.pcap")
    assert "the handshake lies before the capture: ESTABLISHED is assumed" in notes(told)
    assert path(told, "client")[0] == path(told, "server")[0] == "ESTABLISHED"
    assert path(told, "client")[1:] == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]
    assert next(iter(told.of_kind(Sent))).seq == 0


def test_a_syn_that_the_capture_missed_is_told() -> None:
    account = account_of(opened()[1:])
    assert account.findings[0].text == "the client's SYN is not in the capture: it was acknowledged, and never seen"


def test_an_old_connections_ack_proves_that_the_syn_arrived() -> None:
    seen = packets(
        (0, C, segment("SYN", seq=99)), (100, S, segment("ACK", seq=9000, ack=70_000)),
        (100, C, segment("RST", seq=70_000)), (1000, C, segment("SYN", seq=99)),
        (1100, S, segment("SYN,ACK", seq=299, ack=100)), (1100, C, segment("ACK", seq=100, ack=300)),
    )  # fmt: skip
    assert fates(account_of(seen))[0] == ARRIVED


def test_what_was_overtaken_and_what_was_copied_is_so_in_the_trace(tmp_path: Path) -> None:
    told = load(written(tmp_path, ran("fin-before-data"), "server"))
    (held,) = told.of_kind(Held)
    assert (held.host, held.segment.length, held.by) == ("client", 5, "overtaken")
    told = load(written(tmp_path, ran("duplicate-delivery"), "server"))
    (copied,) = told.of_kind(Duplicated)
    assert (copied.host, copied.by) == ("client", "the network")
    assert [r.packet for r in told.of_kind(Arrived)].count(copied.packet) == 2


# ---------------------------------------------------------------------- frames seen twice


def test_frames_seen_twice_are_one_packet() -> None:
    once = opened((110, C, data(100), 5))
    twice = [p for packet in once for p in (packet, packet._replace(time=packet.time + 3000, place=(1, b"")))]
    assert without_doubles(twice) == (once, 4)
    routed = [p for packet in once for p in (packet, packet._replace(ttl=63))]
    assert without_doubles(routed) == (once, 4)


def test_a_mirror_port_doubles_everything_and_the_network_copies_few() -> None:
    many = opened(*((110 + n, C, data(100 + 10 * n), 50 + n) for n in range(8)))
    mirrored = [p for packet in many for p in (packet, packet._replace(frame=packet.frame))]
    assert without_doubles(mirrored)[1] == 8  # those without an identification may be two packets
    copied = [*many, many[-1]._replace(time=many[-1].time + 1000)]
    rest, taken = without_doubles(copied)
    assert (taken, [packet.copy for packet in rest]) == (0, [False] * 11 + [True])


def test_equal_acks_without_identification_are_several_packets() -> None:
    seen = opened((110, C, ack(300)), (110.001, C, ack(300)))
    assert without_doubles(seen) == (seen, 0)
