"""The catalogue of reasons: every action of an endpoint names one of these rules.

A rule has an id, the paragraph it stands in, the numbered requirement where RFC 9293 gives one, and
one plain sentence for a learner. Here is the only place where such a sentence is written; the code
that acts names the rule, and `explain`, tooltips and coverage read it.
"""

from __future__ import annotations

from typing import Final


class Rule:
    """One reason, immutable and unique: compare with `is`.

    Attributes:
        id: a short name, stable, such as `arrives.first.unacceptable`.
        rfc: the document, such as `RFC 9293`.
        section: the section in it, such as `3.10.7.4, first`.
        requirement: `MUST-15`, `SHLD-2`, `MAY-3`, or "".
        sentence: what the rule says, in one plain sentence.
    """

    __slots__ = ("id", "requirement", "rfc", "section", "sentence")

    def __init__(self, id: str, rfc: str, section: str, requirement: str, sentence: str) -> None:
        self.id = id
        self.rfc = rfc
        self.section = section
        self.requirement = requirement
        self.sentence = sentence

    @property
    def cite(self) -> str:
        """Where the rule stands: `RFC 9293 3.10.7.4, first` or `RFC 9293 3.7.1, MUST-15`."""
        place = f"{self.rfc} {self.section}"
        return f"{place}, {self.requirement}" if self.requirement else place

    def __repr__(self) -> str:
        return f"<Rule {self.id}>"


CATALOGUE: Final[dict[str, Rule]] = {}
"""Every rule by its id, in the order of this file."""


def _rule(id: str, cite: str, sentence: str, requirement: str = "") -> Rule:
    """Enter a rule into the catalogue; `cite` is the document and section in one."""
    rfc, number, section = cite.split(" ", 2)
    assert id not in CATALOGUE, f"two rules are called {id}"
    rule = CATALOGUE[id] = Rule(id, f"{rfc} {number}", section, requirement, sentence)
    return rule


# ------------------------------------------------------------------ user calls

OPEN_PASSIVE: Final = _rule(
    "open.passive", "RFC 9293 3.10.1", "A passive OPEN creates a TCB and waits in LISTEN for a connection request."
)
OPEN_ACTIVE: Final = _rule(
    "open.active", "RFC 9293 3.10.1",
    "An active OPEN selects an initial send sequence number and sends a SYN.",
)  # fmt: skip
OPEN_FROM_LISTEN: Final = _rule(
    "open.from-listen", "RFC 9293 3.10.1, LISTEN STATE",
    "An active OPEN on a listening connection changes it from passive to active and sends a SYN.",
)  # fmt: skip
SEND_FROM_LISTEN: Final = _rule(
    "send.from-listen", "RFC 9293 3.10.2, LISTEN STATE",
    "A SEND on a listening connection with a specified remote socket makes it active and sends a SYN.",
)  # fmt: skip
RECEIVE_ANSWERED: Final = _rule("receive.answered", "RFC 9293 3.10.3", "Queued data answers the RECEIVE.")
CLOSE_LISTEN: Final = _rule("close.listen", "RFC 9293 3.10.4, LISTEN STATE", "CLOSE in LISTEN deletes the TCB.")
CLOSE_SYN_SENT: Final = _rule(
    "close.syn-sent", "RFC 9293 3.10.4, SYN-SENT STATE",
    "CLOSE in SYN-SENT deletes the TCB; queued calls are returned with error: closing.",
)  # fmt: skip
CLOSE_ACTIVE: Final = _rule(
    "close.active", "RFC 9293 3.10.4, ESTABLISHED STATE",
    "CLOSE is queued until all preceding SENDs are segmentized, then a FIN is sent; FIN-WAIT-1 is entered in any case.",
)  # fmt: skip
CLOSE_SYN_RECEIVED: Final = _rule(
    "close.syn-received", "RFC 9293 3.10.4, SYN-RECEIVED STATE",
    "CLOSE in SYN-RECEIVED with nothing to send sends a FIN at once.",
)  # fmt: skip
CLOSE_QUEUED: Final = _rule(
    "close.queued", "RFC 9293 3.10.4, SYN-RECEIVED STATE",
    "A CLOSE behind queued data in SYN-RECEIVED takes effect when ESTABLISHED is reached.",
)  # fmt: skip
CLOSE_UNREAD: Final = _rule(
    "close.unread",
    "RFC 9293 3.6.1",
    "CLOSE while received data is unread sends a RST to show that data was lost.",
    "SHLD-3",
)
LINGER_ZERO: Final = _rule(
    "close.linger-zero",
    "RFC 9293 3.9.1.6",
    "CLOSE with a linger time of zero is an ABORT: a RST, and the TCB is removed.",
)
LINGER_TIMER: Final = _rule(
    "close.linger-started", "RFC 9293 3.9.1.4", "CLOSE gives queued data the linger time to be delivered."
)
LINGER_EXPIRED: Final = _rule(
    "close.linger-expired", "RFC 9293 3.9.1.4",
    "The closing side could not get rid of its data in time: CLOSE turns into ABORT.",
)  # fmt: skip
ABORT_RESET: Final = _rule(
    "abort.reset", "RFC 9293 3.10.5", "ABORT sends a RST, flushes all queues and deletes the TCB."
)
ABORT_QUIET: Final = _rule(
    "abort.quiet", "RFC 9293 3.10.5", "ABORT deletes the TCB; in this state the peer needs no RST."
)
DROPPED: Final = _rule(
    "call.dropped", "RFC 9293 3.10.5", "The TCB is deleted unheard: a RST will answer what the peer sends next."
)
CALL_RETURNED: Final = _rule(
    "call.returned", "RFC 9293 3.10", "An outstanding call is returned because its connection has ended."
)

