"""Duplicate ACKs: limited transmit (RFC 3042), fast retransmit (RFC 5681 3.2), fast recovery (RFC 6582 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp import rules as why
from tcpsim.tcp.units import MS, SECOND
from tests.tcp.flow import MSS, WIDE, established, reasons, segments, starts
from tests.tcp.reach import sends, sets

if TYPE_CHECKING:
    from tests.tcp.reach import Line, Reached

    Numbers = tuple[int, int]


def nth(number: int) -> int:
    """Where the `number`-th full segment begins, from the ISS."""
    return 1 + (number - 1) * MSS


def ten_out(numbers: Numbers, queued: int = 10, **knobs: Any) -> Reached:
    """Ten segments are out and `queued` more wait for the congestion window."""
    it = established(numbers, initial_window=10, **knobs)
    it.sends((10 + queued) * MSS)
    assert it.end.outstanding == 10 * MSS
    return it


def again(it: Reached, times: int = 1, **changes: object) -> list[Line]:
    """Let the same ACK arrive again, so many times; return what the last brought."""
    lines: list[Line] = []
    for _ in range(times):
        lines = it.arrives("ACK", **({"ack": it.ours("snd_una"), "wnd": WIDE} | changes))
    return lines


def window(it: Reached) -> tuple[float, float]:
    """cwnd and ssthresh in segments."""
    return it.end.cc.cwnd / MSS, it.end.cc.ssthresh / MSS


# ------------------------------------------------------------------ limited transmit


def test_each_of_the_first_two_duplicates_lets_a_new_segment_go(numbers: Numbers) -> None:
    it = ten_out(numbers)
    for number in (11, 12):
        lines = again(it)
        assert lines == [sends("ACK", nth(number), 1, length=MSS, why=why.LIMITED_TRANSMIT)]
        assert window(it)[0] == 10, "cwnd is not changed by it"


def test_limited_transmit_can_be_turned_off(numbers: Numbers) -> None:
    it = ten_out(numbers, limited_transmit=False)
    assert again(it, 2) == []
    assert starts(again(it)) == [1]


def test_limited_transmit_respects_the_offered_window(numbers: Numbers) -> None:
    it = established(numbers, wnd=10 * MSS, initial_window=10)
    it.sends(20 * MSS)
    assert [again(it, wnd=10 * MSS) for _ in range(2)] == [[], []]


def test_limited_transmit_sends_a_small_last_segment_if_nagle_allows(numbers: Numbers) -> None:
    it = established(numbers, initial_window=10, nagle=False)
    it.sends(10 * MSS + 7)
    assert segments(again(it)) == [("PSH,ACK", nth(11), 7)]
    again(it, 2)
    assert window(it) == (8, 5), "neither do these seven octets count"


def test_what_limited_transmit_added_does_not_count_as_flight(numbers: Numbers) -> None:
    """RFC 5681 3.2, step 2: "additional data sent in limited transmit MUST NOT be included"."""
    it = ten_out(numbers)
    again(it, 3)
    assert it.end.outstanding == 12 * MSS
    assert window(it) == (8, 5)
    it = ten_out(numbers, limited_transmit=False)
    again(it, 3)
    assert window(it) == (8, 5)


def test_a_second_loss_counts_its_own_limited_transmit_only(numbers: Numbers) -> None:
    it = ten_out(numbers, 40)
    again(it, 2)
    it.arrives("ACK", ack=nth(13), wnd=WIDE)
    assert window(it)[0] == 11
    assert it.end.outstanding == 11 * MSS
    again(it, 3)
    assert it.end.outstanding == 13 * MSS
    assert window(it)[1] == 5.5


# ------------------------------------------------------------------ fast retransmit


def test_the_third_duplicate_resends_the_missing_segment(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    assert [again(it), again(it)] == [[], []]
    assert again(it) == [sends("ACK", 1, 1, length=MSS, why=why.FAST_RETRANSMIT)]
    assert it.end.rexmit_at == SECOND, "RFC 6298 has no restart of the timer for it"
    assert it.end.recover == it.end.snd_max


@pytest.mark.parametrize(
    "changes",
    [{"text": b"data"}, {"wnd": WIDE - 1}, {"wnd": 0}, {"ctl": "FIN,ACK"}],
    ids=["with text", "with another window", "with a zero window", "with FIN"],
)
def test_it_is_no_duplicate_ack(numbers: Numbers, changes: dict[str, object]) -> None:
    """RFC 5681 2 defines one: data outstanding, no text, no SYN or FIN, the same ACK, the same window."""
    it = ten_out(numbers)
    it.arrives(**({"ack": 1, "wnd": WIDE} | changes))  # type: ignore[arg-type]  # a template's fields
    assert it.end.dupacks == 0


def test_without_data_outstanding_there_is_no_duplicate(numbers: Numbers) -> None:
    it = established(numbers)
    assert again(it, 5) == []
    assert it.end.dupacks == 0


def test_an_old_ack_is_no_duplicate(numbers: Numbers) -> None:
    it = ten_out(numbers)
    it.arrives("ACK", ack=nth(3), wnd=WIDE)
    assert again(it, 5, ack=1) == []
    assert it.end.dupacks == 0


def test_an_ack_of_new_data_begins_the_count_anew(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    again(it, 2)
    it.arrives("ACK", ack=nth(2), wnd=WIDE)
    assert again(it, 2) == []
    assert starts(again(it)) == [nth(2)]


# ------------------------------------------------------------------ fast recovery


def test_recovery_inflates_and_deflates(numbers: Numbers) -> None:
    """RFC 5681 3.2, steps 2 to 6: the whole course after the loss of one segment of ten."""
    it = ten_out(numbers, 20)
    course = []
    for _ in range(11):  # nine segments of the first ten and two by limited transmit
        sent = starts(again(it))
        course.append((window(it)[0], [1 + (at - 1) // MSS for at in sent]))
    assert course == [
        (10, [11]), (10, [12]), (8, [1]),
        (9, []), (10, []), (11, []), (12, []), (13, [13]), (14, [14]), (15, [15]), (16, [16]),
    ]  # fmt: skip
    lines = it.arrives("ACK", ack=nth(13), wnd=WIDE)
    assert window(it) == (5, 5), "min(ssthresh, max(FlightSize, SMSS) + SMSS), four being out"
    assert starts(lines) == [nth(17)]
    assert sets("retransmission", SECOND, why.RTO_RESTARTED) in lines
    assert (it.end.in_recovery, it.end.dupacks) == (0, 0)


def test_recovery_ends_without_a_burst(numbers: Numbers) -> None:
    """RFC 6582 3.2, step 3, option (1): nothing else is out, so two segments may follow."""
    it = ten_out(numbers, 0)
    again(it, 9)
    it.arrives("ACK", ack=nth(11), wnd=WIDE)
    assert window(it) == (2, 5)
    assert len(segments(it.sends(20 * MSS))) == 2


def test_partial_acks_fill_one_hole_after_the_other(numbers: Numbers) -> None:
    """RFC 6582 3.2, step 3: segments 1, 4 and 7 of ten are lost."""
    it = ten_out(numbers, 0)
    again(it, 7)
    assert window(it)[0] == 5 + 3 + 4
    it.now = 300 * MS
    assert it.arrives("ACK", ack=nth(4), wnd=WIDE) == [
        sets("retransmission", SECOND, why.RTO_RESTARTED),
        sends("ACK", nth(4), 1, length=MSS, why=why.PARTIAL_ACK),
    ]
    assert window(it) == (12 - 3 + 1, 5)
    it.now = 600 * MS
    assert it.arrives("ACK", ack=nth(7), wnd=WIDE) == [sends("ACK", nth(7), 1, length=MSS, why=why.PARTIAL_ACK)], (
        "only the first partial ACK restarts the timer"
    )
    assert it.end.rexmit_at == 1300 * MS
    assert window(it) == (8, 5)
    it.now = 900 * MS
    it.arrives("ACK", ack=nth(11), wnd=WIDE)
    assert window(it) == (2, 5)
    assert not it.end.in_recovery


def test_a_partial_ack_lets_new_data_follow(numbers: Numbers) -> None:
    it = ten_out(numbers, 20)
    again(it, 10)
    assert window(it)[0] == 15
    lines = it.arrives("ACK", ack=nth(5), wnd=WIDE)
    assert window(it)[0] == 15 - 4 + 1
    assert reasons(lines) == [why.PARTIAL_ACK, why.SEND_DATA]
    assert starts(lines) == [nth(5), nth(16)]


def test_a_partial_ack_of_less_than_a_segment_is_not_inflated_by(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    again(it, 3)
    it.arrives("ACK", ack=1 + 100, wnd=WIDE)
    assert it.end.cc.cwnd == 8 * MSS - 100


def test_deflation_leaves_a_segment(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    again(it, 3)
    it.arrives("ACK", ack=nth(10), wnd=WIDE)
    assert window(it)[0] == 1


def test_duplicates_in_recovery_do_not_begin_another(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    again(it, 3)
    assert [again(it) for _ in range(6)] == [[]] * 6


def test_after_recovery_the_next_loss_is_found_again(numbers: Numbers) -> None:
    it = ten_out(numbers, 10)
    again(it, 3)
    it.arrives("ACK", ack=it.ours("snd_max"), wnd=WIDE)
    it.sends(20 * MSS)
    it.arrives("ACK", ack=it.ours("snd_una") + MSS, wnd=WIDE)
    lines = again(it, 3)
    assert why.FAST_RETRANSMIT in reasons(lines)


def test_the_last_duplicates_of_a_recovery_begin_none(numbers: Numbers) -> None:
    """RFC 6582 3.2, step 2: the ACK must cover more than `recover`."""
    it = ten_out(numbers, 10)
    again(it, 3)
    it.arrives("ACK", ack=it.ours("snd_max"), wnd=WIDE)
    assert it.end.outstanding
    assert why.FAST_RETRANSMIT not in reasons(line for _ in range(6) for line in again(it))


def test_a_timeout_ends_recovery(numbers: Numbers) -> None:
    it = ten_out(numbers, 0)
    again(it, 5)
    it.waits(SECOND)
    assert (it.end.in_recovery, it.end.dupacks, window(it)) == (0, 0, (1, 5))
    assert again(it, 4) == [], "neither a recovery nor new data"
    assert it.end.resending


def test_a_fin_is_recovered_like_text(numbers: Numbers) -> None:
    it = established(numbers, initial_window=10)
    it.sends(2 * MSS)
    it.closes()
    assert segments(again(it, 3)) == [("ACK", 1, MSS)]
    assert segments(it.arrives("ACK", ack=nth(2), wnd=WIDE)) == [("FIN,PSH,ACK", nth(2), MSS)]
    it.arrives("ACK", ack=nth(3) + 1, wnd=WIDE)
    assert not it.end.in_recovery


def test_what_is_resent_pays_the_acknowledgment_owed(numbers: Numbers) -> None:
    it = established(numbers, initial_window=10, delayed_ack="200ms")
    it.sends(10 * MSS)
    it.arrives("ACK", text=b"x", ack=1, wnd=WIDE)
    assert it.end.delack_at == 200 * MS
    lines = again(it, 3)
    assert lines[0] == sends("ACK", 1, 2, length=MSS, wnd=999, why=why.FAST_RETRANSMIT)
    assert it.end.delack_at > SECOND
