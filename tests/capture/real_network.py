"""Real connections of this machine's kernel, captured by tcpdump: over loopback, and over a wire that loses packets.

The wire is two network namespaces, each with one end of a veth pair; a relay in this process carries frames between
the other two ends, late, and drops those that it is told to. So what was lost is known. It computes checksums
anew, since the kernel leaves those to the interface.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path

import pytest

from tcpsim.wire import Datagram, Tcp, WireError, decode, encode

CLIENT, SERVER = "10.77.0.1", "10.77.0.2"
ETHERNET_OCTETS = 14


def need(*tools: str) -> None:
    """Skip the test unless these programs and the rights to capture are there."""
    for name in tools:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    if os.geteuid() != 0:
        pytest.skip("capturing needs root")


@contextlib.contextmanager
def tcpdump(path: Path, interface: str, port: int, namespace: str | None = None) -> Iterator[None]:
    """Capture what belongs to a port into a file, from when the body begins until what it did has been written."""
    within = ["ip", "netns", "exec", namespace] if namespace else []
    command = ["tcpdump", "-i", interface, "-w", str(path), "-U", "--immediate-mode", "-B", "8192", "-Z", "root"]
    with subprocess.Popen([*within, *command, f"tcp port {port}"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "listening on" in line:
                break
        else:
            pytest.skip(f"tcpdump can't capture on {interface}")
        try:
            yield
            time.sleep(0.4)
        finally:
            process.terminate()
            process.communicate(timeout=10)


@dataclass
class Wire:
    """Two hosts joined by a relay.

    Attributes:
        drops: asked for each TCP segment, in order, whether it is lost: who sends it, and the datagram.
        lost: what was.
    """

    drops: Callable[[str, Tcp], bool]
    delay: float = 0.02
    lost: list[tuple[str, Tcp]] = field(default_factory=list)
    names: tuple[str, str] = ("tcpsim-test-c", "tcpsim-test-s")

    def __enter__(self) -> Wire:
        self._stop = threading.Event()
        self._inner = [f"tst{side}in" for side in "cs"]
        self._outer = [f"tst{side}out" for side in "cs"]
        self._remove()
        try:
            for name, inner, outer, address in zip(self.names, self._inner, self._outer, (CLIENT, SERVER), strict=True):
                _ip(f"netns add {name}")
                _ip(f"link add {outer} type veth peer name {inner} netns {name}")
                for device in (["-n", name], inner), ([], outer):
                    _ip(f"link set {device[1]} gso_max_segs 1 gso_max_size 1500", *device[0])
                    _ip(f"link set {device[1]} up", *device[0])
                _ip(f"addr add {address}/24 dev {inner}", "-n", name)
        except subprocess.CalledProcessError as error:
            self._remove()
            pytest.skip(f"no network namespaces: {error.stderr.strip()}")
        self._relay = threading.Thread(target=self._carry, daemon=True)
        self._relay.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._relay.join()
        self._remove()

    def _remove(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def _carry(self) -> None:
        sockets = []
        for outer in self._outer:
            each = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            each.bind((outer, 0))
            sockets.append(each)
        waiting: list[tuple[float, int, int, bytes]] = []
        count = 0
        while not self._stop.is_set():
            timeout = max(waiting[0][0] - time.monotonic(), 0) if waiting else 0.05
            ready, _, _ = select.select(sockets, [], [], min(timeout, 0.05))
            for each in ready:
                frame, about = each.recvfrom(65536)
                if about[2] == socket.PACKET_OUTGOING:  # our own
                    continue
                side = sockets.index(each)
                carried = self._judged(frame, CLIENT if side == 0 else SERVER)
                if carried is not None:
                    count += 1
                    heappush(waiting, (time.monotonic() + self.delay, count, 1 - side, carried))
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, side, carried = heappop(waiting)
                sockets[side].send(carried)
        for each in sockets:
            each.close()

    def _judged(self, frame: bytes, sender: str) -> bytes | None:
        try:
            datagram: Datagram = decode(frame[ETHERNET_OCTETS:], verify=False)
        except WireError:
            return frame  # ARP
        if isinstance(datagram.payload, Tcp):
            if self.drops(sender, datagram.payload):
                self.lost.append((sender, datagram.payload))
                return None
            return frame[:ETHERNET_OCTETS] + encode(datagram)
        return frame

    def run(self, side: int, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a Python program on one of the two hosts."""
        return subprocess.Popen(
            ["ip", "netns", "exec", self.names[side], shutil.which("python3") or "python3", "-c", program, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip


def _ip(command: str, *before: str) -> None:
    subprocess.run(["ip", *before, *command.split()], capture_output=True, text=True, check=True)


SERVES = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)  # without its length: the client waits for the FIN
        self.end_headers()
        self.wfile.write(b"x" * 20000)
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Handler)
print("serving", flush=True)
server.handle_request()
"""
FETCHES = """
import sys, urllib.request
print(len(urllib.request.urlopen(f"http://{sys.argv[1]}:{sys.argv[2]}/", timeout=30).read()))
"""
