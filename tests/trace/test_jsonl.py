"""The trace's file: what each line says, that nothing is lost, and that no file breaks the reader."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tcpsim.tcp.checks import PLAIN, THEIRS, Check
from tcpsim.tcp.diagram import Event, State
from tcpsim.tcp.options import Options
from tcpsim.tcp.rules import CATALOGUE, Rule
from tcpsim.tcp.segment import ACK, Segment, segment
from tcpsim.trace import (
    Arrived,
    Called,
    Changed,
    Checked,
    Corrupted,
    Datagram,
    Delivered,
    Discarded,
    Duplicated,
    Ended,
    Header,
    Held,
    HostHeader,
    Lost,
    Mapped,
    Moved,
    Note,
    Record,
    SegmentRecord,
    Sent,
    Signalled,
    TimerFired,
    TimerSet,
    TimerStopped,
    Trace,
    TraceError,
    flights,
    jsonl,
)
from tcpsim.trace import records as kinds
from tcpsim.trace.jsonl import dump, load
from tests.trace.story import TO_SERVER, Story

A_RULE = next(iter(CATALOGUE.values()))
A_STRANGER = Rule("future.rule", "RFC 9999", "1.2, third", "MUST-3", "?")

HOSTS = (HostHeader("client", ("192.0.2.1",), "plain"), HostHeader("server", ("192.0.2.2", "192.0.2.3"), "rfc9293"))
HEADER = Header("A handshake", "RFC 9293 3.5, Figure 6", "handshake", 7, HOSTS, ("client - server: 50ms each way",))
UDP_FLOW = ("192.0.2.1", 49152, "192.0.2.2", 53)
SYN = segment("SYN", seq=4_294_967_295, options=Options(mss=1460))

ONE_OF_EACH: list[Record] = [
    Sent(0, 0, "client", 1, A_RULE, 1, TO_SERVER, SYN, 0, None, "server", 2),
    Arrived(50, 1, "server", None, None, 1, TO_SERVER, SYN, 0, None),
    Lost(
        50, 2, "client", 1, None, 2, TO_SERVER, segment("URG,ACK", 1, 2, 3, b"\x00a\xff", None, 3), -1, 5, "loss 1%", 99
    ),
    Duplicated(50, 3, "client", 1, None, 1, TO_SERVER, SYN, 0, None, "duplication 1%", 99),
    Corrupted(50, 4, "server", 1, None, 1, TO_SERVER, SYN, 0, None, "corruption 1%"),
    Held(50, 5, "client", 1, None, 1, TO_SERVER, SYN, 0, None, "fault: swap", 99),
    Discarded(50, 6, "server", 1, A_RULE, 1, TO_SERVER, SYN, 0, None),
    Moved(60, 7, "client", 1, A_RULE, State.SYN_SENT, State.SYN_RECEIVED, Event.RCV_SYN),
    TimerSet(60, 8, "client", 1, A_RULE, "retransmission", 1_000_000_060),
    TimerStopped(60, 9, "client", 1, A_RULE, "retransmission"),
    TimerFired(60, 10, "client", 1, A_RULE, "time-wait"),
    Called(60, 11, "client", 1, None, "send(5)", "error: connection does not exist"),
    Signalled(60, 12, "client", 1, A_RULE, "call failed", "RECEIVE"),
    Delivered(60, 13, "client", 1, A_RULE, 3, b"a\n\xe9", True, False, 3),
    Sent(60, 14, "client", None, A_RULE, 3, UDP_FLOW, Datagram(3, b"a\xff\n"), 0, None, "server", 0),
    Arrived(60, 15, "server", None, None, 3, UDP_FLOW, Datagram(3, b"a\xff\n"), 0, None),
    Lost(60, 16, "client", None, None, 4, UDP_FLOW, Datagram(65_507), 0, None, "loss 1%", 99),
    Delivered(60, 17, "server", None, None, 0, None, False, False, 0),
    Checked(
        60,
        18,
        "server",
        1,
        None,
        TO_SERVER,
        100,
        300,
        "SEGMENT ARRIVES",
        1,
        "CLOSING",
        (
            Check("first, text", "RFC 9293 3", "SEG.SEQ = RCV.NXT", (("SEG.SEQ", 7, THEIRS),), True, True, False, None),
            Check("CLOSE call", "RFC 9293 3.10.4", "do it", (("RCV.WND", -1, PLAIN),), None, False, True, A_RULE),
        ),
        False,
    ),
    Changed(
        60, 19, "server", 1, None, TO_SERVER, 0, 0, (("RTO", None, 5), ("FIN queued", False, True), ("state", "a", "b"))
    ),
    Note(60, 20, "server", None, None, 'it crashed: "ä\u2028"'),
    Mapped(60, 21, "client", None, None, "NAT: ...", "TCP", ("10.0.0.1", 49_152), ("203.0.113.1", 1024)),
    Ended(60, 22, "", None, None, "idle"),
]


def again(records: list[Record], header: Header = HEADER) -> Trace:
    return load(dump(Trace.of(header, records)).encode(), "again.jsonl")


# ---------------------------------------------------------------------- what a line says


def test_the_file_of_a_small_trace() -> None:
    story = Story(Header("A title", seed=3, hosts=HOSTS[:1]))
    story.trace.append((Called, 0, "client", 1, None, "connect(192.0.2.2:80)", ""))
    story.sends(0, "client", segment("SYN", seq=100, options=Options(mss=1460)))
    story.sends(0, "client", segment("PSH,ACK", seq=101, ack=301, wnd=512, text=b"hi"), connection=None)
    assert dump(story.ends(50)) == (
        '{"format":"tcpsim trace","version":3,"title":"A title","source":"","scenario":"","seed":3,'
        '"hosts":[{"name":"client","addresses":["192.0.2.1"],"profile":"plain"}],"links":[]}\n'
        '{"t":0,"kind":"called","host":"client","conn":1,"call":"connect(192.0.2.2:80)","error":""}\n'
        '{"t":0,"kind":"sent","host":"client","conn":1,"packet":1,"flow":["192.0.2.1",49152,"192.0.2.2",80],'
        '"ctl":"SYN","seq":100,"wnd":65535,"len":0,"options":{"mss":1460},"rseq":0,"to":"server","retransmission":0}\n'
        '{"t":0,"kind":"sent","host":"client","packet":2,"flow":["192.0.2.1",49152,"192.0.2.2",80],'
        '"ctl":"PSH,ACK","seq":101,"ack":301,"wnd":512,"len":2,"text":"hi","rseq":1,"rack":301,'
        '"to":"server","retransmission":0}\n'
        '{"t":50000000,"kind":"ended","host":"","reason":"idle"}\n'
    )


def test_a_rule_is_written_with_its_place() -> None:
    (line,) = dump(again([ONE_OF_EACH[8]])).splitlines()[1:]
    assert f'"conn":1,"why":"{A_RULE.id}","cite":"{A_RULE.cite}","timer":"retransmission"' in line


def test_every_line_is_ascii_and_holds_one_record() -> None:
    written = dump(Trace.of(HEADER, ONE_OF_EACH))
    assert written.isascii()
    assert written.count("\n") == len(written.splitlines()) == 1 + len(ONE_OF_EACH)


# ---------------------------------------------------------------------- the schema, as documented


def documented(heading: str) -> dict[str, str]:
    """The table of the module's docstring below a heading: each key with the words behind it."""
    assert jsonl.__doc__ is not None
    table = jsonl.__doc__.split(heading)[1].strip("\n").split("\n\n")[0]
    rows = (re.fullmatch(r" {4}(\S+(?: \S+)?)(?: {2,}(.*))?", line) for line in table.splitlines())
    return {row[1]: row[2] or "" for row in rows if row}


