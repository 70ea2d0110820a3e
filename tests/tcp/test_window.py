"""Windows (RFC 9293 3.8.6): probing a zero window, silly window avoidance on both sides, updates, shrinking."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, CLOSING, ESTABLISHED, FIN_WAIT_1, LAST_ACK
from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.seqnum import MASK
from tcpsim.tcp.units import HOUR, MINUTE, MS, NEVER, SECOND
from tests.tcp.flow import MSS, WIDE, established, reasons, segments, sent_at, starts, timeline
from tests.tcp.reach import drops, fires, fresh, gives, moves, reach, sends, sets, stops, tells

if TYPE_CHECKING:
    from tcpsim.tcp.diagram import State
    from tests.tcp.reach import Line, Reached

    Numbers = tuple[int, int]


def answered(it: Reached, span: int, *, every: int = 1) -> list[int]:
    """Let time pass while every so-many-th probe is answered "still zero"; return when probes were sent."""
    begin, probes = it.now, []
    while (at := it.end.next_timeout()) is not None and at <= begin + span:
        lines = it.waits(at - it.now)
        if segments(lines):
            probes.append(at - begin)
            if len(probes) % every == 0:
                it.arrives("ACK", ack=it.ours("snd_una"), wnd=0)
    return probes


# ------------------------------------------------------------------ probing a zero window


def test_the_first_probe_follows_after_an_rto(numbers: Numbers) -> None:
    """SHLD-29; one octet of new data, which SND.NXT does not count yet."""
    it = established(numbers, wnd=0)
    assert it.sends(b"hello") == [sets("persist", SECOND, why.PERSIST_STARTED)]
    assert it.waits(SECOND) == [
        fires("persist", why.PERSIST_PROBE),
        sends("ACK", 1, 1, length=1, why=why.PERSIST_PROBE),
        sets("persist", 2 * SECOND, why.PERSIST_BACKED_OFF),
    ]
    assert it.texts == [b"h"]
    assert (it.ours("snd_nxt"), it.ours("snd_max"), it.end.outstanding) == (1, 2, 1)
    assert it.end.rexmit_at == NEVER, "probing takes the place of retransmission"


def test_a_probe_tells_of_urgent_data(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello", urgent=True)
    assert sends("ACK,URG", 1, 1, length=1, up=5, why=why.PERSIST_PROBE) in it.waits(SECOND)


def test_the_interval_between_probes_grows_exponentially(numbers: Numbers) -> None:
    """SHLD-30; it ends at the greatest RTO."""
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    times = answered(it, 10 * MINUTE)
    assert [later - earlier for earlier, later in pairwise([0, *times])][:9] == [
        at * SECOND for at in (1, 2, 4, 8, 16, 32, 60, 60, 60)
    ]


def test_the_connection_stays_open_while_probes_are_answered(numbers: Numbers) -> None:
    """MUST-37: for hours, against R2 of 100 s and a user timeout of 5 minutes."""
    it = established(numbers, wnd=0, user_timeout="5min")
    it.sends(b"hello")
    probes = answered(it, 3 * HOUR)
    assert len(probes) > 170
    assert it.state is ESTABLISHED
    assert segments(it.arrives("ACK", ack=1, wnd=WIDE)) == [("PSH,ACK", 1, 5)]


def test_some_probes_may_stay_unanswered(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    answered(it, HOUR, every=2)
    assert it.state is ESTABLISHED


def test_a_lost_answer_does_not_end_the_connection_however_far_apart_probes_are(numbers: Numbers) -> None:
    """Two probes are 60 s apart, R2 is 100 s: one of them may get lost."""
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    answered(it, 5 * MINUTE)
    happened = timeline(it, HOUR)
    assert len(sent_at(happened)) == 3
    assert happened[-1][1] == tells("connection timed out", why.R2_REACHED)


def test_when_the_window_opens_the_clocks_of_failure_begin_anew(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"hello")
    it.arrives("ACK", ack=1, wnd=0)
    it.waits(70 * SECOND)
    it.arrives("ACK", ack=1, wnd=WIDE)
    assert (it.end.progress_at, it.end.retransmits) == (it.now, 0)
    happened = timeline(it, HOUR)
    assert [at for at, _ in sent_at(happened)] == [at * SECOND for at in (1, 3, 7, 15, 31, 63)]


def test_probes_that_nobody_answers_end_at_r2(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    happened = timeline(it, 10 * MINUTE)
    assert [at for at, _ in sent_at(happened)] == [at * SECOND for at in (1, 3, 7, 15, 31, 63)]
    assert happened[-3:] == [
        (123 * SECOND, fires("persist", why.PERSIST_PROBE)),
        (123 * SECOND, moves(ESTABLISHED, CLOSED, why.R2_REACHED)),
        (123 * SECOND, tells("connection timed out", why.R2_REACHED)),
    ]


def test_a_window_update_ends_probing(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    it.waits(3 * SECOND)
    assert it.arrives("ACK", ack=1, wnd=WIDE) == [
        stops("persist", why.PERSIST_STOPPED),
        sets("retransmission", SECOND, why.RTO_STARTED),
        sends("PSH,ACK", 1, 1, length=5, why=why.SEND_PUSHED),
    ]
    assert (it.end.persist_backoff, it.end.snd_nxt) == (0, it.end.snd_max)


def test_a_lost_window_update_is_repaired_by_a_probe(numbers: Numbers) -> None:
    """The answer to a probe that was taken shows the new window."""
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    it.waits(SECOND)
    lines = it.arrives("ACK", ack=2, wnd=WIDE)
    assert segments(lines) == [("PSH,ACK", 2, 4)]
    assert it.ours("snd_una") == 2
    assert it.end.rexmit_at == it.now + SECOND


def test_a_probe_that_is_taken_while_the_window_stays_zero(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    it.waits(SECOND)
    assert segments(it.arrives("ACK", ack=2, wnd=0)) == []
    assert (it.ours("snd_una"), it.ours("snd_nxt")) == (2, 2)
    assert starts(it.waits(2 * SECOND)) == [2], "the next octet"
    assert it.texts == [b"e"]


def test_the_last_octet_taken_by_a_probe_ends_it(numbers: Numbers) -> None:
    it = established(numbers, wnd=0, user_timeout="5min")
    it.sends(b"!")
    it.waits(SECOND)
    assert it.arrives("ACK", ack=2, wnd=0) == [
        stops("persist", why.PERSIST_STOPPED),
        stops("user timeout", why.USER_TIMEOUT_STOPPED),
    ]
    assert it.end.next_timeout() is None


def test_acks_while_a_probe_is_out_bear_the_number_that_the_peer_expects(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    it.waits(SECOND)
    assert it.arrives("ACK", text=b"x", ack=1, wnd=0)[1:] == [sends("ACK", 1, 2, wnd=999, why=why.ACK_AT_ONCE)]


def test_a_window_that_closes_on_data_in_flight_is_probed_with_the_oldest_octet(numbers: Numbers) -> None:
    """MUST-35: a window shrunk to zero is probed in the standard way."""
    it = established(numbers)
    it.sends(b"hello")
    assert it.arrives("ACK", ack=1, wnd=0) == [
        stops("retransmission", why.PERSIST_STARTED),
        sets("persist", SECOND, why.PERSIST_STARTED),
    ]
    assert segments(it.waits(SECOND)) == [("ACK", 1, 1)]
    assert it.arrives("ACK", ack=1, wnd=WIDE) == [
        stops("persist", why.PERSIST_STOPPED),
        sets("retransmission", SECOND, why.RTO_STARTED),
    ]
    assert segments(it.waits(SECOND)) == [("PSH,ACK", 1, 5)]


def test_a_zero_window_with_nothing_to_send_is_not_probed(numbers: Numbers) -> None:
    it = established(numbers)
    assert it.arrives("ACK", wnd=0) == []
    it.sends(b"x")
    it.now += 10 * MS
    assert it.end.persist_at == SECOND


def test_the_first_probe_waits_for_an_rto_even_where_the_override_timer_ran(numbers: Numbers) -> None:
    it = established(numbers, sws_override="100ms")
    assert it.sends(b"abc", push=False) == [sets("persist", 100 * MS, why.HOLD_SMALL)]
    it.now += 50 * MS
    assert it.arrives("ACK", wnd=0) == [sets("persist", SECOND, why.PERSIST_STARTED)]
    assert it.end.persist_backoff == 0


def test_an_answer_does_not_start_the_interval_anew(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"hello")
    it.waits(SECOND)
    it.now += SECOND
    assert it.arrives("ACK", ack=1, wnd=0) == []
    assert it.end.persist_at == 3 * SECOND


def test_an_octet_that_probed_is_retransmitted_if_the_window_opens_a_little(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives("ACK", wnd=0)
    it.sends(1000)
    it.waits(SECOND)
    lines = it.arrives("ACK", ack=1, wnd=10)
    assert segments(lines) == []
    assert sets("retransmission", SECOND, why.RTO_STARTED) in lines
    assert sets("persist", 500 * MS, why.HOLD_SMALL) in lines
    assert segments(it.waits(500 * MS)) == [("ACK", 1, 10)]


# ------------------------------------------------------------------ FIN and a zero window


def test_a_fin_alone_goes_into_a_zero_window_and_is_probed(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    assert it.closes() == [
        moves(ESTABLISHED, FIN_WAIT_1, why.CLOSE_ACTIVE),
        sends("FIN,ACK", 1, 1, why=why.SEND_FIN),
        sets("persist", SECOND, why.PERSIST_STARTED),
    ]
    assert it.waits(SECOND)[:2] == [fires("persist", why.PERSIST_PROBE), sends("FIN,ACK", 1, 1, why=why.PERSIST_PROBE)]
    assert it.arrives("ACK", ack=2, wnd=0)[0] == stops("retransmission", why.RTO_STOPPED) or it.end.persist_at == NEVER


def test_a_fin_behind_text_waits_for_the_window(numbers: Numbers) -> None:
    it = established(numbers, wnd=0)
    it.sends(b"ab")
    it.closes()
    assert [segments(it.waits(at * SECOND)) for at in (1, 2)] == [[("ACK", 1, 1)], [("ACK", 1, 1)]]
    assert segments(it.arrives("ACK", ack=1, wnd=WIDE)) == [("FIN,PSH,ACK", 1, 2)]


def test_the_probe_that_takes_the_last_octet_lets_the_fin_follow(numbers: Numbers) -> None:
    it = established(numbers, wnd=0, state=CLOSE_WAIT)
    it.sends(b"a")
    it.closes()
    assert it.state is CLOSE_WAIT, "the FIN is not sent yet"
    it.waits(SECOND)
    assert segments(it.arrives("ACK", ack=2, wnd=0)) == [("FIN,ACK", 2, 0)]
    assert it.end.state is LAST_ACK


def test_a_fin_sent_while_the_persist_timer_runs(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"ab")
    it.arrives("ACK", ack=1, wnd=0)
    it.now += 100 * MS
    lines = it.closes()
    assert segments(lines) == [("FIN,ACK", 3, 0)]
    assert not [line for line in lines if line[0] == "sets"]
    assert segments(it.waits(900 * MS)) == [("ACK", 1, 1)]


def test_acks_do_not_lie_beyond_a_window_that_a_fin_went_into(numbers: Numbers) -> None:
    """A peer whose window is zero would refuse them, and its data would never be acknowledged (A.2)."""
    it = established(numbers, wnd=0, reading=True)
    it.closes()
    assert it.ours("snd_nxt") == 2
    assert segments(it.arrives("ACK", text=b"data", ack=1, wnd=0)) == [("ACK", 1, 0)]
    assert segments(it.arrives("ACK", text=b"data", ack=1, wnd=1)) == [("ACK", 2, 0)]


def test_before_the_syn_is_acknowledged_acks_lie_behind_it(numbers: Numbers) -> None:
    it = fresh(numbers)
    it.opens(active=False)
    it.arrives("SYN", wnd=0)
    assert segments(it.arrives("ACK", seq=-7)) == [("ACK", 1, 0)]


def test_nor_beyond_a_window_that_has_shrunk(numbers: Numbers) -> None:
    it = established(numbers, reading=True)
    it.sends(100)
    it.arrives("ACK", ack=1, wnd=60)
    assert segments(it.arrives("ACK", text=b"x", ack=1, wnd=60)) == [("ACK", 61, 0)]


# ------------------------------------------------------------------ probes that cross


def test_probes_that_cross_and_are_taken_do_not_leave_both_ends_deaf() -> None:
    """RFC 9293 A.2, simultaneous window probes: each ACK bears a number one below the other's window."""
    ends = [established((100, 300)), established((300, 100))]
    for it in ends:
        it.end.read(0)
        it.arrives("ACK", wnd=0)
        it.sends(b"ping")
    flying = [[action for action in it.end.timeout(SECOND) if isinstance(action, Segment)] for it in ends]
    for _ in range(3):
        flying = [
            [
                answer
                for each in flying[1 - n]
                for answer in ends[n].end.segment_arrives(SECOND, each)
                if isinstance(answer, Segment)
            ]
            for n in (0, 1)
        ]
    for it in ends:
        assert it.ours("snd_una") >= 2
        assert it.theirs("rcv_nxt") >= 2


