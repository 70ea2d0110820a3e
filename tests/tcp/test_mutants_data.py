"""Mutants of data transfer: each deviation in segments, numbers, deliveries and timers."""

from __future__ import annotations

import pytest

from tcpsim.tcp.diagram import CLOSE_WAIT, CLOSED, ESTABLISHED, SYN_SENT
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import URG, Segment
from tcpsim.tcp.units import HOUR, MINUTE, MS, NEVER, SECOND
from tests.tcp.flow import MSS, WIDE, segments, timeline
from tests.tcp.mutated import blames, fresh, reach
from tests.tcp.reach import Reached, drops, fires, sends, sets
from tests.tcp.reach import reach as real

Numbers = tuple[int, int]


def delivered(it: Reached, lines: list[tuple[object, ...]]) -> list[int]:
    return [int(str(line[1])) for line in lines if line[0] == "gives"]


# ------------------------------------------------------------------ what is delivered


def test_out_of_order_acceptance(numbers: Numbers) -> None:
    it = reach("out-of-order-acceptance", ESTABLISHED, numbers, reading=True)
    lines = it.arrives("ACK", seq=4, text=b"def")
    assert delivered(it, lines) == [3]
    assert it.texts == [b"def"]
    assert sends("ACK", 1, 7, why=blames("out-of-order-acceptance"), wnd=994) in lines
    assert delivered(it, it.arrives("ACK", seq=1, text=b"abc")) == [], "and what was missing is old"


def test_in_order_there_is_nothing_to_accept_wrongly(numbers: Numbers) -> None:
    it = reach("out-of-order-acceptance", ESTABLISHED, numbers)
    real_one = real(ESTABLISHED, numbers)
    assert it.arrives("ACK", text=b"abc") == real_one.arrives("ACK", text=b"abc")
    assert it.arrives("ACK", seq=5000, text=b"abc") == real_one.arrives("ACK", seq=5000, text=b"abc")


def test_duplicate_delivered_twice(numbers: Numbers) -> None:
    it = reach("duplicate-delivered-twice", ESTABLISHED, numbers, reading=True)
    it.arrives("ACK", text=b"abc")
    it.arrives("ACK", text=b"def")
    lines = it.arrives("ACK", seq=1, text=b"abc")
    assert it.texts == [b"abc"]
    assert sends("ACK", 1, 7, why=blames("duplicate-delivered-twice"), wnd=994) in lines
    assert it.theirs("rcv_nxt") == 7
    assert it.arrives("ACK", seq=-3, text=b"abc")[0][0] == "drops", "what lies below the SYN was never here"


def test_message_borders(numbers: Numbers) -> None:
    it = reach("message-borders", ESTABLISHED, numbers)
    sent = [segment for text in (b"one", b"two", b"three") for segment in segments(it.sends(text))]
    sent += segments(it.arrives("ACK"))
    assert sent == [("PSH,ACK", 1, 3), ("PSH,ACK", 4, 3), ("PSH,ACK", 7, 5)], "the real one joins two of them"


def test_urgent_off_by_one(numbers: Numbers) -> None:
    it = reach("urgent-off-by-one", ESTABLISHED, numbers)
    it.sends(b"abc", urgent=True)
    (segment,) = [action for action in it.actions if isinstance(action, Segment)]
    assert (segment.ctl & URG, segment.up, segment.why) == (URG, 2, blames("urgent-off-by-one"))


# ------------------------------------------------------------------ what is sent again


def test_never_retransmits(numbers: Numbers) -> None:
    it = reach("never-retransmits", ESTABLISHED, numbers)
    it.sends(b"abc")
    lines = it.waits(SECOND)
    assert lines[0] == fires("retransmission", blames("never-retransmits"))
    assert segments(lines) == []
    it = reach("never-retransmits", ESTABLISHED, numbers, nagle=False)
    it.arrives("ACK", wnd=WIDE)
    for _ in range(4):
        it.sends(b"abc")
    assert [segments(it.arrives("ACK", ack=1, wnd=WIDE)) for _ in range(3)] == [[], [], []], "the third shows a loss"
    it = fresh("never-retransmits", numbers)
    it.opens(active=True)
    assert segments(it.waits(3 * SECOND)) == []
    assert segments(it.arrives("SYN,ACK")) == [("ACK", 1, 0)]


