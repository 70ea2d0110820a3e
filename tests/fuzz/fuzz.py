"""Coverage-guided fuzzing of what reads other people's octets: packetdrill's parser, runner and evaluator, the
wire decoder, and captures, with what is made of the connections in them.

    python tests/fuzz/fuzz.py                                   every target for a minute, and a summary
    python tests/fuzz/fuzz.py -max_total_time=600               for ten minutes each
    python tests/fuzz/fuzz.py parser -runs=100000               one target, by libFuzzer's own words

What follows the target's name goes to libFuzzer. What it learns, and the input of a failure, stays in `.fuzz/`.
Needs `atheris` (`pip install -e '.[fuzz]'`), which not every Python can have: without it this says so and ends with
exit code 0. The targets are plain functions of octets, and tested as such.
"""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tcpsim.capture import CaptureError, Tally, check, decode_frame, load_both, read_frames
from tcpsim.capture import load as load_capture
from tcpsim.capture.writing import capture_pieces
from tcpsim.packetdrill import Ways, run_text
from tcpsim.packetdrill.expressions import CodeError, run_code
from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import ScriptError
from tcpsim.packetdrill.script import Code
from tcpsim.packetdrill.writing import format_script
from tcpsim.scenario import run
from tcpsim.scenario.library import load
from tcpsim.tcp.config import PROFILES
from tcpsim.tcp.options import Options
from tcpsim.tcp.segment import segment
from tcpsim.wire import ICMP, ICMPV6, TCP, UDP, Datagram, Icmp, Raw, Tcp, Udp, WireError, decode, encode, quoted

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parent.parent.parent
KEPT: Final = Path(".fuzz")
BOUNDS: Final = ("-max_total_time=60", "-timeout=10", "-max_len=2000", "-rss_limit_mb=512")
"""Of a run of every target: seconds for each, seconds for one input (a hang), octets of an input, MiB of memory."""
WAYS: Final = [Ways(profile, sockets=style) for profile in PROFILES for style in ("", "ahead")]
LOOKED_INTO: Final = (TCP, UDP, ICMP, ICMPV6)


def parser(octets: bytes) -> None:
    """Parse a script; it is refused with a place, or written and read again as the same."""
    try:
        script = parse(octets.decode("utf-8", "replace"), "fuzz.pkt", predefined=["FreeBSD"])
    except ScriptError:
        return
    assert parse(format_script(script), "fuzz.pkt") == script


def runner(octets: bytes) -> None:
    """Run a script, as the host that its first octet chooses; whatever comes of it, nothing is raised."""
    ways = WAYS[octets[0] % len(WAYS)] if octets else WAYS[0]
    run_text(octets[1:].decode("utf-8", "replace"), "fuzz.pkt", ways)


def evaluator(octets: bytes) -> None:
    """Evaluate a block of code, which passes, fails or isn't run."""
    with suppress(CodeError):
        run_code(Code(octets.decode("utf-8", "replace")), {"tcpi_snd_cwnd": 10, "TCP_CA_Open": 0}, {})


def wire(octets: bytes) -> None:
    """Decode a datagram; it is refused, or encoded and decoded again as the same.

    But for what a routing header sends elsewhere first, since that header is skipped, and for UDP over IPv6 without
    a checksum, which can be read and not written.
    """
    try:
        datagram = decode(octets, verify=False)  # hardly any change would leave the checksums right
    except WireError:
        return
    payload = datagram.payload
    on_its_way = isinstance(payload, Raw) and payload.protocol in LOOKED_INTO and not datagram.fragment
    unchecked = isinstance(payload, Udp) and not payload.checked and ":" in datagram.source
    if not on_its_way and not unchecked:
        assert decode(encode(datagram)) == datagram
    with suppress(WireError):
        quoted(datagram)


def capture(octets: bytes) -> None:
    """Read a capture, and the datagram in each of its frames; only a CaptureError ends that early."""
    tally = Tally()
    with suppress(CaptureError):
        for frame in read_frames(io.BytesIO(octets), "fuzz.pcapng"):
            assert len(frame.octets) <= frame.original
            decode_frame(frame, tally)


