"""Listeners, counters and floods in the scenario language: what is read, what holds, what is said if it does not."""

from __future__ import annotations

import pytest

from tcpsim.net.counters import COUNTERS
from tcpsim.scenario import ScenarioError, run
from tcpsim.scenario.loading import loads
from tcpsim.scenario.running import Run
from tcpsim.trace import Note, Sent

HEAD = """title: x
profile: plain
hosts: {client: {iss: 100}, server: {iss: 300}}
script:
"""


def made(script: str, expect: str = "") -> Run:
    """Run a script, whose lines are steps, with expectations."""
    steps = "".join(f"  - {line}\n" for line in script.strip().splitlines())
    return run(loads(HEAD + steps + ("expect:\n" + expect if expect else "")))


def problems(script: str, expect: str = "") -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        made(script, expect)
    return [str(problem).partition(":")[2] for problem in caught.value.problems]


LISTEN = "{host: server, call: listen, port: 80, backlog: 1}\n"
TWO = """{host: client, call: connect, to: "server:80"}
{host: client, call: connect, to: "server:80"}
"""


# ------------------------------------------------------------------ listen and accept


def test_accept_names_the_connection_that_it_gets() -> None:
    done = made(
        LISTEN + TWO + "{at: 1s, host: server, call: accept, port: 80, as: one}\n{host: server, call: accept, as: two}",
        "  states: {one: ESTABLISHED, two: ESTABLISHED}\n  count: {two is ESTABLISHED: 1}\n",
    )
    assert [str(each) for each in done.failures] == []
    assert done.names.connections == {"one": ("server", 1), "two": ("server", 2)}


def test_accept_without_a_backlog_is_a_step_that_can_not_be_made() -> None:
    # The latest listener has none; another has, so that the file alone does not tell.
    done = made(LISTEN + "{host: server, call: listen, port: 81}\n{host: server, call: accept}\n")
    [failure] = done.failures
    assert failure.actual == "the listener has no `backlog`: its connections are accepted as they come"


def test_accept_without_a_listener_is_an_error_of_the_call() -> None:
    done = made("{host: server, call: accept}\n", "  errors: {server: [connection does not exist]}\n")
    assert done.passed


def test_every_limit_reaches_the_listener() -> None:
    done = made(
        "{host: server, call: listen, port: 80, backlog: 0, syn_backlog: 2, overflow: drop syn, syn_cookies: when full}"
    )
    queues = done.network.hosts["server"].listeners[80].queues
    assert queues is not None
    assert (queues.backlog, queues.syn_backlog, queues.overflow, queues.syn_cookies) == (0, 2, "drop syn", "when full")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{host: server, call: listen, port: 80, backlog: -1}", "backlog is the number -1; expected at least 0"),
        ("{host: server, call: listen, port: 80, syn_backlog: 0}", "syn_backlog is the number 0; expected at least 1"),
        ("{host: server, call: listen, port: 80, backlog: 1, overflow: rest}", "reset"),
        ("{host: server, call: listen, port: 80, syn_cookies: allways}", "always"),
        ("{host: server, call: listen, port: 80, overflow: reset}", "without a backlog nothing can overflow"),
        ("{host: server, call: acept}", "accept"),
    ],
)
def test_a_bad_limit_is_a_mistake_with_a_place(step: str, told: str) -> None:
    [problem] = problems(step)
    assert problem.startswith("5:")
    assert told in problem


# ------------------------------------------------------------------ ss


def test_ss_notes_the_queues() -> None:
    done = made(
        LISTEN + TWO + "{at: 1s, host: server, call: ss}\n{host: server, call: listen, port: 81}\n"
        "{host: server, call: ss}\n{host: server, call: ss, port: 80}"
    )
    assert [each.text for each in done.trace.of_kind(Note, "server")] == [
        "ss, port 80: SYN-RECV 1, Recv-Q 1, Send-Q 1",
        "ss, port 81: no limits",
        "ss, port 80: SYN-RECV 1, Recv-Q 1, Send-Q 1",
    ]


def test_ss_where_nobody_listens() -> None:
    over = "{host: server, call: listen, port: 81}\n{host: server, call: close, port: 81}\n"
    for step in ("{host: server, call: ss}", "{host: server, call: ss, port: 81}"):
        [failure] = made(over + step).failures
        assert failure.actual == "nobody listens there"


# ------------------------------------------------------------------ inject