def test_new_number_on_retransmission(numbers: Numbers) -> None:
    it = reach("new-number-on-retransmission", ESTABLISHED, numbers)
    it.sends(b"abc")
    assert segments(it.waits(SECOND)) == [("PSH,ACK", 4, 3)]
    assert [action.why for action in it.actions if isinstance(action, Segment)] == [
        blames("new-number-on-retransmission")
    ]


def test_no_backoff(numbers: Numbers) -> None:
    it = reach("no-backoff", ESTABLISHED, numbers)
    it.sends(b"abc")
    happened = timeline(it, 3 * SECOND)
    assert [at for at, line in happened if line[0] == "sends"] == [SECOND, 2 * SECOND, 3 * SECOND]
    assert happened[-1][1] == sets("retransmission", SECOND, blames("no-backoff"))
    it.arrives("ACK")
    assert it.waits(HOUR) == []
    it = reach("no-backoff", ESTABLISHED, numbers, delayed_ack="200ms")
    it.arrives("ACK", text=b"abc")
    assert segments(it.waits(SECOND)) == [("ACK", 1, 0)], "other timers are as ever"


def test_no_karn(numbers: Numbers) -> None:
    it = reach("no-karn", ESTABLISHED, numbers)
    it.sends(b"abc")
    it.waits(SECOND + 500 * MS)
    before = it.end.srtt
    it.arrives("ACK")
    assert before != it.end.srtt == 1500 * MS // 8
    real_one = real(ESTABLISHED, numbers)
    real_one.sends(b"abc")
    real_one.waits(SECOND + 500 * MS)
    real_one.arrives("ACK")
    assert real_one.end.srtt == before


def test_no_karn_after_a_fast_retransmit(numbers: Numbers) -> None:
    it = reach("no-karn", ESTABLISHED, numbers, nagle=False, initial_window=4)
    it.arrives("ACK", wnd=WIDE)
    it.sends(b"abc")
    timed = it.end.rtt_at
    for _ in range(3):
        it.arrives("ACK", ack=1, wnd=WIDE)
    assert it.end.in_recovery
    assert it.end.rtt_at == timed != NEVER


def test_no_fast_retransmit(numbers: Numbers) -> None:
    it = reach("no-fast-retransmit", ESTABLISHED, numbers, initial_window=4)
    it.arrives("ACK", wnd=WIDE)
    it.sends(4 * MSS)
    assert [segments(it.arrives("ACK", ack=1, wnd=WIDE)) for _ in range(4)] == [[]] * 4
    it = reach("no-fast-retransmit", SYN_SENT, numbers, sack=True, initial_window=4)
    it.arrives("SYN,ACK", options=Options(sack_ok=True), wnd=WIDE)
    it.sends(4 * MSS)
    left, right = (it.iss + 1 + MSS) % 2**32, (it.iss + 1 + 4 * MSS) % 2**32
    assert segments(it.arrives("ACK", ack=1, wnd=WIDE, options=Options(sack=((left, right),)))) == []
    assert it.end.sacked == ()


def test_cwnd_grows_on_duplicates(numbers: Numbers) -> None:
    it = reach("cwnd-grows-on-duplicates", ESTABLISHED, numbers)
    cwnd = it.end.cc.cwnd
    it.arrives("ACK")
    assert it.end.cc.cwnd == cwnd + it.end.snd_mss
    it.sends(b"abc")
    it.arrives("ACK")
    grown = it.end.cc.cwnd
    it.arrives("RST", seq=5)
    assert it.end.cc.cwnd == grown


# ------------------------------------------------------------------ windows


def test_no_persist(numbers: Numbers) -> None:
    it = reach("no-persist", ESTABLISHED, numbers)
    it.arrives("ACK", wnd=0)
    lines = it.sends(b"abc")
    assert lines == []
    assert it.end.persist_at == NEVER
    assert segments(it.waits(MINUTE)) == []
    assert segments(it.arrives("ACK", wnd=WIDE)) == [("PSH,ACK", 1, 3)]


def test_no_window_update(numbers: Numbers) -> None:
    it = reach("no-window-update", ESTABLISHED, numbers)
    it.arrives("ACK", text=b"x" * 1000)
    assert segments(it.receives()) == []
    assert it.end.rcv_wnd == 1000, "it is open, and nobody knows"


