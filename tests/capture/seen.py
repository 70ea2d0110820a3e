"""Captures in the making: segments and ICMP errors, one by one, at their times."""

from __future__ import annotations

from pathlib import Path

from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.tcp.units import MS
from tcpsim.wire import Datagram, Tcp, encode, icmp_error
from tests.capture.by_hand import NANO, pcap, record

CLIENT, SERVER = ("192.0.2.1", 40_000), ("192.0.2.2", 80)
OPENS = Options(1460, 10, sack_ok=True)


class Seen:
    """A capture in the making: frames, and when each was seen, in milliseconds."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, bytes]] = []
        self._ident = 0

    def send(
        self, at: float, source: tuple[str, int], target: tuple[str, int], ctl: str, seq: int, ack: int = 0,
        text: int = 0, wnd: int = 65_535, options: Options | None = None,
    ) -> Seen:  # fmt: skip
        """Let a segment be seen; identifications are counted up."""
        self._ident += 1
        made = segment(ctl, seq, ack, wnd, bytes(text), options)
        self.frames.append((at, encode(Datagram(*_addresses(source, target), Tcp(source[1], target[1], made),
                                                ident=self._ident))))  # fmt: skip
        return self

    def client(self, at: float, ctl: str, seq: int, ack: int = 0, text: int = 0, wnd: int = 65_535) -> Seen:
        return self.send(at, CLIENT, SERVER, ctl, seq, ack, text, wnd, OPENS if "SYN" in ctl else None)

    def server(self, at: float, ctl: str, seq: int, ack: int = 0, text: int = 0, wnd: int = 65_535) -> Seen:
        return self.send(at, SERVER, CLIENT, ctl, seq, ack, text, wnd, OPENS if "SYN" in ctl else None)

    def handshake(self, around: float = 40) -> Seen:
        """As it is seen at the client."""
        return self.client(0, "SYN", 99).server(around, "SYN,ACK", 299, 100).client(around, "ACK", 100, 300)

    def again(self, at: float) -> Seen:
        """The last datagram is seen once more."""
        self.frames.append((at, self.frames[-1][1]))
        return self

    def error(self, at: float, kind: str, about: int = -1, mtu: int = 0) -> Seen:
        """An ICMP error comes to whoever sent the datagram that it quotes, from a router."""
        quote = self.frames[about][1]
        to = ".".join(map(str, quote[12:16]))
        self.frames.append((at, encode(Datagram("198.51.100.1", to, icmp_error(4, kind, quote, mtu)))))
        return self

    def kept(self, folder: Path, name: str = "seen.pcap", cut: int = 65_535) -> Path:
        """Return the capture, written; of a frame no more is kept than `cut` octets."""
        kept = folder / name
        times = [(divmod(round(at * MS), 10**9), octets) for at, octets in self.frames]
        kept.write_bytes(
            pcap("<", NANO, *(record("<", *time, octets[:cut], len(octets)) for time, octets in times))
        )  # fmt: skip
        return kept


def _addresses(source: tuple[str, int], target: tuple[str, int]) -> tuple[str, str]:
    return source[0], target[0]