def keys_of(line: str) -> list[str]:
    return list(json.loads(line))


def test_the_header_has_the_documented_keys_in_order() -> None:
    assert keys_of(dump(Trace())) == list(documented("The header:"))


def test_each_kind_has_the_documented_keys_in_order() -> None:
    common, packet = list(documented("Every record begins with:")), list(documented("held, discarded) go on:"))
    datagram, special = list(documented("these instead:")), documented("What follows depends on the kind:")
    assert set(special) == {record.kind for record in ONE_OF_EACH}
    for record, line in zip(ONE_OF_EACH, dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[1:], strict=True):
        further = re.sub(r" \(.*?\)", "", special[record.kind])
        carried = getattr(record, "segment", None)
        about = [*packet[:2], *datagram] if isinstance(carried, Datagram) else packet if carried is not None else []
        order = common + about + [key for key in further.split(", ") if key]
        written = keys_of(line)
        assert written == sorted(written, key=order.index), record.kind
        optional = {"conn", "why", "cite", "ack", "text", "options", "up", "ecn", "rack"}
        assert set(order) - set(written) <= optional, record.kind


def test_each_class_of_record_has_a_kind() -> None:
    classes = [each for each in vars(kinds).values() if isinstance(each, type) and issubclass(each, Record)]
    assert {cls.kind for cls in classes} - {""} == {record.kind for record in ONE_OF_EACH}


