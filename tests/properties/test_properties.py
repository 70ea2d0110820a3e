"""Each property holds of real endpoints, has something to say about them, and is broken by some mutant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.properties import PROPERTIES, End, Kind, World, named
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED
from tcpsim.tcp.segment import segment
from tests.properties.plays import KNOBS, PLAYS, SMALL
from tests.properties.stage import CLIENT, SERVER, Stage

if TYPE_CHECKING:
    from tcpsim.tcp.endpoint import Endpoint

WITNESSES = {
    "I1": "transfer", "I2": "transfer", "I3": "transfer", "I4": "transfer", "A5": "probing",
    "A5b": "transfer", "I6": "full",
    "A7": "stale", "A8": "transfer", "A9": "overtaken", "A10": "both_close", "L11": "closed_after_fin",
    "L11b": "closed_after_fin",
    "I12": "old_text_and_ack", "I12b": "old_syn", "A13": "resets", "A14": "resets",
    "A15b": "challenged", "A16": "old_text_and_ack",
    "A17": "time_wait", "A18": "old_syn_in_time_wait", "A19": "old_timestamp", "L20": "full", "I20b": "probing",
    "I21": "transfer", "L22": "backing_off", "L22b": "backing_off", "L22c": "given_up", "L23": "half_open",
    "L24": "both_open",
    "L24b": "overtaken", "L25": "transfer", "A26": "unread", "A27": "nobody", "L28": "both_open", "A28b": "both_open",
    "L28b": "both_close", "A29": "received", "A30": "repeated",
}  # fmt: skip
"""A play in which each property's premise is so. I19b has a test of its own; L15 is asked of a whole search."""

BROKEN = [
    ("I1", "old_syn", "two-way-handshake", {}),
    ("I1", "old_syn_ack", "no-ack-check-in-syn-sent", {}),
    ("I2", "overtaken", "out-of-order-acceptance", {}),
    ("I2", "repeated", "duplicate-delivered-twice", {}),
    ("I3", "both_close", "ack-of-fin-unchecked", {}),
    ("I3", "old_syn", "new-number-on-retransmission", {}),
    ("A5b", "probing", "window-ignored", {}),
    ("I6", "transfer", "window-shrunk", {}),
    ("A7", "transfer", "window-ignored", {}),
    ("A7", "stale", "stale-window", {}),
    ("A8", "both_close", "fin-wait-1-to-close-wait", {}),
    ("A9", "overtaken", "fin-before-hole", {}),
    ("A9", "transfer", "fin-not-counted", {}),
    ("A9", "time_wait", "fin-taken-twice", {}),
    ("A9", "text_after_fin", "text-after-fin", {}),
    ("A10", "both_close", "ack-of-fin-unchecked", {}),
    ("I12", "old_text_and_ack", "unsent-ack-believed", {}),
    ("A13", "resets", "blind-rst", {}),
    ("A13", "resets", "rst-ignored", {}),
    ("A13", "resets", "no-challenge-ack", {}),
    ("A14", "resets", "rst-answered-by-rst", {}),
    ("A15b", "challenged", "unlimited-challenges", {}),
    ("A16", "old_text_and_ack", "unsent-ack-believed", {}),
    ("A16", "old_text_and_ack", "blind-syn", {}),
    ("A16", "old_text_and_ack", "blind-data", {}),
    ("A17", "time_wait", "one-msl", {}),
    ("A17", "time_wait", "no-time-wait-restart", {}),
    ("A17", "both_close", "no-time-wait", {}),
    ("A18", "reset_in_time_wait", "time-wait-heeds-rst", {"time_wait_ignores_rst": True}),
    ("A18", "reset_in_time_wait", "assassination", {"time_wait_ignores_rst": True}),
    ("A26", "unread", "close-with-unread-sends-fin", {"half_duplex_close": True}),
    ("A18", "old_syn_in_time_wait", "reuse-time-wait-always", {}),
    ("A19", "old_timestamp", "no-paws", {}),
    ("I20b", "full", "no-persist", {}),
    ("I21", "transfer", "no-timer-in-close-wait", {}),
    ("I21", "both_close", "no-timer-in-closing", {}),
    ("L22b", "backing_off", "no-backoff", {}),
    ("L22b", "backing_off", "never-retransmits", {}),
    ("L22b", "syn_ack_lost", "syn-ack-not-retransmitted", {}),
    ("L22b", "closed_after_fin", "fin-resent-for-ever", {}),
    ("L22c", "given_up", "never-gives-up", {}),
    ("L22c", "syn_lost", "never-gives-up", {}),
    ("L22c", "syn_ack_lost", "never-gives-up", {"synack_retries": 0}),
    ("L24b", "overtaken", "fin-before-hole", {}),
    ("L25", "half_open", "timer-left-running", {}),
    ("A27", "nobody", "wrong-reset-numbers", {}),
    ("A27", "nobody", "two-way-handshake", {}),
    ("A28b", "both_open", "simultaneous-open-refused", {}),
    ("A29", "refused_passive", "rst-closes-listener", {}),
    ("A29", "refused_active", "forgets-who-opened", {}),
    ("A30", "repeated", "cwnd-grows-on-duplicates", {"congestion": "newreno"}),
    ("A30", "repeated", "silent-to-unacceptable", {}),
]


