"""`checks` and `arrives` are two readings of section 3.10.7, and agree on every segment.

What the checks say is held against what the endpoint did: which rules discarded the segment or a part of it, which
moved the connection, and which sent an answer. Every segment of the library, of the packetdrill scripts and of the
exhaustive test is judged, and random ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tcpsim
from tcpsim.packetdrill import Ways, run_text
from tcpsim.scenario import library
from tcpsim.tcp import rules as why
from tcpsim.tcp.actions import Discarded, Moved
from tcpsim.tcp.checks import Check, of_nobody, of_segment
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, LISTEN, SYN_SENT, State
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.segment import Segment
from tcpsim.trace import Arrived
from tests.packetdrill.test_scripts import SCRIPTS, STATES, profiles
from tests.tcp import test_arrives_exhaustive as exhaustive
from tests.tcp.reach import NUMBERS, SYNCHRONIZED, reach
from tests.tcp.test_random_segments import events, knobs, make_happen

if TYPE_CHECKING:
    from tcpsim.tcp.actions import Action
    from tcpsim.tcp.rules import Rule

# ------------------------------------------------------------------ what agreement is

DISCARDING = frozenset({
    why.ACK_BAD_SYN_RECEIVED, why.ACK_TOO_OLD, why.ACK_UNSENT, why.CHALLENGE_LIMITED, why.CLOSED_RESET,
    why.CLOSED_RST_IGNORED, why.DUPLICATE_SYN_ANSWERED, why.FIN_BEYOND_FIN, why.FIN_HELD, why.LISTEN_ACK_RESET,
    why.LISTEN_OTHER, why.LISTEN_RST_IGNORED, why.NO_ACK, why.NO_TIMESTAMPS, why.OLD_ACK_COUNTS, why.PAWS,
    why.RST_CHALLENGED, why.RST_IGNORED_TIME_WAIT, why.SYN_ACK_CROSSED, why.SYN_CHALLENGED, why.SYN_FIN_DROPPED,
    why.SYN_IN_WINDOW_RESETS, why.SYN_SENT_BAD_ACK, why.SYN_SENT_BAD_ACK_RST, why.SYN_SENT_OTHER,
    why.SYN_SENT_RST_IGNORED, why.TEXT_AFTER_CLOSE, why.TEXT_AFTER_FIN, why.TEXT_HELD, why.TIME_WAIT_EXPECTED,
    why.TIME_WAIT_UNEXPECTED, why.TRIMMED, why.UNACCEPTABLE, why.UNACCEPTABLE_RST, why.URGENT_IGNORED,
    why.ZERO_WINDOW_ANSWERED,
})  # fmt: skip
"""Every rule by which a segment, or a part of it, is not used; FIN_AGAIN is one of them in the first check only."""

MOVING = frozenset({
    why.ACK_OF_FIN, why.ACK_OF_FIN_CLOSES, why.ACK_OF_SYN, why.FIN_TAKEN, why.LISTEN_SYN, why.RST_ABORTS, why.RST_ENDS,
    why.RST_REFUSED, why.RST_TO_LISTEN, why.SYN_IN_WINDOW_RESETS, why.SYN_SENT_REFUSED, why.SYN_SENT_SYN,
    why.SYN_SENT_SYN_ACK, why.SYN_TO_LISTEN, why.TEXT_AFTER_CLOSE,
})  # fmt: skip
"""Every rule by which an arriving segment moves the connection, but for a CLOSE that waited."""

ANSWERING = frozenset({
    why.ACK_BAD_SYN_RECEIVED, why.ACK_TOO_OLD, why.ACK_UNSENT, why.CLOSED_RESET, why.DUPLICATE_SYN_ANSWERED,
    why.FAST_OPEN_COOKIE, why.FAST_OPEN_TAKEN, why.LISTEN_ACK_RESET, why.RST_CHALLENGED, why.SYN_CHALLENGED,
    why.SYN_IN_WINDOW_RESETS, why.SYN_SENT_BAD_ACK, why.SYN_SENT_SYN, why.TEXT_AFTER_CLOSE, why.TIME_WAIT_UNEXPECTED,
})  # fmt: skip
"""Every rule by which a segment is answered at once, by nothing else."""


def discards(check: Check) -> bool:
    return check.why in DISCARDING or (check.why is why.FIN_AGAIN and check.name.startswith("first"))


def agree(before: Endpoint, now: int, arrived: Segment, actions: list[Action]) -> tuple[Check, ...]:
    """Hold the checks against the actions of an observed endpoint; return them."""
    checks = of_segment(before, now, arrived)
    case = f"{before.state} {arrived!r}\n" + "\n".join(map(str, checks))
    ruled = [check.why for check in checks]
    assert [check.why for check in checks if discards(check)] == [a.why for a in actions if isinstance(a, Discarded)], (
        case
    )
    moves = [a.why for a in actions if isinstance(a, Moved) and a.why not in (why.CLOSE_QUEUED, why.SEND_FIN_LAST_ACK)]
    assert [rule for rule in ruled if rule in MOVING] == moves, case
    answers = [rule for rule in ruled if rule in ANSWERING]
    if before.cfg.unsent_ack == "drop" and before.state is ESTABLISHED:
        answers = [rule for rule in answers if rule is not why.ACK_UNSENT]  # Linux is silent about it
    assert answers == sent_by(actions, ANSWERING), case
    assert [check.decided for check in checks] == [False] * (len(checks) - 1) + [True], case
    assert all(check.why is not None for check in checks if not check.passed), case
    going_on = (why.URGENT_IGNORED, why.TEXT_AFTER_FIN)
    assert all(check.passed for check in checks[:-1] if check.why not in going_on), case
    return checks


def sent_by(actions: list[Action], rules: frozenset[Rule]) -> list[Rule | None]:
    return [a.why for a in actions if isinstance(a, Segment) and a.why in rules]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Check, ...]]:
    """Judge every segment that arrives anywhere, at an observed copy of the endpoint; holds the checks of each."""
    met: list[tuple[Check, ...]] = []
    arrives = Endpoint.segment_arrives

    def both(end: Endpoint, now: int, arrived: Segment) -> list[Action]:
        before, watched = end.fork(), end.fork()
        watched.observed = True
        met.append(agree(before, now, arrived, arrives(watched, now, arrived)))
        return arrives(end, now, arrived)

    monkeypatch.setattr(Endpoint, "segment_arrives", both)
    return met


# ------------------------------------------------------------------ every segment we can think of


@pytest.mark.parametrize(("state", "passive"), exhaustive.STARTS, ids=str)
def test_every_flag_set_everywhere(state: State, passive: bool | None, numbers: tuple[int, int]) -> None:
    seen: set[str] = set()
    for rfc5961 in (True, False):
        knobs: dict[str, Any] = {"passive": passive} | dict.fromkeys(
            ("challenge_rst", "challenge_syn", "challenge_ack"), rfc5961
        )
        for flight in (0, exhaustive.FLIGHT) if state in SYNCHRONIZED[:-1] and state is not State.FIN_WAIT_2 else (0,):
            it = reach(state, numbers, **knobs, flight=flight)
            for seg in exhaustive.segments(exhaustive.view_of(it, rfc5961=rfc5961)):
                seen |= {check.name for check in judge(it, seg)}
    assert len(seen) >= {CLOSED: 1, LISTEN: 4, SYN_SENT: 4}.get(state, 7), "the checks of the state"


def judge(it: Any, seg: Any) -> tuple[Check, ...]:
    """Let one of the exhaustive test's segments arrive at a copy."""
    copy = it.fork()
    ctl = ",".join(exhaustive.LETTERS[letter] for letter in seg.flags) or "none"
    arrived = copy.segment(ctl, seq=seg.seq, ack=seg.ack, text=exhaustive.TEXT[: seg.size])
    before = copy.end.fork()
    return agree(before, copy.now, arrived, copy.end.segment_arrives(copy.now, arrived))