# ---------------------------------------------------------------------- nothing is lost


def test_each_kind_of_record_comes_back() -> None:
    trace = again(ONE_OF_EACH)
    assert trace.records == ONE_OF_EACH
    assert trace.header == HEADER
    assert dump(trace) == dump(Trace.of(HEADER, ONE_OF_EACH))


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=lambda record: record.kind)
def test_each_field_of_each_kind_comes_back(record: Record) -> None:
    (back,) = again([dataclasses.replace(record, serial=0)]).records
    for field in dataclasses.fields(record):
        if field.name != "serial":
            assert getattr(back, field.name) == getattr(record, field.name), field.name


def test_rules_come_back_as_themselves_and_strange_ones_as_far_as_they_were_told() -> None:
    records: list[Record] = [
        TimerFired(0, 0, "client", 1, A_RULE, "persist"),
        TimerFired(0, 1, "client", 1, A_STRANGER, "persist"),
        TimerFired(0, 2, "client", 1, A_STRANGER, "persist"),
    ]
    known, strange, the_same = (record.why for record in again(records))
    assert known is A_RULE
    assert strange is the_same
    assert strange is not None
    assert (strange.id, strange.cite, strange.requirement) == ("future.rule", A_STRANGER.cite, "MUST-3")
    assert strange.sentence
    assert dump(again(records)) == dump(Trace.of(HEADER, records))


@pytest.mark.parametrize(
    ("cite", "parts"),
    [
        ("RFC 9293 3.10.7.4, first", ("RFC 9293", "3.10.7.4, first", "")),
        ("RFC 9293 3.7.1, MUST-15", ("RFC 9293", "3.7.1", "MUST-15")),
        ("RFC 9293 3.4.1, SHLD-1, MUST-2", ("RFC 9293", "3.4.1", "SHLD-1, MUST-2")),
        ("the house 4", ("the", "house 4", "")),
        ("nothing", ("nothing", "", "")),
    ],
)
def test_a_strange_rule_is_taken_apart(cite: str, parts: tuple[str, str, str]) -> None:
    line = json.dumps({"t": 0, "kind": "timer fired", "host": "", "why": "x", "cite": cite, "timer": "persist"})
    rule = load((dump(Trace()) + line).encode(), "t").records[0].why
    assert rule is not None
    assert (rule.rfc, rule.section, rule.requirement) == parts


def test_the_records_of_a_packet_share_its_segment_and_its_reason() -> None:
    sent = Segment(1, 0, 2, 3, why=A_RULE)
    records: list[Record] = [
        Sent(0, 0, "client", 1, A_RULE, 1, TO_SERVER, sent, 0, None, "server", 0),
        Arrived(5, 1, "server", 1, None, 1, TO_SERVER, sent, 0, None),
        Discarded(5, 2, "server", 1, A_RULE, 1, TO_SERVER, segment("RST"), 0, None),
    ]
    first, second, third = again(records).of_kind(SegmentRecord)
    assert first.segment is second.segment
    assert second.segment.why is A_RULE
    assert third.segment == segment("RST")


def test_a_run_s_flights_are_those_of_its_file() -> None:
    story = Story()
    syn = story.sends(0, "client", segment("SYN", seq=100))
    story.duplicated(0, syn, due=60)
    story.lost(0, syn, due=50)
    story.arrives(60, syn)
    trace = story.ends(70)
    assert flights(load(dump(trace).encode(), "t")) == flights(trace)


words = st.text(max_size=8)
counts = st.integers(0, 1 << 62)
rules = st.one_of(st.none(), st.sampled_from(sorted(CATALOGUE.values(), key=lambda rule: rule.id)))
segments = st.builds(
    segment,
    ctl=st.integers(0, 255),
    seq=st.integers(0, 2**32 - 1),
    ack=st.integers(0, 2**32 - 1),
    wnd=st.integers(0, 65_535),
    text=st.one_of(st.integers(0, 65_535), st.binary(max_size=20)),
    options=st.one_of(st.none(), st.builds(Options), st.builds(Options, st.integers(0, 65_535))),
    up=st.integers(0, 65_535),
)


