"""From a script's numbers to the stack's and back: which socket is under test, its ports, sequence numbers, timestamps.

Rule 1. One socket is under test: the one that `socket()` made last, or the child of the first packet that arrived
        while the socket under test had no peer. Packets of other sockets are dropped unseen.
Rule 2. In a script numbers are absolute in packets with SYN, and otherwise relative to the SYNs. The remote ISN is
        the script's own choice: the live one is the same. The local ISN is the stack's.
Rule 3. An inbound number: seq + remote ISN, unless SYN; ack and SACK blocks + local ISN. An outbound one: seq - local
        ISN (+ the script's ISN on a SYN); ack and SACK blocks - remote ISN, unless SYN. An ISN not yet known is 0.
Rule 4. A timestamp that the script echoes is the live one which it has seen under that number.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from ..tcp import segment as bits
from ..tcp.segment import Segment
from ..tcp.seqnum import MASK
from . import script
from .optioning import listed, sent

if TYPE_CHECKING:
    from ..net.packet import Flow, Packet, Socket
    from ..tcp.options import Options
    from .script import Direction, IpInfo, Quoted, TcpPacket

FLAGS: Final = {
    "F": bits.FIN, "S": bits.SYN, "R": bits.RST, "P": bits.PSH, ".": bits.ACK, "U": bits.URG, "E": bits.ECE,
    "W": bits.CWR, "A": bits.AE,
}  # fmt: skip
ACE: Final = ((4, bits.AE), (2, bits.CWR), (1, bits.ECE))
"""RFC 9768 3.1: the three bits of the ACE field, which a script may write as one digit."""
_ECN: Final = {"noecn": bits.NOT_ECT, "ect0": bits.ECT_0, "ect1": bits.ECT_1, "ce": bits.CE, "ect01": bits.ECT_0}


class Phase(Enum):
    """How far a socket has come, as far as the script's numbers are concerned."""

    NEW = auto()
    LISTENING = auto()
    PACKET_RECEIVED = auto()
    """A child, from the packet that made it until the script expects its SYN,ACK."""
    SYNACK_SENT = auto()
    SYNACK_ACKED = auto()
    CONNECTING = auto()
    """After connect(), until the script expects the SYN."""
    SYN_SENT = auto()
    SYN_ACKED = auto()


class Unmapped(Exception):
    """A packet of the script can't be mapped: no socket to map it to, or a timestamp that was never sent."""


class Tracked:
    """What the script knows of one socket.

    Attributes:
        phase: how far it has come.
        fd: the descriptor in the script, -1 for a child before accept().
        local, remote: the live sockets; None as long as it has none.
        local_isn, script_isn: our ISN, as the stack chose it and as the script writes it.
        remote_isn: the peer's.
        stamps: the live TSval for each TSval of the script.
        baseline: the first pair (script's TSval, live TSval), or None.
    """

    __slots__ = ("baseline", "fd", "local", "local_isn", "phase", "remote", "remote_isn", "script_isn", "stamps")

    def __init__(self, fd: int, phase: Phase = Phase.NEW) -> None:
        self.fd = fd
        self.phase = phase
        self.local: Socket | None = None
        self.remote: Socket | None = None
        self.local_isn = self.script_isn = self.remote_isn = 0
        self.stamps: dict[int, int] = {}
        self.baseline: tuple[int, int] | None = None

    def echoed(self, stamp: int, scaled: bool) -> int:
        """Return the live number of a TSval that the script echoes; Unmapped if it was never sent.

        With `scaled` (--tcp_ts_ecr_scaled) a number that wasn't sent lies as far from the first that was.
        """
        live = self.stamps.get(stamp)
        if live is not None:
            return live
        if scaled and self.baseline is not None:
            return (stamp - self.baseline[0] + self.baseline[1]) & MASK
        raise Unmapped(f"no segment of the stack carried TS val {stamp}, which this packet echoes")

    def note_stamp(self, expected: int | None, live: int) -> int:
        """Remember a TSval under the script's number for it; return it as the script counts."""
        if expected is not None:
            self.stamps[expected] = live
        if self.baseline is None:
            self.baseline = (expected or 0, live)
        return (self.baseline[0] + live - self.baseline[1]) & MASK