@pytest.mark.parametrize("entry", library(), ids=lambda entry: entry[0])
def test_the_library(entry: tuple[str, ...], judged: list[tuple[Check, ...]]) -> None:
    run = tcpsim.run(entry[0])
    assert judged or all(arrived.connection is None for arrived in run.trace.of_kind(Arrived))


@pytest.mark.parametrize("name", SCRIPTS)
def test_packetdrill(name: str, judged: list[tuple[Check, ...]]) -> None:
    for profile in profiles(SCRIPTS[name]):
        run_text(SCRIPTS[name], name, Ways(profile))
    assert judged or name.partition("/")[0] not in STATES or name.startswith("closed/")


@given(events, knobs, st.sampled_from(list(State)), st.sampled_from(NUMBERS))
@settings(max_examples=300)
def test_random_segments(happening: Any, changed: Any, state: State, numbers: tuple[int, int]) -> None:
    it = reach(state, numbers, **changed)
    for event in happening:
        before = it.end.fork()
        arrived, actions = make_happen(it, event)
        if arrived is not None:
            agree(before, it.now, arrived, actions)


# ------------------------------------------------------------------ what a check says


def test_numbers_are_filled_in_from_their_bases() -> None:
    it = reach(State.ESTABLISHED, (100, 300))
    arrived = it.segment("ACK", seq=-9, ack=1, text=b"hello")
    (check,) = of_segment(it.end, 0, arrived)
    window = "RCV.NXT =< SEG.SEQ < RCV.NXT+RCV.WND or RCV.NXT =< SEG.SEQ+SEG.LEN-1 < RCV.NXT+RCV.WND"
    assert (check.name, check.cite, check.question) == (
        "first, sequence number", "RFC 9293 3.10.7.4, first", window,
    )  # fmt: skip
    assert check.filled(100, 300) == "1 =< -9 < 1001 or 1 =< -5 < 1001"
    assert check.filled() == "301 =< 291 < 1301 or 301 =< 295 < 1301"
    assert check.values == (
        ("RCV.NXT", 301, "irs"), ("SEG.SEQ", 291, "irs"), ("RCV.WND", 1000, ""), ("SEG.LEN", 5, ""),
    )  # fmt: skip
    assert (check.answer, check.passed, check.decided, check.why) == (False, False, True, why.UNACCEPTABLE)