# ------------------------------------------------------------------ SEGMENT ARRIVES: CLOSED, LISTEN, SYN-SENT

CLOSED_RST_IGNORED: Final = _rule(
    "closed.rst-ignored",
    "RFC 9293 3.10.7.1",
    "A RST for a connection that does not exist is discarded: no RST answers a RST.",
)
CLOSED_RESET: Final = _rule(
    "closed.reset", "RFC 9293 3.10.7.1",
    "A segment for a connection that does not exist is answered with a RST that its sender can accept.",
)  # fmt: skip
LISTEN_RST_IGNORED: Final = _rule(
    "listen.rst-ignored",
    "RFC 9293 3.10.7.2, first",
    "A RST in LISTEN can't be meant for this incarnation and is ignored.",
)
LISTEN_CROWDED: Final = _rule(
    "listen.crowded", "RFC 9293 3.10.7.2", "As many connections as the listener may keep wait to be accepted already."
)
PAWS_PER_HOST: Final = _rule(
    "listen.paws-per-host", "RFC 7323 B.2",
    "The timestamp of the SYN is older than what came last from this address: it is taken for an old duplicate.",
)  # fmt: skip
SYN_QUEUE_FULL: Final = _rule(
    "listen.syn-queue-full", "RFC 4987 2.2",
    "The backlog of half-open connections is exhausted: the SYN is dropped in silence, and its sender tries again.",
)  # fmt: skip
ACCEPT_QUEUE_FULL: Final = _rule(
    "listen.accept-queue-full", "RFC 4987 2.2",
    "No room is left among those that wait to be accepted: the ACK is ignored, and the SYN,ACK will go again.",
)  # fmt: skip
ACCEPT_QUEUE_RESETS: Final = _rule(
    "listen.accept-queue-resets", "RFC 4987 2.2",
    "No room is left among those that wait to be accepted, and this host tells the peer so: a RST.",
)  # fmt: skip
COOKIE_SENT: Final = _rule(
    "cookie.sent", "RFC 4987 3.6",
    "The SYN is answered, and forgotten: what has to be known of it is in the ISS, as a cookie.",
)  # fmt: skip
COOKIE_TAKEN: Final = _rule(
    "cookie.taken", "RFC 4987 3.6",
    "The ACK returns a cookie of ours: what the SYN said is recovered from it, as if the SYN had only come now.",
)  # fmt: skip
COOKIE_BAD: Final = _rule(
    "cookie.bad", "RFC 4987 3.6",
    "What the ACK acknowledges is no cookie of ours, or one too old: it is answered with a RST, as any ACK in LISTEN.",
)  # fmt: skip
LISTEN_ACK_RESET: Final = _rule(
    "listen.ack-reset", "RFC 9293 3.10.7.2, second", "Any acknowledgment in LISTEN is bad: it is answered with a RST."
)
LISTEN_SYN: Final = _rule(
    "listen.syn", "RFC 9293 3.10.7.2, third", "A SYN in LISTEN is answered with SYN,ACK; it uses one sequence number."
)
FAST_OPEN_SYN: Final = _rule(
    "fast-open.syn", "RFC 7413 4.2.2", "A client that has the server's cookie shows it in its SYN, with data beside it."
)
FAST_OPEN_COOKIE: Final = _rule(
    "fast-open.cookie", "RFC 7413 4.2.1",
    "A SYN that asks for a cookie, or shows a wrong one, is answered with the right one; its data is not taken.",
)  # fmt: skip
FAST_OPEN_TAKEN: Final = _rule(
    "fast-open.taken", "RFC 7413 4.2.2",
    "The cookie is good: the data of the SYN is handed over before the handshake is complete, and acknowledged.",
)  # fmt: skip
FAST_OPEN_REPEATED: Final = _rule(
    "fast-open.repeated", "RFC 7413 4.2.2",
    "The SYN,ACK acknowledges the SYN without its data: the server has not taken it, and it is sent again at once.",
)  # fmt: skip
SYN_FIN_DROPPED: Final = _rule(
    "arrives.syn-fin", "RFC 9293 3.10.7.2, third",
    "SYN and FIN in one segment are legal, but hardly ever honest: this host drops such a segment.",
)  # fmt: skip
LISTEN_OTHER: Final = _rule(
    "listen.other",
    "RFC 9293 3.10.7.2, fourth",
    "A segment without RST, ACK and SYN means nothing in LISTEN and is dropped.",
)
SYN_SENT_BAD_ACK: Final = _rule(
    "syn-sent.bad-ack", "RFC 9293 3.10.7.3, first",
    "The ACK does not acknowledge our SYN: it belongs to another incarnation, and a RST tells its sender so.",
)  # fmt: skip
SYN_SENT_BAD_ACK_RST: Final = _rule(
    "syn-sent.bad-ack-rst",
    "RFC 9293 3.10.7.3, first",
    "A RST with an ACK that does not acknowledge our SYN is dropped.",
)
SYN_SENT_REFUSED: Final = _rule(
    "syn-sent.refused", "RFC 9293 3.10.7.3, second", "A RST that acknowledges our SYN: the connection is refused."
)
SYN_SENT_RST_IGNORED: Final = _rule(
    "syn-sent.rst-ignored", "RFC 9293 3.10.7.3, second", "A RST without an ACK could come from anybody and is dropped."
)
SYN_SENT_SYN_ACK: Final = _rule(
    "syn-sent.syn-ack",
    "RFC 9293 3.10.7.3, fourth",
    "Our SYN is acknowledged and the peer's has come: ESTABLISHED, and an ACK.",
)
SYN_SENT_SYN: Final = _rule(
    "syn-sent.syn", "RFC 9293 3.10.7.3, fourth",
    "A SYN without an ACK crossed ours: simultaneous open, answered with SYN,ACK.",
)  # fmt: skip
SYN_SENT_OTHER: Final = _rule(
    "syn-sent.other", "RFC 9293 3.10.7.3, fifth", "A segment with neither SYN nor RST is dropped in SYN-SENT."
)

