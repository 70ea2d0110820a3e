"""A connection as a capture sees it, written by hand: who sends what, and when."""

from __future__ import annotations

from tcpsim.capture.judging import Pair
from tcpsim.capture.spaces import Store
from tcpsim.capture.verdict import EndVerdict, Verdict
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import Segment, segment
from tcpsim.tcp.seqnum import add
from tcpsim.tcp.units import MS, Time

C_ISS = 0xFFFF_FFF0
S_ISS = 0x7FFF_FFFA
"""Just below where numbers wrap, and below half of them."""


class Observed:
    """A verdict in the making. Sequence numbers are counted from the ISS of either end."""

    def __init__(self, *, complete: bool = False, default_mss: int = 536, exact: bool = True) -> None:
        self.verdict = Verdict(0, (EndVerdict(("192.0.2.1", 40_000)), EndVerdict(("192.0.2.2", 80))))
        self.pair = Pair(Store(), complete=complete, default_mss=default_mss)
        self.now: Time = 0
        self.frame = 0
        self.exact = exact
        self.bases = [C_ISS, S_ISS]
        self.pair.begin(self.verdict, 0, 0)

    def see(self, side: int, made: Segment, after: Time = 10 * MS) -> Observed:
        """Let a segment be seen, some time after the one before."""
        self.now += after
        self.frame += 1
        self.pair.see(self.now, self.frame, side, made, lambda: self.exact)
        return self

    def _send(
        self, side: int, ctl: str, seq: int, ack: int, text: bytes | int, wnd: int, options: Options | None, after: Time
    ) -> Observed:
        own, peer = self.bases[side], self.bases[1 - side]
        number = add(peer, ack) if "ACK" in ctl.split(",") else 0
        return self.see(side, segment(ctl, add(own, seq), number, wnd, text, options), after)

    def client(
        self, ctl: str, seq: int = 0, ack: int = 0, text: bytes | int = 0, wnd: int = 8_000,
        options: Options | None = None, after: Time = 10 * MS,
    ) -> Observed:  # fmt: skip
        """Let the client send a segment."""
        return self._send(0, ctl, seq, ack, text, wnd, options, after)

    def server(
        self, ctl: str, seq: int = 0, ack: int = 0, text: bytes | int = 0, wnd: int = 8_000,
        options: Options | None = None, after: Time = 10 * MS,
    ) -> Observed:  # fmt: skip
        """Let the server send a segment."""
        return self._send(1, ctl, seq, ack, text, wnd, options, after)

    def handshake(self, ours: Options | None = None, theirs: Options | None = None, wnd: int = 8_000) -> Observed:
        """SYN, SYN,ACK, ACK, with these options; where both have timestamps, the ACK has them too."""
        stamps = Options(ts=(2, 1)) if ours and theirs and ours.ts and theirs.ts else None
        self.client("SYN", options=ours, wnd=wnd)
        self.server("SYN,ACK", 0, 1, options=theirs, wnd=wnd)
        return self.client("ACK", 1, 1, options=stamps, wnd=wnd)

    def said(self) -> list[str]:
        """Return what is said in the end: side, and the id of the reason."""
        self.pair.conclude()
        return [f"{'cs'[each.side]} {each.reason.id}" for each in self.verdict.judgements]

    def concluded(self) -> Verdict:
        """Return the verdict."""
        self.pair.conclude()
        return self.verdict