def test_a_question_without_numbers_has_nothing_to_fill_in() -> None:
    (check,) = of_nobody(reach(State.ESTABLISHED, (100, 300)).segment("ACK"))
    assert (check.question, check.filled(1, 2)) == ("is RST set", "")


def test_words_before_a_colon_are_left_out() -> None:
    it = reach(State.ESTABLISHED, (100, 300))
    *_, check = of_segment(it.end, 0, it.segment("RST", seq=8))
    assert check.question == "RST is set: SEG.SEQ = RCV.NXT"
    assert check.filled(100, 300) == "8 = 1"


def test_the_isn_of_a_syn_sent_is_zero() -> None:
    it = reach(SYN_SENT, (100, 300))
    (check,) = of_segment(it.end, 0, it.segment("SYN,ACK", ack=-9))
    assert check.filled(100) == "0 < -9 =< 1"
    assert check.why is why.SYN_SENT_BAD_ACK


def test_challenges_that_are_used_up() -> None:
    it = reach(State.ESTABLISHED, (100, 300), challenge_ack_limit=1)
    for rule in (why.UNACCEPTABLE, why.CHALLENGE_LIMITED):
        ahead = it.segment("ACK", seq=2000)
        before = it.end.fork()
        *_, check = agree(before, it.now, ahead, it.end.segment_arrives(it.now, ahead))
        assert check.why is rule