# ------------------------------------------------------------------ SEGMENT ARRIVES: the other states, check by check

UNACCEPTABLE: Final = _rule(
    "first.unacceptable", "RFC 9293 3.10.7.4, first",
    "The segment lies outside the receive window: it is dropped and answered with an ACK that says what is expected.",
)  # fmt: skip
UNACCEPTABLE_RST: Final = _rule(
    "first.unacceptable-rst", "RFC 9293 3.10.7.4, first", "A RST outside the receive window is dropped in silence."
)
ZERO_WINDOW_ANSWERED: Final = _rule(
    "first.zero-window", "RFC 9293 3.8.6.1",
    "With a zero window text is not taken, but it is answered with an ACK that shows the window, and its ACK counts.",
)  # fmt: skip
PAWS: Final = _rule(
    "first.paws", "RFC 7323 5.3 (R1)",
    "The timestamp is older than the last one: an old duplicate, which is dropped and answered with an ACK.",
)  # fmt: skip
NO_TIMESTAMPS: Final = _rule(
    "first.no-timestamps", "RFC 7323 3.2",
    "Timestamps were agreed on and the segment has none: it is dropped in silence.",
)  # fmt: skip
TRIMMED: Final = _rule(
    "first.trimmed",
    "RFC 9293 3.10.7.4, first",
    "Only the part of the segment that is new and inside the window is used.",
)
SYN_ACK_CROSSED: Final = _rule(
    "first.syn-ack-crossed", "RFC 9293 3.5, Figure 7",
    "After SYNs have crossed, the peer's SYN,ACK repeats its SYN; the ACK beside it counts.", "MUST-10",
)  # fmt: skip
DUPLICATE_SYN_ANSWERED: Final = _rule(
    "first.duplicate-syn", "RFC 9293 3.8.1", "The SYN came again, so our SYN,ACK may be lost: it is sent again."
)
FIN_AGAIN: Final = _rule(
    "first.fin-again", "RFC 9293 3.10.7.4, fifth",
    "The peer's FIN came again, so our last ACK is lost: it is acknowledged again and 2 MSL start anew.",
)  # fmt: skip
OLD_ACK_COUNTS: Final = _rule(
    "first.old-ack-counts",
    "RFC 9293 A.2",
    "What acknowledges across two zero windows bears old numbers: its ACK counts, lest both ends refuse it for ever.",
)
RST_CHALLENGED: Final = _rule(
    "second.challenged",
    "RFC 9293 3.10.7.4, second",
    "A RST inside the window, but not at RCV.NXT, is challenged with an ACK.",
)
RST_TO_LISTEN: Final = _rule(
    "second.to-listen", "RFC 9293 3.10.7.4, second",
    "A RST in SYN-RECEIVED after a passive OPEN returns the connection to LISTEN; the user need not know.",
)  # fmt: skip
RST_REFUSED: Final = _rule(
    "second.refused",
    "RFC 9293 3.10.7.4, second",
    "A RST in SYN-RECEIVED after an active OPEN: the connection was refused.",
)
RST_ABORTS: Final = _rule(
    "second.aborts",
    "RFC 9293 3.10.7.4, second",
    "A valid RST ends the connection: queues are flushed and the user is told.",
)
RST_ENDS: Final = _rule("second.ends", "RFC 9293 3.10.7.4, second", "A valid RST after both FINs deletes the TCB.")
RST_IGNORED_TIME_WAIT: Final = _rule(
    "second.time-wait-ignored", "RFC 1337 3", "A RST in TIME-WAIT is ignored, so that it can't end TIME-WAIT early."
)
SYN_TO_LISTEN: Final = _rule(
    "fourth.to-listen", "RFC 9293 3.10.7.4, fourth", "A new SYN in SYN-RECEIVED after a passive OPEN returns to LISTEN."
)
SYN_CHALLENGED: Final = _rule(
    "fourth.challenged", "RFC 9293 3.10.7.4, fourth",
    "A SYN on a synchronized connection is challenged with an ACK: a peer that did restart answers with a RST.",
)  # fmt: skip
SYN_IN_WINDOW_RESETS: Final = _rule(
    "fourth.resets",
    "RFC 9293 3.10.7.4, fourth",
    "Without RFC 5961, a SYN in the window is an error: RST, and the TCB is deleted.",
)
CHALLENGE_LIMITED: Final = _rule(
    "challenge.limited",
    "RFC 5961 7",
    "The challenge ACKs of this period are used up: the segment is dropped in silence.",
)
NEW_INCARNATION: Final = _rule(
    "time-wait.new-incarnation",
    "RFC 9293 3.6.1",
    "A SYN beyond the old sequence numbers may open a new incarnation.",
    "MAY-2",
)
TIME_WAIT_UNEXPECTED: Final = _rule(
    "time-wait.unexpected", "RFC 9293 3.6.1",
    "In TIME-WAIT, this host answers every segment with an ACK that is not the one expected, in the window or not.",
)  # fmt: skip
TIME_WAIT_EXPECTED: Final = _rule(
    "time-wait.expected", "RFC 9293 3.6.1",
    "In TIME-WAIT, an empty ACK with the expected numbers says nothing new and is not answered.",
)  # fmt: skip
NO_ACK: Final = _rule("fifth.no-ack", "RFC 9293 3.10.7.4, fifth", "A segment without an ACK is dropped.")
ACK_TOO_OLD: Final = _rule(
    "fifth.too-old", "RFC 9293 3.10.7.4, fifth",
    "The ACK lies below SND.UNA - MAX.SND.WND: nobody who saw our segments sends it, so it is challenged.", "MAY-12",
)  # fmt: skip
ACK_UNSENT: Final = _rule(
    "fifth.unsent",
    "RFC 9293 3.10.7.4, fifth",
    "The ACK acknowledges what was not sent yet: it is dropped and answered with an ACK.",
)
ACK_BAD_SYN_RECEIVED: Final = _rule(
    "fifth.syn-received-bad",
    "RFC 9293 3.10.7.4, fifth",
    "In SYN-RECEIVED an ACK that does not acknowledge our SYN is answered with a RST.",
)
ACK_OF_SYN: Final = _rule(
    "fifth.ack-of-syn", "RFC 9293 3.10.7.4, fifth", "Our SYN is acknowledged: the connection is ESTABLISHED."
)
ACK_OF_FIN: Final = _rule("fifth.ack-of-fin", "RFC 9293 3.10.7.4, fifth", "Our FIN is acknowledged.")
ACK_OF_FIN_CLOSES: Final = _rule(
    "fifth.closes",
    "RFC 9293 3.10.7.4, fifth",
    "In LAST-ACK the ACK of our FIN ends the connection: the TCB is deleted.",
)
URGENT_BEGINS: Final = _rule(
    "sixth.urgent",
    "RFC 9293 3.8.5",
    "The urgent pointer moved ahead of what was read: the user is told.",
    "MUST-32",
)
URGENT_ADVANCES: Final = _rule(
    "sixth.urgent-advances",
    "RFC 9293 3.8.5",
    "The urgent pointer moved further ahead: the user is told again.",
    "MUST-32",
)
URGENT_ENDS: Final = _rule(
    "sixth.urgent-ends", "RFC 9293 3.8.5", "What was read caught up with the urgent pointer: back to normal mode."
)
URGENT_IGNORED: Final = _rule(
    "sixth.ignored", "RFC 9293 3.10.7.4, sixth", "After the peer's FIN an urgent pointer is ignored."
)
TEXT_DELIVERED: Final = _rule(
    "seventh.delivered",
    "RFC 9293 3.10.7.4, seventh",
    "Text in sequence is handed to the user, and RCV.NXT moves over it.",
)
TEXT_READABLE: Final = _rule(
    "seventh.readable", "RFC 9293 3.10.7.4, seventh", "Text in sequence is buffered until the user asks for it."
)
TEXT_HELD: Final = _rule(
    "seventh.held", "RFC 9293 3.10.7.4, first", "Text beyond a hole is held until the hole is filled.", "SHLD-31"
)
TEXT_AFTER_FIN: Final = _rule(
    "seventh.after-fin", "RFC 9293 3.10.7.4, seventh", "After the peer's FIN there can be no text: it is ignored."
)
TEXT_AFTER_CLOSE: Final = _rule(
    "seventh.after-close", "RFC 9293 3.6.1", "Data came after a full CLOSE: a RST shows that it is lost.", "SHLD-3"
)
FIN_TAKEN: Final = _rule(
    "eighth.fin",
    "RFC 9293 3.10.7.4, eighth",
    "The peer's FIN is taken: RCV.NXT moves over it, the user is told, an ACK is sent.",
)
FIN_BEYOND_FIN: Final = _rule(
    "eighth.beyond-fin", "RFC 9293 3.10.7.4, eighth",
    "After the peer's FIN there can be no other: the state remains, and an ACK says what is expected.",
)  # fmt: skip
FIN_HELD: Final = _rule(
    "eighth.fin-held", "RFC 9293 3.10.7.4, first", "A FIN beyond a hole waits until the hole is filled.", "SHLD-31"
)

