"""Every set of SYN, ACK, FIN, RST in every state, with and without text, wherever its numbers lie.

The reply, with its numbers, and the next state are compared with a reading of section 3.10.7 that is
independent of the code (`oracle`). States with text in flight and without, RFC 5961 on and off, an
open window and one that is full.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.tcp.diagram import (
    CLOSED,
    FIN_WAIT_1,
    LISTEN,
    SYN_RECEIVED,
    SYN_SENT,
    State,
)
from tcpsim.tcp.rules import CLOSED_RESET
from tcpsim.tcp.segment import Segment, ctl_name
from tests.tcp import oracle
from tests.tcp.reach import EVERY_STATE, SYNCHRONIZED, WND, Reached, reach, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTERS = {"S": "SYN", "A": "ACK", "F": "FIN", "R": "RST"}
FLAGS = [frozenset(letter for letter, on in zip("SAFR", bits, strict=True) if on) for bits in product((0, 1), repeat=4)]
TEXT = b"abcde"
FLIGHT = 10

STARTS = [(state, None) for state in EVERY_STATE] + [(SYN_RECEIVED, False), (FIN_WAIT_1, True)]
"""States, and how they were opened where that is not as the template has it."""


def view_of(it: Reached, *, rfc5961: bool) -> oracle.View:
    """What the oracle may know."""
    end = it.end
    unsynchronized = end.state in (CLOSED, LISTEN)
    return oracle.View(
        state=str(end.state),
        passive=end.passive,
        una=0 if unsynchronized else it.ours("snd_una"),
        nxt=0 if unsynchronized else it.ours("snd_nxt"),
        rcv_nxt=it.theirs("rcv_nxt"),
        rcv_wnd=end.rcv_wnd,
        fin_sent=end.fin_queued,
        max_snd_wnd=WND,
        rfc5961=rfc5961,
    )


def positions(view: oracle.View) -> list[int]:
    """SEG.SEQ: the IRS, old, straddling RCV.NXT, at it, inside the window, at its end, beyond it."""
    if view.state in ("CLOSED", "LISTEN", "SYN-SENT"):
        return [0]
    nxt, end = view.rcv_nxt, view.rcv_nxt + view.rcv_wnd
    return sorted({nxt - 50, nxt - len(TEXT), nxt - 2, nxt - 1, nxt, nxt + 7, end - 3, end - 1, end, end + 7})


def acknowledgments(view: oracle.View) -> list[int]:
    """SEG.ACK: too old, old, SND.UNA, in flight, SND.NXT, not yet sent, and half the space away."""
    una, nxt = view.una, view.nxt
    return sorted({una - WND - 1, una - WND, una - 1, una, una + 1, nxt - 1, nxt, nxt + 1, nxt + (1 << 30)})


def segments(view: oracle.View) -> Iterator[oracle.Seg]:
    for flags, size, seq in product(FLAGS, (0, len(TEXT)), positions(view)):
        for ack in acknowledgments(view) if "A" in flags else (0,):
            yield oracle.Seg(flags, seq, ack, size)


def heard(it: Reached, seg: oracle.Seg) -> oracle.Answer:
    """Let the segment arrive; return the reply, and the state after it."""
    ctl = ",".join(LETTERS[letter] for letter in seg.flags) or "none"
    text = TEXT[: seg.size]
    it.arrives(ctl, seq=seg.seq, ack=seg.ack, text=text)
    sent = [action for action in it.actions if isinstance(action, Segment)]
    assert len(sent) <= 1, "one segment is answered by one at most"
    reply: oracle.Reply = None
    for one in sent:
        name = ctl_name(one.ctl)
        assert not one.length
        numbered = one.why is not CLOSED_RESET or name == "RST"  # the RST,ACK of who has no numbers is <SEQ=0>
        seq = signed((one.seq - it.iss) & 0xFFFF_FFFF) if numbered else 0
        reply = (name, seq, 0 if name == "RST" else signed((one.ack - it.irs) & 0xFFFF_FFFF))
    assert it.end.ack_why is None, "nothing is owed once an event is over"
    return reply, str(it.state)


def compare(it: Reached, *, rfc5961: bool) -> int:
    view = view_of(it, rfc5961=rfc5961)
    count = 0
    for seg in segments(view):
        expected = oracle.answer(view, seg)
        found = heard(it.fork(), seg)
        assert found == expected, f"{view}\n{seg}"
        if "R" in seg.flags:
            assert found[0] is None or found[0][0] == "ACK", "no RST answers a RST"
        count += 1
    return count


@pytest.mark.parametrize(("state", "passive"), STARTS, ids=str)
def test_every_flag_set_everywhere(state: State, passive: bool | None, numbers: tuple[int, int]) -> None:
    tried = 0
    for rfc5961 in (True, False):
        knobs: dict[str, Any] = {"passive": passive, "challenge_ack_limit": 1_000_000}
        knobs |= dict.fromkeys(("challenge_rst", "challenge_syn", "challenge_ack"), rfc5961)
        tried += compare(reach(state, numbers, **knobs), rfc5961=rfc5961)
        if state in SYNCHRONIZED and state is not State.FIN_WAIT_2 and state is not State.TIME_WAIT:
            tried += compare(reach(state, numbers, flight=FLIGHT, **knobs), rfc5961=rfc5961)
    assert tried >= {CLOSED: 2 * 16, LISTEN: 2 * 16, SYN_SENT: 2 * 16}.get(state, 2 * 16 * 2 * 10)


@pytest.mark.parametrize("state", [state for state in SYNCHRONIZED if state.receives_text])
def test_every_flag_set_with_a_zero_window(state: State, numbers: tuple[int, int]) -> None:
    it = reach(state, numbers, challenge_ack_limit=1_000_000)
    it.arrives("ACK", text=it.end.rcv_wnd)
    assert it.end.rcv_wnd == 0
    compare(it, rfc5961=True)