class Sockets:
    """The sockets of a script, and the one under test.

    Attributes:
        under_test: the socket that packets belong to, or None before the first socket().
        bind_to, connect_to: the live sockets that `...` stands for in bind() and connect().
        remote_address, local_address: of packets that the script injects.
        scaled: see Tracked.echoed.
    """

    def __init__(self, bind_to: Socket, connect_to: Socket, *, first_port: int, scaled: bool = False) -> None:
        self.bind_to = bind_to
        self.connect_to = connect_to
        self.scaled = scaled
        self.under_test: Tracked | None = None
        self._all: list[Tracked] = []
        self._next_port = first_port

    # ------------------------------------------------------------------ calls of the script

    def made(self, fd: int) -> None:
        """socket() returned `fd`: what follows is about this socket."""
        self.under_test = Tracked(fd)
        self._all.append(self.under_test)

    def listening(self, fd: int) -> None:
        """listen() is about to be called."""
        tracked = self.of(fd)
        if tracked is not None and tracked.remote is None:
            tracked.phase = Phase.LISTENING

    def connecting(self, fd: int) -> Socket:
        """connect() is about to be called with `...`; return what that stands for."""
        target = self.connect_to
        under = self.under_test
        if under is not None and under.phase is Phase.PACKET_RECEIVED and under.remote is not None:
            target = under.remote  # the peer that spoke first, as nplab's dialect has it
        tracked = self.of(fd)
        if tracked is not None and tracked.phase is Phase.NEW:
            tracked.phase = Phase.CONNECTING
            tracked.remote = target
        return target

    def disconnecting(self, fd: int) -> None:
        """connect() with AF_UNSPEC: the socket may connect anew."""
        tracked = self.of(fd)
        if tracked is not None:
            tracked.phase = Phase.NEW
            tracked.remote = None

    def accepted(self, fd: int, peer: Socket | None) -> None:
        """accept() returned `fd`: the latest child without one bears it now."""
        for tracked in reversed(self._all):
            if tracked.fd == -1 and (peer is None or tracked.remote == peer):
                tracked.fd = fd
                return

    def closed(self, fd: int) -> None:
        """close(): the number may be used again; the socket may still be under test."""
        tracked = self.of(fd)
        if tracked is not None:
            tracked.fd = -2

    def of(self, fd: int) -> Tracked | None:
        """Return the socket with a descriptor."""
        return next((tracked for tracked in reversed(self._all) if tracked.fd == fd), None)

    # ------------------------------------------------------------------ inbound

    def inbound(self, packet: TcpPacket) -> tuple[Flow, Segment]:
        """Return what a packet of the script is on the wire; Unmapped if there is no socket for it.

        The first packet while the socket under test has no peer makes a child with the next ephemeral port, and
        fixes its remote ISN, even if it is no SYN.
        """
        before = self.under_test
        tracked = self._receiver(packet)
        syn = "S" in packet.flags
        acks = "." in packet.flags
        if tracked.phase is Phase.SYNACK_SENT and acks:
            tracked.phase = Phase.SYNACK_ACKED
        elif tracked.phase is Phase.SYN_SENT and syn and acks:
            tracked.phase = Phase.SYN_ACKED
            tracked.remote_isn = packet.seq or 0
        # What comes where nobody listens is mapped before there is a child with an ISN, as nplab's packetdrill does.
        absolute = (
            syn or packet.absolute_seq or (tracked is not before and before is not None and before.phase is Phase.NEW)
        )
        seq = ((packet.seq or 0) + (0 if absolute else tracked.remote_isn)) & MASK
        offset = tracked.local_isn - (tracked.script_isn if syn else 0)
        ack = ((packet.ack or 0) + (offset if acks else 0)) & MASK
        segment = Segment(
            seq, ack, control_bits(packet.flags), packet.window or 0, packet.length, None, None,
            self._options(packet, tracked, offset, acks), packet.urgent or 0, ecn_field(packet.ip),
        )  # fmt: skip
        return self._flow_in(packet, tracked), segment

    def _options(self, packet: TcpPacket, tracked: Tracked, offset: int, acks: bool) -> Options | None:
        if not packet.options:
            return None
        echo = None
        if acks:
            for option in packet.options:
                if isinstance(option, script.Timestamps) and not option.absolute_echo:
                    echo = tracked.echoed(option.echo, self.scaled)
        return sent(packet.options, offset, echo)

    def _receiver(self, packet: TcpPacket) -> Tracked:
        """Return the socket that an inbound packet is for, a new child if the one under test has no peer."""
        under = self.under_test
        if under is not None and under.remote is not None:
            return under
        child = Tracked(-1, Phase.PACKET_RECEIVED)
        child.remote = (self.connect_to[0], self._next_port)
        child.local = self.bind_to
        child.remote_isn = packet.seq or 0
        self._next_port += 1
        self.under_test = child
        self._all.append(child)
        return child

    def _flow_in(self, packet: TcpPacket, tracked: Tracked) -> Flow:
        remote = tracked.remote or self.connect_to
        local = tracked.local or self.bind_to
        if packet.ports is None:
            return (*remote, *local)
        source, target = packet.ports
        return (remote[0], source or remote[1], local[0], target or local[1])

    def quoted(self, quoted: Quoted) -> tuple[Flow, int]:
        """Return flow and sequence number of the outbound segment that an ICMP message quotes; Unmapped if none."""
        tracked = self.under_test
        if tracked is None or tracked.remote is None:
            raise Unmapped("no socket has sent what this ICMP message quotes")
        offset = 0 if quoted.absolute_seq else tracked.local_isn
        return (*(tracked.local or self.bind_to), *tracked.remote), ((quoted.seq or 0) + offset) & MASK

    # ------------------------------------------------------------------ outbound

    def expecting(self, packet: TcpPacket) -> Tracked:
        """The script expects an outbound packet: return of which socket; Unmapped if there is none."""
        under = self.under_test
        if under is None:
            raise Unmapped("no socket is there to send this packet")
        syn, acks = "S" in packet.flags, "." in packet.flags
        if under.phase is Phase.CONNECTING and syn and not acks:
            under.phase = Phase.SYN_SENT
            under.script_isn = packet.seq or 0
        elif under.phase is Phase.PACKET_RECEIVED and syn and acks and packet.seq is not None:
            under.script_isn = packet.seq
        return under

    def takes(self, tracked: Tracked, live: Packet) -> bool:
        """Return whether a live packet is one of the socket under test; learn from its SYN."""
        flow, segment = live.flow, live.segment
        if tracked.local is not None and tracked.remote is not None:
            return flow == (*tracked.local, *tracked.remote)
        first = tracked.phase is Phase.SYN_SENT and segment.ctl & bits.SYN_ACK == bits.SYN
        if not first or (flow[2], flow[3]) != tracked.remote:
            return False
        tracked.local = (flow[0], flow[1])
        tracked.local_isn = segment.seq
        return True

    @staticmethod
    def answered(tracked: Tracked, packet: TcpPacket, live: Packet) -> None:
        """The packet that a script expects as a child's SYN,ACK has come: it bears our ISN."""
        if tracked.phase is Phase.PACKET_RECEIVED and "S" in packet.flags and "." in packet.flags:
            tracked.phase = Phase.SYNACK_SENT
            tracked.local_isn = live.segment.seq

    @staticmethod
    def outbound(tracked: Tracked, packet: TcpPacket, live: Packet) -> TcpPacket:
        """Return a live packet in the numbers of the script, which expects `packet` in its place."""
        segment = live.segment
        syn = segment.ctl & bits.SYN
        seq = segment.seq
        if not packet.absolute_seq:
            seq = (seq - tracked.local_isn + (tracked.script_isn if syn else 0)) & MASK
        offset = 0 if syn else -tracked.remote_isn
        ack = (segment.ack + offset) & MASK if segment.ctl & bits.ACK else None
        options = listed(segment.options, offset)
        expected = next((o for o in packet.options or () if isinstance(o, script.Timestamps)), None)
        if expected is not None and segment.options is not None and segment.options.ts is not None:
            stamp = tracked.note_stamp(expected.value, segment.options.ts[0])
            options = tuple(
                [script.Timestamps(stamp, o.echo) if isinstance(o, script.Timestamps) else o for o in options]
            )
        return script_packet(segment, ">", seq, ack, options, any(c.isdigit() for c in packet.flags))


