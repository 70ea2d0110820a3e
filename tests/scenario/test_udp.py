"""UDP in scenarios: its steps, datagrams in phrases, and expectations that see the borders of messages."""

from __future__ import annotations

from typing import Any

import pytest

from tcpsim.scenario import Run, run
from tcpsim.scenario.problems import PhraseError
from tcpsim.scenario.sights import Kind, Seen, parse_line
from tcpsim.tcp.segment import segment
from tcpsim.trace import Called, Datagram
from tests.scenario.test_running import segments, told
from tests.scenario.written import problems, small

OPEN = {"host": "server", "call": "open udp", "port": 53}


def send(data: str | int, to: str = "server:53", **more: Any) -> dict[str, Any]:
    """A step in which the client sends one datagram."""
    what = {"octets": data} if isinstance(data, int) else {"data": data}
    return {"host": "client", "call": "send to", "to": to, **what, **more}


def ran(*steps: dict[str, Any], faults: list[dict[str, Any]] | None = None, expect: Any = None) -> Run:
    link = {"between": ["client", "server"], "delay": "50ms", "faults": faults or []}
    return run(small(script=[OPEN, *steps], links=[link], expect=expect))


def calls(made: Run) -> list[tuple[str, str, str]]:
    return [(record.host, record.call, record.error) for record in made.trace.of_kind(Called)]


# ---------------------------------------------------------------------- steps


def test_a_sender_opens_its_socket_with_its_first_datagram_and_keeps_it() -> None:
    made = ran(send("one"), send("two"), send(5, port=4000), send("four"), send("five", port=49152))
    assert calls(made) == [
        ("server", "udp(53)", ""),
        ("client", "udp()", ""), ("client", "send(3) to 192.0.2.2:53", ""), ("client", "send(3) to 192.0.2.2:53", ""),
        ("client", "udp(4000)", ""), ("client", "send(5) to 192.0.2.2:53", ""),
        ("client", "send(4) to 192.0.2.2:53", ""), ("client", "send(4) to 192.0.2.2:53", ""),
    ]  # fmt: skip
    socket = made.network.hosts["server"].datagrams.sockets[53]
    assert [(source[1], data) for _, source, data in socket.received] == [
        (49152, b"one"), (49152, b"two"), (4000, 5), (4000, b"four"), (49152, b"five"),
    ]  # fmt: skip


def test_an_event_waits_for_a_datagram() -> None:
    answer = {"when": "server received 2nd UDP len 3", "host": "server", "call": "send to", "to": "client:49152"}
    made = ran(send("one"), send("four"), send("two"), {**answer, "data": "yes"})
    assert segments(made)[-1] == "server UDP len 3 at 50ms"
    assert made.passed


def test_a_socket_is_closed_and_only_once() -> None:
    close = {"host": "server", "call": "close udp", "port": 53}
    made = ran(close, close, send("one"), expect={"datagrams": {"server": []}})
    assert [failure.actual for failure in made.failures] == ["server has no UDP socket at port 53"]


def test_a_refused_call_is_an_error_to_expect() -> None:
    expect = {"errors": {"client": ["message too long"], "server": ["address already in use"]}}
    assert ran(OPEN, send(65_508), expect=expect).passed
    assert told(ran(send(65_508))) == [
        "expected no call of client to return an error, but "
        "send(65508) to 192.0.2.2:53 returned `message too long` at 0s"
    ]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{host: client, call: send to, to: 'server:53'}", "send to says nothing; expected either `data:`"),
        ("{host: client, call: send to, to: 'server:53', data: a, octets: 1}", "send to has both 'data' and 'octets'"),
        ("{host: client, call: send to, to: server, data: a}", "expected a host and a port, such as server:80"),
        ("{host: client, call: send to, to: 'srver:53', data: a}", "there is no host 'srver'"),
        ("{host: client, call: send to, data: a}", "the key 'to' is missing"),
        ("{host: server, call: open udp}", "the key 'port' is missing"),
        ("{host: server, call: open_udp, port: 53}", "did you mean 'open udp'?"),
        ("{host: server, call: open udp, port: 0}", "port"),
    ],
)  # fmt: skip
def test_a_wrong_step_is_told_with_its_place(step: str, told: str) -> None:
    text = f"title: x\nhosts: {{client: {{}}, server: {{}}}}\nscript:\n  - {step}\n"
    (problem,) = problems(text)
    assert told in problem
    assert problem.startswith("f.yaml:4:")


# ---------------------------------------------------------------------- phrases


def seen(*marks: str, length: int = 5) -> Seen:
    return Seen("client", None, "server", 0, Datagram(length), 0, None, frozenset(marks), 7)


SYN = Seen("client", 1, "server", 0, segment("SYN", 100), 0, None, frozenset(), 7)


def test_a_datagram_prints_as_a_line_reads() -> None:
    assert str(seen("lost")) == "client UDP len 5 lost at 0s"


@pytest.mark.parametrize(
    ("line", "differences"),
    [
        ("client UDP", []),
        ("client UDP len 5 lost", []),
        ("client UDP len 4..6 to server at 0s", []),
        ("client UDP len 6", ["len is 5, not 6"]),
        ("client UDP duplicated", ["it is not duplicated"]),
        ("client SYN", ["it is UDP with 5 octets, no SYN"]),
        ("client none", ["it is UDP with 5 octets, no none"]),
        ("client segment", ["it is UDP with 5 octets, no segment"]),
        ("client data", ["it is UDP with 5 octets, no data"]),
    ],
)
def test_a_line_says_in_what_a_datagram_differs(line: str, differences: list[str]) -> None:
    assert parse_line(line).differences(seen("lost")) == differences