@st.composite
def some_record(draw: st.DrawFn) -> Record:
    example_record = draw(st.sampled_from(ONE_OF_EACH))
    changes: dict[str, Any] = {"time": 0, "host": draw(st.sampled_from(["client", "server", ""]))}
    changes["connection"] = draw(st.one_of(st.none(), st.integers(1, 1 << 62)))
    changes["why"] = draw(rules)
    for field in dataclasses.fields(example_record)[5:]:
        if field.name in ("by", "timer", "call", "error", "what", "detail", "reason"):
            changes[field.name] = draw(words)
        elif field.name in ("due", "deadline", "total", "retransmission", "packet"):
            changes[field.name] = draw(counts)
    if isinstance(example_record, SegmentRecord) and not isinstance(example_record.segment, Datagram):
        carried = changes["segment"] = draw(segments)
        changes["seq"] = draw(st.integers(-(1 << 40), 1 << 40))
        changes["ack"] = draw(st.integers(-(1 << 40), 1 << 40)) if carried.ctl & ACK else None
    if isinstance(example_record, Delivered):
        text = draw(st.one_of(st.none(), st.binary(max_size=20)))
        changes.update(text=text, length=draw(counts) if text is None else len(text))
    return dataclasses.replace(example_record, **changes)


headers = st.builds(
    Header,
    words,
    words,
    words,
    st.integers(),
    st.lists(st.builds(HostHeader, words, st.lists(words, max_size=2).map(tuple), words), max_size=2).map(
        lambda hosts: (*HOSTS, *hosts)
    ),
    st.lists(words, max_size=2).map(tuple),
)


@given(headers, st.lists(some_record(), max_size=6))
def test_any_trace_comes_back(header: Header, records: list[Record]) -> None:
    records = [dataclasses.replace(record, serial=serial) for serial, record in enumerate(records)]
    trace = again(records, header)
    assert trace.records == records
    assert trace.header == header
    assert dump(trace) == dump(Trace.of(header, records))


def test_a_trace_without_its_last_newline_or_cut_between_lines_is_read() -> None:
    written = dump(Trace.of(HEADER, ONE_OF_EACH)).encode()
    assert load(written[:-1], "t").records == ONE_OF_EACH
    assert load(b"\n".join(written.split(b"\n")[:3]), "t").records == ONE_OF_EACH[:2]


# ---------------------------------------------------------------------- what is refused, and where


def wrong(text: str | bytes) -> str:
    with pytest.raises(TraceError) as caught:
        load(text if isinstance(text, bytes) else text.encode(), "bad.jsonl")
    return str(caught.value)


HEAD = dump(Trace(Header(hosts=HOSTS)))
CHECKED, CHANGED = (json.loads(line) for line in dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[19:21])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            CHECKED | {"checks": [{"name": "first"}]},
            'expected a check, {"name": ..., "cite": ..., "question": ..., ...}',
        ),
        (CHECKED | {"checks": [CHECKED["checks"][0] | {"more": 1}]}, "expected a check"),
        (CHECKED | {"checks": [CHECKED["checks"][0] | {"answer": 1}]}, "expected true or false"),
        (
            CHECKED | {"checks": [CHECKED["checks"][0] | {"values": [["SEG.SEQ", 1, "us"]]}]},
            "expected [variable, number",
        ),
        (CHECKED | {"agreed": 1}, "expected true or false as 'agreed', not 1"),
        (CHANGED | {"changes": [["RTO", 1]]}, "expected [variable, before, after] as 'changes', not a list"),
        (CHANGED | {"changes": [["RTO", 1, 2.5]]}, "expected whole numbers only"),
        (CHANGED | {"changes": [["RTO", 1, []]]}, "expected a whole number from"),
        (CHANGED | {"irs": 1 << 32}, "expected a whole number from 0 to 4294967295 as 'irs'"),
    ],
)
def test_an_explanation_that_is_none(line: dict[str, Any], told: str) -> None:
    assert told in wrong(HEAD.encode() + json.dumps(line).encode() + b"\n")


