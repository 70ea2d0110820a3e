"""Captures of this machine's own TCP, made by tcpdump: the kernel is explained, and the verdicts are an expert's."""

from __future__ import annotations

import http.server
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

from tcpsim.capture.checking import Report, check
from tcpsim.capture.verdict import NOT_EXPLAINED, Verdict
from tests.capture.real import FAR, captured, lossy_path

BODY = b"tcpsim " * 20_000


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)  # without its length: the client waits for the FIN
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        pass


def explained(path: Path) -> Report:
    report = check(path)
    found = [(each.frame, each.reason.id, each.detail) for v in report.verdicts for each in v.of_kind(NOT_EXPLAINED)]
    assert found == []
    return report


def only(path: Path) -> Verdict:
    (verdict,) = explained(path).verdicts
    return verdict


def test_an_http_exchange(tmp_path: Path) -> None:
    path = tmp_path / "http.pcap"
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    with captured(path, only=f"tcp port {port}"):
        thread.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            assert answer.read() == BODY
        server.shutdown()
        server.server_close()
        thread.join()
    verdict = only(path)
    assert verdict.opened == "three-way handshake"
    assert verdict.first_closer == "server"  # HTTP/1.0
    assert verdict.time_wait == "server"
    assert verdict.reset_by == ""
    assert verdict.round_trip is not None
    assert verdict.ends[1].octets >= len(BODY)


def test_a_connection_that_is_reset_and_one_that_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reset.pcap"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with captured(path, only=f"tcp port {port}"):
            client = socket.create_connection(("127.0.0.1", port))
            accepted, _ = listener.accept()
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            time.sleep(0.1)
            accepted.close()
            listener.close()
            with socket.socket() as refused:
                assert refused.connect_ex(("127.0.0.1", port)) != 0
    reset, refusal = explained(path).verdicts
    assert (reset.closed, reset.reset_by, reset.time_wait) == ("reset by client", "client", "")
    assert (refusal.opened, refusal.reset_by) == ("refused by server", "server")


def test_a_window_of_zero(tmp_path: Path) -> None:
    path = tmp_path / "zero.pcap"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with captured(path, only=f"tcp port {port}"):
            client = socket.create_connection(("127.0.0.1", port))
            accepted, _ = listener.accept()
            client.setblocking(False)
            client.send(b"z" * 100_000)
            time.sleep(1)
            accepted.settimeout(0.5)
            try:
                while accepted.recv(4_000):
                    pass
            except TimeoutError:
                pass
            client.close()
            accepted.close()
    assert only(path).reset_by in ("", "client", "server")


SERVER = """
import socket
with socket.create_server(("{host}", 8080)) as listener:
    print("ready", flush=True)
    connection, _ = listener.accept()
    with connection:
        connection.recv(100)
        connection.sendall({body!r} * 20000)
"""


def test_a_transfer_over_a_path_that_loses(tmp_path: Path) -> None:
    path = tmp_path / "lossy.pcap"
    name = "tcpsimck"
    with lossy_path(name, lambda count, datagram: count % 23 == 11) as interface:
        command = ["ip", "netns", "exec", name, sys.executable, "-c", SERVER.format(host=FAR, body=b"tcpsim ")]
        with captured(path, interface), subprocess.Popen(command, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            server.stdout.readline()
            with socket.create_connection((FAR, 8080), timeout=20) as client:
                client.settimeout(20)
                client.sendall(b"GET\n")
                got = b""
                while piece := client.recv(65_536):
                    got += piece
            assert got == BODY
    verdict = only(path)
    assert verdict.first_closer == "server"
    sent = verdict.ends[1]
    assert sent.retransmitted + sent.unseen > 0  # what was lost before the capture comes late