def test_a_segment_is_no_datagram() -> None:
    assert parse_line("client UDP").differences(SYN) == ["it is SYN with 0 octets, no UDP"]
    assert not Kind("UDP", None).matches(SYN.segment)
    assert not Kind("segment", None).matches(Datagram(5))
    assert not Kind("none", 0).matches(Datagram(5))


@pytest.mark.parametrize(
    ("phrase", "column", "wrong"),
    [
        ("client UDP seq 5", 11, "a datagram has no 'seq'"),
        ("client UDP len 5 ack 1", 17, "a datagram has no 'ack'"),
        ("client UDP SEQ=5", 11, "a datagram has no 'SEQ'"),
        ("client UDP sackok", 11, "a datagram has no 'sackok'"),
        ("client UDP retransmission", 11, "UDP sends nothing again"),
    ],
)
def test_what_udp_has_not_got_cannot_be_asked_for(phrase: str, column: int, wrong: str) -> None:
    with pytest.raises(PhraseError) as caught:
        parse_line(phrase)
    assert (caught.value.wrong, caught.value.offset) == (wrong, column)
    assert caught.value.expected == "of UDP len, at, to, or what became of it"


def test_a_datagram_cannot_be_injected_by_a_phrase() -> None:
    text = (
        "title: x\nhosts: {client: {}, server: {}}\nscript:\n"
        "  - {call: inject, segment: UDP len 5, from: 'client:1', to: 'server:2'}\n"
    )
    assert "this does not say which segment to make" in problems(text)[0]


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ({"drop": "2nd UDP"}, "client UDP len 3 lost at 0s"),
        ({"drop": "first UDP from client len 3"}, "client UDP len 3 lost at 0s"),
        ({"corrupt": "every UDP len 3"}, "client UDP len 3 corrupted at 0s"),
        ({"duplicate": "2nd UDP"}, "client UDP len 3 duplicated at 0s"),
        ({"delay": "2nd UDP", "by": "1s"}, "client UDP len 3 delayed at 0s"),
    ],
)
def test_faults_strike_datagrams(fault: dict[str, Any], line: str) -> None:
    made = ran(send("first"), send("two"), faults=[fault])
    assert segments(made) == ["client UDP len 5 at 0s", line]


@pytest.mark.parametrize("selector", ["every segment", "every data", "first two", "1st ACK", "first none"])
def test_a_fault_for_segments_never_strikes_a_datagram(selector: str) -> None:
    made = ran(send("first"), send("two"), faults=[{"drop": selector}])
    assert [failure.actual for failure in made.failures] == ["no such segment was sent"]


# ---------------------------------------------------------------------- expectations


def pieces(made: Run) -> list[str]:
    return [outcome.actual for outcome in made.failures]


@pytest.mark.parametrize(
    ("datagrams", "failed"),
    [
        (["one", "two", 1000], []),
        ([3, 3, 1000], []),
        (["one", "two"], ["it received 'one', 'two', 1000 octets"]),
        (["onetwo", 1000], ["it received 'one', 'two', 1000 octets"]),
        (["one", "two", 1000, 0], ["it received 'one', 'two', 1000 octets"]),
        (["one", "too", 1000], ["it received 'one', 'two', 1000 octets"]),
        (["one", "two", "three"], ["it received 'one', 'two', 1000 octets"]),
        ([], ["it received 'one', 'two', 1000 octets"]),
    ],
)
def test_datagrams_are_compared_one_by_one(datagrams: list[str | int], failed: list[str]) -> None:
    made = ran(send("one"), send("two"), send(1000), expect={"datagrams": {"server": datagrams}})
    assert pieces(made) == failed
    assert all(failure.near_serial is not None for failure in made.failures)


def test_that_none_came_can_be_expected() -> None:
    every = [{"drop": "every UDP"}]
    assert ran(send("one"), faults=every, expect={"datagrams": {"server": [], "client": []}}).passed
    made = ran(send("one"), faults=every, expect={"datagrams": {"server": ["one"]}})
    assert told(made) == ["expected server to receive 1 datagram: 'one', but it received nothing"]


def test_many_are_not_all_told() -> None:
    made = ran(*[send("x")] * 25, expect={"datagrams": {"server": []}})
    (failure,) = made.failures
    assert failure.actual == "it received " + "'x', " * 20 + "..."


def test_reads_show_the_borders_that_a_reader_of_tcp_sees() -> None:
    steps: list[dict[str, Any]] = [
        {"host": "server", "call": "listen", "port": 80, "reading": "off"},
        {"host": "client", "call": "connect", "to": "server:80"},
        {"when": "client is ESTABLISHED", "host": "client", "call": "send", "data": "onetwo"},
        {"at": "1s", "host": "server", "call": "receive", "limit": 4},
        {"at": "2s", "host": "server", "call": "receive"},
    ]
    assert ran(*steps, expect={"reads": {"server": ["onet", "wo"], "client": []}}).passed
    made = ran(*steps, expect={"reads": {"server": ["one", "two"]}})
    assert told(made) == ["expected server to receive 2 pieces: 'one', 'two', but it received 'onet', 'wo'"]


def test_datagrams_are_a_host_s_and_not_a_connection_s() -> None:
    text = (
        "title: x\nhosts: {client: {}, server: {}}\nscript:\n"
        "  - {host: client, call: connect, to: 'server:53', as: news}\n"
        "expect:\n  datagrams: {news: [], client connection 1: []}\n"
    )
    assert problems(text) == [
        "f.yaml:6:15: UDP has no connections; expected the name of a host (client or server)",
        "f.yaml:6:25: UDP has no connections; expected the name of a host (client or server)",
    ]