# ------------------------------------------------------------------ acknowledging

ACK_QUICKLY: Final = _rule(
    "ack.quick", "RFC 5681 4.2",
    "The first segments of a connection are acknowledged at once, so that the sender's window opens quickly.",
)  # fmt: skip
ACK_AT_ONCE: Final = _rule(
    "ack.at-once",
    "RFC 9293 3.10.7.4, seventh",
    "Text that was taken is acknowledged at once: delayed ACKs are turned off.",
)
ACK_EVERY_SECOND: Final = _rule(
    "ack.second-segment", "RFC 9293 3.8.6.3", "At least every second segment is acknowledged.", "SHLD-19"
)
ACK_OUT_OF_ORDER: Final = _rule(
    "ack.out-of-order",
    "RFC 5681 4.2",
    "A segment beyond a hole is answered at once with a duplicate ACK, so that the sender sees the loss.",
)
ACK_REPEATED: Final = _rule(
    "ack.repeated", "RFC 9293 3.10.7.4, first",
    "Part of the segment was received before, so an ACK of ours may be lost: it is acknowledged at once.",
)  # fmt: skip
ACK_HOLE_FILLED: Final = _rule(
    "ack.hole-filled", "RFC 5681 4.2", "A segment that fills a hole is acknowledged at once."
)
ACK_DELAYED: Final = _rule(
    "ack.delayed",
    "RFC 9293 3.8.6.3",
    "The acknowledgment waits a moment for data or a second segment to travel with.",
    "SHLD-18",
)
ACK_DELAY_OVER: Final = _rule(
    "ack.delay-over", "RFC 9293 3.8.6.3", "An acknowledgment may be delayed, but by less than half a second.", "MUST-40"
)
ACK_PIGGYBACKED: Final = _rule(
    "ack.piggybacked", "RFC 9293 3.10.7.4, seventh", "The acknowledgment travels on a segment that is sent anyway."
)
WINDOW_UPDATE: Final = _rule(
    "ack.window-update",
    "RFC 9293 3.8.6.2.2",
    "Reading made enough room to move the right window edge: the peer is told.",
    "MUST-39",
)