def test_while_a_probe_is_out_an_ack_one_number_low_counts(numbers: Numbers) -> None:
    it = established(numbers, wnd=0, reading=True)
    it.sends(b"ab")
    it.waits(SECOND)
    it.arrives("ACK", text=b"z", ack=1, wnd=0)  # the peer's probe
    assert it.arrives("ACK", seq=1, ack=2, wnd=0) == [
        drops(why.OLD_ACK_COUNTS),
        sends("ACK", 2, 2, wnd=999, why=why.OLD_ACK_COUNTS),
    ]
    assert it.ours("snd_una") == 2


@pytest.mark.parametrize("ctl", ["SYN,ACK", "RST"])
def test_but_no_syn_or_rst(numbers: Numbers, ctl: str) -> None:
    it = established(numbers, wnd=0, reading=True)
    it.sends(b"ab")
    it.waits(SECOND)
    it.arrives("ACK", text=b"zz", ack=1, wnd=0)
    it.arrives(ctl, seq=2, ack=2, wnd=0)
    assert it.ours("snd_una") == 1


# ------------------------------------------------------------------ ACKs at the right edge


def at_the_right_edge(it: Reached) -> list[Line]:
    return it.arrives("ACK", seq=it.theirs("rcv_nxt") + it.end.rcv_wnd)


