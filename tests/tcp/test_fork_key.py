"""`fork` and `key`: a copy goes its own way, and equal keys behave equally ever after.

Law 1. What an endpoint does is compared as a list of lines with every number in it, times counted from now.
Law 2. An event means the same to every endpoint that it is fed to: segments bear fixed numbers.
"""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpsim.tcp.actions import Deliver, Discarded, Moved, Signal, TimerFired, TimerSet, TimerStopped
from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.config import profile
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_SENT, State
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.tcb import TCB, key_names
from tcpsim.tcp.units import HOUR, MINUTE, MS, NEVER, SECOND
from tests.tcp.flow import MSS, WIDE, established, segments
from tests.tcp.reach import EVERY_STATE, LOCAL, NUMBERS, REMOTE, fresh, reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.tcp.actions import Action
    from tests.tcp.reach import Reached

    Numbers = tuple[int, int]
    Event = tuple[Any, ...]
    Seen = tuple[Any, ...]

SLOTS: Final = TCB.__slots__
DO_NOT_MATTER: Final = {"edge", "observed", "out", "rcv_at", "user_at", "wake"}
"""The last edge only tells where the state came from, `rcv_at` matters with `pingpong`, and `user_at` until the first
progress has moved the end of the user timeout on; the others are between an endpoint and its driver."""

ISS, IRS = 0xFFFF_FFFE, 0x7FFF_FFFD
KNOBS: Final[dict[str, Any]] = {
    "iss": ISS, "mss": 4, "mss_option": "always", "rcv_buff": 12, "initial_window": 3, "r2": "20s", "r2_syn": "20s",
    "user_timeout": "30s", "msl": "10s", "keepalive": True, "keepalive_idle": "40s", "challenge_ack_limit": 2,
}  # fmt: skip


# ------------------------------------------------------------------ events, and what is seen of an endpoint


def feed(end: Endpoint, now: int, event: Event) -> tuple[int, list[Seen]]:
    """Let something happen to an endpoint; return the time after it and what it did."""
    what, *rest = event
    if what == "wait":
        seen: list[Seen] = []
        until = now + rest[0]
        while (at := end.next_timeout()) is not None and at <= until:
            seen += [(at - now, *shown(action, at)) for action in end.timeout(at)]
        return until, seen
    calls: dict[str, Callable[..., list[Action]]] = {
        "segment": end.segment_arrives, "send": end.send, "receive": end.receive, "read": end.read,
        "close": end.close, "abort": end.abort,
    }  # fmt: skip
    try:
        actions = end.open(now, active=rest[0]) if what == "open" else calls[what](now, *rest)
    except TcpError as error:
        return now, [(0, "error", str(error))]
    return now, [(0, *shown(action, now)) for action in actions]


def shown(action: Action, now: int) -> Seen:
    """An action as a value: its kind, all that it holds, and why."""
    match action:
        case Segment():
            fields: Seen = action.wire()
        case Deliver():
            fields = (action.length, action.text, action.pushed, action.urgent)
        case Signal():
            fields = (action.what, action.detail)
        case Moved():
            fields = (action.edge,)
        case TimerSet():
            fields = (action.timer, action.deadline - now)
        case TimerStopped() | TimerFired():
            fields = (action.timer,)
        case Discarded():
            fields = action.segment.wire()
    return (type(action).__name__, *fields, action.why)


def history(events: list[Event], begin: int = 0, **knobs: Any) -> tuple[Endpoint, int, list[Seen]]:
    """Let events happen to a new endpoint from `begin` on."""
    end = Endpoint(profile("rfc9293", **(KNOBS | knobs)), LOCAL, REMOTE, observed=True)
    return continued(end, begin, events)


def continued(end: Endpoint, now: int, events: list[Event]) -> tuple[Endpoint, int, list[Seen]]:
    seen: list[Seen] = []
    for event in events:
        now, more = feed(end, now, event)
        seen += more
    return end, now, seen


def peers(ctl: str, seq: int, ack: int = 0, length: int = 0, wnd: int = 9, up: int = 0) -> Event:
    """A segment of the peer: numbers count from the IRS and the ISS."""
    text = bytes((seq + at) & 0xFF for at in range(length))
    made = segment(ctl, IRS + seq, ISS + ack, wnd, text, Options(4) if "SYN" in ctl else None, up)
    return ("segment", made)


HANDSHAKE: Final[list[Event]] = [("open", True), peers("SYN,ACK", 0, 1)]

