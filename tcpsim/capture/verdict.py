"""What `tcpsim check` says: judgements about segments, and a verdict on each connection of a capture.

Rule 1. A judgement is of one of three kinds. "not explained": no sequence of the events of RFC 9293 3.10 leads
        to this segment. "unusual": legal, and worth a look. "not judged": the capture does not show enough.
Rule 2. Every judgement names one Reason of this file: a paragraph, and one plain sentence.
Rule 3. A verdict only says what the capture shows. Who knows more, a host or a trace, may know better.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .streams import SIDES

if TYPE_CHECKING:
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .streams import IcmpSeen

NOT_EXPLAINED: Final = "not explained"
UNUSUAL: Final = "unusual"
NOT_JUDGED: Final = "not judged"
KINDS: Final = (NOT_EXPLAINED, UNUSUAL, NOT_JUDGED)

MOST_JUDGEMENTS: Final = 100
"""So many judgements of each kind are kept of a connection; others are counted."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a segment is judged so.

    Attributes:
        id: a short name, stable, such as `window.beyond`.
        kind: one of KINDS.
        cite: the paragraph, such as `RFC 9293 3.8.6`.
        sentence: what it says, in one plain sentence.
    """

    id: str
    kind: str
    cite: str
    sentence: str


REASONS: Final[dict[str, Reason]] = {}
"""Every reason by its id, in the order of this file."""


def _reason(id: str, kind: str, cite: str, sentence: str) -> Reason:
    assert id not in REASONS, f"two reasons are called {id}"
    made = REASONS[id] = Reason(id, kind, cite, sentence)
    return made


# ---------------------------------------------------------------------- not explained

NO_ACK_BIT: Final = _reason(
    "bits.no-ack", NOT_EXPLAINED, "RFC 9293 3.1", "Only a SYN and a RST may go without the ACK bit."
)
SYN_AND_RST: Final = _reason(
    "bits.syn-rst", NOT_EXPLAINED, "RFC 9293 3.5.2", "Nothing leads to a segment that opens and resets at once."
)
SYN_UNCOUNTED: Final = _reason(
    "ack.syn-not-counted", NOT_EXPLAINED, "RFC 9293 3.4",
    "A SYN takes a sequence number: what acknowledges it is one more than its own number.",
)  # fmt: skip
WRONG_ANSWER: Final = _reason(
    "syn-ack.wrong", NOT_EXPLAINED, "RFC 9293 3.10.7.2, third",
    "A SYN,ACK acknowledges the SYN that it answers, and no SYN in this capture has that number.",
)  # fmt: skip
NO_SYN: Final = _reason(
    "listen.no-syn", NOT_EXPLAINED, "RFC 9293 3.10.7.2, third",
    "A SYN is answered with one SYN,ACK: an ACK of it alone comes from no state.",
)  # fmt: skip
BAD_ACK_TAKEN: Final = _reason(
    "syn-sent.bad-ack", NOT_EXPLAINED, "RFC 9293 3.10.7.3, first",
    "In SYN-SENT a SYN,ACK that acknowledges another number is answered with a RST, and not taken.",
)  # fmt: skip
OLD_ISN: Final = _reason(
    "isn.below", NOT_EXPLAINED, "RFC 9293 3.6.1, MAY-2",
    "Out of TIME-WAIT a connection may be opened anew only with a number above all that were used before.",
)  # fmt: skip
TEXT_TOO_EARLY: Final = _reason(
    "text.too-early", NOT_EXPLAINED, "RFC 9293 3.10.2",
    "In SYN-SENT and SYN-RECEIVED data waits: it is sent after ESTABLISHED has been reached.",
)  # fmt: skip
ACK_UNSENT: Final = _reason(
    "ack.unsent", NOT_EXPLAINED, "RFC 9293 3.4", "It acknowledges what the other end has not sent."
)
ACK_OF_HOLE: Final = _reason(
    "ack.hole", NOT_EXPLAINED, "RFC 9293 3.4",
    "An acknowledgment says that all octets before it have been received, and some of these were never sent here.",
)  # fmt: skip
ACK_BEFORE_ISS: Final = _reason(
    "ack.before-iss", NOT_EXPLAINED, "RFC 9293 3.4", "It acknowledges a number from before the other end's ISS."
)
ACK_BACK: Final = _reason(
    "ack.back", NOT_EXPLAINED, "RFC 9293 3.4",
    "RCV.NXT never moves back, and the timestamp says that this was sent after the higher acknowledgment.",
)  # fmt: skip
SEQ_BEFORE_ISS: Final = _reason(
    "seq.before-iss", NOT_EXPLAINED, "RFC 9293 3.4", "No sequence number of a connection lies before its ISS."
)
BEYOND_WINDOW: Final = _reason(
    "window.beyond", NOT_EXPLAINED, "RFC 9293 3.8.6",
    "It goes beyond every right edge that the other end has offered in this capture.",
)  # fmt: skip
BEYOND_MSS: Final = _reason(
    "mss.beyond", NOT_EXPLAINED, "RFC 9293 3.7.1, MUST-16",
    "It has more text than the other end's MSS allows, or than is assumed where none is announced.",
)  # fmt: skip
TEXT_AFTER_FIN: Final = _reason(
    "fin.text-after", NOT_EXPLAINED, "RFC 9293 3.10.2", "After CLOSE nothing new is sent: the FIN was the last number."
)
ANOTHER_FIN: Final = _reason(
    "fin.moved", NOT_EXPLAINED, "RFC 9293 3.10.4",
    "A second FIN is not emitted: the first may only be retransmitted, with its own number.",
)  # fmt: skip
OTHER_OCTETS: Final = _reason(
    "text.changed", NOT_EXPLAINED, "RFC 9293 3.4",
    "Each number stands for one octet: the same numbers were sent with other octets before.",
)  # fmt: skip
RESET_NUMBERS: Final = _reason(
    "rst.numbers", NOT_EXPLAINED, "RFC 9293 3.10.7.1",
    "A RST bears SEG.ACK of what it answers, or zero and the ACK of it, or SND.NXT: this number is none of these.",
)  # fmt: skip
RESET_RESET: Final = _reason("rst.of-rst", NOT_EXPLAINED, "RFC 9293 3.5.2", "A RST is never answered with a RST.")
AFTER_ABORT: Final = _reason(
    "rst.text-after", NOT_EXPLAINED, "RFC 9293 3.10.5",
    "After its own RST a connection is CLOSED: it sends no new data. One of the two was sent by somebody else.",
)  # fmt: skip
SCALE_UNASKED: Final = _reason(
    "scale.unasked", NOT_EXPLAINED, "RFC 7323 2.2", "A SYN,ACK has a window scale option only if the SYN had one."
)
STAMP_UNASKED: Final = _reason(
    "stamp.unasked", NOT_EXPLAINED, "RFC 7323 3.2",
    "Timestamps are sent only if both SYNs had them.",
)  # fmt: skip
STAMP_ABSENT: Final = _reason(
    "stamp.absent", NOT_EXPLAINED, "RFC 7323 3.2",
    "Once both SYNs had timestamps, every segment but a RST has them.",
)  # fmt: skip
ECHO_UNSENT: Final = _reason(
    "stamp.echo", NOT_EXPLAINED, "RFC 7323 3.2", "TSecr echoes a TSval of the other end, which has sent none so late."
)
SACK_UNASKED: Final = _reason(
    "sack.unasked", NOT_EXPLAINED, "RFC 2018 4", "SACK blocks go only to who permitted them in its SYN."
)
SACK_UNSENT: Final = _reason(
    "sack.unsent", NOT_EXPLAINED, "RFC 2018 3", "A SACK block reports what the other end has not sent."
)
SACK_EMPTY: Final = _reason(
    "sack.empty", NOT_EXPLAINED, "RFC 2018 3", "The right edge of a SACK block lies after its left edge."
)

# ---------------------------------------------------------------------- unusual

SYN_FIN: Final = _reason(
    "bits.syn-fin", UNUSUAL, "RFC 9293 3.10.7.2, third", "SYN and FIN in one segment are legal, and hardly ever honest."
)
SAME_ISN: Final = _reason(
    "isn.same", UNUSUAL, "RFC 9293 3.4.1, MUST-8",
    "A connection begins with the number that one before it began with: the clock has not moved it on.",
)  # fmt: skip
ANOTHER_ISN: Final = _reason(
    "syn-ack.another", UNUSUAL, "RFC 9293 3.10.7.2, third",
    "A SYN,ACK sent again bears its first number; this one answers a copy of the SYN that the network has made.",
)  # fmt: skip
OLD_SYN: Final = _reason(
    "syn-ack.old", UNUSUAL, "RFC 9293 3.5",
    "It answers a SYN with a lower number that is not in this capture: an old duplicate, or it counts wrongly.",
)  # fmt: skip
SYN_TEXT: Final = _reason(
    "syn.text", UNUSUAL, "RFC 9293 3.10.7.3, fourth", "A SYN with data is legal; hosts other than Fast Open's wait."
)
ACK_LEFT: Final = _reason(
    "ack.left", UNUSUAL, "RFC 9293 3.4", "It acknowledges less than a segment before it: it was overtaken on its way."
)
WINDOW_SHRUNK: Final = _reason(
    "window.shrunk", UNUSUAL, "RFC 9293 3.8.6, SHLD-14", "The right edge of the window has moved to the left."
)
PROBE: Final = _reason("window.probe", UNUSUAL, "RFC 9293 3.8.6.1, MUST-36", "New data into a window of zero: a probe.")
OFFLOADED: Final = _reason(
    "mss.offload", UNUSUAL, "RFC 9293 3.7.1, MUST-16",
    "It is longer than the other end's MSS: the interface cuts it, or has joined it, where the capture can't see.",
)  # fmt: skip
SCALE_TOO_LARGE: Final = _reason("scale.large", UNUSUAL, "RFC 7323 2.3", "A window scale above 14 is taken for 14.")
STAMP_BACK: Final = _reason(
    "stamp.back", UNUSUAL, "RFC 7323 5.2", "New data with an older TSval than before it: it was overtaken on its way."
)
RESET_STALE: Final = _reason(
    "rst.stale", UNUSUAL, "RFC 9293 3.5.3", "The other end has received more than this RST's number: it is not valid."
)
LEFT_TIME_WAIT: Final = _reason(
    "time-wait.short", UNUSUAL, "RFC 9293 3.6.1, MUST-13",
    "This end closed first, yet refuses what comes within a minute of the last FIN: TIME-WAIT lasts for 2 MSL.",
)  # fmt: skip
NO_BACKOFF: Final = _reason(
    "timer.no-backoff", UNUSUAL, "RFC 6298 5 (5.5)", "Three retransmissions at even distances: the RTO has not doubled."
)
SYN_AGAIN: Final = _reason(
    "syn.late", UNUSUAL, "RFC 9293 3.10.7.4, fourth",
    "A SYN in a connection that is open: its end was restarted, or somebody else has sent it.",
)  # fmt: skip

# ---------------------------------------------------------------------- not judged

BEGAN_BEFORE: Final = _reason(
    "capture.late", NOT_JUDGED, "", "The connection was open before the capture began: its options are not known."
)
GAP: Final = _reason(
    "capture.gap", NOT_JUDGED, "", "It acknowledges what this capture does not have: the capture has missed a segment."
)
OUT_OF_ORDER: Final = _reason(
    "capture.order", NOT_JUDGED, "", "The answer stands before what it answers: the capture is not in order here."
)
ITSELF: Final = _reason(
    "capture.itself", NOT_JUDGED, "", "A connection to itself: no packet tells which end has sent it."
)
CROWDED: Final = _reason(
    "capture.crowded", NOT_JUDGED, "", "Too many connections are open at once: this one was followed up to here."
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is said of one segment.

    Attributes:
        reason: why.
        frame: the number of its frame, counted from 1; of a trace, of its packet.
        time: when it was seen, nanoseconds since the connection's first segment.
        side: who sent it: CLIENT or SERVER.
        segment: the segment.
        detail: the numbers that decided, relative to the two ISS where those are known.
    """

    reason: Reason
    frame: int
    time: Time
    side: int
    segment: Segment
    detail: str

    @property
    def kind(self) -> str:
        """The reason's kind."""
        return self.reason.kind

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "kind": self.kind, "reason": self.reason.id, "cite": self.reason.cite, "sentence": self.reason.sentence,
            "frame": self.frame, "time": self.time, "side": SIDES[self.side], "segment": repr(self.segment),
            "detail": self.detail,
        }  # fmt: skip