def test_a_check_by_a_rule_that_we_do_not_have() -> None:
    check = CHECKED["checks"][0] | {"why": "tenth.check"}
    read = load(HEAD.encode() + json.dumps(CHECKED | {"checks": [check]}).encode() + b"\n", "later.jsonl")
    (record,) = read.of_kind(Checked)
    assert record.checks[0].why is not None
    assert (record.checks[0].why.id, record.checks[0].why.cite) == ("tenth.check", "RFC 9293 3")
    assert json.loads(dump(read).splitlines()[1])["checks"] == [check]


SENT_LINE: dict[str, Any] = json.loads(dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[1])
LOST_LINE: dict[str, Any] = json.loads(dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[3])
UDP_LINE: dict[str, Any] = json.loads(dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[15])
MOVED_LINE: dict[str, Any] = json.loads(dump(Trace.of(HEADER, ONE_OF_EACH)).splitlines()[8])


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\n",
        b"\x00\xff\x89PNG\r\n",
        b"\xff\xfe{",
        b"{}",
        b"[]",
        b"3",
        b'{"format":"pcap"}',
        b'"tcpsim trace"',
        b'{"format":"tcpsim trace"',
        b'{"format":NaN}',
        b"[" * 100_000,
        b'{"format":' * 100_000,
        b"9" * 10_000,
        b"title: a scenario\nhosts:\n",
    ],
)
def test_what_is_no_trace_at_all(start: bytes) -> None:
    message = wrong(start)
    assert message.startswith("bad.jsonl:1: expected ")
    assert len(message) < 200


NO_HEADER = 'bad.jsonl:1: expected the header {"format":"tcpsim trace", ...} of a trace; '
AGAIN = "`tcpsim run SCENARIO --trace FILE` writes one"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: b"", f"the file is empty: {AGAIN}"),
        (lambda whole: whole.split(b"\n", 1)[1], f"this is a record already, the first line is missing: {AGAIN} that"),
        (lambda whole: b"\xef\xbb\xbf" + whole, "a byte order mark stands in front of it: save the file as UTF-8"),
        (lambda whole: whole.decode().encode("utf-16"), "the file is in UTF-16: save it as UTF-8"),
        (lambda whole: whole[:60], f"the file was cut short in its first line: {AGAIN} that is whole"),
    ],
)
def test_a_damaged_beginning_is_told_with_what_to_do(change: Callable[[bytes], bytes], told: str) -> None:
    whole = dump(Trace.of(HEADER, ONE_OF_EACH)).encode()
    assert wrong(change(whole)).startswith(NO_HEADER + told)


def test_a_scenario_given_for_a_trace_is_told_what_a_trace_begins_with() -> None:
    assert wrong("title: x") == f"{NO_HEADER}this is no trace: {AGAIN}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 4}, "expected version 3 of the format, not 4: a later tcpsim wrote this trace"),
        ({"version": 0}, "expected version 3 of the format, not 0"),
        ({"version": "1"}, "expected a whole number as 'version', not \"1\""),
        ({"version": True}, "expected a whole number as 'version', not true"),
        ({"seed": 1.5}, "expected whole numbers only"),
        ({"seed": None}, "expected a whole number as 'seed', not null"),
        ({"title": ["a"]}, "expected a text as 'title', not a list"),
        ({"hosts": {}}, "expected a list as 'hosts', not an object"),
        ({"hosts": [{"name": "a"}]}, 'expected a host, {"name": ..., "addresses": [...], "profile": ...} as \'hosts\''),
        ({"hosts": [{"name": "a", "addresses": [1], "profile": ""}]}, "expected a text as 'hosts', not a list"),
        ({"links": [1]}, "expected a text as 'links', not a list"),
        ({"more": 1}, 'expected no key "more" here'),
    ],
)
def test_a_wrong_header(change: dict[str, Any], message: str) -> None:
    assert wrong(json.dumps(json.loads(HEAD) | change)).startswith(f"bad.jsonl:1: {message}")


def test_a_header_s_key_that_lacks() -> None:
    assert wrong('{"format":"tcpsim trace","version":1}') == "bad.jsonl:1: expected the key 'title'"


