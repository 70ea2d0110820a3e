"""Captures that tcpdump makes of this machine's own connections, on the loopback interface and over a path that loses.

The path is a relay of ours between two TUN devices, one of them in a network namespace: it drops what it is told to.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import shutil
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TCPDUMP = shutil.which("tcpdump") or "/usr/sbin/tcpdump"
_TUNSETIFF = 0x400454CA
_TUN_NO_PI = 0x1001
NEAR, FAR = "10.77.83.1", "10.77.83.2"


def needs_tcpdump() -> None:
    """Skip a test where tcpdump is missing, or may not capture."""
    if not Path(TCPDUMP).exists():
        pytest.skip("tcpdump is not installed")
    if os.geteuid() != 0:
        pytest.skip("capturing needs root")


@contextlib.contextmanager
def captured(path: Path, interface: str = "lo", only: str = "tcp") -> Iterator[None]:
    """Capture what passes meanwhile."""
    needs_tcpdump()
    command = [TCPDUMP, "-i", interface, "-B", "32768", "--immediate-mode", "-U", "-w", str(path), only]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        while first and b"listening on" not in first:
            first = process.stderr.readline()
        if not first:
            pytest.skip(f"tcpdump can't capture on {interface}")
        time.sleep(0.1)
        try:
            yield
        finally:
            time.sleep(0.4)
            process.terminate()


def _tun(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", name.encode(), _TUN_NO_PI))
    return descriptor


def _do(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True)


@contextlib.contextmanager
def lossy_path(name: str, loses: Callable[[int, bytes], bool]) -> Iterator[str]:
    """Lay a path to a namespace of this name, in which FAR is; packets for which `loses` is true die on it.

    `loses` is given how many packets have come before, and the datagram. Yields the near interface.
    """
    needs_tcpdump()
    if not Path("/dev/net/tun").exists() or shutil.which("ip") is None:
        pytest.skip("a path of our own needs /dev/net/tun and iproute2")
    near, far = f"{name}n", f"{name}f"
    try:
        ends = (_tun(near), _tun(far))
        _do(f"ip netns add {name}")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"network namespaces can't be made here: {error}")
    stop = threading.Event()
    relay = threading.Thread(target=_relay, args=(ends, loses, stop), daemon=True)
    try:
        _do(f"ip link set {far} netns {name}")
        _do(f"ip addr add {NEAR} peer {FAR} dev {near}")
        _do(f"ip link set {near} up")
        _do(f"ip netns exec {name} ip addr add {FAR} peer {NEAR} dev {far}")
        _do(f"ip netns exec {name} ip link set {far} up")
        relay.start()
        yield near
    finally:
        stop.set()
        if relay.is_alive():
            relay.join(2)
        for end in ends:
            os.close(end)
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _relay(ends: tuple[int, int], loses: Callable[[int, bytes], bool], stop: threading.Event) -> None:
    seen = 0
    while not stop.is_set():
        for end in select.select(ends, (), (), 0.1)[0]:
            datagram = os.read(end, 65_536)
            if datagram[0] >> 4 != 4:
                continue
            if not loses(seen, datagram):
                time.sleep(0.002)
                with contextlib.suppress(OSError):
                    os.write(ends[1] if end == ends[0] else ends[0], datagram)
            seen += 1