SEGMENTS: Final = st.builds(
    peers,
    st.sampled_from(["ACK", "ACK", "ACK", "PSH,ACK", "FIN,ACK", "SYN", "SYN,ACK", "RST", "RST,ACK", "URG,ACK", "FIN"]),
    st.integers(0, 14), st.integers(0, 14), st.sampled_from([0, 0, 1, 2, 4]), st.sampled_from([0, 1, 9, 40]),
    st.integers(0, 3),
)  # fmt: skip
EVENTS: Final = st.one_of(
    SEGMENTS,
    SEGMENTS,
    st.tuples(st.just("wait"), st.sampled_from([1, 100 * MS, 200 * MS, 500 * MS, SECOND, 3 * SECOND, 21 * SECOND])),
    st.tuples(st.just("send"), st.sampled_from([b"a", b"bcd", b"efghijkl", 5])),
    st.tuples(st.just("receive"), st.sampled_from([1, 5, 100])),
    st.tuples(st.just("read"), st.booleans()),
    st.sampled_from([("close",), ("abort",), ("open", True), ("open", False)]),
)
BEGINNINGS: Final = st.sampled_from([HANDSHAKE, [("open", False)], [("open", True)], []])


# ------------------------------------------------------------------ fork


def busy(numbers: Numbers) -> Reached:
    """An endpoint in which every variable is away from where it began, as far as one can be at once."""
    it = fresh(
        numbers, delayed_ack="200ms", user_timeout="5min", keepalive=True, window_scale=2, nagle=False, linger="1h",
        mss=MSS, mss_option="always", initial_window=4, rto_max="2min",
    )  # fmt: skip
    it.opens(active=True)
    it.waits(SECOND)
    it.arrives("SYN,ACK", options=Options(MSS, 3), wnd=WIDE)
    it.sends(b"u" * 3 * MSS, urgent=True)
    it.waits(3 * SECOND)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE // 8)
    it.arrives("ACK,URG", text=b"in order", up=20, ack=1 + MSS, wnd=WIDE // 8)
    it.arrives("ACK", seq=30, text=b"beyond", ack=1 + MSS, wnd=WIDE // 8)
    it.arrives("FIN,ACK", seq=40, text=b"!", ack=1 + MSS, wnd=WIDE // 8)
    it.arrives("RST", seq=50)
    it.arrives("ACK", text=b"again", ack=1 + MSS, wnd=WIDE // 8)
    it.sends(b"more", push=False)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE // 8)
    it.closes()
    return it


def values(end: Endpoint) -> dict[str, object]:
    return {name: end.cc.key() if name == "cc" else getattr(end, name) for name in SLOTS if name != "out"}


def test_a_fork_has_every_variable(numbers: Numbers) -> None:
    it = busy(numbers)
    copy = it.end.fork()
    assert values(copy) == values(it.end)
    assert copy.cc is not it.end.cc
    assert copy.out == []
    assert copy.out is not it.end.out
    assert type(copy) is Endpoint
    assert repr(copy) == repr(it.end)


@pytest.mark.parametrize("state", EVERY_STATE, ids=str)
def test_what_happens_to_a_fork_is_unknown_to_the_original(reach: Callable[..., Reached], state: State) -> None:
    it = reach(state, flight=b"data")
    before = values(it.end)
    for ctl in ("ACK", "FIN,ACK", "RST", "SYN", "SYN,ACK"):
        copy = it.fork()
        copy.arrives(ctl, text=b"xyz")
        copy.waits(HOUR)
        assert values(it.end) == before
    copy = it.fork()
    original_key = it.end.key(it.now)
    if state is not CLOSED:
        copy.aborts()
        assert copy.state is CLOSED
    assert (it.state, it.end.key(it.now)) == (state, original_key)


@given(BEGINNINGS, st.lists(EVENTS, max_size=8), st.lists(EVENTS, max_size=8), st.lists(EVENTS, max_size=4))
def test_a_fork_fed_the_same_does_the_same_and_else_goes_its_own_way(
    beginning: list[Event], past: list[Event], future: list[Event], other: list[Event]
) -> None:
    end, now, _ = history([*beginning, *past])
    copy, stray = end.fork(), end.fork()
    continued(stray, now, other)
    assert copy.key(now) == end.key(now)
    _, then, seen = continued(end, now, future)
    continued(stray, now, future)
    assert continued(copy, now, future)[2] == seen
    assert copy.key(then) == end.key(then)
    assert values(copy) == values(end)


# ------------------------------------------------------------------ key: equal keys, equal futures


@settings(max_examples=200)
@given(
    BEGINNINGS,
    st.lists(EVENTS, max_size=10),
    st.lists(EVENTS, max_size=8),
    st.sampled_from([1, 7 * SECOND, 999 * HOUR]),
)
def test_the_time_of_day_does_not_matter(
    beginning: list[Event], past: list[Event], future: list[Event], shift: int
) -> None:
    end, now, seen = history([*beginning, *past])
    late, later, same = history([*beginning, *past], shift)
    assert later == now + shift
    assert same == seen
    assert late.key(later) == end.key(now)
    assert continued(late, later, future)[2] == continued(end, now, future)[2]


ALPHABET: Final[list[Event]] = [
    ("send", b"ab"), ("send", b"cdefgh"), ("receive", 3), ("close",), ("wait", SECOND), ("wait", 10 * SECOND),
    peers("ACK", 1, 1), peers("ACK", 1, 3), peers("ACK", 1, 1, 2), peers("ACK", 3, 1, 2), peers("ACK", 1, 1, 4),
    peers("FIN,ACK", 3, 1), peers("RST", 2), peers("ACK", 1, 1, 0, 0), peers("SYN", 2),
]  # fmt: skip


@pytest.mark.parametrize(
    "knobs", [{}, {"delayed_ack": 0, "keepalive": False, "user_timeout": "off"}], ids=["all", "few"]
)
def test_histories_that_meet_in_a_key_go_on_alike(knobs: dict[str, Any]) -> None:
    """Every history of three events; where two have led to equal keys, the same futures follow."""
    met: dict[object, list[tuple[Endpoint, int]]] = {}
    for events in product(ALPHABET, repeat=3):
        end, now, _ = history([*HANDSHAKE, *events], **knobs)
        met.setdefault(end.key(now), []).append((end, now))
    futures = random.Random(1)
    pairs = [ends for ends in met.values() if len(ends) > 1]
    assert len(pairs) > 300, "else this would show little"
    for ends in pairs:
        for _ in range(2):
            future = futures.choices([*ALPHABET, ("wait", 100 * SECOND)], k=5)
            runs = [continued(end.fork(), now, future) for end, now in ends]
            assert all(run[2] == runs[0][2] for run in runs)
            assert len({end.key(now) for end, now, _ in runs}) == 1


def test_different_behaviour_means_different_keys() -> None:
    """The other direction: whatever two endpoints do differently next, their keys told."""
    ends = [history([*HANDSHAKE, *events]) for events in product(ALPHABET, repeat=2)]
    future: list[Event] = [peers("ACK", 1, 3, 2), ("wait", SECOND), ("send", b"z"), ("wait", 100 * SECOND)]
    seen: dict[object, list[Seen]] = {}
    for end, now, _ in ends:
        key = end.key(now)
        did = continued(end, now, future)[2]
        assert seen.setdefault(key, did) == did


# ------------------------------------------------------------------ key: nothing forgotten


def another(value: object) -> object:
    """A value of the same kind that is not `value`."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, State):
        return LISTEN if value is not LISTEN else ESTABLISHED
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return (*value, 1)
    return profile("plain")


@pytest.mark.parametrize("name", sorted(set(SLOTS) - {"cc"}))
def test_every_variable_is_in_the_key_or_does_not_matter(name: str) -> None:
    it = busy(NUMBERS[0])
    changed = it.end.fork()
    setattr(changed, name, another(getattr(changed, name)))
    assert (changed.key(it.now) == it.end.key(it.now)) == (name in DO_NOT_MATTER)


def test_the_congestion_control_is_in_the_key() -> None:
    it = busy(NUMBERS[0])
    changed = it.end.fork()
    changed.cc.cwnd += 1
    assert changed.key(it.now) != it.end.key(it.now)


def test_a_timer_that_is_off_is_left_out() -> None:
    it = established(NUMBERS[0])
    key = it.end.key(it.now + 2 * MINUTE)
    assert it.end.key(it.now + HOUR) == key, "nothing runs, and the idle restart is due either way"


def test_a_timer_that_runs_counts_down() -> None:
    it = established(NUMBERS[0])
    it.sends(b"x")
    key = it.end.key(it.now)
    assert it.end.key(it.now + 1) != key


def test_the_start_of_the_user_timeout_matters_until_progress_has_moved_its_end() -> None:
    it = established(NUMBERS[0], user_timeout="5min")
    it.sends(2 * MSS)
    changed = it.end.fork()
    changed.user_at += 1
    assert changed.key(it.now) != it.end.key(it.now)
    it.waits(500 * MS)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    changed = it.end.fork()
    changed.user_at -= SECOND
    assert changed.key(it.now) == it.end.key(it.now)


@pytest.mark.parametrize("knobs", [{"user_timeout": "off", "connect_timeout": "2min"}, {}], ids=["connect", "user"])
def test_while_the_syn_is_under_way_the_user_timeout_is_what_it_was_at_its_start(knobs: dict[str, Any]) -> None:
    it = fresh(NUMBERS[0], **knobs)
    it.opens(active=True)
    changed = it.end.fork()
    changed.user_at += 1
    assert changed.key(it.now) != it.end.key(it.now)


def test_a_window_that_stays_closed_leads_back_to_the_same_key() -> None:
    """Probes go on for ever, as seldom as can be: from some probe on nothing tells one from the next."""
    it = established(NUMBERS[0], rto_max="1min")
    it.arrives("ACK", ack=1, wnd=0)
    it.sends(b"x")
    keys = []
    for _ in range(12):
        at = it.end.next_timeout()
        assert at is not None
        it.waits(at - it.now)
        it.arrives("ACK", ack=1, wnd=0)
        keys.append(it.end.key(it.now))
    assert it.end.persist_backoff == 12
    assert len(set(keys)) == 6, "2, 4, 8, 16, 32 and 60 s"
    assert keys[6:] == [keys[5]] * 6


def test_the_idle_time_counts_up_to_the_longest_rto() -> None:
    ends = [established(NUMBERS[0]) for _ in range(2)]
    for it, idle in zip(ends, (400 * MS, 600 * MS), strict=True):
        it.waits(idle)
    assert ends[0].end.key(ends[0].now) != ends[1].end.key(ends[1].now)


def test_the_longest_rto_may_be_the_initial_one() -> None:
    """An RTO that was never measured may exceed the greatest one, and an idle time with it."""
    windows, keys = [], []
    for idle in (70 * SECOND, 130 * SECOND):
        it = fresh(NUMBERS[0], rto_initial="2min", r2_syn="10min", nagle=False)
        it.opens(active=True)
        it.waits(120 * SECOND)
        it.arrives("SYN,ACK", wnd=WIDE)
        it.sends(MSS)
        it.waits(120 * SECOND)
        it.arrives("ACK", wnd=WIDE, ack=1 + MSS)
        assert (it.end.cc.cwnd, it.end.rto) == (2 * MSS, 120 * SECOND)
        it.waits(idle)
        keys.append(it.end.key(it.now))
        windows.append(len(segments(it.sends(4 * MSS))))
    assert windows == [2, 1]
    assert keys[0] != keys[1]


def test_octets_of_limited_transmit_matter_only_while_duplicates_are_counted() -> None:
    it = established(NUMBERS[0], initial_window=4)
    it.sends(20 * MSS)
    it.arrives("ACK", ack=1, wnd=WIDE)
    changed = it.end.fork()
    changed.limited += MSS
    assert changed.key(it.now) != it.end.key(it.now)
    it.arrives("ACK", ack=1 + MSS, wnd=WIDE)
    changed = it.end.fork()
    changed.limited += MSS
    assert changed.key(it.now) == it.end.key(it.now)


def test_used_up_challenges_matter_until_their_period_is_over() -> None:
    it = reach(ESTABLISHED, NUMBERS[0])
    key = it.end.key(it.now)
    it.arrives("RST", seq=5)
    assert it.end.key(it.now) != key
    assert it.end.key(it.now + 5 * SECOND) == reach(ESTABLISHED, NUMBERS[0]).end.key(it.now + 5 * SECOND)


def test_a_period_of_challenges_begins_with_its_first(numbers: Numbers) -> None:
    """Whatever the time of day: else equal keys would behave differently."""
    for start in (0, SECOND, HOUR):
        it = reach(ESTABLISHED, numbers, challenge_ack_limit=1)
        it.now += start
        assert len(segments(it.arrives("RST", seq=5))) == 1
        it.now += 5 * SECOND - 1
        assert len(segments(it.arrives("RST", seq=5))) == 0
        it.now += 1
        assert len(segments(it.arrives("RST", seq=5))) == 1


@pytest.mark.parametrize("state", [CLOSED, LISTEN, SYN_SENT], ids=str)
def test_an_iss_that_the_clock_will_choose_puts_the_clock_into_the_key(state: State) -> None:
    end = Endpoint(profile("rfc9293"), LOCAL, REMOTE)
    if state is not CLOSED:
        end.open(0, active=state is SYN_SENT)
    assert end.key(0) != end.key(1)


def test_once_synchronized_the_clock_has_no_part_in_it() -> None:
    end = Endpoint(profile("rfc9293", user_timeout="off"), LOCAL, REMOTE)
    end.open(0, active=True)
    end.segment_arrives(0, segment("SYN,ACK", 7, end.snd_nxt))
    assert end.key(2 * MINUTE) == end.key(HOUR)


def test_a_key_can_be_hashed_in_every_state(reach: Callable[..., Reached]) -> None:
    assert len({hash(reach(state).end.key(0)) for state in EVERY_STATE}) == len(EVERY_STATE)


# ------------------------------------------------------------------ the driver's side


@given(BEGINNINGS, st.lists(EVENTS, max_size=12))
def test_wake_is_never_later_than_the_next_timeout(beginning: list[Event], events: list[Event]) -> None:
    end, now, _ = history(beginning)
    for event in events:
        now, _ = feed(end, now, event)
        at = end.next_timeout()
        assert end.wake <= (NEVER if at is None else at)
        assert at is None or at >= now


@given(BEGINNINGS, st.lists(EVENTS, max_size=10), st.lists(EVENTS, max_size=5))
def test_a_call_too_early_is_harmless(beginning: list[Event], past: list[Event], future: list[Event]) -> None:
    end, now, _ = history([*beginning, *past])
    asked = end.fork()
    due = asked.next_timeout()
    if due is None or due > now:
        assert asked.timeout(now) == []
    assert asked.key(now) == end.key(now)
    assert continued(asked, now, future)[2] == continued(end, now, future)[2]


def test_a_busy_endpoint_need_not_be_observed() -> None:
    """Every timer that can run starts, stops and fires, told to nobody."""
    events: list[Event] = [
        *HANDSHAKE,
        peers("ACK", 1, 1, 2), ("send", b"piggyback"), peers("ACK", 3, 5, 2), peers("ACK", 5, 5, 1),
        peers("ACK", 6, 5, 1), peers("ACK", 7, 10, 0, 0), ("send", b"probe"), ("wait", SECOND), peers("ACK", 7, 10),
        ("wait", 50 * SECOND), peers("ACK", 7, 15), ("close",), peers("ACK", 7, 16), peers("FIN,ACK", 7, 16),
        ("wait", HOUR),
    ]  # fmt: skip
    knobs = {**KNOBS, "linger": "1h", "user_timeout": "off", "r2": "1h", "nagle": False}
    watched, _, seen = history(events, **knobs)
    end, _, plain = continued(Endpoint(profile("rfc9293", **knobs), LOCAL, REMOTE), 0, events)
    assert plain == [did for did in seen if did[1] in ("Segment", "Deliver", "Signal", "error")]
    assert (end.state, watched.state) == (CLOSED, CLOSED)
    timers = {(did[1], did[2]) for did in seen if did[1].startswith("Timer")}
    assert len(timers) > 12


@given(BEGINNINGS, st.lists(EVENTS, max_size=12))
def test_who_does_not_observe_gets_the_same_segments(beginning: list[Event], events: list[Event]) -> None:
    """Moves, timers and discarded segments are told to the observer; nothing else differs."""
    watched, now, seen = history([*beginning, *events])
    end, _, plain = continued(Endpoint(profile("rfc9293", **KNOBS), LOCAL, REMOTE), 0, [*beginning, *events])
    assert plain == [did for did in seen if did[1] in ("Segment", "Deliver", "Signal", "error")]
    assert end.key(now) == watched.key(now)


# ---------------------------------------------------------------------- for who keeps many of them


def test_a_key_begins_with_the_variables_that_it_names() -> None:
    end = fresh().end
    names = key_names()
    variables = end.key(0)[0]  # type: ignore[index]  # a key is a tuple, to whoever looks into it
    assert dict(zip(names, variables, strict=True))["snd_una"] == end.snd_una
    assert set(names) < set(SLOTS)