def script_packet(
    segment: Segment,
    direction: Direction,
    seq: int,
    ack: int | None,
    options: tuple[script.TcpOption, ...],
    ace: bool = False,
) -> TcpPacket:
    """Return a segment as a packet of a script, with the given numbers; `ace` writes ECE, CWR and AE as one digit."""
    return script.TcpPacket(
        direction=direction,
        flags=flag_letters(segment.ctl, ace),
        seq=seq,
        length=segment.length,
        ack=ack,
        window=segment.wnd,
        urgent=segment.up if segment.ctl & bits.URG or segment.up else None,
        options=options,
    )


def control_bits(flags: str) -> int:
    """Return the control bits that letters and a digit stand for."""
    ctl = 0
    for letter in flags:
        if letter.isdigit():
            ctl |= sum(bit for weight, bit in ACE if int(letter) & weight)
        else:
            ctl |= FLAGS.get(letter, 0)
    return ctl


def flag_letters(ctl: int, ace: bool = False) -> str:
    """Return control bits as a script writes them: "S.", "P."; with `ace` those of RFC 9768 as one digit."""
    letters = "".join(letter for letter in "SFRPUEWA." if ctl & FLAGS[letter] and not (ace and letter in "EWA"))
    if not ace:
        return letters
    return letters + str(sum(weight for weight, bit in ACE if ctl & bit))


def ecn_field(ip: IpInfo | None) -> int:
    """Return the ECN field that a prefix asks for; 0, Not-ECT, where it says nothing."""
    if ip is None:
        return bits.NOT_ECT
    if ip.tos is not None:
        return ip.tos & 3
    return bits.NOT_ECT if ip.ecn is None else _ECN[ip.ecn]


def ip_octet(ip: IpInfo | None) -> int:
    """Return the differentiated services part of the octet that a prefix asks for, without its ECN bits."""
    if ip is None:
        return 0
    if ip.tos is not None:
        return ip.tos & 0xFC
    return (ip.dscp or 0) << 2