def test_window_shrunk(numbers: Numbers) -> None:
    it = reach("window-shrunk", ESTABLISHED, numbers, reading=True)
    edge = it.theirs("rcv_nxt") + it.end.rcv_wnd
    lines = it.arrives("ACK", text=b"x" * 100)
    assert sends("ACK", 1, 101, why=blames("window-shrunk"), wnd=800) in lines
    assert it.theirs("rcv_nxt") + it.end.rcv_wnd == edge - 100
    assert it.arrives("RST", seq=500) != []
    assert it.end.rcv_wnd == 800


def test_window_ignored(numbers: Numbers) -> None:
    it = reach("window-ignored", ESTABLISHED, numbers)
    it.arrives("ACK", wnd=0)
    assert it.end.snd_wnd == 0xFFFF
    assert segments(it.sends(b"abc")) == [("PSH,ACK", 1, 3)]


def test_stale_window(numbers: Numbers) -> None:
    it = reach("stale-window", ESTABLISHED, numbers)
    it.sends(b"abc")
    it.arrives("ACK", ack=4, wnd=2000)
    it.arrives("ACK", ack=1, wnd=10)
    assert it.end.snd_wnd == 10
    it.arrives("ACK", ack=4, wnd=3000)
    assert it.end.snd_wnd == 3000
    real_one = real(ESTABLISHED, numbers)
    real_one.sends(b"abc")
    real_one.arrives("ACK", ack=4, wnd=2000)
    real_one.arrives("ACK", ack=1, wnd=10)
    assert real_one.end.snd_wnd == 2000


def test_silly_receiver(numbers: Numbers) -> None:
    it = reach("silly-window", ESTABLISHED, numbers)
    it.arrives("ACK", text=b"x" * 1000)
    assert segments(it.receives(1)) == [("ACK", 1, 0)], "one octet of room is told"
    assert it.end.rcv_wnd == 1
    assert segments(it.lines(it.end.take(it.now, 2))) == [("ACK", 1, 0)]


def test_silly_sender(numbers: Numbers) -> None:
    it = reach("silly-window", ESTABLISHED, numbers)
    it.arrives("ACK", wnd=1)
    lines = it.sends(b"abc")
    assert segments(lines) == [("ACK", 1, 1)], "one octet that is offered is filled"
    assert lines[-1][-1] is blames("silly-window") or blames("silly-window") in [line[-1] for line in lines]


# ------------------------------------------------------------------ idle connections, timestamps


def test_keepalive_kills_at_once(numbers: Numbers) -> None:
    it = reach("keepalive-kills-at-once", ESTABLISHED, numbers, keepalive=True, keepalive_idle="1min")
    lines = it.waits(MINUTE)
    assert segments(lines) == []
    assert it.state is CLOSED
    assert ("tells", "connection timed out", "", blames("keepalive-kills-at-once")) in lines
    it = reach("keepalive-kills-at-once", CLOSE_WAIT, numbers)
    it.closes()
    assert segments(it.waits(SECOND)) == [("FIN,ACK", 1, 0)]


def test_no_paws(numbers: Numbers) -> None:
    def opened(name: str | None) -> Reached:
        it = real(SYN_SENT, numbers, timestamps=True) if name is None else reach(
            name, SYN_SENT, numbers, timestamps=True
        )  # fmt: skip
        it.arrives("SYN,ACK", options=Options(ts=(1000, 0)))
        it.reads()
        return it

    old = Options(ts=(10, 0))
    assert drops(blames("no-paws")) not in opened("no-paws").arrives("ACK", text=b"old", options=old)
    it = opened("no-paws")
    assert delivered(it, it.arrives("ACK", text=b"old", options=old)) == [3]
    assert delivered(it, it.arrives("ACK", text=b"new", options=Options(ts=(1001, 0)))) == [3]
    it = opened(None)
    assert delivered(it, it.arrives("ACK", text=b"old", options=old)) == []


@pytest.mark.parametrize("name", ["no-sack", "no-nagle", "no-delayed-ack", "no-keepalive", "no-congestion-control"])
def test_a_mutant_of_knobs_reaches_established(name: str, numbers: Numbers) -> None:
    assert reach(name, ESTABLISHED, numbers).state is ESTABLISHED
