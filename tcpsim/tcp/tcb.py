"""The transmission control block (RFC 9293 3.3.1): the variables of a connection, and questions of them.

One flat slotted object of ints, bytes and tuples, so that a copy is cheap and a key is a tuple. The
variables keep the RFC's names in lower case. Sequence numbers are plain ints modulo 2^32; times are
nanoseconds of virtual time; a timer that is off has the deadline NEVER.

What acts on a TCB lives in the modules beside this one, one job each.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .actions import Action, Moved, Signal
from .congestion import UNLIMITED, CongestionControl
from .diagram import NO_EDGE, Edge, Event, State, advance, begin, stand_beside
from .negotiation import IPV4_HEADERS, IPV6_HEADERS, may_extend
from .options import DEFAULT_SEND_MSS
from .seqnum import MASK
from .timestamps import OUTDATED
from .units import NEVER

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .config import Config
    from .iss import Socket
    from .options import Block
    from .rules import Rule
    from .sack import Runs
    from .text import Text
    from .units import Time

Held = tuple[int, int, bytes | None, bool]
"""Text held beyond a hole: SEG.SEQ, octets, the octets, whether a PSH came with them."""


class TCB:
    """The variables of one connection. `Endpoint` adds the calls."""

    state: State
    edge: Edge

    __slots__ = (
        "ack_why",
        "cc",
        "cfg",
        "challenges",
        "challenges_from",
        "closed_full",
        "corked",
        "cwnd_limited",
        "cwnd_mark",
        "cwnd_used",
        "delack_at",
        "dupacks",
        "ecn_asked",
        "ecn_cwr",
        "ecn_echo",
        "ecn_heard",
        "ecn_ok",
        "ecn_reacted",
        "ecn_recover",
        "edge",
        "extended",
        "fast_cookie",
        "fast_opened",
        "fin_queued",
        "fin_received",
        "fin_wait_2_at",
        "high_rxt",
        "in_recovery",
        "irs",
        "iss",
        "iss_above",
        "keepalive_at",
        "keepalive_probes",
        "last_ack_sent",
        "limited",
        "linger_at",
        "local",
        "max_snd_wnd",
        "observed",
        "out",
        "passive",
        "path_mtu",
        "peer_mss",
        "persist_at",
        "persist_backoff",
        "pingpong",
        "progress_at",
        "prr_delivered",
        "prr_flight",
        "prr_latest",
        "prr_out",
        "quick_acks",
        "rcv_at",
        "rcv_blocks",
        "rcv_buff",
        "rcv_dsack",
        "rcv_fin",
        "rcv_held",
        "rcv_nxt",
        "rcv_pushed",
        "rcv_scale",
        "rcv_segments",
        "rcv_step",
        "rcv_text",
        "rcv_unsaid",
        "rcv_up",
        "rcv_user",
        "rcv_wnd",
        "reading",
        "receives",
        "recover",
        "remote",
        "rescue_rxt",
        "resending",
        "retransmits",
        "rexmit_at",
        "rexmit_nxt",
        "rto",
        "rtt_at",
        "rtt_seq",
        "rttvar",
        "sack_octets",
        "sack_ok",
        "sacked",
        "scaling",
        "sent_at",
        "snd_fresh",
        "snd_goal",
        "snd_marks",
        "snd_max",
        "snd_mss",
        "snd_nxt",
        "snd_push",
        "snd_scale",
        "snd_small",
        "snd_text",
        "snd_text_seq",
        "snd_una",
        "snd_up",
        "snd_urgent",
        "snd_wl1",
        "snd_wl2",
        "snd_wnd",
        "srtt",
        "state",
        "syn_acked",
        "syn_resent",
        "time_wait_at",
        "ts_offset",
        "ts_ok",
        "ts_recent",
        "ts_recent_at",
        "urgent",
        "user_at",
        "wake",
    )  # fmt: skip

    def __init__(
        self, cfg: Config, local: Socket | None = None, remote: Socket | None = None, *, observed: bool = False
    ) -> None:
        self.cfg = cfg
        self.local = local
        self.remote = remote
        self.observed = observed  # whether inner actions (moves, timers, discards) are returned too
        begin(self)
        self.passive = False  # MUST-11: SYN-RECEIVED came, or would come, from LISTEN
        self.reading = False  # a RECEIVE without limit is always outstanding
        self.corked = False  # the user holds back what fills no segment
        self.out: list[Action] = []
        self.iss_above: int | None = None
        self.reset_variables()

    def reset_variables(self) -> None:
        """Set every variable as OPEN finds it; also what a return to LISTEN does."""
        self._reset_send_variables()
        self._reset_receive_variables()
        self._reset_extensions()
        self._reset_timers()

    def _reset_send_variables(self) -> None:
        self.iss = self.snd_una = self.snd_nxt = self.snd_max = 0
        self.snd_wnd = self.max_snd_wnd = 0
        self.snd_wl1 = self.snd_wl2 = 0
        self.snd_scale = 0  # RFC 7323: what the peer's window fields are shifted by
        self.peer_mss = self.snd_mss = DEFAULT_SEND_MSS  # SendMSS and Eff.snd.MSS
        self.path_mtu = self.cfg.mtu  # the largest datagram that the path is known to take
        self.snd_text: Text = ()  # what may have to be (re)sent; empty where octets are only counted
        self.snd_text_seq = 0  # the number of the first octet of snd_text
        self.syn_acked = False  # SND.UNA = ISS does not tell: after 4 GB it is so again
        self.snd_goal = 0  # the number after everything queued: text and, if fin_queued, the FIN
        self.snd_push = 0  # the number up to which SENDs were pushed
        self.snd_marks: tuple[int, ...] = ()  # where records end: no segment goes across such a number
        self.snd_small = 0  # with `nagle_minshall`, the number after the last small segment
        self.fin_queued = False
        self.closed_full = False  # the user gave up both directions, where half_duplex_close or a timer asks
        self.snd_up = 0  # SND.UP: the number after the last urgent octet
        self.snd_urgent = False
        self.cc: CongestionControl = UNLIMITED
        self.cwnd_limited = False  # with `cwnd_validation`: whether cwnd, lately, held something back
        self.cwnd_used = self.cwnd_mark = 0  # or how much was outstanding at most, and until when that counts
        self.dupacks = 0
        self.limited = 0  # octets that limited transmit has sent since the first duplicate ACK
        self.in_recovery = 0  # 1: fast recovery, or that of SACK; 2: fast recovery after its first partial ACK
        self.recover = 0
        self.prr_flight = self.prr_delivered = self.prr_latest = self.prr_out = 0  # RFC 6937: see `proportional_room`
        self.resending = False  # after a timeout: [rexmit_nxt, recover) goes out again; in recovery by SACK: its holes
        self.rexmit_nxt = 0
        self.sent_at: Time = NEVER  # when something with sequence space was sent last

    def _reset_receive_variables(self) -> None:
        self.irs = self.rcv_nxt = 0
        self.rcv_scale = 0
        self.scaling = False  # both SYNs carried window scale
        self.rcv_buff = self.cfg.rcv_buff
        self.rcv_wnd = self.rcv_buff  # octets between RCV.NXT and the right edge offered
        self.rcv_step = 0  # by how much the right edge moves at least (3.8.6.2.2)
        self.rcv_unsaid = False  # reading has freed more than rcv_wnd tells, and the next segment is to say so
        self.quick_acks = self.cfg.quick_acks  # so many more segments are acknowledged at once
        self.pingpong = 0  # how often text was sent soon after text had come
        self.rcv_at: Time = -NEVER  # with `pingpong`: when text came that an ACK was owed for
        self.rcv_user = 0  # RCV.USER: octets received and not yet read
        self.rcv_text: Text = ()
        self.rcv_pushed = False
        self.rcv_held: tuple[Held, ...] = ()  # beyond a hole, in order of their numbers
        self.rcv_fin: int | None = None  # the number of a FIN beyond a hole
        self.fin_received = False
        self.rcv_up = 0
        self.urgent = False
        self.rcv_segments = 0  # segments with text since the last ACK was sent; with `ack_by_octets`, octets
        self.ack_why: Rule | None = None  # why an ACK is owed at the end of this event
        self.receives: tuple[int, ...] = ()  # outstanding RECEIVEs: how much each asks for

    def _reset_extensions(self) -> None:
        self.extended = may_extend(self)  # timestamps, SACK or ECN are in use, or may come to be
        self.sack_ok = self.ts_ok = self.ecn_ok = False  # both SYNs asked for it
        self.rcv_blocks: tuple[Block, ...] = ()  # what is held beyond a hole, the latest first (RFC 2018 4)
        self.rcv_dsack: Block | None = None  # what came twice and was not reported yet (RFC 2883)
        self.sacked: Runs = ()  # what the peer reports to hold: see `sack`
        self.sack_octets = 0  # how many octets that is
        self.high_rxt = self.rescue_rxt = 0  # in recovery, the numbers after HighRxt and RescueRxt (RFC 6675 2)
        self.ts_offset = self.ts_recent = 0  # TSval at time zero; TS.Recent
        self.ts_recent_at: Time = 0
        self.last_ack_sent = 0  # Last.ACK.sent
        self.snd_fresh = 0  # the number after all that was sent before this event
        self.fast_cookie: bytes | None = None  # Fast Open: what a SYN shows or a SYN,ACK gives (RFC 7413)
        self.fast_opened = False  # data of the SYN was taken in SYN-RECEIVED
        self.ecn_asked = False  # our latest SYN asked for ECN
        self.ecn_echo = False  # a mark came: ECE is sent until CWR comes
        self.ecn_heard = False  # the segment being processed echoes a mark
        self.ecn_cwr = False  # the window was reduced, and CWR has yet to tell the peer
        self.ecn_reacted = False  # echoes count no more until `ecn_recover` is acknowledged
        self.ecn_recover = 0

    def _reset_timers(self) -> None:
        self.rexmit_at = self.persist_at = self.delack_at = self.time_wait_at = NEVER
        self.keepalive_at = self.user_at = self.linger_at = self.fin_wait_2_at = NEVER
        self.wake: Time = NEVER  # no deadline is earlier; it may be earlier than all
        self.srtt = self.rttvar = -1
        self.rto = self.cfg.rto_initial
        self.rtt_at: Time = NEVER  # when the segment being timed was sent
        self.rtt_seq = 0
        self.retransmits = 0  # of the earliest segment, since it was last progress
        self.progress_at: Time = 0  # when the earliest outstanding segment became the earliest
        self.syn_resent = False
        self.persist_backoff = 0
        self.keepalive_probes = 0
        self.challenges = 0
        self.challenges_from: Time = 0

    # ------------------------------------------------------------------ questions

    @property
    def active(self) -> bool:
        """Whether SYN-RECEIVED came from SYN-SENT: the opposite of `passive`."""
        return not self.passive

    @property
    def headers(self) -> int:
        """How many octets an IP and a TCP header without options take: 40, or 60 over IPv6."""
        local = self.local
        return IPV6_HEADERS if local is not None and ":" in local[0] else IPV4_HEADERS

    @property
    def fresh(self) -> bool:
        """Whether nothing has happened to this TCB yet."""
        return self.edge is NO_EDGE

    @property
    def snd_end(self) -> int:
        """The number after the last octet of text that the user has queued; that of our FIN."""
        return (self.snd_goal - 1) & MASK if self.fin_queued else self.snd_goal

    @property
    def outstanding(self) -> int:
        """How many sequence numbers were sent and are not acknowledged."""
        return (self.snd_max - self.snd_una) & MASK

    @property
    def undelivered(self) -> int:
        """How many octets of text that the user has queued are not acknowledged."""
        syn_is_out = not self.syn_acked and self.snd_nxt != self.iss
        fin_is_ahead = self.fin_queued and self.snd_una != self.snd_goal
        return ((self.snd_goal - self.snd_una) & MASK) - syn_is_out - fin_is_ahead

    @property
    def unsent(self) -> int:
        """How many octets of text wait to be sent for the first time."""
        return 0 if self.snd_nxt == self.snd_goal else (self.snd_end - self.snd_nxt) & MASK

    # ------------------------------------------------------------------ actions

    def move(self, event: Event, why: Rule) -> None:
        """Walk the diagram."""
        advance(self, event)
        if self.observed:
            self.out.append(Moved(self.edge, why))

    def signal(self, what: str, why: Rule, detail: str = "") -> None:
        """Tell the user."""
        self.out.append(Signal(what, why, detail))

    # ------------------------------------------------------------------ copies and keys

    def copy_onto(self, other: TCB) -> None:
        """Give `other` every variable of this TCB; what changes in place is copied."""
        # Two or three at a time: CPython then builds no tuple, and no loop looks names up.
        stand_beside(other, self)
        other.cfg, other.local, other.remote = self.cfg, self.local, self.remote
        other.passive, other.observed, other.reading = self.passive, self.observed, self.reading
        other.iss_above, other.iss = self.iss_above, self.iss
        other.snd_una, other.snd_nxt = self.snd_una, self.snd_nxt
        other.snd_max, other.snd_wnd, other.max_snd_wnd = self.snd_max, self.snd_wnd, self.max_snd_wnd
        other.snd_wl1, other.snd_wl2, other.snd_scale = self.snd_wl1, self.snd_wl2, self.snd_scale
        other.snd_mss, other.snd_text, other.snd_text_seq = self.snd_mss, self.snd_text, self.snd_text_seq
        other.syn_acked, other.snd_goal, other.snd_push = self.syn_acked, self.snd_goal, self.snd_push
        other.fin_queued, other.closed_full, other.snd_up = self.fin_queued, self.closed_full, self.snd_up
        other.peer_mss, other.path_mtu, other.extended = self.peer_mss, self.path_mtu, self.extended
        other.sack_ok, other.ts_ok, other.ecn_ok = self.sack_ok, self.ts_ok, self.ecn_ok
        other.sacked, other.sack_octets = self.sacked, self.sack_octets
        other.high_rxt, other.rescue_rxt = self.high_rxt, self.rescue_rxt
        other.rcv_blocks, other.rcv_dsack, other.snd_fresh = self.rcv_blocks, self.rcv_dsack, self.snd_fresh
        other.ts_offset, other.ts_recent, other.ts_recent_at = self.ts_offset, self.ts_recent, self.ts_recent_at
        other.last_ack_sent, other.ecn_asked, other.ecn_echo = self.last_ack_sent, self.ecn_asked, self.ecn_echo
        other.ecn_heard, other.ecn_cwr, other.ecn_reacted = self.ecn_heard, self.ecn_cwr, self.ecn_reacted
        other.ecn_recover = self.ecn_recover
        other.fast_cookie, other.fast_opened = self.fast_cookie, self.fast_opened
        other.snd_marks, other.corked = self.snd_marks, self.corked
        other.snd_urgent, other.dupacks, other.limited = self.snd_urgent, self.dupacks, self.limited
        other.in_recovery, other.recover, other.resending = self.in_recovery, self.recover, self.resending
        other.prr_flight, other.prr_delivered = self.prr_flight, self.prr_delivered
        other.prr_latest, other.prr_out = self.prr_latest, self.prr_out
        other.rexmit_nxt, other.sent_at = self.rexmit_nxt, self.sent_at
        other.irs, other.rcv_nxt, other.rcv_scale = self.irs, self.rcv_nxt, self.rcv_scale
        other.scaling, other.rcv_buff, other.rcv_wnd = self.scaling, self.rcv_buff, self.rcv_wnd
        other.rcv_step, other.rcv_unsaid, other.quick_acks = self.rcv_step, self.rcv_unsaid, self.quick_acks
        other.pingpong, other.rcv_at, other.snd_small = self.pingpong, self.rcv_at, self.snd_small
        other.cwnd_limited, other.cwnd_used, other.cwnd_mark = self.cwnd_limited, self.cwnd_used, self.cwnd_mark
        other.rcv_user, other.rcv_text, other.rcv_pushed = self.rcv_user, self.rcv_text, self.rcv_pushed
        other.rcv_held, other.rcv_fin, other.fin_received = self.rcv_held, self.rcv_fin, self.fin_received
        other.rcv_up, other.urgent, other.rcv_segments = self.rcv_up, self.urgent, self.rcv_segments
        other.ack_why, other.receives = self.ack_why, self.receives
        other.rexmit_at, other.persist_at, other.delack_at = self.rexmit_at, self.persist_at, self.delack_at
        other.time_wait_at, other.keepalive_at, other.user_at = self.time_wait_at, self.keepalive_at, self.user_at
        other.linger_at, other.fin_wait_2_at, other.wake = self.linger_at, self.fin_wait_2_at, self.wake
        other.srtt, other.rttvar, other.rto = self.srtt, self.rttvar, self.rto
        other.rtt_at, other.rtt_seq, other.retransmits = self.rtt_at, self.rtt_seq, self.retransmits
        other.progress_at, other.syn_resent = self.progress_at, self.syn_resent
        other.persist_backoff, other.keepalive_probes = self.persist_backoff, self.keepalive_probes
        other.challenges, other.challenges_from = self.challenges, self.challenges_from
        other.cc = self.cc.fork()
        other.out = []

    def key(self, now: Time) -> Hashable:
        """Return a value that is equal for two TCBs that nothing can tell apart from `now` on.

        Times count from `now`; what can no longer matter (a timer that is off, round trips before
        the first, an idle time beyond the RTO) is left out. A TCB that has yet to choose its ISS by
        the clock has the clock in its key; which one a later OPEN would choose is not told.
        """
        clock = now if self.cfg.iss is None and not self.state.synchronized else None
        deadlines = tuple([None if at == NEVER else at - now for at in (*_DEADLINES(self), self._patience_ends)])
        running = self.outstanding or self.snd_nxt != self.snd_goal
        return (
            _VARIABLES(self),
            deadlines,
            now - self.progress_at if running else None,
            None if self.rtt_at == NEVER else (now - self.rtt_at, self.rtt_seq),
            None if self.sent_at == NEVER else min(now - self.sent_at, self._longest_rto + 1),
            self.limited if self.dupacks else 0,
            min(now - self.rcv_at, self.cfg.delayed_ack) if self.cfg.pingpong else None,
            self._challenges_left(now),
            self.cc.key(),
            self._timestamp_clock(now),
            clock,
            min(self.persist_backoff, self._doublings),
        )

    @property
    def _patience_ends(self) -> Time:
        """When the user timeout ends. Its start no longer matters once progress has moved the end on."""
        timeout = self.cfg.user_timeout
        if self.user_at == NEVER or timeout is None or not self.syn_acked:
            return self.user_at
        return max(self.user_at, self.progress_at + timeout)

    @property
    def _doublings(self) -> int:
        """After so many, the interval between two probes of a closed window is the longest, whatever the RTO is."""
        shortest = min(self.cfg.rto_min, self.cfg.rto_initial, self.cfg.rto_after_syn_loss)
        return (self._longest_rto // shortest).bit_length()

    @property
    def _longest_rto(self) -> Time:
        """No RTO will be longer."""
        return max(self.cfg.rto_max, self.cfg.rto_initial, self.cfg.rto_after_syn_loss)

    def _timestamp_clock(self, now: Time) -> Hashable:
        """Return what TSval is and when it changes, and how old TS.Recent is, where timestamps are or may be in use."""
        tick = self.cfg.timestamp_tick
        if self.ts_ok:
            age = min(now - self.ts_recent_at, OUTDATED + 1)
            return (now // tick + self.ts_offset) & MASK, now % tick, age
        opening = self.cfg.timestamps and not self.state.synchronized
        return now if opening else None, self.ts_offset, self.ts_recent_at

    def _challenges_left(self, now: Time) -> Hashable:
        elapsed = now - self.challenges_from
        return (self.challenges, elapsed) if self.challenges and elapsed < self.cfg.challenge_ack_period else None


_APART: frozenset[str] = frozenset(
    {
        "cc", "challenges", "challenges_from", "edge", "limited", "observed", "out", "persist_backoff", "progress_at",
        "rcv_at", "rtt_at", "rtt_seq", "ts_offset", "ts_recent_at",
        "sent_at", "wake", "rexmit_at", "persist_at", "delack_at", "time_wait_at", "keepalive_at", "user_at",
        "linger_at", "fin_wait_2_at",
    }
)  # fmt: skip
"""What a key holds in another form, or not at all."""

_DEADLINES: Any = attrgetter(
    "rexmit_at", "persist_at", "delack_at", "time_wait_at", "keepalive_at", "linger_at", "fin_wait_2_at"
)
_IN_KEY = tuple(name for name in TCB.__slots__ if name not in _APART)
_VARIABLES: Any = attrgetter(*_IN_KEY)


def key_names() -> tuple[str, ...]:
    """Return the names of the variables that a key begins with, in its order."""
    return _IN_KEY