@pytest.mark.parametrize(
    ("line", "change", "message"),
    [
        (SENT_LINE, {"t": -1}, "expected a whole number from 0 to 9223372036854775808 as 't', not -1"),
        (SENT_LINE, {"t": 10**30}, "expected a whole number from 0 to 9223372036854775808 as 't', not a huge number"),
        (SENT_LINE, {"t": False}, "expected a whole number from 0 to 9223372036854775808 as 't', not false"),
        (SENT_LINE, {"t": 0.5}, "expected whole numbers only"),
        (SENT_LINE, {"kind": "vanished"}, "expected a kind of record (sent, arrived, lost,"),
        (SENT_LINE, {"kind": []}, "expected a kind of record (sent, arrived, lost,"),
        (SENT_LINE, {"host": "nobody"}, "expected the name of a host in the header as 'host', not \"nobody\""),
        (SENT_LINE, {"to": "nobody"}, "expected the name of a host in the header as 'to', not \"nobody\""),
        (SENT_LINE, {"conn": 0}, "expected a whole number from 1"),
        (SENT_LINE, {"why": 1}, "expected a text as 'why', not 1"),
        (SENT_LINE, {"packet": "1"}, "expected a whole number from 0"),
        (SENT_LINE, {"flow": ["a", 1, "b"]}, "expected [source address, source port, destination address, destination"),
        (SENT_LINE, {"flow": ["a", 1, "b", 65_536]}, "expected a whole number from 0 to 65535 as 'flow', not a list"),
        (SENT_LINE, {"flow": ["a", True, "b", 6]}, "expected a whole number from 0 to 65535 as 'flow', not a list"),
        (SENT_LINE, {"ctl": "SYN,WHAT"}, "expected control bits such as SYN,ACK as 'ctl', not \"SYN,WHAT\""),
        (SENT_LINE, {"ctl": ""}, "expected control bits such as SYN,ACK as 'ctl', not \"\""),
        (SENT_LINE, {"ctl": 2}, "expected a text as 'ctl', not 2"),
        (SENT_LINE, {"seq": 1 << 32}, "expected a whole number from 0 to 4294967295 as 'seq', not 4294967296"),
        (SENT_LINE, {"wnd": 65_536}, "expected a whole number from 0 to 65535 as 'wnd', not 65536"),
        (SENT_LINE, {"ctl": "SYN,ACK"}, "expected the key 'ack'"),
        (SENT_LINE, {"ctl": "SYN,URG"}, "expected the key 'up'"),
        (SENT_LINE, {"ctl": "ACK", "ack": 3}, "expected the key 'rack'"),
        (SENT_LINE, {"rack": 3}, 'expected no key "rack" here'),
        (SENT_LINE, {"options": {"sock": 1}}, "expected options such as {\"mss\": 536} as 'options', not an object"),
        (SENT_LINE, {"options": {"mss": -1}}, "expected a whole number from 0 to 65535 as 'options', not an object"),
        (SENT_LINE, {"options": []}, "expected options such as {\"mss\": 536} as 'options', not a list"),
        (SENT_LINE, {"retransmission": None}, "expected a whole number from 0"),
        (LOST_LINE, {"text": "\u0100ab"}, "expected a text of characters up to U+00FF, one for each octet as 'text'"),
        (LOST_LINE, {"text": "\ud800ab"}, "expected a text of characters up to U+00FF, one for each octet as 'text'"),
        (LOST_LINE, {"text": "ab"}, "expected a text of 3 octets, as 'len' says, not of 2"),
        (LOST_LINE, {"by": 1}, "expected a text as 'by', not 1"),
        (LOST_LINE, {"due": 1e300}, "expected whole numbers only"),
        (UDP_LINE, {"protocol": "TCP"}, 'expected "UDP" as \'protocol\', not "TCP"'),
        (UDP_LINE, {"len": 65_536}, "expected a whole number from 0 to 65535 as 'len', not 65536"),
        (UDP_LINE, {"len": 4}, "expected a text of 4 octets, as 'len' says, not of 3"),
        (UDP_LINE, {"ctl": "SYN"}, 'expected no key "ctl" here'),
        (UDP_LINE, {"rseq": 0}, 'expected no key "rseq" here'),
        (MOVED_LINE, {"source": "OPEN"}, "expected a state (CLOSED, LISTEN, SYN-SENT,"),
        (MOVED_LINE, {"target": {}}, "expected a state (CLOSED, LISTEN, SYN-SENT,"),
        (MOVED_LINE, {"event": "rain"}, "expected an event (passive OPEN, active OPEN,"),
        (MOVED_LINE, {"x" * 999: 1}, 'expected no key "xxxxx'),
    ],
)
def test_a_wrong_record(line: dict[str, Any], change: dict[str, Any], message: str) -> None:
    told = wrong(HEAD + json.dumps(line | change))
    assert told.startswith(f"bad.jsonl:2: {message}")
    assert len(told) < 600


