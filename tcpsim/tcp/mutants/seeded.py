"""The seeded bugs: mutants that a search through all interleavings has to catch, each with the property it breaks.

Rule 1. A bug that somebody really had names who had it; each is one mutant of the catalogue, and stands here once.
Rule 2. The property is the one that an exploration finds broken first, with the fewest faults and then the fewest
        steps; that others fall with it is no mistake.
Rule 3. Nothing here knows what a property is: its number in the catalogue of properties is enough.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Seeded(NamedTuple):
    """One seeded bug.

    Attributes:
        mutant: its name in the catalogue of mutants.
        property: the number of the property that catches it: `I1`.
        bug: the bug, in a few words, and whose it was.
    """

    mutant: str
    property: str
    bug: str


SEEDED: Final = (
    Seeded("no-ack-check-in-syn-sent", "I1", "no check of the ACK in SYN-SENT"),
    Seeded("duplicate-delivered-twice", "I2", "the same octets delivered twice"),
    Seeded("syn-data-delivered-early", "I2", "an old SYN's data delivered, and again (T/TCP)"),
    Seeded("out-of-order-acceptance", "I2", "out-of-order acceptance"),
    Seeded("window-ignored", "A7", "window overrun"),
    Seeded("window-shrunk", "I6", "window shrunk"),
    Seeded("stale-window", "A7", "the window of an old segment"),
    Seeded("fin-wait-1-to-last-ack", "A8", "an edge of no diagram in a simultaneous close (smoltcp 279)"),
    Seeded("fin-before-hole", "A9", "FIN taken before a hole (smoltcp 112)"),
    Seeded("fin-taken-twice", "A9", "FIN taken twice"),
    Seeded("text-after-fin", "A9", "data delivered after the FIN"),
    Seeded("ack-of-fin-unchecked", "A10", "LAST-ACK left with any ACK (smoltcp 470)"),
    Seeded("close-without-fin", "L11", "CLOSE in CLOSE-WAIT never sends a FIN"),
    Seeded("silent-in-closing", "L22b", "CLOSING never sends its FIN (smoltcp 398)"),
    Seeded("same-isn", "I12", "sequence numbers used again"),
    Seeded("blind-rst", "A13", "blind reset"),
    Seeded("rst-answered-by-rst", "A14", "endless resets (picotcp 142, PyTCP 5)"),
    Seeded("ack-answered-by-ack", "L15", "ACK loops (Linux, 2015)"),
    Seeded("unlimited-challenges", "A15b", "challenge ACKs without a bound"),
    Seeded("blind-data", "A16", "blind injection: an ACK that is too old"),
    Seeded("unsent-ack-believed", "A16", "blind injection: an ACK of what was never sent"),
    Seeded("blind-syn", "A16", "a SYN in the window resets"),
    Seeded("no-challenge-ack", "A13", "RFC 793's belief in what is in the window"),
    Seeded("one-msl", "A17", "early reuse: 1 MSL"),
    Seeded("no-time-wait", "A17", "early reuse: no TIME-WAIT"),
    Seeded("no-time-wait-restart", "A17", "early reuse: 2 MSL counted from the first FIN"),
    Seeded("time-wait-heeds-rst", "A18", "assassination, against the knob"),
    Seeded("assassination", "A18", "assassination"),
    Seeded("reuse-time-wait-always", "A18", "an old SYN ends TIME-WAIT"),
    Seeded("no-paws", "A19", "old timestamps taken"),
    Seeded("negotiation-one-sided", "I19b", "window scaling that only one end has offered"),
    Seeded("scaled-syn-window", "A7", "the window of a SYN scaled"),
    Seeded("no-persist", "I20b", "deadlock: a zero window never probed, and its update lost"),
    Seeded("no-timer-in-close-wait", "I21", "no timer in CLOSE-WAIT (utcp 24)"),
    Seeded("no-timer-in-closing", "I21", "no timer in CLOSING and LAST-ACK (smoltcp 398)"),
    Seeded("never-gives-up", "L22c", "retransmission without an end"),
    Seeded("fin-resent-for-ever", "L22b", "FIN resent for ever (shadow 3573)"),
    Seeded("no-backoff", "L22b", "retransmission without backing off"),
    Seeded("silent-to-unacceptable", "A30", "a half-open connection that is never told"),
    Seeded("rst-ignored", "A13", "a half-open connection that does not listen"),
    Seeded("fin-not-counted", "A9", "FIN not counted in SEG.LEN"),
    Seeded("fin-not-retransmitted", "L22b", "FIN not retransmitted"),
    Seeded("syn-ack-not-retransmitted", "L22b", "SYN,ACK not retransmitted"),
    Seeded("tcb-not-deleted", "L24", "leaks: a TCB"),
    Seeded("timer-left-running", "L25", "leaks: a timer"),
    Seeded("close-with-unread-sends-fin", "A26", "CLOSE with unread data and no RST (RFC 2525 2.17)"),
    Seeded("wrong-reset-numbers", "A27", "wrong numbers in the RST from CLOSED"),
    Seeded("closed-port-silent", "A27", "no RST from CLOSED"),
    Seeded("ack-in-listen-ignored", "A27", "no RST from LISTEN"),
    Seeded("crossed-syn-ack-ignored", "L28", "no simultaneous open (the TLA+ model)"),
    Seeded("simultaneous-open-refused", "A28b", "no simultaneous open, and a RST"),
    Seeded("passive-stays-syn-received", "A29", "RST ignored in SYN-RECEIVED (Linux 2.4, by CMC)"),
    Seeded("rst-closes-listener", "A29", "RST in SYN-RECEIVED closes the listener"),
    Seeded("forgets-who-opened", "A29", "RST in SYN-RECEIVED makes a listener"),
    Seeded("cwnd-grows-on-duplicates", "A30", "cwnd grows on duplicates (Linux 2.4, by CMC)"),
    Seeded("two-way-handshake", "I12", "two-way handshake"),
    Seeded("fin-wait-1-to-close-wait", "A8", "FIN-WAIT-1 to CLOSE-WAIT (FreeRTOS-Plus-TCP 1303)"),
    Seeded("new-number-on-retransmission", "L22b", "retransmitting with a new number"),
)
"""Every seeded bug: from numbers over windows, closing, resets and timers to who opened."""
