"""Hand-made traces, told as a host's and a link's rows are: what happened, when, to which packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.units import MS
from tcpsim.trace import Arrived, Corrupted, Discarded, Duplicated, Ended, Held, Lost, Sent, Trace

if TYPE_CHECKING:
    from tcpsim.tcp.rules import Rule
    from tcpsim.trace import Header, SegmentRecord
    from tcpsim.trace.records import Flow

ADDRESS = {"client": ("192.0.2.1", 49152), "server": ("192.0.2.2", 80)}
TO_SERVER: Flow = ("192.0.2.1", 49152, "192.0.2.2", 80)
TO_CLIENT: Flow = ("192.0.2.2", 80, "192.0.2.1", 49152)


class Story:
    """A trace in the making; times are milliseconds."""

    def __init__(self, header: Header | None = None) -> None:
        self.trace = Trace(header)
        self.packets: list[tuple[str, str, Flow, Segment]] = []

    def sends(self, at: int, host: str, what: Segment, *, connection: int | None = 1, flow: Flow | None = None) -> int:
        """Let a host send to the other; return the packet's number."""
        to = "server" if host == "client" else "client"
        flow = flow or (TO_SERVER if host == "client" else TO_CLIENT)
        self.packets.append((host, to, flow, what))
        number = len(self.packets)
        self.trace.append((Sent, at * MS, host, connection, what.why, number, flow, what, to))
        return number

    def _tell(self, kind: type[SegmentRecord], at: int, packet: int, why: Rule | None, *further: Any) -> None:
        host, to, flow, what = self.packets[packet - 1]
        place = host if kind in (Lost, Duplicated, Held) else to
        self.trace.append((kind, at * MS, place, 1, why, packet, flow, what, *further))

    def arrives(self, at: int, packet: int) -> None:
        self._tell(Arrived, at, packet, None)

    def discarded(self, at: int, packet: int, why: Rule) -> None:
        self._tell(Discarded, at, packet, why)

    def corrupted(self, at: int, packet: int, by: str = "corruption 1%") -> None:
        self._tell(Corrupted, at, packet, None, by)

    def lost(self, at: int, packet: int, due: int, by: str = "random loss 1%") -> None:
        self._tell(Lost, at, packet, None, by, due * MS)

    def duplicated(self, at: int, packet: int, due: int, by: str = "duplication 1%") -> None:
        self._tell(Duplicated, at, packet, None, by, due * MS)

    def held(self, at: int, packet: int, due: int, by: str = "fault: delay first FIN by 3s") -> None:
        self._tell(Held, at, packet, None, by, due * MS)

    def ends(self, at: int, reason: str = "idle") -> Trace:
        self.trace.append((Ended, at * MS, "", None, None, reason))
        return self.trace


def data(seq: int, length: int, ack: int = 301) -> Segment:
    return segment("ACK", seq=seq, ack=ack, text=length)