def test_two_ends_at_each_others_right_edge_do_not_answer_for_ever(numbers: Numbers) -> None:
    """Table 6 refuses such an ACK, and the answer is another: the fail-safe of RFC 5961 7 counts them."""
    it = established(numbers, challenge_ack_limit=3)
    refused = [drops(why.UNACCEPTABLE), sends("ACK", 1, 1, why=why.UNACCEPTABLE)]
    assert [at_the_right_edge(it) for _ in range(5)] == [refused] * 3 + [[drops(why.CHALLENGE_LIMITED)]] * 2
    it.now += 5 * SECOND
    assert at_the_right_edge(it) == refused


def test_the_knob_accepts_the_right_edge(numbers: Numbers) -> None:
    it = established(numbers, accept_right_edge=True)
    it.sends(b"x")
    it.arrives("ACK", seq=1 + 1000, ack=2)
    assert it.ours("snd_una") == 2


def test_without_rfc_5961_every_one_is_answered(numbers: Numbers) -> None:
    it = established(numbers, challenge_ack=False, challenge_ack_limit=1)
    assert [len(segments(at_the_right_edge(it))) for _ in range(3)] == [1, 1, 1]


# ------------------------------------------------------------------ shrinking


def test_a_window_that_shrinks_below_what_is_in_flight(numbers: Numbers) -> None:
    """MUST-34: U may become negative; SHLD-15: no new data; SHLD-16: the old is retransmitted."""
    it = established(numbers, initial_window=10)
    it.sends(6 * MSS)
    assert it.arrives("ACK", ack=1 + MSS, wnd=MSS) == [sets("retransmission", SECOND, why.RTO_RESTARTED)]
    assert segments(it.sends(MSS)) == []
    assert starts(it.waits(SECOND)) == [1 + MSS]
    lines = it.arrives("ACK", ack=1 + 6 * MSS, wnd=WIDE)
    assert starts(lines) == [1 + 6 * MSS]


