"""Every knob of an endpoint: named as the RFC names it, documented, range-checked; and the profiles.

A knob is data: its paragraph, its unit and its range stand beside its default. A profile is a set
of knob values and nothing else; no code asks which profile is in force.
"""

from __future__ import annotations

import difflib
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Final

from .options import ORDERS, PADDINGS
from .units import HOUR, MAX_DURATION, MINUTE, MS, SECOND, Time, format_duration, parse_duration


class KnobError(ValueError):
    """A knob that does not exist, or a value outside its range.

    Attributes:
        knob: the name as given.
        expected: what would have been right, in words.
    """

    def __init__(self, knob: str, expected: str, got: object = None, *, unknown: bool = False) -> None:
        self.knob = knob
        self.expected = expected
        super().__init__(
            f"unknown knob {knob!r}: {expected}" if unknown else f"{knob}: expected {expected}, not {got!r}"
        )


@dataclass(frozen=True, slots=True)
class Knob:
    """What is known about one knob.

    Attributes:
        name, default: as in Config.
        unit: "ns", "octets", "segments", "count", "flag", "seq" or "name".
        low, high: the range of a number, both ends allowed.
        choices: the values of a "name" knob, else ().
        optional: whether None (written `off`) is a value too.
        cite: the paragraph that the knob belongs to.
        doc: what it does, one sentence.
    """

    name: str
    default: Any
    unit: str
    low: int
    high: int
    choices: tuple[str, ...]
    optional: bool
    cite: str
    doc: str

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        if self.unit == "flag":
            return "true or false"
        if self.unit == "name":
            return f"one of {', '.join(self.choices)}" if self.choices else "text"
        if self.unit == "ns":
            words = f"a duration from {format_duration(self.low)} to {format_duration(self.high)}, such as 200ms"
        else:
            words = f"a whole number of {self.unit} from {self.low:,} to {self.high:,}"
            words = words.replace("number of seq", "sequence number").replace("number of count", "number")
        return words + (", or off" if self.optional else "")

    def check(self, value: object) -> Any:
        """Return `value` as the knob holds it; raise KnobError if it is none."""
        if self.optional and (value is None or value in ("off", "none")):
            return None
        if self.unit == "flag":
            if isinstance(value, bool):
                return value
        elif self.unit == "name":
            if isinstance(value, str) and (not self.choices or value in self.choices):
                return value
        elif (number := self._number(value)) is not None and self.low <= number <= self.high:
            return number
        raise KnobError(self.name, self.expected, value)

    def read(self, text: str) -> Any:
        """Return the value that a scenario or a command line writes as `text`; raise KnobError if it is none."""
        if self.unit == "flag":
            return self.check({"true": True, "false": False}.get(text, text))
        plain = self.unit not in ("name", "ns") and text.isascii() and text.isdigit() and len(text) < 20
        return self.check(int(text) if plain else text)

    def written(self, value: Any) -> str:
        """Return a value as a scenario or a command line writes it."""
        if value is None:
            return "off"
        if self.unit == "flag":
            return "true" if value else "false"
        return format_duration(value) if self.unit == "ns" else str(value)

    def _number(self, value: object) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return value
        if self.unit == "ns" and isinstance(value, str):
            try:
                return parse_duration(value)
            except ValueError:
                return None
        return None


