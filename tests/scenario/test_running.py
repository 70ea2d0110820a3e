"""Running: steps at their times and after events, names of connections, faults, limits, and what never happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tcpsim.net import Network
from tcpsim.scenario import Run, run
from tcpsim.scenario import running as running_module
from tcpsim.scenario.evidence import sightings
from tcpsim.tcp.config import KnobError
from tcpsim.tcp.diagram import State
from tcpsim.tcp.units import MS
from tcpsim.trace import Called, Corrupted, Duplicated, Ended, Lost, Note, TimerFired
from tests.scenario.written import of, small

LISTEN = {"host": "server", "call": "listen", "port": 80}
CONNECT = {"host": "client", "call": "connect", "to": "server:80"}


def ran(*steps: dict[str, Any], faults: list[dict[str, Any]] | None = None, expect: Any = None, **changes: Any) -> Run:
    """Run the small scenario with other steps, faults and expectations."""
    link = {"between": ["client", "server"], "delay": "50ms", "faults": faults or []}
    changes.setdefault("links", [link])
    return run(small(script=[LISTEN, CONNECT, *steps], expect=expect, **changes))


def calls(made: Run) -> list[tuple[int, str, str]]:
    """Return (milliseconds, host, call) of each call in the trace."""
    return [(record.time // MS, record.host, record.call) for record in made.trace.of_kind(Called)]


def segments(made: Run) -> list[str]:
    return [str(seen) for seen in sightings(made.trace)]


def told(made: Run) -> list[str]:
    return [f"expected {outcome.expected}, but {outcome.actual}" for outcome in made.failures]


# ---------------------------------------------------------------------- when steps run


def test_steps_follow_one_another_at_their_times_and_after_events() -> None:
    made = ran(
        {"when": "client is ESTABLISHED", "host": "client", "call": "send", "data": "a"},
        {"host": "client", "call": "send", "data": "bc"},
        {"wait": "30ms", "host": "client", "call": "send", "data": "def"},
        {"at": "1s", "wait": "5ms", "host": "client", "call": "send", "data": "ghij"},
        {"when": "2s", "host": "client", "call": "send", "data": "klmno"},
        {"when": "server received 15", "wait": "1ms", "host": "server", "call": "close"},
    )
    assert calls(made) == [
        (0, "server", "listen(80)"),
        (0, "client", "connect(192.0.2.2:80)"),
        (100, "client", "send(1)"),
        (100, "client", "send(2)"),
        (130, "client", "send(3)"),
        (1005, "client", "send(4)"),
        (2000, "client", "send(5)"),
        (2051, "server", "close()"),
    ]
    assert made.passed


def test_events_of_every_kind_are_waited_for() -> None:
    def note(when: str) -> dict[str, str]:
        return {"when": when, "call": "note", "text": when, "host": "client"}

    made = ran(
        {"when": "client is ESTABLISHED", "host": "client", "call": "send", "data": "hello"},
        {"at": "2s", "host": "client", "call": "close"},
        {"when": "server signals connection closing", "host": "server", "call": "close"},
        note("client sent 2nd SYN"),
        note("server received first SYN"),
        note("server received FIN"),
        note("client retransmission fired"),
        note("client retransmission set 2nd time"),
        note("client retransmission stopped"),
        note("client connection 1 is TIME-WAIT"),
        note("server received 5 octets"),
        note("client sent data seq 1"),
        faults=[{"drop": "1st SYN"}],
    )
    assert [(record.time // MS, record.text) for record in made.trace.of_kind(Note)] == [
        (1000, "client retransmission fired"),
        (1000, "client sent 2nd SYN"),
        (1000, "client retransmission set 2nd time"),
        (1050, "server received first SYN"),
        (1100, "client retransmission stopped"),
        (1100, "client sent data seq 1"),
        (1150, "server received 5 octets"),
        (2050, "server received FIN"),
        (2100, "client connection 1 is TIME-WAIT"),
    ]


def test_steps_of_one_instant_run_in_the_order_of_the_file() -> None:
    notes = [{"at": "1s", "call": "note", "text": str(n)} for n in range(5)]
    assert [record.text for record in ran(*notes).trace.of_kind(Note)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"when": "client is CLOSING"}, "what it waits for did not happen"),
        ({"when": "client is ESTABLISHED 2nd time"}, "what it waits for did not happen (only once)"),
        ({"at": "2h"}, "it was due at 2h, after the run had ended"),
        ({"when": "client is ESTABLISHED", "wait": "1h"}, "it was due at 3600.1s, after the run had ended"),
    ],
)
def test_a_step_that_never_ran_is_a_failure_as_is_what_follows_it(step: dict[str, str], why: str) -> None:
    made = ran({**step, "host": "client", "call": "close"}, {"host": "client", "call": "abort"})
    assert told(made) == [
        f"expected the step `client close` to run, but this step never ran: {why}",
        "expected the step `client abort` to run, but this step never ran: the step before it never ran",
    ]


# ---------------------------------------------------------------------- calls


def test_an_error_that_a_call_returns_does_not_stop_the_run_but_has_to_be_expected() -> None:
    steps = (
        {"at": "1s", "host": "client", "call": "close"},
        {"host": "client", "call": "send", "data": "late"},
        {"wait": "1s", "host": "client", "call": "status"},
    )
    made = ran(*steps)
    assert told(made) == [
        "expected no call of client to return an error, but send(4) returned `connection closing` at 1s"
    ]
    assert calls(made)[-1] == (2000, "client", "status()")
    assert ran(*steps, expect={"errors": {"client": ["error: connection closing"]}}).passed
    assert ran(*steps, expect={"errors": {"client": ["connection closing"]}}).passed


def test_a_call_without_a_connection_is_refused_and_in_the_trace() -> None:
    made = run(small(script=[{"host": "client", "call": "send", "octets": 1}], expect=None))
    assert [(r.call, r.error) for r in made.trace.of_kind(Called)] == [("send()", "error: connection does not exist")]


def test_a_port_that_is_taken_is_refused_once_in_the_trace() -> None:
    made = ran(LISTEN, {"host": "server", "call": "open", "port": 80, "active": False})
    errors = [(r.call, r.error) for r in made.trace.of_kind(Called) if r.error]
    assert [error for _, error in errors] == ["error: connection already exists"] * 2
    assert len(made.failures) == 1


def test_every_call_reaches_the_network() -> None:
    made = ran(
        {"when": "server is ESTABLISHED", "host": "server", "call": "read", "reading": "off"},
        {"host": "client", "call": "send", "data": "hello", "push": False},
        {"host": "client", "call": "send", "octets": 3, "urgent": True},
        {"wait": "1s", "host": "server", "call": "receive", "limit": 4},
        {"host": "server", "call": "receive"},
        {"host": "server", "call": "read", "reading": "on"},
        {"host": "server", "call": "status"},
        {"host": "server", "call": "abort"},
        expect={"delivered": {"server": 8}, "states": {"server": "CLOSED"}},
    )
    reads = ["receive(4)", "receive()", "read(on)", "status()", "abort()"]
    assert [call for _, _, call in calls(made)][2:] == ["read(off)", "send(5, no push)", "send(3, urgent)", *reads]
    assert made.passed


def test_open_is_active_or_passive() -> None:
    script = [
        {"host": "server", "call": "open", "port": 80, "active": False, "to": "client:1000"},
        {"host": "client", "call": "open", "port": 1000, "active": True, "to": "server:80", "as": "mine"},
    ]
    made = run(small(script=script, expect={"states": {"mine": "ESTABLISHED", "server": "ESTABLISHED"}}))
    assert made.passed


def test_a_crashed_host_answers_what_it_has_forgotten_with_a_rst() -> None:
    made = ran(
        {"at": "1s", "host": "server", "call": "crash"},
        {"at": "2s", "host": "client", "call": "send", "data": "anybody?"},
        expect={
            "includes": ["client PSH,ACK seq 1..8", "server RST seq 1 at 2050ms"],
            "signals": {"client": ["connection open", "connection reset"]},
        },
    )
    assert told(made) == []


def test_knobs_of_one_connection_and_a_chosen_port() -> None:
    knobs = {"iss": 7, "rto_initial": "2s"}
    script = [LISTEN, {**CONNECT, "port": 1234, "knobs": knobs}]
    expect = {"includes": ["client SYN SEQ=7"], "timers": ["client retransmission set at 0s for 2s"]}
    made = run(small(script=script, expect=expect))
    assert told(made) == []
    assert made.network.hosts["client"].connections[1].local == ("192.0.2.1", 1234)


# ---------------------------------------------------------------------- several connections


def test_connections_are_named_numbered_or_the_latest() -> None:
    made = ran(
        {"at": "1s", "host": "client", "call": "connect", "to": "server:80", "as": "later"},
        {"when": "later is ESTABLISHED", "host": "client", "call": "send", "data": "2", "on": "later"},
        {"host": "client", "call": "send", "data": "one", "on": 1},
        {"wait": "1s", "host": "client", "call": "send", "data": "!"},
        {"wait": "1s", "host": "server", "call": "close", "on": 1},
        {"when": "client connection 1 signals connection closing", "host": "client", "call": "close", "on": 1},
        expect={
            "states": {
                "later": "ESTABLISHED",
                "client connection 1": "CLOSED",
                "server connection 1": "CLOSED",
                "client": "ESTABLISHED",
            },
            "delivered": {"server connection 1": "one", "server connection 2": "2!", "server": "2!"},
            "count": {"client SYN": 2, "later SYN": 1, "later data": 2, "client data": 3},
        },
    )
    assert told(made) == []
    assert made.names.connections == {"later": ("client", 2)}


def test_a_listener_s_name_is_its_first_connection() -> None:
    script = [{**LISTEN, "as": "door"}, CONNECT]
    made = run(small(script=script, expect={"states": {"door": ["CLOSED", "LISTEN", "SYN-RECEIVED", "ESTABLISHED"]}}))
    assert told(made) == []


def test_a_call_that_is_refused_gives_no_name() -> None:
    made = ran({**LISTEN, "as": "again"}, {"host": "server", "call": "close", "on": "again"})
    assert made.names.connections == {}
    assert [r.error for r in made.trace.of_kind(Called) if r.error] == [
        "error: connection already exists", "error: connection does not exist",
    ]  # fmt: skip


# ---------------------------------------------------------------------- faults and impairments


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ({"drop": "2nd SYN,ACK"}, "server SYN,ACK seq 0 ack 1 lost retransmission at 1.05s"),
        ({"drop": "first SYN,ACK retransmission"}, "server SYN,ACK seq 0 ack 1 lost retransmission at 1.05s"),
        ({"corrupt": "first data"}, "client PSH,ACK seq 1..5 ack 1 corrupted at 2s"),
        ({"duplicate": "first data", "copies": 2, "lag": "1ms"}, "client PSH,ACK seq 1..5 ack 1 duplicated at 2s"),
        ({"delay": "first data from client seq 1", "by": "3s"}, "client PSH,ACK seq 1..5 ack 1 delayed at 2s"),
        ({"drop": "first segment after client sent data"}, "client PSH,ACK seq 6..10 ack 1 lost at 2s"),
        ({"drop": "first segment after 2s"}, "client PSH,ACK seq 1..5 ack 1 lost at 2s"),
        ({"drop": "next two after client is ESTABLISHED"}, "client ACK seq 1 ack 1 lost at 100ms"),
        ({"drop": "first data to server"}, "client PSH,ACK seq 1..5 ack 1 lost at 2s"),
        ({"drop": "every 2nd data"}, "client PSH,ACK seq 6..10 ack 1 lost at 2s"),
        ({"swap": "first data"}, "client PSH,ACK seq 1..5 ack 1 delayed at 2s"),
        ({"swap": "next two data"}, "client PSH,ACK seq 1..5 ack 1 delayed at 2s"),
        ({"down": "1.5s..2.5s"}, "client PSH,ACK seq 6..10 ack 1 lost at 2s"),
    ],
)
def test_fault_strikes_what_it_names(fault: dict[str, Any], sent: str) -> None:
    faults = (
        [fault]
        if "SYN,ACK" not in str(fault)
        else [{"drop": "first ACK from client"}, {"drop": "2nd ACK from client"}, fault]
    )
    made = ran(
        {"at": "2s", "host": "client", "call": "send", "data": "hello"},
        {"host": "client", "call": "send", "data": "world"},
        faults=faults,
        expect={"delivered": {"server": "helloworld"}},
    )
    assert sent in segments(made)
    assert [outcome for outcome in made.failures if fault is not faults[-1]] == []
    by = "fault: dead link" if "down" in fault else f"fault: {next(iter(fault))}"
    assert any(str(getattr(record, "by", "")).startswith(by) for record in made.trace)


def test_swapped_segments_arrive_in_the_other_order() -> None:
    made = ran(
        {"at": "2s", "host": "client", "call": "send", "data": "hello"},
        {"host": "client", "call": "send", "data": "world"},
        faults=[{"swap": "next two data from client"}],
        expect={"delivered": {"server": "helloworld"}, "includes": ["server ACK ack 1", "server ACK ack 11"]},
    )
    assert told(made) == []


def test_a_copy_arrives_too() -> None:
    made = ran(
        {"at": "2s", "host": "client", "call": "send", "data": "hello"},
        faults=[{"duplicate": "first data", "copies": 3, "lag": "1ms"}],
    )
    assert len(made.trace.of_kind(Duplicated)) == 3
    assert made.passed


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"drop": "first FIN"}, "no such segment was sent"),
        ({"drop": "3rd SYN"}, "only one such segment was sent"),
        ({"corrupt": "9th segment"}, "only 3 such segments were sent"),
        ({"drop": "first segment after client is CLOSING"}, "no such segment was sent"),
        ({"down": "1h.."}, "no such segment was sent"),
    ],
)
def test_a_fault_that_never_struck_is_a_failure(fault: dict[str, str], why: str) -> None:
    verb, phrase = next(iter(fault.items()))
    made = ran(faults=[fault])
    assert told(made) == [f"expected the fault `{verb} {phrase}` to happen, but {why}"]
    assert made.failures[0].place.line == 1


def test_directions_differ_where_the_file_says_so() -> None:
    link = {
        "between": ["client", "server"],
        "delay": "10ms",
        "loss": "0%",
        "toward": {"client": {"delay": "30ms", "rate": "8kbit/s"}},
    }
    made = ran(links=[link], expect={"segments": [
        "client SYN at 0s", "server SYN,ACK at 10ms", "client ACK at 80ms",
    ]})  # fmt: skip
    assert told(made) == []
    assert made.trace.header.links == ("client > server: 10ms; server > client: 30ms, 8kbit/s",)


def test_every_impairment_becomes_a_rule_in_the_order_of_netem() -> None:
    link = {
        "between": ["client", "server"], "delay": "10ms", "jitter": "1ms", "jitter_correlation": "10%", "loss": 0.01,
        "loss_correlation": "25%", "bursty_loss": {"p": "1%", "r": "30%", "loss_in_bad": "90%", "loss_in_good": "1%"},
        "state_loss": {"p13": "1%", "p31": "50%", "p32": "1%", "p23": "90%", "p14": "1%"}, "duplicate": "1%",
        "duplicate_correlation": "5%", "duplicate_lag": "1ms", "corrupt": "1%", "corrupt_correlation": "2%",
        "reorder": "5%", "reorder_correlation": "50%", "reorder_gap": 3, "rate": "1Mbit/s", "limit": 50,
    }  # fmt: skip
    made = ran(links=[link])
    direction = made.network.links[0].toward("server")
    assert [type(rule).__name__ for rule in direction.rules] == [
        "Loss", "GilbertElliott", "StateLoss", "Duplicate", "Corrupt", "Jitter", "Reorder",
    ]  # fmt: skip
    assert (direction.delay, direction.rate, direction.limit) == (10 * MS, 10**6, 50)


def test_without_links_two_hosts_are_50ms_apart() -> None:
    made = run(
        small(links=None, expect={"segments": ["client SYN at 0s", "server SYN,ACK at 50ms", "client ACK at 100ms"]})
    )
    assert told(made) == []


def test_addresses_are_given_around_those_that_are_written() -> None:
    made = run(small(hosts={"client": {}, "server": {"address": "192.0.2.1"}}))
    assert [host.address for host in made.network.hosts.values()] == ["192.0.2.2", "192.0.2.1"]
    assert made.passed


# ---------------------------------------------------------------------- injected segments


def test_an_injected_segment_counts_from_the_iss_or_stands_as_on_the_wire() -> None:
    def inject(at: str, segment: str, source: str, to: str, **more: str) -> dict[str, str]:
        return {"at": at, "call": "inject", "segment": segment, "from": source, "to": to, **more}

    lines = ["client RST seq 1 SEQ=101 at 1s", "client ACK SEQ=5 ACK=6 win 7 len 8", "server PSH,ACK seq 1..3 ack 1"]
    made = ran(
        inject("1s", "RST seq 1", "client", "server:80"),
        inject("2s", "ACK SEQ=5 ACK=6 win 7 len 8", "192.0.2.1:99", "server:80"),
        inject("3s", "PSH,ACK seq 1 ack 1", "server:80", "client", data="boo"),
        inject("4s", "SYN SEQ=1 mss 1000 wscale 7 sackok", "203.0.113.9:1", "server:80", via="client"),
        expect={"includes": [*lines, "client SYN SEQ=1 mss 1000 wscale 7 sackok"], "delivered": {"client": "boo"}},
    )
    assert told(made) == []
    assert made.network.hosts["server"].connections[1].state is State.CLOSED


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (
            {"segment": "SYN SEQ=1", "from": "client", "to": "server:80"},
            "client has no connection whose port could be meant",
        ),
        (
            {"segment": "SYN seq 1", "from": "client:5", "to": "server:80"},
            "192.0.2.1:5 has sent no SYN to count from: write SEQ= and ACK= for numbers on the wire",
        ),
        (
            {"segment": "SYN SEQ=1", "from": "client:5", "to": "203.0.113.9:1"},
            "no link leads from client to 203.0.113.9",
        ),
    ],
)
def test_an_injection_that_is_not_possible_is_a_failure(step: dict[str, str], why: str) -> None:
    made = run(small(script=[{"call": "inject", **step}], expect=None))
    assert told(made) == [f"expected the step `inject` to run, but {why}"]


# ---------------------------------------------------------------------- limits


def test_the_virtual_time_ends_a_run() -> None:
    made = ran({"at": "2s", "host": "client", "call": "close"}, until="120ms")
    assert made.ended == "until"
    assert told(made) == [
        "expected the run to end by being idle, but it ended at 120ms: the virtual time of `until` was reached",
        "expected the step `client close` to run, but this step never ran: it was due at 2s, after the run had ended",
    ]
    assert made.trace.of_kind(Ended)[0].time == 120 * MS
    assert ran(until="0.1s", expect={"ends": "until"}).passed


def test_a_number_of_events_ends_a_run() -> None:
    made = ran(max_events=3)
    assert made.ended == "event limit"
    assert "the limit of events was reached" in told(made)[0]
    assert ran(max_events=3, expect={"ends": "event limit"}).passed


def test_a_number_of_records_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_module, "MAX_RECORDS", 10)
    made = ran(expect={"ends": "record limit"})
    assert made.ended == "record limit"
    assert made.passed


def test_an_unknown_profile_is_the_caller_s_mistake() -> None:
    with pytest.raises(KnobError):
        run(small(), profile="plane")


def test_knobs_of_a_run_take_the_place_of_what_the_file_says() -> None:
    done = run("lost-syn", knobs={"rto_initial": "3s"})
    assert [record.time for record in done.trace.of_kind(TimerFired)] == [3_000_000_000]
    assert [host.config.iss for host in run("handshake", knobs={"iss": 7}).network.hosts.values()] == [7, 7]
    with pytest.raises(KnobError, match="unknown knob 'rto': did you mean"):
        run("lost-syn", knobs={"rto": "3s"})


def test_a_seed_is_in_the_header_with_everything_else() -> None:
    made = run(replace(small(source="RFC 9293"), name="mine"), seed=5)
    header = made.trace.header
    assert (header.title, header.source, header.scenario, header.seed) == ("A handshake", "RFC 9293", "mine", 5)
    assert [(host.name, host.addresses, host.profile) for host in header.hosts] == [
        ("client", ("192.0.2.1",), "plain"), ("server", ("192.0.2.2",), "plain"),
    ]  # fmt: skip


# ---------------------------------------------------------------------- what expectations say


@pytest.mark.parametrize(
    ("expect", "actual"),
    [
        (
            {"segments": ["client SYN", "server SYN,ACK"]},
            "there were 1 more: the 3rd was client ACK seq 1 ack 1 at 100ms",
        ),
        (
            {"segments": ["client SYN", "server SYN,ACK", "client ACK", "client FIN,ACK"]},
            "only 3 segments were sent; the last was client ACK seq 1 ack 1 at 100ms",
        ),
        (
            {"segments": ["client SYN", "client ACK"]},
            "it was server SYN,ACK seq 0 ack 1 at 50ms (server (connection 1) sent it, not client; "
            "the bits are SYN,ACK, not ACK); what is expected came next",
        ),
        (
            {"includes": ["client FIN,ACK"]},
            "there was none; the nearest was client SYN seq 0 at 0s (the bits are SYN, not FIN,ACK)",
        ),
        ({"includes": ["client ACK", "client SYN"]}, "it came earlier: client SYN seq 0 at 0s"),
        ({"includes": ["client ACK", "server ACK"]}, "nothing more was sent"),
        ({"never": ["any SYN,ACK"]}, "it happened once: server SYN,ACK seq 0 ack 1 at 50ms"),
        ({"never": ["client is ESTABLISHED"]}, "it happened once, first at 100ms"),
        ({"count": {"any segment": 2}}, "it happened 3 times: at 0s, 50ms, 100ms"),
        ({"count": {"any FIN": 1}}, "it never happened"),
        (
            {"states": {"client": ["CLOSED", "SYN-SENT"]}},
            "client went on to ESTABLISHED at 100ms (it went CLOSED, SYN-SENT, ESTABLISHED)",
        ),
        ({"states": {"client": "CLOSED"}}, "it ended in ESTABLISHED, where it came at 100ms"),
        ({"states": {"client connection 2": "LISTEN"}}, "it ended in CLOSED, which it never left"),
        ({"states": {"client connection 2": ["CLOSED", "LISTEN"]}}, "client connection 2 never left CLOSED"),
        ({"timers": ["client persist set"]}, "it did not happen: it never ran"),
        ({"timers": ["client retransmission fired"]}, "it did not happen: the timer was set at 0s"),
        ({"timers": ["client retransmission set for 2s"]}, "it differs: it was set at 0s for 1s, not for 2s"),
        ({"timers": ["client retransmission set 2nd time"]}, "it happened once, last at 0s"),
        ({"delivered": {"server": "x"}}, "it received nothing"),
        ({"delivered": {"server": 1}}, "it received 0"),
        ({"signals": {"client": []}}, "it was told `connection open`"),
        ({"errors": {"client": ["connection closing"]}}, "none did"),
    ],
)
def test_a_failure_names_what_happened_instead(expect: dict[str, Any], actual: str) -> None:
    made = run(small(expect=expect))
    assert [outcome.actual for outcome in made.failures] == [actual]
    assert made.failures[0].near_serial is not None


def test_text_that_was_only_counted_can_be_counted_alone() -> None:
    sends = {"when": "client is ESTABLISHED", "host": "client", "call": "send", "octets": 3}
    assert ran(sends, expect={"delivered": {"server": 3}}).passed
    made = ran(sends, expect={"delivered": {"server": "abc"}})
    assert [outcome.actual for outcome in made.failures] == ["3 octets came whose text was only counted"]


def test_a_run_in_which_nothing_is_sent_says_so() -> None:
    made = run(small(script=[LISTEN], expect={"segments": ["client SYN"]}))
    assert [outcome.actual for outcome in made.failures] == ["no segment was sent at all"]


def test_lost_and_corrupted_packets_are_in_the_trace_by_their_fault() -> None:
    made = ran(faults=[{"drop": "first SYN"}, {"corrupt": "2nd SYN"}])
    assert [record.by for record in made.trace.of_kind(Lost)] == ["fault: drop first SYN"]
    assert [record.by for record in made.trace.of_kind(Corrupted)] == ["fault: corrupt 2nd SYN"]


def test_a_scenario_of_one_s_own_may_have_three_hosts() -> None:
    data = {
        "title": "Two clients, one server",
        "profile": "plain",
        "hosts": {"one": {}, "two": {}, "server": {}},
        "links": [{"between": ["one", "server"]}, {"between": ["two", "server"], "delay": "10ms"}],
        "script": [
            LISTEN,
            {"host": "one", "call": "connect", "to": "server:80"},
            {"host": "two", "call": "connect", "to": "server:80"},
        ],
        "expect": {
            "count": {"one SYN to server": 1, "two SYN to server": 1, "server SYN,ACK to one": 1},
            "states": {"one": "ESTABLISHED", "two": "ESTABLISHED", "server connection 1": "ESTABLISHED"},
        },
    }
    assert told(run(of(data))) == []


def test_a_connection_that_was_never_opened_has_no_path() -> None:
    script = [LISTEN, CONNECT, {"when": "client is CLOSING", **CONNECT, "as": "later"}]
    made = run(small(script=script, expect={"states": {"later": "ESTABLISHED"}, "delivered": {"later": 0}}))
    assert [outcome.actual for outcome in made.failures] == [
        "it ended in CLOSED, which it never left",
        "this step never ran: what it waits for did not happen",
    ]


def test_signals_can_be_forbidden_and_counted() -> None:
    expect = {"never": ["client signals connection reset"], "count": {"client signals connection open": 2}}
    assert [outcome.actual for outcome in run(small(expect=expect)).failures] == ["it happened once: at 100ms"]


def test_a_fault_may_begin_after_a_point_of_time_that_a_record_shows() -> None:
    made = ran({"at": "2s", "host": "client", "call": "send", "data": "x"}, faults=[{"drop": "first data after 1.5s"}])
    assert "client PSH,ACK seq 1..1 ack 1 lost at 2s" in segments(made)


def test_ctrl_c_keeps_what_has_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    def step(network: Network) -> bool:
        nonlocal steps
        steps += 1
        if steps == 4:
            raise KeyboardInterrupt
        return network.agenda.step()

    monkeypatch.setattr(Network, "step", step)
    made = ran()
    assert made.ended == "interrupted"
    assert "it was interrupted" in told(made)[0]
    assert [record.call for record in made.trace.of_kind(Called)] == ["listen(80)", "connect(192.0.2.2:80)"]
    assert made.trace.of_kind(Ended)[0].reason == "interrupted"