def test_a_flood_comes_from_address_after_address() -> None:
    done = made(
        "{host: server, call: listen, port: 80, syn_backlog: 1, syn_cookies: always}\n"
        "{call: inject, segment: SYN SEQ=1, from: '203.0.113.254:9', to: 'server:80', via: client, "
        "repeat: 3, every: 1s}"
    )
    sent = [(each.time, each.flow[:2]) for each in done.trace.of_kind(Sent, "client")]
    assert sent == [
        (0, ("203.0.113.254", 9)),
        (1_000_000_000, ("203.0.113.255", 9)),
        (2_000_000_000, ("203.0.114.0", 9)),
    ]


def test_what_a_host_is_said_to_send_is_repeated_as_it_is() -> None:
    done = made("{call: inject, segment: RST SEQ=1, from: 'client:9', to: 'server:80', repeat: 2}")
    assert [each.flow for each in done.trace.of_kind(Sent)] == [("192.0.2.1", 9, "192.0.2.2", 80)] * 2


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("223.255.255.254:9", "the last address, 224.0.0.1, is a multicast address"),
        ("255.255.255.252:9", "the last address, 255.255.255.255, is the broadcast address"),
        ("255.255.255.254:9", "the addresses do not suffice"),
    ],
)
def test_addresses_have_to_suffice(source: str, told: str) -> None:
    step = f"{{call: inject, segment: SYN SEQ=1, from: '{source}', to: 'server:80', via: client, repeat: 4}}"
    [problem] = problems(step)
    assert problem == f"5:105: {told}; expected addresses that hosts can have"


# ------------------------------------------------------------------ counters and queues


def test_counters_and_queues_hold() -> None:
    done = made(
        LISTEN + TWO,
        """  counters:
    server: {ListenOverflows: at least 2, PassiveOpens: 1, OutRsts: 0}
    client: {ActiveOpens: twice}
  queues:
    server:80: {half_open: 2, waiting: at most 1}
""",
    )
    assert [str(each) for each in done.failures] == []


def test_what_is_not_so_is_told() -> None:
    done = made(
        LISTEN + TWO,
        """  counters:
    server: {PassiveOpens: 2, ActiveOpens: at least 1}
  queues:
    server:80: {half_open: 3..4}
    server:81: {waiting: 1}
""",
    )
    assert [str(each).partition(": ")[2] for each in done.failures] == [
        "expected server to count 2 for PassiveOpens, but it counted 1",
        "expected server to count at least 1 for ActiveOpens, but it counted 0",
        "expected 3 to 4 at once, when fullest, in the SYN queue of server:80, but there were 2, at 50ms",
        "expected 1 at once, when fullest, in the accept queue of server:81, but nobody listened at server:81",
    ]


@pytest.mark.parametrize("asked", ["{waiting: 0}", "{waiting: 1}", "{half_open: 0}", "{half_open: at most 3}"])
def test_a_queue_needs_somebody_who_listens(asked: str) -> None:
    refused = "{host: server, call: listen, port: 80}\n"  # the second call of its kind
    expect = f"  errors: {{server: [connection already exists]}}\n  queues: {{server:81: {asked}}}\n"
    done = made(LISTEN + refused, expect)
    assert [failure.actual for failure in done.failures] == ["nobody listened at server:81"]
    assert [failure.place.line for failure in done.failures] == [9]


def test_a_listen_that_was_refused_is_none() -> None:
    script = "{host: server, call: crash, down: true}\n{host: server, call: listen, port: 81}\n"
    done = made(script, "  queues: {server:81: {waiting: 0}}\n")
    assert "nobody listened at server:81" in [failure.actual for failure in done.failures]


def test_a_passive_open_listens_too() -> None:
    script = "{host: server, call: open, port: 81, active: false}\n"
    assert made(script, "  queues: {server:81: {waiting: 0, half_open: 0}}\n").passed


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("  counters: {server: {ListenDrop: 1}}\n", "ListenDrops"),
        ("  counters: {sever: {ListenDrops: 1}}\n", "server"),
        ("  queues: {sever:80: {waiting: 1}}\n", "server"),
        ("  queues: {server: {waiting: 1}}\n", "server:80"),
    ],
)
def test_a_name_that_is_none_is_a_mistake_with_a_place(expect: str, told: str) -> None:
    [problem] = problems(LISTEN, expect)
    assert told in problem


def test_every_counter_can_be_asked_for() -> None:
    asked = ", ".join(f"{name}: at least 0" for name in COUNTERS)
    assert made(LISTEN, f"  counters: {{server: {{{asked}}}}}\n").passed