# ------------------------------------------------------------------ sending

SEND_DATA: Final = _rule("send.data", "RFC 9293 3.8.6.2.1 (1)", "A full-sized segment can be sent within the windows.")
SEND_PUSHED: Final = _rule(
    "send.pushed", "RFC 9293 3.8.6.2.1 (2)", "All queued data is pushed and fits the window, so it is sent."
)
SEND_FRACTION: Final = _rule(
    "send.fraction", "RFC 9293 3.8.6.2.1 (3)", "At least half of the largest window seen can be filled, so it is."
)
SEND_OVERRIDE: Final = _rule(
    "send.override",
    "RFC 9293 3.8.6.2.1 (4)",
    "Data was held back long enough: the override timeout sends it.",
)
SEND_ASKED: Final = _rule(
    "send.asked", "RFC 9293 3.9.1.2", "The user asks that what waits for more to join it be sent now.", "MAY-16"
)
SEND_RECORD: Final = _rule(
    "send.record", "RFC 9293 3.7.4", "The end of a record goes by itself: no later data may join it.", "SHLD-7"
)
SEND_FIN: Final = _rule(
    "send.fin",
    "RFC 9293 3.10.4",
    "All data is segmentized, so the FIN of the CLOSE goes out; it uses one sequence number.",
)
SEND_FIN_LAST_ACK: Final = _rule(
    "send.fin-last-ack",
    "RFC 9293 3.10.4, CLOSE-WAIT STATE",
    "The FIN of the CLOSE in CLOSE-WAIT has been sent: LAST-ACK.",
)
LIMITED_TRANSMIT: Final = _rule(
    "send.limited-transmit",
    "RFC 3042 2",
    "A duplicate ACK says that a segment left the network, so a new one may enter it.",
)
HOLD_SMALL: Final = _rule(
    "send.hold",
    "RFC 9293 3.8.6.2.1",
    "Too little to send for now: the override timeout watches that it does not wait for ever.",
    "MUST-38",
)

