"""The script's end of the wire: what the stack sends waits here until the script expects it.

Rule 1. A packet arrives the moment it is sent; nothing is lost or reordered but by the script.
Rule 2. Packets wait in the order in which they were sent, each with its time. What nobody expects just stays.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .. import trace as record
from ..net.link import Direction
from ..net.packet import Packet

if TYPE_CHECKING:
    from ..net.host import Host
    from ..net.packet import Flow
    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from ..trace import Trace


class Wiretap(Direction):
    """The only link of the host under test, from it to the script.

    Attributes:
        waiting: what was sent and has not been looked at: (time, packet), the earliest first.
    """

    __slots__ = ("_kernel", "_script", "_written", "waiting")

    def __init__(self, kernel: Host, script: Host, trace: Trace | None) -> None:
        super().__init__(kernel.agenda, trace, kernel, script, "")
        self._kernel = kernel
        self._script = script.name
        self._written = trace
        self.waiting: deque[tuple[Time, Packet]] = deque()

    def transmit(self, now: Time, packet: Packet) -> None:
        """Take a packet that the stack sends at `now`."""
        if self._written is not None:
            row = (record.Arrived, now, self._script, None, None, packet.number, packet.flow, packet.segment)
            self._written.append(row)
        self.waiting.append((now, packet))

    def inject(self, flow: Flow, segment: Segment, ttl: int, tos: int) -> None:
        """Have a packet of the script arrive at the stack, now."""
        now = self._kernel.agenda.now
        packet = Packet(self._kernel.packet_number(), flow, segment, ttl, tos)
        if self._written is not None:
            row = (record.Sent, now, self._script, None, None, packet.number, flow, segment, self._kernel.name)
            self._written.append(row)
        self._kernel.arrive(now, packet)