def connections(octets: bytes) -> None:
    """Check a capture, and make traces of its first connections; only a CaptureError ends that early."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(octets)
        file.flush()
        with suppress(CaptureError):
            for verdict in check(file.name).verdicts[:4]:
                verdict.as_json()
                load_capture(file.name, verdict.stream)


def merged(octets: bytes) -> None:
    """Merge two captures, the first as long as the first two octets say; only a CaptureError ends that early."""
    end = 2 + int.from_bytes(octets[:2], "big")
    with tempfile.NamedTemporaryFile(suffix=".pcap") as one, tempfile.NamedTemporaryFile(suffix=".pcap") as other:
        for file, part in ((one, octets[2:end]), (other, octets[end:])):
            file.write(part)
            file.flush()
        with suppress(CaptureError):
            load_both(one.name, other.name)


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "parser": parser, "runner": runner, "evaluator": evaluator, "wire": wire, "capture": capture,
    "connections": connections, "merged": merged,
}  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """Return inputs to begin with."""
    scripts = [path.read_bytes() for path in sorted((ROOT / "tests" / "packetdrill").rglob("*.pkt"))]
    if target == "parser":
        return scripts
    if target == "runner":
        return [bytes([number % len(WAYS)]) + script for number, script in enumerate(scripts)]
    if target == "evaluator":
        return [
            b"assert tcpi_snd_cwnd == 10, 'cwnd %d' % tcpi_snd_cwnd",
            b"a = tcpi_snd_cwnd\nassert 1 <= a < 3 or not a",
        ]
    if target in ("capture", "connections"):
        trace = run(load("lost-syn")).trace
        return [b"".join(capture_pieces(trace, form, link=link)) for form in ("pcap", "pcapng") for link in (1, 101)]
    if target == "merged":
        trace = run(load("handshake")).trace
        ends = [b"".join(capture_pieces(trace, "pcap", at=host)) for host in ("client", "server")]
        return [len(one).to_bytes(2, "big") + one + other for one, other in (ends, ends[::-1])]
    syn = Tcp(40_000, 80, segment("SYN", seq=100, options=Options(1460, 7, sack_ok=True, ts=(1, 0))))
    datagrams = [
        Datagram(*ends, payload)
        for ends in (("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2"))
        for payload in (syn, Udp(1, 2, b"hello"), Icmp(3, 1, 0, encode(Datagram(*ends, syn))))
    ]
    return [encode(datagram) for datagram in datagrams]


def main(arguments: list[str]) -> int:
    """Fuzz; return the exit code: 0, 1 if a target failed, 2 for a target that there is not."""
    target = arguments[1] if len(arguments) > 1 and not arguments[1].startswith("-") else None
    if target is not None and target not in TARGETS:
        sys.stderr.write(f"usage: {arguments[0]} [{'|'.join(TARGETS)}] [options of libFuzzer]\n")
        return 2
    try:
        atheris = importlib.import_module("atheris")
    except ImportError as error:
        sys.stderr.write(
            f"nothing is fuzzed by coverage: {error}; pip install -e '.[fuzz]', where atheris can be had\n"
        )
        return 0
    if target is None:
        return _all(arguments[1:])
    atheris.instrument_all()
    atheris.Setup([arguments[0], *arguments[2:]], TARGETS[target])
    atheris.Fuzz()
    return 0


def _all(options: list[str]) -> int:
    """Run each target in a process of its own, since libFuzzer ends the one in which it runs."""
    lines = []
    for target in TARGETS:
        corpus = KEPT / target
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds(target)):
            (corpus / f"seed-{number}").write_bytes(seed)
        sys.stdout.write(f"fuzzing: {target}\n")
        sys.stdout.flush()
        command = [
            sys.executable, __file__, target, *BOUNDS, f"-artifact_prefix={KEPT}/{target}-", *options, str(corpus),
        ]  # fmt: skip
        ran = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        lines.append((target, ran.returncode, summary(ran.stderr)))
        if ran.returncode:
            sys.stderr.write(ran.stderr[-8000:])
    for target, code, words in lines:
        sys.stdout.write(f"{target:<11} {'FAILED' if code else 'ok':<7} {words}\n")
    return int(any(code for _, code, _ in lines))


def summary(told: str) -> str:
    """Return libFuzzer's last words: how many runs in how long, and how much code they have reached."""
    done = re.findall(r"^Done (\d+) runs in (\d+) second", told, re.MULTILINE)
    reached = re.findall(r"\bcov: (\d+)", told)
    if not done:
        ends: list[str] = re.findall(r"^(SUMMARY: .*)$", told, re.MULTILINE)
        return ends[-1] if ends else "it did not begin"
    runs, seconds = done[-1]
    return f"{int(runs):,} inputs in {seconds} s, {reached[-1] if reached else 0} branches reached"


if __name__ == "__main__":
    sys.exit(main(sys.argv))
