"""Every expectation of every scenario, turned wrong, fails, and says what happened instead.

Each is changed in every way there is: a number, the bits, who sent it, what became of it, a segment too many or
too few, another state, a count one off, `never` before what did happen. The run itself stays as it was.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tcpsim.scenario import Outcome, loading, run
from tcpsim.scenario.document import Mapping, Node, Scalar, Sequence
from tcpsim.scenario.evidence import Evidence
from tcpsim.scenario.expectations import Expectation, PiecesAre
from tcpsim.scenario.models import ScenarioFile
from tcpsim.scenario.moments import MANY, TIMER_WORDS, parse_count
from tcpsim.scenario.problems import Place
from tests.scenario.written import NAMES, loaded, of, plain, ran

Data = dict[str, Any]
Change = tuple[str, str, Data, str]
"""What is changed, of which section, the changed file, and words that have to be in the outcome."""

ORDINAL = r"(first|second|third|[0-9]+(?:st|nd|rd|th))"

OTHER_BITS = {"SYN": "RST", "SYN,ACK": "SYN", "ACK": "PSH,ACK", "PSH,ACK": "ACK", "FIN,ACK": "ACK", "RST": "RST,ACK"}


def with_section(data: Data, section: str, value: object) -> Data:
    """Return a copy of a file with another value for one section of its expectations."""
    twin = copy.deepcopy(data)
    twin["expect"][section] = value
    return twin


# ---------------------------------------------------------------------- segments


def wrong_lines(line: str) -> Iterator[tuple[str, str]]:
    """Yield (a line that is wrong in one respect, what its outcome has to say)."""
    for match in re.finditer(r"\b(seq|ack|len|win|up|mss|wscale) (-?[0-9]+)(?!\.)\b", line):
        number = int(match[2]) + (77 if int(match[2]) < 65_000 else -77)  # the others go to 65,535
        yield _replaced(line, match, f"{match[1]} {number}"), f"{match[1]} is {match[2]}, not {number}"
    for match in re.finditer(r"\bseq ([0-9]+)\.\.([0-9]+)\b", line):
        longer = f"{match[1]}..{int(match[2]) + 1}"
        yield _replaced(line, match, f"seq {longer}"), f"it occupies {match[1]}..{match[2]}, not {longer}"
    for match in re.finditer(r"\b(SEQ|ACK)=([0-9]+)", line):
        number = (int(match[2]) + 1) % 2**32
        yield _replaced(line, match, f"{match[1]}={number}"), f"{match[1]} is {match[2]}, not {number}"
    party, *words = taken_apart(line)
    bits = OTHER_BITS.get(words[0], "RST")
    if words[0] == "UDP":
        yield f"{party} {bits}", f"it is UDP with {words[2]} octets, no {bits}"
    else:
        yield " ".join([party, bits, *words[1:]]), f"the bits are {words[0]}, not {bits}"
    for match in re.finditer(r"\bat ([0-9.]+)(ms|s)\b", line):
        later = f"{match[1]}1" if "." in match[1] else f"{match[1]}.001"
        yield _replaced(line, match, f"at {later}{match[2]}"), f"not at {later}"[:7]
    for mark in ("lost", "delayed", *(["retransmission"] if words[0] != "UDP" else [])):
        adjective = mark if mark != "retransmission" else "a retransmission"
        if mark not in words:
            yield f"{line} {mark}", f"it is not {adjective}"
        else:
            yield line.replace(f" {mark}", ""), f"it is {adjective}"
    for mark in ("corrupted", "duplicated"):
        if mark not in words:
            yield f"{line} {mark}", f"it is not {mark}"
    if "lost" in words:
        yield f"{line} arrived", "it is not arrived"
    if words[0] != "UDP" and "SYN" not in words[0]:
        for option in ("sackok", "cookie", "cookie?"):  # a SYN's alone; a line may leave out what there is
            yield f"{line} {option}", f"{option} is absent"


def taken_apart(line: str) -> list[str]:
    """Return the party of a line (`client`, `client connection 2`, a connection's name), and its further words."""
    match = re.match(r"\S+( connection [0-9]+)?", line)
    assert match is not None
    return [match[0], *line[match.end() :].split()]


def _replaced(line: str, match: re.Match[str], by: str) -> str:
    return line[: match.start()] + by + line[match.end() :]


def wrong_segments(data: Data) -> Iterator[Change]:
    lines: list[str] = data["expect"].get("segments", [])
    hosts = list(data["hosts"])
    for index, line in enumerate(lines):
        for wrong, said in wrong_lines(line):
            yield _line(data, "segments", index, wrong, said)
        party, *words = taken_apart(line)
        named = [step["host"] for step in data["script"] if step.get("as") == party]
        sender = named[0] if named else party.split()[0]
        for other in [host for host in hosts if host != sender][:1]:
            yield _line(data, "segments", index, " ".join([other, *words]), f"{sender} ")
        for match in re.finditer(r"\bto (\S+)", line):
            for other in [host for host in hosts if host != match[1]][:1]:
                wrong, said = _replaced(line, match, f"to {other}"), f"it was sent to {match[1]}, not {other}"
                yield _line(data, "segments", index, wrong, said)
    for index, line in enumerate(lines):
        without, twice = [*lines[:index], *lines[index + 1 :]], [*lines[:index], line, *lines[index:]]
        yield f"without segment {index + 1}", "segments", with_section(data, "segments", without), " at "
        yield f"segment {index + 1} twice", "segments", with_section(data, "segments", twice), " at "
    if lines:
        yield "no segments at all", "segments", with_section(data, "segments", []), f"{len(lines)} more"


def _line(data: Data, section: str, index: int, line: str, said: str) -> Change:
    lines = data["expect"][section]
    changed = [*lines[:index], line, *lines[index + 1 :]]
    return f"`{line}` as {section} {index + 1}", section, with_section(data, section, changed), said


def wrong_includes(data: Data) -> Iterator[Change]:
    lines: list[str] = data["expect"].get("includes", [])
    for index, line in enumerate(lines):
        for wrong, said in wrong_lines(line):
            # Without a number another segment may be what is described; without a mark this one still is.
            if re.search(r"is [0-9]+, not|it occupies", said):
                yield _line(data, "includes", index, wrong, "there was none; the nearest was")
    if len(lines) > 1:
        turned = with_section(data, "includes", [*lines[1:], lines[0]])
        yield "includes, the first last", "includes", turned, "it came earlier"


# ---------------------------------------------------------------------- what happens


def wrong_never(data: Data) -> Iterator[Change]:
    hosts = [step["host"] for step in data["script"] if step["call"] == "connect" or step.get("active")]
    happened = ["any segment"]
    for host in hosts[:1]:
        happened += ["any SYN", f"{host} SYN", f"{host} retransmission set", f"{host} is SYN-SENT"]
    for index in range(len(data["expect"].get("never", []))):
        for phrase in happened:
            yield _line(data, "never", index, phrase, "it happened")


def wrong_count(data: Data) -> Iterator[Change]:
    for key, times in data["expect"].get("count", {}).items():
        span = parse_count(str(times))
        wrong: list[int | str] = [f"at least {span.high + 1}" if span.high < MANY else "at least 1000000"]
        wrong += [span.high + 1] if span.high < MANY else []
        wrong += [span.low - 1, f"at most {span.low - 1}", f"0..{span.low - 1}"] if span.low else []
        for number in wrong:
            yield _entry(data, "count", key, number, "it happened" if span.high else "it never happened")


def wrong_states(data: Data) -> Iterator[Change]:
    for key, states in data["expect"].get("states", {}).items():
        if isinstance(states, str):
            yield _entry(data, "states", key, "LAST-ACK", "it ended in")
            continue
        for index, state in enumerate(states):
            other = "CLOSING" if state != "CLOSING" else "LAST-ACK"
            path = [*states[:index], other, *states[index + 1 :]]
            yield _entry(data, "states", key, path, f"state was {state}, not {other}")
            shorter = [*states[:index], *states[index + 1 :]]
            yield _entry(data, "states", key, shorter, f"it went {', '.join(states)}")
        yield _entry(data, "states", key, [*states, "LISTEN"], f"stayed in {states[-1]}")


def _entry(data: Data, section: str, key: str, value: object, said: str) -> Change:
    changed = {**data["expect"][section], key: value}
    return f"{section} {key}: {value}", section, with_section(data, section, changed), said


def wrong_timers(data: Data) -> Iterator[Change]:
    for index, line in enumerate(data["expect"].get("timers", [])):
        for match in re.finditer(r"\b(at|for) ([0-9]+)(?:\.[0-9]+)?(ms|s|min)\b", line):
            wrong = _replaced(line, match, f"{match[1]} {int(match[2]) + 977}{match[3]}")
            yield _line(data, "timers", index, wrong, "differs: it was")
        other = "keep-alive" if " keep-alive " not in line else "persist"
        timer = re.sub(rf" ({'|'.join(TIMER_WORDS)}) ", f" {other} ", line)
        yield _line(data, "timers", index, timer, "it never ran")
        often = re.sub(rf" (set|fired|stopped)( {ORDINAL} time)?", r" \1 99th time", line)
        yield _line(data, "timers", index, often, "it happened")


def wrong_rest(data: Data) -> Iterator[Change]:
    for key, text in data["expect"].get("delivered", {}).items():
        if isinstance(text, int):
            yield _entry(data, "delivered", key, text + 1, f"it received {text}")
        else:
            yield _entry(data, "delivered", key, text[:-1], f"({len(text)} octets, not {len(text) - 1})")
            yield _entry(data, "delivered", key, "~" + text[1:], f"(the 1st octet is {text[0]!r}, not '~')")
            yield _entry(data, "delivered", key, len(text) + 1, f"it received {len(text)}")
    for section in ("reads", "datagrams"):
        for key, pieces in data["expect"].get(section, {}).items():
            yield _entry(data, section, key, [*pieces, "more"], "it received")
            yield _entry(data, section, key, pieces[1:], "it received")
            yield _entry(data, section, key, ["".join(map(str, pieces[:2])), *pieces[2:]], "it received")
    for key, signals in data["expect"].get("signals", {}).items():
        for index, signal in enumerate(signals):
            yield _entry(data, "signals", key, [*signals[:index], *signals[index + 1 :]], f"`{signal}`")
        yield _entry(data, "signals", key, [*signals, "urgent data"], "it was told")
    for key, counters in data["expect"].get("counters", {}).items():
        for name, times in counters.items():
            yield _entry(data, "counters", key, {**counters, name: 99_999}, f"it counted {times}")
    for key, lengths in data["expect"].get("queues", {}).items():
        for which in lengths:
            yield _entry(data, "queues", key, {**lengths, which: 99_999}, str(lengths[which]))
    for key, errors in data["expect"].get("errors", {}).items():
        for number in range(len(errors)):
            other = next(each for each in ("connection closing", "connection reset") if each not in errors[number])
            yield _entry(data, "errors", key, [*errors[:number], *errors[number + 1 :]], "returned")
            yield _entry(data, "errors", key, [*errors[:number], other, *errors[number + 1 :]], "returned")
        yield _entry(data, "errors", key, [*errors, "insufficient resources"], "returned" if errors else "none did")
    for limit in ("until", "event limit", "record limit"):
        yield f"ends: {limit}", "ends", with_section(data, "ends", limit), "nothing was left to happen"


CHANGES = (wrong_segments, wrong_includes, wrong_never, wrong_count, wrong_states, wrong_timers, wrong_rest)
SECTION = {
    "SegmentsAre": "segments", "SegmentsInclude": "includes", "Never": "never", "Happens": "count", "PathIs": "states",
    "EndsIn": "states", "TimerDoes": "timers", "TextDelivered": "delivered", "OctetsDelivered": "delivered",
    "SignalsAre": "signals", "ErrorsAre": "errors", "Ends": "ends", "CounterIs": "counters", "QueueReaches": "queues",
}  # fmt: skip


def section_of(expectation: object) -> str:
    """Return the key below `expect` that an expectation belongs to."""
    if isinstance(expectation, PiecesAre):
        return "datagrams" if expectation.udp else "reads"
    return SECTION[type(expectation).__name__]


def node(value: Any) -> Node:
    """Return plain data as the tree that reading its text would give: reading takes ten times as long."""
    place = Place("changed.yaml", 1, 1)
    if isinstance(value, dict):
        keys = {key: Scalar(place, value=key, raw=key) for key in value}
        return Mapping(place, keys=keys, values={key: node(each) for key, each in value.items()})
    if isinstance(value, list):
        return Sequence(place, items=[node(each) for each in value])
    return Scalar(place, value=value, raw=str(value))


def expectations(data: Data) -> Iterable[Expectation]:
    """Return the expectations that stand in a file's plain data."""
    tree = node(data)
    assert isinstance(tree, Mapping)
    return loading._scenario(ScenarioFile.model_validate(data), tree, "", "changed.yaml").expectations


def failures(data: Data, evidence: Evidence) -> list[tuple[str, Outcome]]:
    """Return what fails of a changed file's expectations, asked of the unchanged run; with its section."""
    checked = [(section_of(each), each.check(evidence)) for each in expectations(data)]
    return [(section, outcome) for section, outcome in checked if not outcome.ok]


@pytest.mark.parametrize("name", NAMES)
def test_every_expectation_turned_wrong_fails_and_says_what_happened_instead(name: str) -> None:
    made, data = ran(name), plain(loaded(name))
    evidence = Evidence(made.trace, made.names)
    sections = set()
    for change in CHANGES:
        for what, section, wrong, said in change(data):
            failed = failures(wrong, evidence)
            assert [each for each, _ in failed] == [section], f"{what}: {failed}"
            outcome = failed[0][1]
            assert said in outcome.actual, f"{what}: {outcome}"
            assert outcome.near_serial is not None
            assert 0 <= outcome.near_serial < len(made.trace)
            assert str(outcome) == f"{outcome.place}: expected {outcome.expected}, but {outcome.actual}"
            sections.add(section)
    assert sections >= set(data["expect"])


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_verdict_fails_with_one_expectation(name: str) -> None:
    data = plain(loaded(name))
    host = next(iter(data["hosts"]))
    wrong = "LISTEN" if data["expect"]["states"].get(host, [""])[-1] != "LISTEN" else "CLOSING"
    data["expect"]["states"][host] = wrong
    made = run(of(data))
    assert not made.passed
    assert [outcome.expected for outcome in made.failures] == [f"{host} to end in {wrong}"]
