"""Captures that tcpdump made of this machine's own TCP: an HTTP exchange, a reset, a refusal, and known losses."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tcpsim.capture.loading import load, load_both
from tcpsim.capture.streams import streams
from tcpsim.draw import draw_ladder, ladder_text
from tcpsim.tcp.segment import SYN
from tcpsim.trace import Lost, Moved, Sent, Trace
from tcpsim.wire import Tcp

from .real_network import CLIENT, FETCHES, SERVER, SERVES, Wire, need, tcpdump
from .told import notes, path

BODY = b"x" * 5_000


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def served() -> Iterator[int]:
    """An HTTP server on the loopback interface; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("interface", ["lo", "any"])
def test_an_http_exchange_over_loopback(interface: str, tmp_path: Path) -> None:
    need("tcpdump")
    kept = tmp_path / "http.pcap"
    with (
        served() as port,
        tcpdump(kept, interface, port),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer,
    ):
        assert answer.read() == BODY
    (stream,) = streams(kept)
    assert stream.opened == "handshake"
    assert stream.ended in ("closed, server first", "closed, client first")  # both close at once
    assert stream.octets[1] > len(BODY)
    told = load(kept)
    first, last = ("client", "server") if stream.ended == "closed, client first" else ("server", "client")
    assert path(told, "client")[:2] == ["SYN-SENT", "ESTABLISHED"]
    assert path(told, "server")[:3] == ["LISTEN", "SYN-RECEIVED", "ESTABLISHED"]
    assert path(told, first)[-1] == "TIME-WAIT"
    assert path(told, last)[-1] in ("CLOSED", "TIME-WAIT")
    assert not told.of_kind(Lost)
    assert "captured on the one machine that is both hosts" in notes(told)[0]
    assert any(record.segment.text and b"GET / HTTP" in record.segment.text for record in told.of_kind(Sent))
    draw_ladder(told, tmp_path / "http.svg")
    assert "ESTABLISHED" in ladder_text(told)


def test_a_reset_and_a_refusal_over_loopback(tmp_path: Path) -> None:
    need("tcpdump")
    kept = tmp_path / "reset.pcap"
    with served() as port, tcpdump(kept, "lo", port):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.05)
        client.close()
    told = load(kept)
    assert streams(kept)[0].ended == "reset by client"
    assert path(told, "client") == ["SYN-SENT", "ESTABLISHED", "CLOSED"]
    assert path(told, "server") == ["LISTEN", "SYN-RECEIVED", "ESTABLISHED", "CLOSED"]
    assert [str(move.event) for move in told.of_kind(Moved)][-2:] == ["ABORT", "rcv RST"]
    with tcpdump(kept, "lo", port), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    told = load(kept)
    assert (streams(kept)[0].opened, path(told, "client"), path(told, "server")) == (
        "refused", ["SYN-SENT", "CLOSED"], [],
    )  # fmt: skip


# ---------------------------------------------------------------------- over a wire that loses what it is told to


class Drops:
    """Loses the first SYN, the fourth large segment of the server, and the first FIN of the client."""

    def __init__(self) -> None:
        self.syns = self.large = self.fins = 0

    def __call__(self, sender: str, tcp: Tcp) -> bool:
        segment = tcp.segment
        if sender == SERVER:
            self.large += segment.length > 1000
            return segment.length > 1000 and self.large == 4
        self.syns += bool(segment.ctl & SYN)
        self.fins += bool(segment.ctl & 1)
        return (bool(segment.ctl & SYN) and self.syns == 1) or (bool(segment.ctl & 1) and self.fins == 1)


def what_was_lost(wire: Wire) -> list[tuple[str, int, int]]:
    return sorted(("client" if sender == CLIENT else "server", tcp.segment.seq, tcp.segment.length)
                  for sender, tcp in wire.lost)  # fmt: skip


def what_is_told(told: Trace) -> list[tuple[str, int, int]]:
    return sorted((record.host, record.segment.seq, record.segment.length) for record in told.of_kind(Lost))


@pytest.mark.slow
def test_losses_on_a_wire_are_found_from_either_end_and_from_both(tmp_path: Path) -> None:
    need("tcpdump", "ip")
    at_client, at_server = tmp_path / "client.pcap", tmp_path / "server.pcap"
    with (
        Wire(Drops()) as wire,
        tcpdump(at_client, "tstcin", 80, wire.names[0]),
        tcpdump(at_server, "tstsin", 80, wire.names[1]),
    ):
        server = wire.run(1, SERVES, SERVER, "80")
        assert server.stdout is not None
        assert server.stdout.readline() == "serving\n"
        client = wire.run(0, FETCHES, SERVER, "80")
        assert client.communicate(timeout=30)[0] == "20000\n"
        server.communicate(timeout=30)
        time.sleep(1)  # the FIN is sent again
    truth = what_was_lost(wire)
    assert len(truth) == 3
    both = load_both(at_client, at_server)
    assert what_is_told(both) == truth
    assert all(record.by == "between the two captures" for record in both.of_kind(Lost))
    client_view, server_view = load(at_client), load(at_server)
    assert what_is_told(client_view) == truth
    assert {record.by for record in client_view.of_kind(Lost)} == {"behind the capture", "before the capture"}
    # The server's capture never saw the first SYN and the first FIN: nothing followed them, and no hole shows.
    assert what_is_told(server_view) == [each for each in truth if each[0] == "server"]
    for told, place in ((client_view, "client"), (server_view, "server")):
        assert notes(told)[0].startswith(f"captured at the {place}: ")
    for told in (both, client_view, server_view):
        assert path(told, "client") == ["SYN-SENT", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"]
        assert path(told, "server")[-1] == "TIME-WAIT"
        draw_ladder(told, tmp_path / "drawn.png")