# ------------------------------------------------------------------ timers and retransmission

RTO_STARTED: Final = _rule(
    "rto.started", "RFC 6298 5 (5.1)", "Something that must be acknowledged was sent and the timer was off: it starts."
)
RTO_RESTARTED: Final = _rule(
    "rto.restarted", "RFC 6298 5 (5.3)", "New data was acknowledged: the timer starts anew for what is left."
)
RTO_STOPPED: Final = _rule(
    "rto.stopped", "RFC 6298 5 (5.2)", "All that was sent is acknowledged: the retransmission timer is off."
)
RTO_EXPIRED: Final = _rule(
    "rto.expired",
    "RFC 9293 3.10.8",
    "The retransmission timer expired: the first unacknowledged segment is sent again.",
)
RTO_BACKED_OFF: Final = _rule(
    "rto.backed-off", "RFC 6298 5 (5.5)", "After an expiry the RTO doubles, and the timer starts with it."
)
RETRANSMIT: Final = _rule(
    "rto.retransmit", "RFC 6298 5 (5.4)", "The earliest segment that is not acknowledged is sent again."
)
RETRANSMIT_REST: Final = _rule(
    "rto.retransmit-rest",
    "RFC 5681 3.1",
    "After a timeout, or once the path takes less, what else was outstanding is sent again as slow start allows.",
)
FAST_RETRANSMIT: Final = _rule(
    "fast.retransmit",
    "RFC 5681 3.2",
    "The third duplicate ACK shows a loss: the missing segment is sent again without waiting.",
)
PARTIAL_ACK: Final = _rule(
    "fast.partial-ack", "RFC 6582 3.2", "A partial ACK shows the next hole of the same window: it is filled at once."
)
SACK_RETRANSMIT: Final = _rule(
    "sack.retransmit", "RFC 6675 5 (4.3)",
    "SACK shows that enough has arrived beyond the first missing segment: it is sent again, and recovery begins.",
)  # fmt: skip
SACK_LOST: Final = _rule(
    "sack.lost", "RFC 6675 4, NextSeg (1)",
    "There is room in the pipe: the first hole that is lost, and was not filled yet, is sent again.",
)  # fmt: skip
SACK_NEW_DATA: Final = _rule(
    "sack.new-data", "RFC 6675 4, NextSeg (2)",
    "There is room in the pipe, and nothing lost is left to send again: new data goes.",
)  # fmt: skip
SACK_HOLE: Final = _rule(
    "sack.hole", "RFC 6675 4, NextSeg (3)",
    "There is room in the pipe and no new data for it: a hole is filled that may yet turn out not to be lost.",
)  # fmt: skip
SACK_RESCUE: Final = _rule(
    "sack.rescue", "RFC 6675 4, NextSeg (4)",
    "The pipe has room and there is no hole for it: the last segment goes again, once, as no ACK may tell of its loss.",
)  # fmt: skip
R1_REACHED: Final = _rule(
    "fail.r1", "RFC 9293 3.8.3 (e)", "The same segment was sent R1 times in vain: the user is told.", "SHLD-9"
)
SYN_RETRIES_USED: Final = _rule(
    "fail.syn-retries", "RFC 9293 3.8.3 (c)",
    "The SYN was sent again as often as allowed, in vain: the connection is given up.", "MUST-21",
)  # fmt: skip
R2_REACHED: Final = _rule(
    "fail.r2",
    "RFC 9293 3.8.3 (c)",
    "The same segment was sent in vain for as long as R2 allows: the connection is closed.",
    "MUST-20",
)
USER_TIMEOUT_STARTED: Final = _rule(
    "user-timeout.started", "RFC 9293 3.9.1.1", "Data waits to be delivered: the user timeout runs."
)
USER_TIMEOUT_STOPPED: Final = _rule(
    "user-timeout.stopped", "RFC 9293 3.9.1.1", "Everything is delivered: the user timeout stops."
)
USER_TIMEOUT_EXPIRED: Final = _rule(
    "user-timeout.expired",
    "RFC 9293 3.10.8",
    "The user timeout expired: queues are flushed, the user is told, the TCB is deleted.",
)
PERSIST_STARTED: Final = _rule(
    "persist.started",
    "RFC 9293 3.8.6.1",
    "The peer's window is zero and something waits: it will be probed.",
    "MUST-36",
)
PERSIST_PROBE: Final = _rule(
    "persist.probe", "RFC 9293 3.8.6.1", "A zero window has lasted for an RTO: one octet probes it.", "SHLD-29"
)
PERSIST_BACKED_OFF: Final = _rule(
    "persist.backed-off", "RFC 9293 3.8.6.1", "The interval between probes grows exponentially.", "SHLD-30"
)
PERSIST_STOPPED: Final = _rule(
    "persist.stopped", "RFC 9293 3.8.6.1", "The window is open again, or nothing waits: probing ends."
)
TIME_WAIT_STARTED: Final = _rule(
    "time-wait.started",
    "RFC 9293 3.6.1",
    "The active closer waits for 2 MSL, so that old segments die and the last ACK can be repeated.",
    "MUST-13",
)
TIME_WAIT_OVER: Final = _rule("time-wait.over", "RFC 9293 3.10.8", "2 MSL are over: the TCB is deleted.")
ORPHAN_STARTED: Final = _rule(
    "fin-wait-2.started", "RFC 9293 3.6",
    "Nobody holds the connection any more, and kernels, unlike the RFC, do not wait for ever for the peer's FIN.",
)  # fmt: skip
ORPHAN_OVER: Final = _rule(
    "fin-wait-2.over", "RFC 9293 3.6",
    "The peer has not closed in the time that kernels, unlike the RFC, give it: the TCB is deleted, in silence.",
)  # fmt: skip
HOST_DOWN: Final = _rule(
    "host.down", "RFC 9293 3.5.1", "The host has crashed and is not up again: nobody is there to hear it."
)
QUIET_TIME: Final = _rule(
    "host.quiet-time", "RFC 9293 3.4.3",
    "A host that has lost the memory of its sequence numbers emits no segment for an MSL, not even in answer.",
)  # fmt: skip
KEEPALIVE_STARTED: Final = _rule(
    "keepalive.started", "RFC 9293 3.8.4", "The connection is watched for being idle.", "MUST-26"
)
KEEPALIVE_STOPPED: Final = _rule(
    "keepalive.stopped", "RFC 9293 3.8.4", "The user has turned keep-alives off.", "MUST-24"
)
KEEPALIVE_PROBE: Final = _rule(
    "keepalive.probe", "RFC 9293 3.8.4", "An idle connection is probed with SEG.SEQ = SND.NXT-1 and no data.", "SHLD-12"
)
KEEPALIVE_DEAD: Final = _rule(
    "keepalive.dead", "RFC 9293 3.8.4", "No probe was answered: the peer is taken for dead.", "MUST-29"
)
ICMP_SOFT: Final = _rule(
    "icmp.soft", "RFC 9293 3.9.2.2", "An ICMP error that may pass does not end the connection; the user is told.",
    "MUST-56",
)  # fmt: skip
ICMP_ABORTS: Final = _rule(
    "icmp.aborts", "RFC 9293 3.9.2.2", "An ICMP error says that nobody is there to talk to: the connection is aborted.",
    "SHLD-26",
)  # fmt: skip
PATH_MTU_LOWERED: Final = _rule(
    "icmp.too-big", "RFC 9293 3.7.2",
    "A router could not forward so large a datagram: what is outstanding goes again at once, in segments that fit.",
)  # fmt: skip
TIMERS_OFF: Final = _rule(
    "timers.off", "RFC 9293 3.10.7.4, eighth", "This state needs no other timer: the rest are turned off."
)

# ------------------------------------------------------------------ beside TCP

UDP_SENT: Final = _rule(
    "udp.sent", "RFC 1122 4.1.1",
    "UDP guarantees no delivery: one call is one datagram, sent at once, without a handshake before or a copy kept.",
)  # fmt: skip
UDP_UNREACHABLE: Final = _rule(
    "udp.unreachable", "RFC 1122 4.1.3.1",
    "A datagram for a port at which nobody waits is answered with ICMP port unreachable.",
)  # fmt: skip