@dataclass(slots=True)
class EndVerdict:
    """What a capture shows of one end.

    Attributes:
        address: address and port.
        states: in which states it may be when the capture ends.
        segments, octets: what it has sent, text with its retransmissions.
        retransmitted: segments whose numbers this capture had seen before.
        unseen: segments that came late to the capture, after later ones: lost before it, or overtaken.
        probes: keep-alive segments and probes of zero windows.
        syns: how often its SYN was sent, with or without an ACK.
        copies: segments that came twice at one place within 10 ms, with one identification: something copied them.
        mss, scale: what its SYN announced, None for nothing.
    """

    address: tuple[str, int]
    states: tuple[str, ...] = ()
    segments: int = 0
    octets: int = 0
    retransmitted: int = 0
    unseen: int = 0
    probes: int = 0
    syns: int = 0
    copies: int = 0
    mss: int | None = None
    scale: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Verdict:
    """What a capture shows of one connection.

    Attributes:
        stream: its number, as `tcpsim diagram` counts them.
        ends: client and server.
        opened: how it opened, in words.
        closed: how it ended, in words.
        first_closer: who sent the first FIN, "both" if they crossed, or "".
        time_wait: who was left in TIME-WAIT, "both", or "".
        reset_by: who sent the RST that ended it, or "".
        options: what both ends agreed on, in words.
        round_trip: how long the handshake took to go there and back, nanoseconds; None where it can't be told.
        frames: how many frames it has.
        errors: the ICMP errors about it; their times are those of the capture.
        judgements: what is said of its segments, in their order, at most `most` of each kind.
        counts: how many there are of each kind.
        most: MOST_JUDGEMENTS, or fewer in a capture of very many connections.
    """

    stream: int
    ends: tuple[EndVerdict, EndVerdict]
    opened: str = ""
    closed: str = ""
    first_closer: str = ""
    time_wait: str = ""
    reset_by: str = ""
    options: tuple[str, ...] = ()
    round_trip: Time | None = None
    frames: int = 0
    errors: tuple[IcmpSeen, ...] = ()
    judgements: list[Judgement] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    most: int = MOST_JUDGEMENTS

    @property
    def explained(self) -> bool:
        """Whether RFC 9293 explains every segment of it that could be judged."""
        return not self.counts[NOT_EXPLAINED]

    @property
    def first(self) -> Judgement | None:
        """The first segment that is not explained, or None."""
        return next((each for each in self.of_kind(NOT_EXPLAINED)), None)

    def of_kind(self, kind: str) -> list[Judgement]:
        """Return the judgements of one kind."""
        return [each for each in self.judgements if each.kind == kind]

    def add(self, judgement: Judgement) -> None:
        """Take a judgement; each reason of a kind other than "not explained" is kept once for each end."""
        kind = judgement.kind
        self.counts[kind] += 1
        if kind != NOT_EXPLAINED and any(
            each.reason is judgement.reason and each.side == judgement.side for each in self.judgements
        ):
            return
        if sum(each.kind == kind for each in self.judgements) < self.most:
            self.judgements.append(judgement)

    def conclude(self) -> None:
        """Put the judgements into the order of their frames."""
        self.judgements.sort(key=lambda each: each.frame)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "stream": self.stream, "explained": self.explained, "frames": self.frames,
            "client": self.ends[0].as_json(), "server": self.ends[1].as_json(),
            "opened": self.opened, "closed": self.closed, "first_closer": self.first_closer or None,
            "time_wait": self.time_wait or None, "reset_by": self.reset_by or None, "options": list(self.options),
            "round_trip": self.round_trip, "counts": self.counts,
            "icmp": [
                {
                    "frame": each.frame, "to": SIDES[each.side], "error": each.error, "seq": each.seq,
                    "mtu": each.mtu or None,
                }
                for each in self.errors
            ],
            "judgements": [each.as_json() for each in self.judgements],
        }  # fmt: skip