def test_an_old_segment_does_not_change_the_window(numbers: Numbers) -> None:
    """SND.WL1, SND.WL2: 3.10.7.4, fifth."""
    it = established(numbers, wnd=1000)
    it.sends(2000)
    it.arrives("ACK", ack=1 + MSS, wnd=900)
    assert it.end.snd_wnd == 900
    it.arrives("ACK", ack=1, wnd=5000)
    assert it.end.snd_wnd == 900, "SND.WL2 > SEG.ACK"
    it.arrives("ACK", text=b"abc", ack=1 + MSS, wnd=800)
    assert it.end.snd_wnd == 800
    it.arrives("ACK", text=b"def", ack=1, wnd=700)
    assert it.end.snd_wnd == 800, "SEG.ACK < SND.UNA"
    it.arrives("ACK", seq=1, ack=1 + MSS, wnd=650)
    assert it.end.snd_wnd == 800, "SEG.SEQ below the window"
    it.arrives("ACK", seq=3, ack=1 + MSS, text=b"cdefg", wnd=1234)
    assert it.end.snd_wnd == 1234, "trimmed, it begins at RCV.NXT"


# ------------------------------------------------------------------ silly window avoidance, sender


def test_a_small_window_is_not_filled_in_small_pieces(numbers: Numbers) -> None:
    """3.8.6.2.1: neither a full segment, nor all of the data, nor half of the largest window fits."""
    it = established(numbers)
    it.arrives("ACK", wnd=100)
    assert it.sends(b"x" * 200) == [sets("persist", 500 * MS, why.HOLD_SMALL)]
    assert it.waits(500 * MS) == [
        fires("persist", why.SEND_OVERRIDE),
        sends("ACK", 1, 1, length=100, why=why.SEND_OVERRIDE),
        sets("retransmission", SECOND, why.RTO_STARTED),
    ]
    assert it.end.max_snd_wnd == WIDE


