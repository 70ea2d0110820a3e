"""Segments of any content, in any state, among any calls: nothing raises, and the invariants hold."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.tcp.actions import Deliver, Moved, Signal
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.diagram import CLOSED, LISTEN, SYN_SENT, TIME_WAIT, State
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import ACK, FIN, RST, SYN, Segment, segment
from tcpsim.tcp.seqnum import MASK, gt, le
from tcpsim.tcp.units import SECOND
from tests.tcp.reach import EVERY_STATE, NUMBERS, Reached, reach

if TYPE_CHECKING:
    from tcpsim.tcp.actions import Action
    from tcpsim.tcp.endpoint import Endpoint

# ------------------------------------------------------------------ what may happen

anywhere = st.integers(0, MASK)
nearby = st.integers(-1100, 1100)
options = st.one_of(
    st.none(),
    st.builds(Options, st.one_of(st.none(), st.integers(0, 0xFFFF)), st.one_of(st.none(), st.integers(0, 255))),
)
text = st.one_of(st.binary(max_size=20), st.integers(0, 2000))

wild = st.builds(
    segment, st.integers(0, 255), anywhere, anywhere, st.integers(0, 0xFFFF), text, options, st.integers(0, 0xFFFF)
)
"""A segment of any content."""

aimed = st.tuples(
    st.just("aimed"), st.integers(0, 255), nearby, nearby, st.integers(0, 0xFFFF), text, options, st.integers(0, 50)
)
"""A segment whose numbers lie near those of the connection: what gets far into the checks."""

polite = st.tuples(
    st.just("aimed"),
    st.sampled_from([ACK, ACK, ACK, ACK | FIN, SYN, SYN | ACK, SYN | FIN]),
    st.integers(-5, 5),
    st.integers(-5, 5),
    st.sampled_from([0, 1, 1000, 0xFFFF]),
    text,
    st.none(),
    st.just(0),
)
"""One that a peer might send."""

calls = st.tuples(
    st.just("call"),
    st.sampled_from(["send", "urgent", "unpushed", "receive", "read", "close", "abort", "open", "listen", "status"]),
    st.integers(0, 1200),
)
waits = st.tuples(st.just("wait"), st.integers(1, 400 * SECOND))

events = st.lists(st.one_of(st.tuples(st.just("wild"), wild), aimed, polite, polite, calls, waits), max_size=25)
knobs = st.fixed_dictionaries(
    {},
    optional={
        "challenge_rst": st.booleans(),
        "challenge_syn": st.booleans(),
        "challenge_ack": st.booleans(),
        "reset_with_ack": st.booleans(),
        "ack_repeats_fin": st.booleans(),
        "accept_whole_buffer": st.booleans(),
        "round_rcv_buff": st.booleans(),
        "window_update": st.sampled_from(["clark", "bsd", "doubling"]),
        "quick_acks": st.integers(0, 2),
        "listen_keeps_text": st.booleans(),
        "time_wait_answers": st.sampled_from(["checked", "unexpected"]),
        "drop_syn_fin": st.sampled_from(["never", "listen", "always"]),
        "challenge_ack_limit": st.integers(1, 3),
        "delayed_ack": st.sampled_from([0, "200ms"]),
        "delay_fin_ack": st.booleans(),
        "accept_right_edge": st.booleans(),
        "answer_duplicate_syn": st.booleans(),
        "half_duplex_close": st.booleans(),
        "time_wait_ignores_rst": st.booleans(),
        "keepalive": st.booleans(),
        "keepalive_idle": st.just("10s"),
        "keepalive_interval": st.just("5s"),
        "nagle": st.booleans(),
        "linger": st.sampled_from([None, "3s"]),
        "user_timeout": st.sampled_from([None, "20s"]),
        "window_scale": st.sampled_from([None, 0, 3]),
        "rcv_buff": st.sampled_from([1, 10, 1000, 100_000]),
        "snd_buff": st.sampled_from([1000, 1 << 20]),
        "congestion": st.sampled_from(["newreno", "none"]),
        "mss_option": st.sampled_from(["differs", "always"]),
        "limited_transmit": st.booleans(),
    },
)


def make_happen(it: Reached, event: tuple[object, ...]) -> tuple[Segment | None, list[Action]]:
    """Let one event happen; return the segment that arrived, if one did, and the actions."""
    end = it.end
    match event:
        case ("wild", Segment() as arriving):
            return arriving, end.segment_arrives(it.now, arriving)
        case (
            "aimed",
            int() as ctl,
            int() as seq,
            int() as ack,
            int() as wnd,
            (bytes() | int()) as octets,
            opts,
            int() as up,
        ):
            assert opts is None or isinstance(opts, Options)
            arriving = segment(ctl, end.rcv_nxt + seq, end.snd_nxt + ack, wnd, octets, opts, up)
            return arriving, end.segment_arrives(it.now, arriving)
        case ("wait", int() as span):
            it.waits(span)
            return None, it.actions
        case ("call", str() as call, int() as amount):
            try:
                return None, call_endpoint(end, it.now, call, amount)
            except TcpError:
                return None, []
    raise AssertionError(event)


def call_endpoint(end: Endpoint, now: int, call: str, amount: int) -> list[Action]:
    match call:
        case "send" | "urgent" | "unpushed":
            data = amount if amount % 2 else bytes(amount)
            return end.send(now, data, urgent=call == "urgent", push=call != "unpushed")
        case "receive":
            return end.receive(now, amount + 1)
        case "read":
            return end.read(now, amount % 2 == 0)
        case "close":
            return end.close(now)
        case "abort":
            return end.abort(now)
        case "open" | "listen":
            return end.open(now, active=call == "open")
    end.status()
    return []


# ------------------------------------------------------------------ what always holds


class Watch:
    """The invariants of one endpoint, checked after each event."""

    def __init__(self, it: Reached) -> None:
        self.it = it
        self.edge: int | None = None

    def after(self, arrived: Segment | None, actions: list[Action]) -> None:
        end = self.it.end
        moved = [action.edge for action in actions if isinstance(action, Moved)]
        self._send_sequence(end)
        self._receive_window(end, restarted=any(edge.source in (CLOSED, LISTEN, SYN_SENT) for edge in moved))
        self._answers(arrived, actions)
        assert all(one.target is other.source for one, other in pairwise(moved))
        assert not moved or moved[-1].target is end.state
        assert end.ack_why is None, "no acknowledgment is owed once an event is over"
        assert end.out == []
        self._timers(end)

    def _send_sequence(self, end: Endpoint) -> None:
        """ISS =< SND.UNA =< SND.NXT =< SND.MAX, and no more beyond it than was queued."""
        assert le(end.iss, end.snd_una)
        assert le(end.snd_una, end.snd_nxt)
        assert le(end.snd_nxt, end.snd_max)
        assert le(end.snd_nxt, end.snd_goal)
        assert end.unsent >= 0
        assert end.undelivered >= 0

    def _receive_window(self, end: Endpoint, *, restarted: bool) -> None:
        """RCV.NXT + RCV.WND never moves left, and RCV.WND never exceeds what is free."""
        assert 0 <= end.rcv_wnd <= end.rcv_buff
        assert end.rcv_user >= 0
        if end.state in (CLOSED, LISTEN, SYN_SENT):
            self.edge = None
            return
        edge = (end.rcv_nxt + end.rcv_wnd) & MASK
        if self.edge is not None and not restarted:
            moved = (edge - self.edge) & MASK
            allowed = moved == 0 or moved < 1 << 31
            # the FIN uses a number but no buffer
            assert allowed or end.fin_received, "the right edge moved left"
        self.edge = edge
        last = end.rcv_nxt
        for seq, length, _, _ in end.rcv_held:
            assert le(last, seq), "what is held is in order, apart, and beyond RCV.NXT"
            assert length > 0
            last = (seq + length) & MASK
            assert (last - end.rcv_nxt) & MASK <= end.rcv_wnd
        if end.state is not State.SYN_RECEIVED and not (end.state is State.FIN_WAIT_1 and not end.syn_acked):
            assert not end.rcv_held or gt(end.rcv_held[0][0], end.rcv_nxt), "and there is a hole"

    def _answers(self, arrived: Segment | None, actions: list[Action]) -> None:
        sent = [action for action in actions if isinstance(action, Segment)]
        for action in actions:
            assert isinstance(action, Segment | Deliver | Signal) or action.why is not None
            assert action.why is not None, "everything has a reason"
        if arrived is not None and arrived.ctl & RST:
            assert not any(one.ctl & RST for one in sent), "no RST answers a RST"
        for one in sent:
            assert 0 <= one.seq <= MASK
            assert 0 <= one.ack <= MASK
            assert 0 <= one.wnd <= 0xFFFF
            assert one.text is None or len(one.text) == one.length
            assert one.ctl & (RST | SYN | ACK), "after the SYN every segment has an ACK"
            assert not one.ctl & RST or not one.seg_len

    def _timers(self, end: Endpoint) -> None:
        at = end.next_timeout()
        assert at is None or at >= self.it.now
        assert end.wake <= (at if at is not None else end.wake)
        if end.state in (CLOSED, LISTEN):
            assert at is None
        if end.state is TIME_WAIT:
            assert at is not None, "TIME-WAIT ends"


@settings(max_examples=400)
@given(st.sampled_from(EVERY_STATE), st.booleans(), st.sampled_from(NUMBERS), knobs, events)
def test_nothing_that_arrives_or_is_called_raises(
    state: State,
    passive: bool,
    numbers: tuple[int, int],
    changes: dict[str, Any],
    happenings: list[tuple[object, ...]],
) -> None:
    it = reach(state, numbers, passive=passive or state is LISTEN if state is not SYN_SENT else False, **changes)
    watch = Watch(it)
    for event in happenings:
        watch.after(*make_happen(it, event))


@settings(max_examples=300)
@given(st.sampled_from(EVERY_STATE), st.sampled_from(NUMBERS), wild)
def test_one_segment_of_any_content_is_answered_by_one_at_most(
    state: State, numbers: tuple[int, int], arriving: Segment
) -> None:
    it = reach(state, numbers)
    actions = it.end.segment_arrives(0, arriving)
    assert sum(isinstance(action, Segment) for action in actions) <= 1
    Watch(it).after(arriving, actions)


@settings(max_examples=200)
@given(st.sampled_from(EVERY_STATE), st.sampled_from(NUMBERS), events)
def test_watching_changes_nothing(state: State, numbers: tuple[int, int], happenings: list[tuple[object, ...]]) -> None:
    """Observed or not, an endpoint sends and tells the same."""
    loud = reach(state, numbers)
    quiet = loud.fork()
    quiet.end.observed = False
    for event in happenings:
        heard = make_happen(loud, event)[1]
        told = make_happen(quiet, event)[1]
        assert [repr(one) for one in heard if isinstance(one, Segment | Deliver | Signal)] == list(map(repr, told))
