"""A second reading of RFC 9293 3.10.7, written from its text: what a segment is answered with, and the state.

It shares nothing with the code it judges: sequence numbers here are unbounded integers relative to
the ISS and the IRS, so that nothing wraps, and flags are a set of letters. It covers connections with
nothing left to send, ACKs at once, and a receive buffer with room for all that comes.

Where section 3.10.7 leaves a choice, or the code states that it differs, the choice stands here as
"CHOICE" with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class View:
    """What the RFC's checks ask of a TCB; all numbers relative to our ISS, or to the peer's IRS."""

    state: str
    passive: bool
    una: int
    nxt: int
    rcv_nxt: int
    rcv_wnd: int
    fin_sent: bool
    max_snd_wnd: int
    rfc5961: bool


@dataclass(frozen=True)
class Seg:
    """An arriving segment: letters of S, A, F, R; `seq` relative to the IRS, `ack` to our ISS."""

    flags: frozenset[str]
    seq: int
    ack: int
    size: int
    repeated: bool = False
    """Whether a part of it was trimmed off because it had come before."""

    @property
    def length(self) -> int:
        """SEG.LEN."""
        return self.size + ("S" in self.flags) + ("F" in self.flags)


Reply = tuple[str, int, int] | None
"""Control bits, sequence number, acknowledgment number; of a RST,ACK the sequence number zero."""
Answer = tuple[Reply, str]


def answer(view: View, seg: Seg) -> Answer:
    """Return the reply to a segment, and the state after it."""
    if view.state == "CLOSED":
        return closed(seg)
    if view.state == "LISTEN":
        return listen(seg)
    if view.state == "SYN-SENT":
        return syn_sent(view, seg)
    return other(view, seg)


# ------------------------------------------------------------------ 3.10.7.1


def reset_for(seg: Seg) -> Reply:
    if "A" in seg.flags:
        return ("RST", seg.ack, 0)
    return ("RST,ACK", 0, seg.seq + seg.length)


def closed(seg: Seg) -> Answer:
    return (None if "R" in seg.flags else reset_for(seg)), "CLOSED"


# ------------------------------------------------------------------ 3.10.7.2


def listen(seg: Seg) -> Answer:
    if "R" in seg.flags:
        return None, "LISTEN"
    if "A" in seg.flags:
        return ("RST", seg.ack, 0), "LISTEN"
    if "S" in seg.flags:
        return ("SYN,ACK", 0, seg.seq + 1), "SYN-RECEIVED"
    return None, "LISTEN"


# ------------------------------------------------------------------ 3.10.7.3


def syn_sent(view: View, seg: Seg) -> Answer:
    acceptable = "A" in seg.flags and 0 < seg.ack <= view.nxt
    if "A" in seg.flags and not acceptable:
        return (None if "R" in seg.flags else ("RST", seg.ack, 0)), "SYN-SENT"
    if "R" in seg.flags:
        return None, ("CLOSED" if acceptable else "SYN-SENT")
    if "S" not in seg.flags:
        return None, "SYN-SENT"
    if not acceptable:
        return ("SYN,ACK", 0, seg.seq + 1), "SYN-RECEIVED"
    # "continue processing at the sixth step": the text and the FIN beside the SYN, all of it in the window.
    state = "CLOSE-WAIT" if "F" in seg.flags else "ESTABLISHED"
    return ("ACK", view.nxt, seg.seq + seg.length), state


# ------------------------------------------------------------------ 3.10.7.4


def table_6(view: View, seg: Seg) -> bool:
    low, high = view.rcv_nxt, view.rcv_nxt + view.rcv_wnd
    if seg.length == 0:
        return seg.seq == low if view.rcv_wnd == 0 else low <= seg.seq < high
    if view.rcv_wnd == 0:
        return False
    return low <= seg.seq < high or low <= seg.seq + seg.length - 1 < high


def other(view: View, seg: Seg) -> Answer:
    state = view.state
    ack = ("ACK", view.nxt, view.rcv_nxt)
    low, high = view.rcv_nxt, view.rcv_nxt + view.rcv_wnd
    inside = low <= seg.seq < high

    # First. 3.5.3: "In all states except SYN-SENT, all reset (RST) segments are validated by
    # checking their SEQ fields"; MUST-66: in a zero window as well. Then the second check.
    if "R" in seg.flags:
        if not (inside or seg.seq == low):
            return None, state
        if view.rfc5961 and seg.seq != low:
            return ack, state
        return None, ("LISTEN" if state == "SYN-RECEIVED" and view.passive else "CLOSED")

    if "S" in seg.flags and state == "SYN-RECEIVED" and seg.seq == 0:
        # CHOICE, A.2: after SYNs have crossed, the ACK of the peer's SYN,ACK counts (Figure 7); any
        # other copy of the SYN is an old duplicate and answered as one, with text or without.
        if not ("A" in seg.flags and view.una < seg.ack <= view.nxt and not view.passive):
            return ack, state
        seg = replace(seg, flags=seg.flags - {"S"}, seq=1)
    elif not table_6(view, seg):
        if view.rcv_wnd == 0 and seg.seq == low and "A" in seg.flags and "S" not in seg.flags:
            # "special allowance should be made to accept valid ACKs": without text and FIN
            reply, after = fifth(view, replace(seg, flags=frozenset("A"), size=0))
            return (reply or ack), after
        return ack, state
    elif "S" in seg.flags:
        # Fourth. A SYN outside the window is trimmed off like everything out there, but RFC 5961
        # challenges "irrespective of the sequence number" in the synchronized states.
        to_listen = state == "SYN-RECEIVED" and view.passive
        if inside and to_listen:
            return None, "LISTEN"
        if view.rfc5961 and not to_listen:
            return ack, state
        if inside:
            return ("RST,ACK", view.nxt, low), "CLOSED"
        seg = replace(seg, flags=seg.flags - {"S"}, seq=seg.seq + 1)

    if "A" not in seg.flags:
        return None, state
    return fifth(view, trimmed(seg, low, high))


def trimmed(seg: Seg, low: int, high: int) -> Seg:
    """Only what lies in the window: octets of text and the FIN, each with its number."""
    numbers = [n for n in range(seg.seq, seg.seq + seg.size) if low <= n < high]
    fin = seg.seq + seg.size
    flags = seg.flags if low <= fin < high else seg.flags - {"F"}
    return Seg(flags, numbers[0] if numbers else max(seg.seq, low), seg.ack, len(numbers), seg.seq < low)


def fifth(view: View, seg: Seg) -> Answer:
    state = view.state
    ack = ("ACK", view.nxt, view.rcv_nxt)
    if state == "SYN-RECEIVED":
        if not view.una < seg.ack <= view.nxt:
            return ("RST", seg.ack, 0), state
        return text_and_fin(view, seg, "ESTABLISHED")
    if seg.ack > view.nxt or (view.rfc5961 and seg.ack < view.una - view.max_snd_wnd):
        return ack, state
    if view.fin_sent and seg.ack == view.nxt:
        if state == "LAST-ACK":
            return None, "CLOSED"
        state = {"FIN-WAIT-1": "FIN-WAIT-2", "CLOSING": "TIME-WAIT"}.get(state, state)
    return text_and_fin(view, seg, state)


def text_and_fin(view: View, seg: Seg, state: str) -> Answer:
    """Seventh and eighth."""
    fin = "F" in seg.flags
    if state not in ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"):
        # CHOICE: a FIN beyond the peer's FIN can't be; it is answered, but RCV.NXT does not move over it.
        # CHOICE: what had come before is answered, since our ACK of it may be lost.
        return (("ACK", view.nxt, view.rcv_nxt) if fin or seg.repeated else None), state
    if seg.length == 0:
        return None, state
    if seg.seq != view.rcv_nxt:  # beyond a hole: MAY-13, an ACK at once
        return ("ACK", view.nxt, view.rcv_nxt), state
    if fin:
        state = {"ESTABLISHED": "CLOSE-WAIT", "FIN-WAIT-1": "CLOSING", "FIN-WAIT-2": "TIME-WAIT"}[state]
    return ("ACK", view.nxt, view.rcv_nxt + seg.length), state
