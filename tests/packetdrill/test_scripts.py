"""The project's own scripts: each passes, and each says something.

Rule 1. A script names the profiles that it judges, in a line `// profiles: ...` of the comment at its head, and passes
        under each of them to the nanosecond.
Rule 2. There is a script for each state and arriving segment: STATES times SEGMENTS, at `<state>/<segment>.pkt`.
Rule 3. No expectation is idle: whichever field of an outbound packet, result of a call, state or count is changed, the
        script fails.
Rule 4. Nothing depends on where sequence numbers begin: with both ISNs just below the wrap, all is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tcpsim.packetdrill import Ways, parse, run, run_text
from tcpsim.packetdrill.options import DIALECTS
from tcpsim.packetdrill.reports import details
from tcpsim.packetdrill.script import Action, Code, Command, Integer, List, Name, Script, SystemCall, TcpPacket

HERE = Path(__file__).parent
STATES = (
    "closed", "listen", "syn-sent", "syn-received", "established", "fin-wait-1", "fin-wait-2", "close-wait", "closing",
    "last-ack", "time-wait",
)  # fmt: skip
SEGMENTS = ("syn", "syn-ack", "syn-fin", "ack", "fin", "fin-ack", "rst", "rst-ack")
SCRIPTS = {path.relative_to(HERE).with_suffix("").as_posix(): path.read_text() for path in sorted(HERE.rglob("*.pkt"))}
_PROFILES = re.compile(r"^// profiles: ([a-z0-9 ]+)$", re.MULTILINE)
_STATE = re.compile(r"TCPI_(?!CLOSED)[A-Z_0-9]+")
_COUNT = re.compile(r"grep (\d)$")
_NUMBER = re.compile(r"(==|>=|<=|<|>) (\d+)")


def profiles(text: str) -> list[str]:
    found = _PROFILES.search(text)
    return found[1].split() if found else []


CASES = [
    pytest.param(
        name, profile, id=f"{name}-{profile}",
    )
    for name, text in SCRIPTS.items()
    for profile in profiles(text)
]  # fmt: skip


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_script(name: str, profile: str) -> None:
    result, _ = run_text(SCRIPTS[name], f"{name}.pkt", Ways(profile, tolerance=0))
    assert result.passed, "\n" + "\n".join(details(result))


# ------------------------------------------------------------------ the table


def test_each_state_and_segment_has_its_script() -> None:
    wanted = {f"{state}/{segment}" for state, segment in product(STATES, SEGMENTS)}
    assert wanted - SCRIPTS.keys() == set()


@pytest.mark.parametrize("name", [f"{state}/{segment}" for state, segment in product(STATES, SEGMENTS)])
def test_a_script_of_the_table_is_about_its_cell(name: str) -> None:
    state, segment = name.split("/")
    title, rest = SCRIPTS[name].split("\n", 1)
    words = {
        "syn-ack": "SYN,ACK",
        "syn-fin": "SYN,FIN",
        "fin": "FIN (no ACK)",
        "fin-ack": "FIN,ACK",
        "rst-ack": "RST,ACK",
    }
    assert title == f"// {state.upper()}: {words.get(segment, segment.upper())} arrives."
    assert "RFC 9293 3.10.7." in rest.split("\n\n")[0]
    flags = {
        "syn": "S",
        "syn-ack": "S.",
        "syn-fin": "SF",
        "ack": ".",
        "fin": "F",
        "fin-ack": "F.",
        "rst": "R",
        "rst-ack": "R.",
    }
    arriving = [a.flags for a in actions(script(name, "rfc9293")) if isinstance(a, TcpPacket) and a.inbound]
    assert flags[segment] in [each.replace("P", "") for each in arriving]


def test_the_list_of_the_table_is_complete() -> None:
    _, *sections = re.split(r"^## ", (HERE / "README.md").read_text(), flags=re.MULTILINE)
    listed = {
        section.split("\n")[0].lower(): re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE)
        for section in sections[: len(STATES)]
    }
    assert listed == {state: list(SEGMENTS) for state in STATES}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_opens_with_what_it_is_about(name: str) -> None:
    head = SCRIPTS[name].split("\n\n")[0].splitlines()
    assert head[0].startswith("// ")
    assert all(line.startswith("//") for line in head)
    assert re.search(r"RFC \d{4}|tcp\(7\)", " ".join(head))
    assert head[-1].startswith("// profiles: ")
    assert set(profiles(SCRIPTS[name])) <= DIALECTS.keys()
    room = name.split("/", maxsplit=1)[0]
    assert profiles(SCRIPTS[name])[0] == (room if room in ("linux", "freebsd") else "rfc9293")
    assert max(map(len, SCRIPTS[name].splitlines())) <= 120


# ------------------------------------------------------------------ what would fail


def script(name: str, profile: str) -> Script:
    return parse(SCRIPTS[name], f"{name}.pkt", predefined=DIALECTS[profile].predefined)


def actions(read: Script) -> list[Action]:
    return [event.action for event in read.events]


def with_action(read: Script, at: int, action: Action) -> Script:
    events = list(read.events)
    events[at] = replace(events[at], action=action)
    return replace(read, events=tuple(events))


def other_packets(packet: TcpPacket) -> Iterator[TcpPacket]:
    """Each with another field changed. The first number of a SYN is only a name for our ISN."""
    flags = packet.flags
    yield replace(packet, flags=flags.replace("P", "") if "P" in flags else flags + "P")
    yield replace(packet, length=packet.length + 1)
    if packet.seq is not None and "S" not in flags:
        yield replace(packet, seq=packet.seq + 1)
    if packet.ack is not None:
        yield replace(packet, ack=packet.ack + 1)
    if packet.window is not None:
        yield replace(packet, window=packet.window + 1)
    if packet.urgent is not None:
        yield replace(packet, urgent=packet.urgent + 1)
    if packet.options:
        yield replace(packet, options=packet.options[:-1])


def others(action: Action) -> Iterator[Action]:
    """An expectation with one thing changed, in each way that it can be."""
    if isinstance(action, TcpPacket) and not action.inbound:
        yield from other_packets(action)
    elif isinstance(action, SystemCall) and isinstance(action.result, Integer):
        if action.errno is not None:
            yield replace(action, errno=replace(action.errno, name="ENXIO"))
        elif action.name in ("read", "write", "send"):
            yield replace(action, result=Integer(action.result.value + 1))
        elif action.name == "getsockopt":
            yield replace(action, arguments=(*action.arguments[:3], List((Name("EPERM"),)), action.arguments[4]))
    elif isinstance(action, Code):
        if "tcpi_state" in action.text:
            yield replace(action, text=re.sub(r"TCPI_[A-Z_0-9]+", other_state, action.text))
        for found in _NUMBER.finditer(action.text):
            opposite = {"==": "!=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}[found[1]]
            yield replace(
                action, text=action.text[: found.start()] + f"{opposite} {found[2]}" + action.text[found.end() :]
            )
    elif isinstance(action, Command) and _COUNT.search(action.text):
        yield replace(action, text=_COUNT.sub("grep 7", action.text))


def other_state(found: re.Match[str]) -> str:
    return "TCPI_CLOSED" if found[0] != "TCPI_CLOSED" else "TCPI_ESTABLISHED"


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_no_expectation_is_idle(name: str, profile: str) -> None:
    read = script(name, profile)
    changed = [(at, other) for at, action in enumerate(actions(read)) for other in others(action)]
    assert any(isinstance(other, TcpPacket) for _, other in changed)
    for at, other in changed:
        result, _ = run(with_action(read, at, other), Ways(profile, tolerance=0))
        assert result.verdict == "failed", f"line {read.events[at].place.line}: {other} makes no difference"


# ------------------------------------------------------------------ where sequence numbers begin

BELOW_THE_WRAP = (1 << 32) - 2


def moved(read: Script, by: int) -> Script:
    """The same with a peer whose ISN is so much larger.

    Packets with SYN bear absolute numbers; the others as well, as long as no SYN,ACK has answered our own SYN.
    """
    events = []
    relative = not any(isinstance(action, SystemCall) and action.name == "connect" for action in actions(read))
    for event in read.events:
        packet = event.action
        if not isinstance(packet, TcpPacket):
            events.append(event)
            continue
        syn, acks = "S" in packet.flags, "." in packet.flags
        relative = relative or (packet.inbound and syn and acks)
        if syn or not relative:
            if packet.inbound:
                packet = replace(packet, seq=((packet.seq or 0) + by) % (1 << 32))
            elif acks:
                packet = replace(packet, ack=((packet.ack or 0) + by) % (1 << 32))
        events.append(replace(event, action=packet))
    return replace(read, events=tuple(events))


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_numbers_may_wrap(name: str, profile: str) -> None:
    read = moved(script(name, profile), BELOW_THE_WRAP)
    result, _ = run(read, Ways(profile, tolerance=0, knobs=(("iss", BELOW_THE_WRAP),)))
    assert result.passed, "\n" + "\n".join(details(result))