def played(play: str, mutant: str = "", **knobs: Any) -> Stage:
    stage = Stage(mutant, **(KNOBS.get(play, {}) | knobs))
    PLAYS[play](stage)
    return stage


def reached(stage: Stage, number: str) -> bool:
    """Whether the goal of an `eventually` is so, as things stand."""
    goal = named(number).goal
    assert goal is not None
    return goal(stage.world)


# ---------------------------------------------------------------------- the real endpoint


@pytest.mark.parametrize("base", ["plain", "rfc9293", "linux", "freebsd"])
@pytest.mark.parametrize("play", PLAYS)
def test_nothing_is_broken_by_the_real_endpoint(play: str, base: str) -> None:
    stage = played(play, base=base)
    assert {number: stage.said(number) for number in stage.answers if stage.said(number)} == {}


@pytest.mark.parametrize("number", WITNESSES)
def test_it_has_something_to_say_of_the_real_endpoint(number: str) -> None:
    assert played(WITNESSES[number]).answers[number] == {True}


def test_every_property_has_a_witness() -> None:
    assert {each.id for each in PROPERTIES.values()} - set(WITNESSES) == {"L15", "I19b"}


@pytest.mark.parametrize("number", [each.id for each in PROPERTIES.values() if each.kind is Kind.LEADS_TO])
def test_what_is_to_come_comes(number: str) -> None:
    stage = played(WITNESSES[number])
    stage.expire()
    assert number == "L28" or reached(stage, number)


def test_crossing_syns_lead_to_established() -> None:
    stage = Stage()
    stage.call(CLIENT, "open", active=True)
    stage.call(SERVER, "open", active=True)
    assert not reached(stage, "L28")
    stage.quiet()
    assert reached(stage, "L28")


# ---------------------------------------------------------------------- mutants


@pytest.mark.parametrize(("number", "play", "mutant", "knobs"), BROKEN)
def test_a_mutant_breaks_it(number: str, play: str, mutant: str, knobs: dict[str, Any]) -> None:
    if play == "nobody" or (play, mutant) in (("both_close", "no-time-wait"), ("old_syn_ack", mutant)):
        assert not played(play, **knobs).said(number)
    assert played(play, mutant, **knobs).said(number)


def test_a_close_that_sends_no_fin_never_comes_to_one() -> None:
    stage = Stage("close-without-fin")
    stage.finished = True
    stage.connect()
    stage.close(CLIENT)
    stage.close(SERVER)
    stage.expire()
    assert {"L11", "L24"} <= set(stage.answers)
    assert not reached(stage, "L11")
    assert not reached(stage, "L24")


def test_without_probes_a_window_stays_closed_for_ever() -> None:
    stage = played("full", "no-persist")
    stage.expire()
    assert True in stage.answers["L20"]
    assert not reached(stage, "L20")


def test_a_connection_that_nobody_answers_hangs_until_it_is_given_up() -> None:
    stage = played("backing_off")
    stage.flying.clear()
    assert not reached(stage, "L22")
    stage.crash(SERVER)
    assert not reached(stage, "L23")
    for _ in range(20):
        stage.flying.clear()
        if stage.players[CLIENT].endpoint.state is CLOSED:
            break
        stage.timeout(CLIENT)
    assert reached(stage, "L22")
    assert reached(stage, "L23")


def test_a_half_open_connection_stays_while_resets_are_ignored() -> None:
    stage = Stage("rst-ignored").connect()
    stage.crash(SERVER)
    stage.call(CLIENT, "send", b"abc")
    stage.quiet()
    assert not reached(stage, "L23")