def _knob(
    default: Any,
    unit: str,
    cite: str,
    doc: str,
    low: int = 0,
    high: int = MAX_DURATION,
    choices: tuple[str, ...] = (),
    *,
    optional: bool = False,
) -> Any:
    """Declare a knob: the dataclass field with everything known about it."""
    metadata = {
        "unit": unit,
        "low": low,
        "high": high,
        "choices": choices,
        "optional": optional,
        "cite": cite,
        "doc": doc,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Config:
    """The knobs of one endpoint. The defaults are RFC 9293's own: the profile `rfc9293`."""

    # ---- sequence numbers and identity
    iss: int | None = _knob(
        None, "seq", "RFC 9293 3.4.1, SHLD-1",
        "the initial send sequence number; off: chosen by RFC 6528 from isn_secret, the sockets and the clock",
        0, (1 << 32) - 1, optional=True,
    )  # fmt: skip
    isn_secret: str = _knob("tcpsim", "name", "RFC 6528 3", "the secret key of the initial sequence number generator")
    msl: Time = _knob(2 * MINUTE, "ns", "RFC 9293 3.4.2", "the maximum segment lifetime; TIME-WAIT lasts twice as long")

    # ---- segments
    mtu: int = _knob(
        1500, "octets", "RFC 9293 3.7.1, MUST-16",
        "the largest datagram this end can send (EMTU_S): no segment text exceeds it less the IP and TCP headers", 68,
        65_535,
    )  # fmt: skip
    mss: int | None = _knob(
        536, "octets", "RFC 9293 3.7.1, MUST-14, MUST-67",
        "the largest segment text this end says it can receive, in its MSS option; off: mtu less the IP and TCP "
        "headers", 1, 65_495, optional=True,
    )  # fmt: skip
    send_mss: int | None = _knob(
        None, "octets", "RFC 9293 3.7.1, MUST-16",
        "the largest segment text this end sends, whatever the peer could receive (TCP_MAXSEG); off: as large as mtu "
        "allows", 1, 65_495, optional=True,
    )  # fmt: skip
    mss_option: str = _knob(
        "differs", "name", "RFC 9293 3.7.1, SHLD-5",
        "when a SYN carries the MSS option: if mss differs from the default (536; over IPv6 1220), always, or never",
        choices=("differs", "always", "never"),
    )  # fmt: skip
    window_scale: int | None = _knob(
        None, "count", "RFC 7323 2.2",
        "the window scale shift offered in a SYN; off: no window scale option", 0, 14, optional=True,
    )  # fmt: skip
    no_options: bool = _knob(
        False, "flag", "RFC 9293 3.1",
        "send no TCP option at all, and use none of the peer's but its MSS (TCP_NOOPT)",
    )  # fmt: skip
    option_order: str = _knob(
        "mss,wscale,sackOK,TS", "name", "RFC 9293 3.1; RFC 7323 A", "the order of the options of a SYN", choices=ORDERS
    )
    option_padding: str = _knob(
        "eol", "name", "RFC 9293 3.1; RFC 7323 A",
        "how options fill up to four octets: nops before each of them, or end-of-list after the last", choices=PADDINGS,
    )  # fmt: skip

    # ---- timestamps
    timestamps: bool = _knob(
        False, "flag", "RFC 7323 3.2", "offer the timestamps option in a SYN, and accept the peer's offer"
    )
    timestamp_tick: Time = _knob(
        MS, "ns", "RFC 7323 5.4", "the period of the timestamp clock: after it TSval has grown by one", MS, SECOND
    )
    timestamp_offset: int | None = _knob(
        None, "seq", "RFC 7323 5.4",
        "TSval at time zero; off: one for each pair of sockets, made of them and isn_secret", 0, (1 << 32) - 1,
        optional=True,
    )  # fmt: skip
    missing_timestamps: str = _knob(
        "drop", "name", "RFC 7323 3.2",
        "what becomes of a segment without timestamps where they were agreed on: RFC 7323 drops it",
        choices=("drop", "accept"),
    )  # fmt: skip
    empty_old_timestamps: str = _knob(
        "acknowledge", "name", "RFC 7323 5.3, R1",
        "what becomes of a segment without text whose timestamp is old: R1 acknowledges it, BSD drops it silently",
        choices=("acknowledge", "drop"),
    )  # fmt: skip
    paws_per_host: bool = _knob(
        False, "flag", "RFC 7323 B.2, b",
        "a listener drops a SYN whose timestamp is older than the last one of a connection in TIME-WAIT with the same "
        "address, whatever the ports: Linux's tcp_tw_recycle, until 4.12",
    )  # fmt: skip
    rtt_samples: str = _knob(
        "window", "name", "RFC 7323 4.2, G",
        "the weight of a round trip that timestamps measure, one for each ACK; window: alpha and beta are divided by "
        "the ACKs expected for a window; ack: they are not", choices=("window", "ack"),
    )  # fmt: skip

    # ---- selective acknowledgment
    sack: bool = _knob(False, "flag", "RFC 2018 2", "offer SACK-permitted in a SYN, and report text beyond a hole")
    dsack: bool = _knob(
        True, "flag", "RFC 2883 4", "with sack: report text that came twice in the first block of the next ACK"
    )
    sack_blocks: int | None = _knob(
        None, "count", "RFC 2018 4",
        "how many runs of text beyond a hole are remembered for reporting, the latest first; off: all", 1, 255,
        optional=True,
    )  # fmt: skip

    sack_survives_rto: bool = _knob(
        False, "flag", "RFC 2018 8; RFC 6675 5.1",
        "after a retransmission timeout still believe what SACK has reported; off: the peer may have discarded it",
    )  # fmt: skip

    # ---- fast open
    fast_open: str = _knob(
        "off", "name", "RFC 7413 4",
        "data in a SYN: whether this end asks for cookies and shows them (client), gives and checks them (server), "
        "both, or neither", choices=("off", "client", "server", "both"),
    )  # fmt: skip

    # ---- explicit congestion notification
    ecn: str = _knob(
        "off", "name", "RFC 9293 3.8.2, SHLD-8; RFC 3168 6.1.1",
        "whether ECN is asked for in a SYN (on), only granted to a peer that asks (passive), or neither",
        choices=("off", "passive", "on"),
    )  # fmt: skip
    ecn_syn_retries: int | None = _knob(
        0, "count", "RFC 3168 6.1.1.1", "how many retransmissions of a SYN still ask for ECN; off: all", 0, 255,
        optional=True,
    )  # fmt: skip

    ecn_crossed: bool = _knob(
        False, "flag", "RFC 3168 6.1.1",
        "grant ECN to a SYN that crosses ours though ours did not ask for it, which RFC 3168 forbids (BSD)",
    )  # fmt: skip

    # ---- ICMP
    icmp_hard_errors: str = _knob(
        "unsynchronized", "name", "RFC 9293 3.9.2.2, SHLD-26; RFC 5927 5.2",
        "when an ICMP hard error aborts a connection: while it opens, always, or never",
        choices=("unsynchronized", "always", "never"),
    )  # fmt: skip
    icmp_soft_aborts_open: bool = _knob(
        False, "flag", "RFC 9293 3.9.2.2; RFC 5461 4.1", "let an ICMP soft error end a connection that is being opened"
    )
    path_mtu_discovery: bool = _knob(
        True, "flag", "RFC 9293 3.7.2", "believe ICMP messages that a datagram was too big for a link of the path"
    )
    path_mtu_min: int = _knob(
        68, "octets", "RFC 1191 3; RFC 8201 4", "the least path MTU that is believed; over IPv6 never less than 1280",
        68, 65_535,
    )  # fmt: skip

    # ---- windows and buffers
    rcv_buff: int = _knob(
        65_535, "octets", "RFC 9293 3.8.6.2.2", "RCV.BUFF, the receive buffer and largest window offered", 1, 1 << 30
    )
    snd_buff: int = _knob(
        1 << 30, "octets", "RFC 9293 3.10.2", "how much data SEND queues before it answers insufficient resources",
        1, 1 << 30,
    )  # fmt: skip
    push_every: int | None = _knob(
        None, "segments", "RFC 9293 3.9.1.2, MAY-16",
        "of segments that leave in one burst, the last of each so many carries PSH, whoever asked for it, as Linux's "
        "do that its GSO makes of one; off: only where SEND asked for it", 1, 64, optional=True,
    )  # fmt: skip
    nagle: bool = _knob(
        True, "flag", "RFC 9293 3.7.4, SHLD-7, MUST-17", "hold small segments while data is unacknowledged"
    )
    nagle_minshall: bool = _knob(
        False, "flag", "RFC 9293 3.7.4",
        "with nagle: hold a small segment only while a small one, rather than any, is unacknowledged, as Linux has it "
        "(draft-minshall-nagle-01)",
    )  # fmt: skip
    sws_override: Time | None = _knob(
        500 * MS, "ns", "RFC 9293 3.8.6.2.1 (4)",
        "how long the sender's silly window avoidance, or a missing PUSH, may hold data back; off: for an RTO (Linux)",
        100 * MS, SECOND, optional=True,
    )  # fmt: skip
    window_probe: str = _knob(
        "octet", "name", "RFC 9293 3.8.6.1, MUST-36",
        "what probes a zero window; octet: an octet of text; empty: an empty segment with the number before SND.UNA, "
        "which must be answered too (Linux); what is unacknowledged is sent again in either case",
        choices=("octet", "empty"),
    )  # fmt: skip
    delayed_ack: Time = _knob(
        200 * MS, "ns", "RFC 9293 3.8.6.3, SHLD-18, MUST-40",
        "how long an ACK may wait for company; 0 acknowledges at once",
        0, 500 * MS - 1,
    )  # fmt: skip
    ack_every: int = _knob(
        2,
        "segments",
        "RFC 9293 3.8.6.3, SHLD-19",
        "an ACK is sent at the latest with this many segments received",
        1,
        64,
    )
    ack_by_octets: bool = _knob(
        False, "flag", "RFC 9293 3.8.6.3, SHLD-19",
        "with ack_every: count full-sized segments by their octets, however they were cut, as Linux does: an ACK is "
        "sent when there are more than one segment less would hold",
    )  # fmt: skip
    delay_fin_ack: bool = _knob(
        False, "flag", "RFC 9293 3.8.6.3, SHLD-18",
        "let the ACK of the peer's FIN wait like that of text, so that our own FIN can carry it",
    )  # fmt: skip
    delay_lone_fin_ack: Time | None = _knob(
        None, "ns", "RFC 9293 3.8.6.3, SHLD-18",
        "with delay_fin_ack: how long the ACK waits if no text has come before the FIN, so that there is no estimate "
        "of how soon an answer follows: a tick of the clock in Linux; off: delayed_ack", 1, 500 * MS - 1, optional=True,
    )  # fmt: skip
    accept_right_edge: bool = _knob(
        False, "flag", "RFC 9293 A.2",
        "accept an empty segment exactly at RCV.NXT+RCV.WND, which Table 6 refuses; ACKs of a full window lie there",
    )  # fmt: skip
    old_acks_count: bool = _knob(
        False, "flag", "RFC 9293 A.2",
        "process the ACK field of a segment that lies below RCV.NXT, which Table 6 refuses (BSD)",
    )  # fmt: skip
    accept_whole_buffer: bool = _knob(
        False, "flag", "RFC 9293 3.8.6",
        "without window scaling, accept all that rcv_buff has room for, though the window field cannot say it (BSD)",
    )  # fmt: skip
    round_rcv_buff: bool = _knob(
        False, "flag", "RFC 9293 3.8.6",
        "once the send MSS is known, round rcv_buff up to a multiple of it (BSD)",
    )  # fmt: skip
    window_update: str = _knob(
        "clark", "name", "RFC 9293 3.8.6.2.2, MUST-39",
        "what reading must free before an ACK tells of it; clark: a segment or half the buffer; bsd: two segments and "
        "a quarter of the buffer, or half the buffer; doubling: as much as the window that is offered (Linux)",
        choices=("clark", "bsd", "doubling"),
    )  # fmt: skip
    quick_acks: int = _knob(
        0, "segments", "RFC 5681 4.2; RFC 9293 3.8.6.3, SHLD-18",
        "so many segments at the start of a connection are acknowledged at once, as Linux does", 0, 1_000,
    )  # fmt: skip
    pingpong: int | None = _knob(
        None, "count", "RFC 9293 3.8.6.3, SHLD-18",
        "after so many times that text was sent within delayed_ack of text received, quick_acks are suspended until a "
        "delayed ACK goes by itself: the ACK can travel with the next answer (Linux's tcp_pingpong_thresh); off: never",
        1, 255, optional=True,
    )  # fmt: skip
    ack_repeats_fin: bool = _knob(
        False, "flag", "RFC 9293 3.8.1",
        "while our FIN is not acknowledged, an ACK carries it again (BSD)",
    )  # fmt: skip
    listen_keeps_text: bool = _knob(
        True, "flag", "RFC 9293 3.10.7.2, third",
        "keep text and FIN that come with the SYN to a listener; off: take the SYN alone (BSD's SYN cache)",
    )  # fmt: skip

    # ---- retransmission
    rto_initial: Time = _knob(SECOND, "ns", "RFC 6298 2 (2.1)", "the RTO before any round trip was measured", MS)
    rto_min: Time = _knob(SECOND, "ns", "RFC 6298 2 (2.4)", "the least RTO", MS)
    rto_max: Time = _knob(MINUTE, "ns", "RFC 6298 2 (2.5)", "the greatest RTO, at least 60 s", MINUTE)
    rto_after_syn_loss: Time = _knob(
        3 * SECOND, "ns", "RFC 6298 5 (5.7)", "the RTO with which data starts if the SYN had to be retransmitted", MS
    )
    rto_slop: Time = _knob(
        0, "ns", "RFC 6298 2 (2.4)", "added to every RTO that was measured or backed off (BSD's rexmit_slop)"
    )
    rto_granularity: Time = _knob(0, "ns", "RFC 6298 2 (2.2)", "G, the clock granularity that bounds 4 x RTTVAR below")
    r1: int = _knob(
        3, "count", "RFC 9293 3.8.3, SHLD-10", "retransmissions of one segment before the user is warned", 3, 255
    )
    r2: Time = _knob(
        100 * SECOND, "ns", "RFC 9293 3.8.3, SHLD-11, MUST-21", "how long a segment is retransmitted before giving up"
    )
    r2_syn: Time = _knob(
        3 * MINUTE,
        "ns",
        "RFC 9293 3.8.3, MUST-23",
        "how long a SYN is retransmitted before giving up; the RFC asks for at least 3 minutes",
    )
    syn_retries: int | None = _knob(
        None, "count", "RFC 9293 3.8.3, MUST-21", "give up after so many retransmissions of a SYN; off: by r2_syn",
        0, 127, optional=True,
    )  # fmt: skip
    synack_retries: int | None = _knob(
        None, "count", "RFC 9293 3.8.3, MUST-21",
        "give up after so many retransmissions of a SYN,ACK after a passive OPEN; off: as of a SYN", 0, 127,
        optional=True,
    )  # fmt: skip
    backlog_counts: str = _knob(
        "exactly", "name", "RFC 4987 3.2",
        "how many connections wait to be accepted at a listener with a backlog: exactly so many, one more (Linux), or "
        "half as many again and one more (FreeBSD)", choices=("exactly", "one more", "three halves"),
    )  # fmt: skip
    syn_linear_timeouts: int = _knob(
        0, "count", "RFC 6298 5 (5.5)",
        "so many timeouts of a SYN do not double the RTO, and do not count among syn_retries, as Linux has it since "
        "6.5; the end comes no later than it would if they had", 0, 127,
    )  # fmt: skip
    connect_timeout: Time | None = _knob(
        None, "ns", "RFC 9293 3.10.8", "the user timeout until our SYN is acknowledged (BSD's keepinit); "
        "off: user_timeout",
        MS, optional=True,
    )  # fmt: skip
    drop_options_after: int | None = _knob(
        None, "count", "RFC 7323 1.3",
        "from this retransmission of a SYN on, it carries no option but the MSS, lest they are why it is lost (BSD)",
        1, 127, optional=True,
    )  # fmt: skip
    user_timeout: Time | None = _knob(
        5 * MINUTE, "ns", "RFC 9293 3.9.1.1 and 3.10.8", "abort if data stays undelivered for so long; off: never",
        MS, optional=True,
    )  # fmt: skip
    patience_from: str = _knob(
        "send", "name", "RFC 9293 3.8.3; RFC 5482 3",
        "from when user_timeout and r2 count once the connection is open: when what is unacknowledged was sent, or "
        "when it was sent again, or a zero window probed, for the first time (Linux)",
        choices=("send", "retransmission"),
    )  # fmt: skip
    answer_duplicate_syn: bool = _knob(
        False, "flag", "RFC 9293 3.10.7.4, first",
        "in SYN-RECEIVED answer a duplicate SYN with the SYN,ACK again, as kernels do, rather than with an ACK",
    )  # fmt: skip

    # ---- congestion
    congestion: str = _knob(
        "newreno", "name", "RFC 9293 3.8.2, MUST-19", "the congestion control", choices=("newreno", "none")
    )
    initial_window: int | None = _knob(
        None, "segments", "RFC 5681 3.1; RFC 6928 2",
        "the initial congestion window; off: RFC 5681's two to four segments; 10 is RFC 6928's",
        1, 1 << 16, optional=True,
    )  # fmt: skip
    syn_losses_forgiven: int = _knob(
        0, "count", "RFC 5681 3.1; RFC 6298 5 (5.7)",
        "so many retransmissions of a SYN or SYN,ACK do not cut the initial window to one segment: with an RTO of 1 s "
        "one may be spurious (Linux)", 0, 127,
    )  # fmt: skip
    abc_limit: int | None = _knob(
        1, "segments", "RFC 5681 3.1 (2); RFC 3465 2.3",
        "by how much an ACK opens the window in slow start at most; off: by all that it acknowledges", 1, 1_000,
        optional=True,
    )  # fmt: skip
    cwnd_validation: bool = _knob(
        False, "flag", "RFC 7661 4.2; RFC 2861 3",
        "do not open the window while it is not used: only if it limited what was sent last, or in slow start up to "
        "twice what was outstanding",
    )  # fmt: skip
    count_delivered: bool = _knob(
        False, "flag", "RFC 5681 3.1; RFC 6937 1",
        "open the window by what an ACK shows to be delivered for the first time: less what duplicate ACKs or SACK "
        "have told of before (Linux)",
    )  # fmt: skip
    loss_keeps: int = _knob(
        50, "count", "RFC 5681 3.1 (4); RFC 9438 4.6",
        "how many percent of what is in flight ssthresh keeps after a loss; 70 is CUBIC's", 10, 90,
    )  # fmt: skip
    prr: bool = _knob(
        False, "flag", "RFC 6937 3",
        "with sack: in recovery send in proportion to what is delivered, in place of waiting for half the window",
    )  # fmt: skip
    limited_transmit: bool = _knob(True, "flag", "RFC 3042 2", "send new data on the first two duplicate ACKs")
    idle_restart: bool = _knob(True, "flag", "RFC 5681 4.1", "restart from the initial window after an idle RTO")

    # ---- closing
    linger: Time | None = _knob(
        None, "ns", "RFC 9293 3.9.1.4",
        "0: CLOSE is an ABORT; longer: CLOSE turns into ABORT if data is still undelivered by then; off: never",
        0, optional=True,
    )  # fmt: skip
    half_duplex_close: bool = _knob(
        False,
        "flag",
        "RFC 9293 3.6.1, MAY-1, SHLD-3",
        "CLOSE with unread data, or data after CLOSE, is answered by a RST",
    )
    unread_resets: bool = _knob(
        True, "flag", "RFC 9293 3.6.1, SHLD-3",
        "with half_duplex_close, unread data alone turns CLOSE into a RST; off: only data after CLOSE does (BSD)",
    )  # fmt: skip
    reset_with_ack: bool = _knob(
        False, "flag", "RFC 9293 3.10.5",
        "the RST of an ABORT carries the ACK bit and RCV.NXT too, as kernels send it",
    )  # fmt: skip
    reset_timestamps: str = _knob(
        "all", "name", "RFC 7323 3.2",
        "which RSTs of a connection bear timestamps: all, or none but those of an ABORT, as Linux sends them",
        choices=("all", "aborts"),
    )  # fmt: skip
    fin_wait_2_timeout: Time | None = _knob(
        None, "ns", "RFC 9293 3.6, Case 1",
        "how long a connection whose user has given up both directions may stay in FIN-WAIT-2 for want of the peer's "
        "FIN (Linux's tcp_fin_timeout, BSD's finwait2_timeout); off: for ever, as in the RFC, which has no such timer",
        MS, optional=True,
    )  # fmt: skip
    reuse_time_wait: bool = _knob(
        False, "flag", "RFC 9293 3.6.1, MAY-2", "let a newer SYN open a new incarnation in TIME-WAIT"
    )

    # ---- robustness
    challenge_rst: bool = _knob(
        True, "flag", "RFC 5961 3.2",
        "only a RST at RCV.NXT resets, one in the window is challenged; off: any RST in the window resets (RFC 793)",
    )  # fmt: skip
    challenge_syn: bool = _knob(
        True, "flag", "RFC 5961 4.2",
        "a SYN to a synchronized connection is challenged; off: one in the window resets (RFC 793)",
    )  # fmt: skip
    challenge_ack: bool = _knob(
        True, "flag", "RFC 5961 5.2", "challenge ACKs that are too old, and limit the answers to those too new"
    )
    unsent_ack: str = _knob(
        "answer", "name", "RFC 9293 3.10.7.4, fifth; RFC 5961 5.2",
        "an ACK of what was never sent is challenged (answer); acknowledged like any segment that is not acceptable, "
        "however often (acknowledge: BSD); or, if it comes in ESTABLISHED, dropped silently (drop: Linux). With the "
        "two latter one below all that was sent is as much too old as one below the window",
        choices=("answer", "acknowledge", "drop"),
    )  # fmt: skip
    challenge_ack_limit: int = _knob(
        10, "count", "RFC 5961 7", "how many challenge ACKs are sent in challenge_ack_period", 1, 1_000_000
    )
    challenge_ack_period: Time = _knob(5 * SECOND, "ns", "RFC 5961 7", "the period of challenge_ack_limit", MS)
    time_wait_ignores_rst: bool = _knob(False, "flag", "RFC 1337 3 (F1)", "ignore a RST in TIME-WAIT")
    time_wait_answers: str = _knob(
        "checked", "name", "RFC 9293 3.10.7.4",
        "what is answered in TIME-WAIT; checked: what the eight checks answer; unexpected: every segment with an ACK "
        "but the one that is expected, and nothing without an ACK; a SYN that may open the connection anew ends this "
        "one even if nobody listens (BSD)",
        choices=("checked", "unexpected"),
    )  # fmt: skip
    drop_syn_fin: str = _knob(
        "never", "name", "RFC 9293 3.10.7.2, third",
        "where a segment with both SYN and FIN is dropped", choices=("never", "listen", "always"),
    )  # fmt: skip

    # ---- keep-alive
    keepalive: bool = _knob(False, "flag", "RFC 9293 3.8.4, MUST-24, MUST-25", "probe an idle connection")
    keepalive_idle: Time = _knob(
        2 * HOUR, "ns", "RFC 9293 3.8.4, MUST-27, MUST-28", "how long idle before the first probe", MS
    )
    keepalive_interval: Time = _knob(75 * SECOND, "ns", "RFC 9293 3.8.4", "time between unanswered probes", MS)
    keepalive_count: int = _knob(
        9, "count", "RFC 9293 3.8.4, MUST-29", "unanswered probes before the peer is called dead", 1, 255
    )
    keepalive_resets: bool = _knob(
        False, "flag", "RFC 9293 3.8.4", "tell a peer that is called dead by a RST, lest it lives, as kernels do"
    )


def _described(item: Field[Any]) -> Knob:
    return Knob(item.name, item.default, **item.metadata)


KNOBS: Final[dict[str, Knob]] = {item.name: _described(item) for item in fields(Config)}
"""Every knob by its name."""


def checked(config: Config, knobs: dict[str, Any]) -> Config:
    """Return `config` with `knobs` set; raise KnobError for an unknown one or a value out of range."""
    values = {}
    for name, value in knobs.items():
        if name not in KNOBS:
            near = difflib.get_close_matches(name, KNOBS, n=1)
            hint = f"did you mean {near[0]}?" if near else "`tcpsim profiles` lists the knobs"
            raise KnobError(name, hint, unknown=True)
        values[name] = KNOBS[name].check(value)
    return replace(config, **values) if values else config


_KERNEL: Final[dict[str, Any]] = {
    "mss": None,
    "mss_option": "always",
    "sack": True,
    "timestamps": True,
    "ecn": "passive",
    "delayed_ack": 40 * MS,
    "initial_window": 10,
    "user_timeout": None,
    "answer_duplicate_syn": True,
    "half_duplex_close": True,
    "reset_with_ack": True,
    "reuse_time_wait": True,
    "msl": 30 * SECOND,
}
"""What the kernels have in common."""

PROFILES: Final[dict[str, Config]] = {
    "rfc9293": Config(),
    "plain": checked(
        Config(),
        {
            "iss": 1000,
            "mtu": 540,
            "mss": 500,
            "mss_option": "never",
            "rcv_buff": 10_000,
            "msl": 30 * SECOND,
            "delayed_ack": 0,
            "nagle": False,
            "limited_transmit": False,
        },
    ),
    "freebsd": checked(
        Config(),
        _KERNEL
        | {
            "window_scale": 6,
            "option_order": "mss,wscale,sackOK,TS",
            "option_padding": "eol",
            "sack_blocks": 6,
            "path_mtu_min": 296,
            "rtt_samples": "ack",
            "abc_limit": 2,
            "ecn_syn_retries": 1,
            "ecn_crossed": True,
            "rcv_buff": 65_536,
            "accept_right_edge": True,
            "old_acks_count": True,
            "accept_whole_buffer": True,
            "round_rcv_buff": True,
            "window_update": "bsd",
            "ack_repeats_fin": True,
            "listen_keeps_text": False,
            "rto_min": 30 * MS,
            "rto_max": 64 * SECOND,
            "rto_slop": 200 * MS,
            "connect_timeout": 75 * SECOND,
            "synack_retries": 3,
            "backlog_counts": "three halves",
            "unread_resets": False,
            "fin_wait_2_timeout": 10 * MINUTE,
            "time_wait_ignores_rst": True,
            "time_wait_answers": "unexpected",
            "challenge_ack_limit": 5,
            "challenge_ack_period": SECOND,
            "unsent_ack": "acknowledge",
            "empty_old_timestamps": "drop",
            "keepalive_count": 8,
            "keepalive_resets": True,
        },
    ),
    "linux": checked(
        Config(),
        _KERNEL
        | {
            "window_scale": 8,
            "option_order": "mss,sackOK,TS,wscale",
            "option_padding": "nop",
            "sack_blocks": 4,
            "path_mtu_min": 552,
            "rtt_samples": "ack",
            "missing_timestamps": "accept",
            "rcv_buff": 65_535,
            "window_update": "doubling",
            "sack_survives_rto": True,
            "loss_keeps": 70,
            "prr": True,
            "quick_acks": 16,
            "ack_by_octets": True,
            "pingpong": 1,
            "delay_fin_ack": True,
            "delay_lone_fin_ack": MS,
            "nagle_minshall": True,
            "sws_override": None,
            "window_probe": "empty",
            "listen_keeps_text": False,
            "push_every": 2,
            "abc_limit": None,
            "syn_losses_forgiven": 1,
            "cwnd_validation": True,
            "count_delivered": True,
            "rto_min": 200 * MS,
            "rto_max": 2 * MINUTE,
            "rto_granularity": 200 * MS,
            "r2": 924_600 * MS,
            "patience_from": "retransmission",
            "syn_retries": 6,
            "synack_retries": 5,
            "backlog_counts": "one more",
            "syn_linear_timeouts": 4,
            "reset_timestamps": "aborts",
            "fin_wait_2_timeout": MINUTE,
            "unsent_ack": "drop",
            "drop_syn_fin": "listen",
            "challenge_ack_limit": 1,
            "challenge_ack_period": 500 * MS,
            "keepalive_resets": True,
        },
    ),
}
"""The profiles: `rfc9293` does what the RFC says with its defaults; `plain` is for teaching, without
options or delays and with small round numbers; `freebsd` and `linux` do what those kernels put on the
wire, as far as tcpsim models it."""


def profile(name: str, **knobs: Any) -> Config:
    """Return a profile with some knobs changed.

    Raises KnobError for an unknown profile or knob, or a value outside its range.
    """
    if name not in PROFILES:
        raise KnobError("profile", f"one of {', '.join(PROFILES)}", name)
    return checked(PROFILES[name], knobs)
