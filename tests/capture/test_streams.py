"""The connections of a capture: where one ends and the next begins, what is told of each, and bounds on all of it."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tcpsim.capture import CaptureError
from tcpsim.capture.loading import load
from tcpsim.capture.reading import MOST_PACKETS, NoStream
from tcpsim.capture.streams import streams, survey
from tcpsim.tcp.segment import Segment, segment
from tcpsim.trace import Sent
from tcpsim.wire import Datagram, Tcp, Udp, encode

from .by_hand import NANO, pcap, record
from .told import notes, ran, written

CLIENT, SERVER = ("192.0.2.1", 5000), ("192.0.2.2", 80)


def frame(source: tuple[str, int], target: tuple[str, int], carried: Segment) -> bytes:
    return encode(Datagram(source[0], target[0], Tcp(source[1], target[1], carried)))


def out(carried: Segment) -> bytes:
    return frame(CLIENT, SERVER, carried)


def back(carried: Segment) -> bytes:
    return frame(SERVER, CLIENT, carried)


def capture(folder: Path, *frames: bytes) -> Path:
    path = folder / "made.pcap"
    path.write_bytes(pcap("<", NANO, *(record("<", 1, n * 1000, octets) for n, octets in enumerate(frames))))
    return path


OPENING = [
    out(segment("SYN", seq=9)),
    back(segment("SYN,ACK", seq=99, ack=10)),
    out(segment("ACK", seq=10, ack=100)),
]


@pytest.mark.parametrize(
    ("name", "place", "opened", "ended"),
    [
        ("handshake", "client", "handshake", "open when the capture ends"),
        ("refused", "client", "refused", "never open"),
        ("syn-retries-exhausted", "client", "SYN not answered", "never open"),
        ("close-four-way", "server", "handshake", "closed, client first"),
        ("linger-zero", "client", "handshake", "reset by client"),
        ("last-ack-stuck", "server", "handshake", "closed, client first, last FIN not acknowledged"),
    ],
)
def test_how_a_stream_opened_and_ended(name: str, place: str, opened: str, ended: str, tmp_path: Path) -> None:
    (stream,) = streams(written(tmp_path, ran(name), place))
    assert (stream.opened, stream.ended) == (opened, ended)
    sent = [record for record in ran(name).of_kind(Sent) if record.host == place]
    assert stream.packets[place == "server"] == len(sent)
    assert stream.octets[place == "server"] == sum(record.segment.length for record in sent)


def test_another_syn_is_another_stream(tmp_path: Path) -> None:
    found = streams(capture(tmp_path, *OPENING, OPENING[0], out(segment("SYN", seq=5000))))
    assert [(each.number, each.packets, each.syn) for each in found] == [
        (0, [3, 1], [9, 99]), (1, [1, 0], [5000, None]),
    ]  # fmt: skip


def test_a_syn_that_crosses_is_of_the_same_stream(tmp_path: Path) -> None:
    crossing = [out(segment("SYN", seq=9)), back(segment("SYN", seq=99)), out(segment("SYN,ACK", seq=9, ack=100)),
                back(segment("SYN,ACK", seq=99, ack=10))]  # fmt: skip
    (stream,) = streams(capture(tmp_path, *crossing))
    assert stream.packets == [2, 2]


def test_without_a_syn_the_lower_port_is_the_servers(tmp_path: Path) -> None:
    for first in (out(segment("ACK", seq=1, ack=1)), back(segment("ACK", seq=1, ack=1))):
        (stream,) = streams(capture(tmp_path, first))
        assert (stream.client, stream.server) == (CLIENT, SERVER)
        assert stream.opened == "before the capture"


def test_a_reset_after_which_its_sender_goes_on_ended_nothing(tmp_path: Path) -> None:
    reset = out(segment("RST", seq=77))
    (stream,) = streams(capture(tmp_path, *OPENING[:2], reset, OPENING[2]))
    assert (stream.opened, stream.ended) == ("handshake", "open when the capture ends")


def test_addresses_of_ipv6(tmp_path: Path) -> None:
    (stream,) = streams(capture(tmp_path, frame(("2001:db8::1", 5000), ("2001:db8::2", 80), segment("SYN", seq=1))))
    assert stream.name == "[2001:db8::1]:5000 > [2001:db8::2]:80"
    assert load(tmp_path / "made.pcap").header.hosts[0].addresses == ("2001:db8::1",)


def test_what_is_no_tcp_is_counted(tmp_path: Path) -> None:
    udp = encode(Datagram("192.0.2.1", "192.0.2.2", Udp(53, 53, b"hm")))
    fragment = OPENING[2][:6] + b"\x20\x00" + OPENING[2][8:]
    found = survey(capture(tmp_path, udp, *OPENING, b"", b"\x45", OPENING[0][:30], fragment))
    assert (len(found.streams), found.frames, found.others) == (1, 8, 5)


def test_which_stream_must_be_said(tmp_path: Path) -> None:
    path = capture(tmp_path, *OPENING, out(segment("SYN", seq=5000)))
    with pytest.raises(NoStream, match="it has 2 TCP connections") as several:
        load(path)
    assert len(several.value.survey.streams) == 2
    assert isinstance(several.value, CaptureError)
    assert len(load(path, 1).of_kind(Sent)) == 1
    with pytest.raises(NoStream, match="there is no stream 7; expected a stream from 0 to 1"):
        load(path, 7)
    with pytest.raises(NoStream, match="it has no frames; expected a TCP connection"):
        load(capture(tmp_path))


def test_a_frame_that_was_cut_has_counted_text(tmp_path: Path) -> None:
    text = out(segment("PSH,ACK", seq=10, ack=100, text=b"hello"))
    whole = [record("<", 1, n, octets) for n, octets in enumerate(OPENING)]
    (tmp_path / "made.pcap").write_bytes(pcap("<", NANO, *whole, record("<", 1, 9, text[:40], len(text))))
    told = load(tmp_path / "made.pcap")
    assert [(r.segment.length, r.segment.text) for r in told.of_kind(Sent)][-1] == (5, None)
    assert "1 frame was cut by the capture: text is counted, not known" in notes(told)


def test_streams_beyond_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["tcpsim.capture.streams"], "MOST_STREAMS", 2)
    syns = [frame(("192.0.2.1", 6000 + n), SERVER, segment("SYN", seq=1)) for n in range(5)]
    found = survey(capture(tmp_path, *syns))
    assert (len(found.streams), found.beyond) == (2, 3)


def test_streams_are_numbered_as_wireshark_numbers_them(tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    for name in ("address-in-use", "time-wait-reuse", "echo-server", "close-wait-leak", "port-exhaustion"):
        path = written(tmp_path, ran(name), "server")
        told = subprocess.run(
            ["tshark", "-r", path, "-T", "fields", "-e", "tcp.stream"], capture_output=True, text=True, check=True
        )
        theirs = [told.stdout.split().count(str(each.number)) for each in streams(path)]
        assert [sum(each.packets) for each in streams(path)] == theirs


def test_whatever_the_octets_nothing_but_a_capture_error_is_raised(tmp_path: Path) -> None:
    chance = random.Random(5)
    good = bytearray(written(tmp_path, ran("lossy"), "client").read_bytes())
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(chance.randrange(1, 12)):
            bad[chance.randrange(24, len(bad))] = chance.randrange(256)
        (tmp_path / "bad.pcap").write_bytes(bad)
        try:
            for stream in survey(tmp_path / "bad.pcap").streams:
                told = load(tmp_path / "bad.pcap", stream.number)
                assert all(a.time <= b.time for a, b in zip(told.records, told.records[1:], strict=False))
        except CaptureError:
            pass


@pytest.mark.parametrize(
    "moment",
    ["2026-11-21 14:19:01", "2000-02-29 23:59:59", "2024-12-31 00:00:00", "2100-03-01 12:00:00", "1971-01-02 00:00:00"],
)
def test_dates_are_those_of_the_calendar(moment: str, tmp_path: Path) -> None:
    seconds = int(datetime.fromisoformat(f"{moment}+00:00").timestamp())
    (tmp_path / "made.pcap").write_bytes(pcap("<", NANO, record("<", seconds, 5_000_000, OPENING[0])))
    assert load(tmp_path / "made.pcap").header.title.endswith(f":80, {moment}.005 UTC")


MEASURED = """
import sys
from tcpsim.capture.loading import load
from tcpsim.capture.streams import survey
found = survey(sys.argv[1])
told = load(sys.argv[1], 0)
with open("/proc/self/status") as status:  # ru_maxrss would count the parent's memory too
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(found.frames, len(found.streams), len(told), peak // 1024)
"""


def measured(path: Path, connections: int, packets: int) -> list[int]:
    """Read a capture of so many packets in a process of its own; return what MEASURED prints."""
    ends = [(f"10.0.{n >> 8}.{n & 255}", 40000) for n in range(connections)]
    opening = [frame(each, SERVER, segment("SYN", seq=1)) for each in ends]
    text = [frame(each, SERVER, segment("ACK", seq=2, ack=2, text=bytes(50))) for each in ends]
    later = b"".join(record("<", 2, 0, octets) for octets in text) * (1000 // connections)
    with path.open("wb") as file:
        file.write(pcap("<", NANO, *(record("<", 1, 0, octets) for octets in opening)))
        for _ in range(packets // 1000):
            file.write(later)
    ran_alone = subprocess.run([sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True)
    return list(map(int, ran_alone.stdout.split()))


@pytest.mark.slow
@pytest.mark.parametrize("connections", [1, 1000])
def test_memory_does_not_grow_with_the_packets(connections: int, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc to read the peak of memory from")
    *_, few = measured(tmp_path / "few.pcap", connections, 30_000)
    frames, found, records, many = measured(tmp_path / "many.pcap", connections, 200_000)
    assert (frames, found) == (200_000 + connections, connections)
    assert records <= 2 * MOST_PACKETS + 20
    assert many < 80
    assert many - few < 10, "of 170,000 packets more, nothing is kept"