def test_an_old_syn_is_not_forgotten_while_resets_are_ignored() -> None:
    stage = Stage("rst-ignored")
    stage.call(SERVER, "open", active=False)
    stage.call(CLIENT, "open", active=True)
    stage.drop()
    stage.inject(SERVER, segment("SYN", 90, 0, 500))
    stage.quiet()
    assert not reached(stage, "I12b")


def test_crossing_fins_do_not_end_what_takes_them_wrongly() -> None:
    stage = Stage("fin-wait-1-to-close-wait").connect()
    stage.call(CLIENT, "close")
    stage.call(SERVER, "close")
    assert True in stage.answers["L28b"]
    stage.expire(5)
    assert not reached(stage, "L28b")


# ---------------------------------------------------------------------- what two SYNs settle


@pytest.mark.parametrize(("mutant", "broken"), [("", False), ("negotiation-one-sided", True)])
def test_windows_are_scaled_by_both_or_by_neither(mutant: str, broken: bool) -> None:
    stage = Stage(mutant, window_scale=7, server={"window_scale": None}).connect()
    stage.call(CLIENT, "send", b"abc")
    stage.quiet()
    assert bool(stage.said("I19b")) is broken
    assert broken or stage.answers["I19b"] == {True}


def test_the_same_shift_is_meant() -> None:
    stage = Stage(window_scale=7).connect()
    assert stage.answers["I19b"] == {True}
    one, other = stage.world.ends
    ask = named("I19b").world
    assert ask is not None
    assert ask(World((_with(one, snd_scale=15), _with(other, rcv_scale=15)), ())) == "client shifts windows by 15"


# ---------------------------------------------------------------------- views altered on purpose: no mutant does this


def _with(end: End, **variables: Any) -> End:
    """A view of an end in which some variables of the TCB are wrong."""
    tcb: Endpoint = end.endpoint.fork()
    for name, value in variables.items():
        setattr(tcb, name, value)
    return replace(end, endpoint=tcb)


@pytest.mark.parametrize("variables", [{"snd_nxt": 1000}, {"snd_una": 1010}, {"iss": 3000}, {"snd_max": 900}])
def test_send_variables_out_of_order_are_seen(variables: dict[str, int]) -> None:
    stage = Stage().connect()
    ask = named("I4").world
    assert ask is not None
    one, other = stage.world.ends
    assert ask(World((_with(one, **variables), other), ())) not in (True, None)


def test_text_beyond_the_window_is_seen() -> None:
    stage = Stage(**SMALL).connect()
    stage.call(CLIENT, "send", b"abc")
    step = stage.steps[-1]
    ask = named("A5").step
    assert ask is not None
    assert ask(step) is True
    wrong = replace(step, after=_with(step.after, snd_wnd=2))
    assert ask(wrong) == "client sends up to 3 octets beyond SND.UNA, into a window of 2"


@pytest.mark.parametrize("resets", [True, False])
def test_close_with_unread_data_does_what_the_knobs_say(resets: bool) -> None:
    stage = Stage(half_duplex_close=resets).connect(reading=False)
    stage.call(CLIENT, "send", b"abc")
    stage.quiet()
    stage.call(SERVER, "close")
    step = stage.steps[-1]
    ask = named("A26").step
    assert ask is not None
    assert ask(step) is True
    other = replace(step.before, meant=replace(step.before.config, half_duplex_close=not resets))
    assert ask(replace(step, before=other)) not in (True, None)


def test_a_close_that_forgets_the_connection_is_seen() -> None:
    stage = Stage().connect()
    stage.call(SERVER, "close")
    step = stage.steps[-1]
    ask = named("L11b").step
    assert ask is not None
    assert ask(step) is True
    forgotten = replace(step, after=replace(step.after, endpoint=stage.players[SERVER].fresh()), actions=())
    assert ask(forgotten) == "server forgets the connection without a word"


def test_a_move_without_an_edge_is_seen() -> None:
    stage = Stage().connect()
    step = stage.steps[-1]
    ask = named("A8").step
    assert ask is not None
    assert ask(replace(step, actions=())) == "server goes from SYN-RECEIVED to ESTABLISHED without an edge"
    assert step.after.state is ESTABLISHED


def test_a_copy_of_a_syn_is_not_to_deliver_twice() -> None:
    stage = Stage().connect()
    stage.call(CLIENT, "send", b"abc")
    stage.quiet()
    one, other = stage.world.ends
    ask = named("I2").world
    assert ask is not None
    assert ask(World((replace(one, partner=7), other), ())) not in (True, None)