@pytest.mark.parametrize("key", [key for key in SENT_LINE if key not in ("conn", "why", "options")])
def test_a_record_s_key_that_lacks(key: str) -> None:
    line = {name: value for name, value in SENT_LINE.items() if name != key}
    assert wrong(HEAD + json.dumps(line)) == f"bad.jsonl:2: expected the key {key!r}"


def test_a_citation_without_a_rule() -> None:
    line = {name: value for name, value in SENT_LINE.items() if name != "why"}
    assert wrong(HEAD + json.dumps(line)) == 'bad.jsonl:2: expected no key "cite" here'


@pytest.mark.parametrize(
    "line", [b"", b"nonsense", b"[]", b"\xc3", b"[" * 100_000, b"{" * 100_000, b"1" * 9_999, b"NaN"]
)
def test_a_line_that_is_no_record_is_named(line: bytes) -> None:
    more = json.dumps(SENT_LINE).encode()
    told = wrong(HEAD.encode() + more + b"\n" + line + b"\n" + more)
    assert told.startswith("bad.jsonl:3: expected ")


def test_a_line_cut_short_is_named() -> None:
    told = "bad.jsonl:2: expected a JSON object on this line"
    cut = "the file was cut short in it: without this line, what stands before it can be read"
    assert wrong(HEAD + json.dumps(SENT_LINE)[:-9]) == f"{told}; {cut}"
    assert wrong(HEAD + json.dumps(SENT_LINE)[:-9] + "\n") == told


def test_records_out_of_order_are_refused() -> None:
    early, late = json.dumps(SENT_LINE), json.dumps(SENT_LINE | {"t": 5})
    told = wrong(HEAD + late + "\n" + early)
    assert told == "bad.jsonl:3: expected a time of 5 or later as 't', not 0: records stand in order"


def test_a_trace_without_hosts_in_its_header_may_name_any() -> None:
    trace = load((dump(Trace()) + json.dumps(SENT_LINE | {"host": "nobody"})).encode(), "t")
    assert trace.hosts == ["nobody"]


def test_a_line_of_any_length_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE", 1 << 20)
    assert wrong(HEAD + " " * (2 << 20)) == "bad.jsonl:2: expected a line of at most 1 MiB"


def test_records_without_end_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_RECORDS", 3)
    line = json.dumps(SENT_LINE) + "\n"
    assert len(load((HEAD + line * 3).encode(), "t")) == 3
    assert wrong(HEAD + line * 4) == "bad.jsonl:5: expected at most 3 records"


def attempt(data: bytes) -> None:
    """Read a file; TraceError, with a place, is all that may be raised, and what was read can be used."""
    try:
        trace = load(data, "f")
    except TraceError as error:
        message = str(error)
    else:
        message = "f:1: expected nothing else"
        assert dump(load(dump(trace).encode(), "f")) == dump(trace)
        flights(trace)
    assert re.match(r"f:\d+: expected ", message)


WHOLE = dump(Trace.of(HEADER, ONE_OF_EACH)).encode()
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=5,
)


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
def test_junk_never_breaks_the_reader(data: bytes) -> None:
    attempt(data)
    attempt(HEAD.encode() + data)


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)), st.binary(max_size=5))
@settings(max_examples=200)
def test_a_spliced_trace_never_breaks_the_reader(start: int, end: int, data: bytes) -> None:
    attempt(WHOLE[:start] + data + WHOLE[end:])


@given(st.integers(0, len(ONE_OF_EACH)), st.data())
@settings(max_examples=300)
def test_any_value_at_any_key_never_breaks_the_reader(place: int, data: st.DataObject) -> None:
    lines = WHOLE.decode().splitlines()
    line = json.loads(lines[place])
    line[data.draw(st.sampled_from(list(line)))] = data.draw(json_values)
    lines[place] = json.dumps(line)
    attempt("\n".join(lines).encode())


@given(st.lists(st.sampled_from(WHOLE.decode().splitlines()[1:]), max_size=12))
def test_any_order_of_records_never_breaks_the_reader_or_the_flights(lines: list[str]) -> None:
    attempt((HEAD + "\n".join(lines)).encode())