@pytest.mark.parametrize("override", ["100ms", "1s"])
def test_the_override_timeout_is_a_knob(numbers: Numbers, override: str) -> None:
    it = established(numbers, sws_override=override)
    it.arrives("ACK", wnd=100)
    it.sends(b"x" * 200)
    span = 100 * MS if override == "100ms" else SECOND
    assert segments(it.waits(span - 1)) == []
    assert segments(it.waits(1)) == [("ACK", 1, 100)]


def test_half_of_the_largest_window_is_worth_a_segment(numbers: Numbers) -> None:
    """(3), with Fs = 1/2."""
    it = reach(ESTABLISHED, numbers)  # which was offered 4000
    it.arrives("ACK", wnd=300)
    it.end.max_snd_wnd = it.end.max_snd_wnd
    assert segments(it.sends(400)) == []
    small = fresh_peer(numbers, 400)
    small.arrives("ACK", wnd=199)
    assert segments(small.sends(400)) == []
    small = fresh_peer(numbers, 400)
    small.arrives("ACK", wnd=200)
    lines = small.sends(400)
    assert (segments(lines), reasons(lines)) == ([("ACK", 1, 200)], [why.SEND_FRACTION])


def fresh_peer(numbers: Numbers, wnd: int) -> Reached:
    """An endpoint whose peer has never offered more than `wnd`."""
    it = fresh(numbers)
    it.opens(active=True)
    it.arrives("SYN,ACK", wnd=wnd)
    return it


def test_the_override_sends_what_push_did_not(numbers: Numbers) -> None:
    """MUST-60: data is not buffered indefinitely, pushed or not; MUST-61: the last of it bears PSH."""
    it = established(numbers)
    assert it.sends(b"abc", push=False) == [sets("persist", 500 * MS, why.HOLD_SMALL)]
    assert it.waits(500 * MS)[1] == sends("PSH,ACK", 1, 1, length=3, why=why.SEND_OVERRIDE)


def test_more_data_lets_what_was_held_go(numbers: Numbers) -> None:
    it = established(numbers)
    it.sends(b"abc", push=False)
    assert it.sends(b"def") == [
        sends("PSH,ACK", 1, 1, length=6, why=why.SEND_PUSHED),
        sets("retransmission", SECOND, why.RTO_STARTED),
        stops("persist", why.PERSIST_STOPPED),
    ]


def test_a_full_segment_needs_no_push(numbers: Numbers) -> None:
    it = established(numbers)
    assert segments(it.sends(MSS + 1, push=False)) == [("ACK", 1, MSS)]
    assert it.end.persist_at == NEVER, "the ACK of the first will wake it"


# ------------------------------------------------------------------ silly window avoidance, receiver


def test_the_right_edge_stays_until_it_can_move_far_enough(numbers: Numbers) -> None:
    """3.8.6.2.2: by min(RCV.BUFF/2, Eff.snd.MSS), here 500 of 1000."""
    it = established(numbers)
    offered = [it.arrives("ACK", text=100, wnd=WIDE)[-1][4] for _ in range(5)]
    assert offered == [900, 800, 700, 600, 500]
    assert it.receives(499) == [gives(499, why.RECEIVE_ANSWERED)]
    assert it.end.rcv_wnd == 500
    assert it.receives(1) == [gives(1, why.RECEIVE_ANSWERED), sends("ACK", 1, 501, wnd=1000, why=why.WINDOW_UPDATE)]


def test_the_step_is_a_segment_where_buffers_are_larger(numbers: Numbers) -> None:
    it = established(numbers, rcv_buff=10_000)
    it.arrives("ACK", text=4000, wnd=WIDE)
    assert segments(it.receives(MSS - 1)) == []
    assert segments(it.receives(1)) == [("ACK", 1, 0)]
    assert it.end.rcv_wnd == 6000 + MSS


def test_data_read_as_it_comes_leaves_the_window_wide(numbers: Numbers) -> None:
    it = established(numbers, reading=True)
    assert [it.arrives("ACK", text=100, wnd=WIDE)[-1][4] for _ in range(6)] == [900, 800, 700, 600, 1000, 900]


def test_a_closed_window_refuses_text_and_is_reported(numbers: Numbers) -> None:
    """3.8.6.1: "it must still send an acknowledgment showing its next expected number and current window"."""
    it = established(numbers)
    it.arrives("ACK", text=1000, wnd=WIDE)
    assert it.end.rcv_wnd == 0
    for _ in range(3):
        assert it.arrives("ACK", text=b"p", wnd=WIDE) == [
            drops(why.ZERO_WINDOW_ANSWERED),
            sends("ACK", 1, 1001, wnd=0, why=why.ZERO_WINDOW_ANSWERED),
        ]
    assert segments(it.receives(499)) == []
    assert it.receives()[-1] == sends("ACK", 1, 1001, wnd=1000, why=why.WINDOW_UPDATE)


def test_turning_reading_on_opens_the_window(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives("ACK", text=1000, wnd=WIDE)
    assert it.reads() == [
        gives(1000, why.RECEIVE_ANSWERED),
        sends("ACK", 1, 1001, wnd=1000, why=why.WINDOW_UPDATE),
    ]
    assert it.reads(on=False) == []


def test_no_update_after_the_peers_fin(numbers: Numbers) -> None:
    it = established(numbers)
    it.arrives("FIN,ACK", text=900, wnd=WIDE)
    assert segments(it.receives()) == []


def test_the_window_is_never_shrunk(numbers: Numbers) -> None:
    """SHLD-14"""
    it = established(numbers)
    edge = it.theirs("rcv_nxt") + it.end.rcv_wnd
    for size, read in ((300, 0), (100, 250), (600, 0), (1, 700), (500, 1), (77, 1000)):
        it.arrives("ACK", text=size, wnd=WIDE)
        if read:
            it.receives(read)
        assert it.theirs("rcv_nxt") + it.end.rcv_wnd >= edge
        edge = it.theirs("rcv_nxt") + it.end.rcv_wnd
        assert it.end.rcv_wnd + it.end.rcv_user <= it.end.rcv_buff


@pytest.mark.parametrize("state", [CLOSING, LAST_ACK], ids=str)
def test_probes_go_on_in_the_last_states(numbers: Numbers, state: State) -> None:
    it = established(numbers, wnd=0, state=CLOSE_WAIT if state is LAST_ACK else ESTABLISHED)
    it.closes()
    if state is CLOSING:
        it.arrives("FIN,ACK", ack=1, wnd=0)
    assert it.state is state
    assert segments(it.waits(SECOND)) == [("FIN,ACK", 1, 0)]
    assert it.end.segment_arrives(it.now, segment("ACK", it.end.rcv_nxt, (it.iss + 2) & MASK, 0)) is not None
    assert it.state is not state


# ---------------------------------------------------------------------- as its user sees it


def test_the_buffer_that_a_user_sees_is_whole_segments_once_both_syns_are_known() -> None:
    it = fresh(rcv_buff=1000, round_rcv_buff=True)
    assert it.end.buffer_octets == 1000, "how large a segment may be is not known yet"
    it = reach(ESTABLISHED, rcv_buff=1000, round_rcv_buff=True)
    assert it.end.buffer_octets == -(-1000 // it.end.snd_mss) * it.end.snd_mss
