"""The catalogue of mutants: complete, told in plain sentences, cited rightly; forks and keys deviate alike."""

from __future__ import annotations

import contextlib
import random
import re
from collections import Counter
from typing import Any

import pytest

from tcpsim.tcp.calls import TcpError
from tcpsim.tcp.config import KNOBS, Config, checked, profile
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED, SYN_RECEIVED, TIME_WAIT
from tcpsim.tcp.endpoint import Endpoint
from tcpsim.tcp.mutants import MUTANTS, Mutant, NoSuchMutant, named
from tcpsim.tcp.mutants.mutant import Deviant, altered
from tcpsim.tcp.mutants.opening import _MisreadsSyn
from tcpsim.tcp.mutants.seeded import SEEDED
from tcpsim.tcp.options import Options
from tcpsim.tcp.rules import CATALOGUE
from tcpsim.tcp.segment import segment
from tests.tcp.mutated import fresh, reach
from tests.tcp.reach import fresh as real
from tests.tcp.rfc9293 import REQUIREMENTS, SECTIONS

EACH = pytest.mark.parametrize("mutant", MUTANTS.values(), ids=str)
ENDPOINTS = [mutant for mutant in MUTANTS.values() if mutant.endpoint is not None]


def test_the_seeded_bugs_are_mutants_of_the_catalogue() -> None:
    names = [seeded.mutant for seeded in SEEDED]
    assert [name for name in names if name not in MUTANTS] == []
    assert len(set(names)) == len(names), "each stands there once"
    assert len(MUTANTS) >= 100


def test_a_seeded_bug_says_what_catches_it() -> None:
    assert [seeded.mutant for seeded in SEEDED if not re.fullmatch(r"[IAL]\d{1,2}[bc]?", seeded.property)] == []
    assert all(seeded.bug for seeded in SEEDED)


@EACH
def test_a_mutant_is_one_plain_sentence(mutant: Mutant) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mutant.name)
    assert mutant.sentence.endswith(".")
    assert mutant.sentence.isascii()
    assert not re.search(r"\. [A-Z]", mutant.sentence), "one sentence"
    assert mutant.rule.id == f"mutant.{mutant.name}"
    assert mutant.rule.sentence == f"MUTANT: {mutant.sentence}"
    assert mutant.rule.cite == mutant.cite
    assert mutant.rule.id not in CATALOGUE, "no rule of TCP's"
    assert str(mutant) == mutant.name


def test_no_two_mutants_say_the_same() -> None:
    assert [line for line, n in Counter(mutant.sentence for mutant in MUTANTS.values()).items() if n > 1] == []


@EACH
def test_a_cited_section_exists(mutant: Mutant) -> None:
    if not mutant.cite.startswith("RFC 9293 "):
        assert re.match(r"RFC \d{3,4} [0-9A-Z]", mutant.cite)
        return
    section = re.match(r"RFC 9293 ([0-9A-Z.]+)", mutant.cite)
    assert section
    assert section[1].rstrip(".") in SECTIONS
    for requirement in re.findall(r"\b(?:MUST|SHLD|MAY)-\d+", mutant.cite):
        assert section[1] in REQUIREMENTS[requirement]


@EACH
def test_a_mutant_deviates_somehow(mutant: Mutant) -> None:
    asked_by_hosts = mutant.answer or mutant.crowded or mutant.never_quiet or mutant.listens_once
    assert mutant.endpoint or mutant.knobs or asked_by_hosts
    for knob, value in mutant.knobs.items():
        assert KNOBS[knob].check(value) == value


def test_the_knobs_of_a_mutant_win() -> None:
    asked = checked(Config(), {"nagle": True, "mss": 700})
    config = MUTANTS["no-nagle"].changes(asked)
    assert (config.nagle, config.mss) == (False, 700)
    assert MUTANTS["two-way-handshake"].changes(asked) is asked


@pytest.mark.parametrize("mutant", ENDPOINTS, ids=str)
def test_an_endpoint_that_deviates_adds_no_variable(mutant: Mutant) -> None:
    kind = mutant.endpoint
    assert kind is not None
    assert issubclass(kind, Deviant)
    assert kind.rule is mutant.rule
    end = kind(profile("rfc9293"))
    with pytest.raises(AttributeError):
        end.memory = 1  # type: ignore[attr-defined]  # that there is no such attribute is the point


@pytest.mark.parametrize("mutant", ENDPOINTS, ids=str)
def test_a_fork_deviates_alike(mutant: Mutant, numbers: tuple[int, int]) -> None:
    it = fresh(mutant.name, numbers)
    it.opens(active=True)
    copy = it.end.fork()
    assert type(copy) is type(it.end)
    assert copy.key(it.now) == it.end.key(it.now)
    answer: Any = segment("SYN,ACK", it.irs, it.end.snd_nxt, 4000)
    sent, likewise = (end.segment_arrives(it.now, answer) for end in (it.end, copy))
    assert list(map(repr, sent)) == list(map(repr, likewise))
    assert copy.key(it.now) == it.end.key(it.now)
    assert copy.state is it.end.state


def test_a_key_tells_a_mutant_from_the_real_one(numbers: tuple[int, int]) -> None:
    mutant, other = reach("no-time-wait", ESTABLISHED, numbers), reach("one-msl", ESTABLISHED, numbers)
    plain = Endpoint.key(mutant.end, 0)
    assert mutant.end.key(0) != other.end.key(0)
    assert mutant.end.key(0) != plain
    assert mutant.fork().end.key(0) == mutant.end.key(0)


@pytest.mark.parametrize("mutant", ENDPOINTS, ids=str)
def test_nobody_is_told_what_nobody_observes(mutant: Mutant) -> None:
    kind = mutant.endpoint
    assert kind is not None
    end = kind(mutant.changes(profile("plain")), ("192.0.2.1", 49152), ("192.0.2.2", 80))
    end.open(0, active=False)
    for ctl in ("ACK", "SYN", "RST", "FIN,ACK"):
        for action in end.segment_arrives(0, segment(ctl, 300, 1001 if "ACK" in ctl else 0)):
            assert type(action).__name__ in ("Segment", "Signal", "Deliver")


def test_what_a_host_answers_is_the_mutants(numbers: tuple[int, int]) -> None:
    answer = MUTANTS["wrong-reset-numbers"].answers(segment("ACK", 5, 7))
    assert answer is not None
    assert (repr(answer), answer.why) == ("<SEQ=0><CTL=RST>", MUTANTS["wrong-reset-numbers"].rule)
    assert MUTANTS["closed-port-silent"].answers(segment("ACK", 5, 7)) is None


def test_what_a_listener_without_room_answers() -> None:
    mutant = MUTANTS["full-queue-resets"]
    assert mutant.crowded is not None
    answer = mutant.crowded(segment("SYN", 5), mutant.rule)
    assert repr(answer) == "<SEQ=0><ACK=6><CTL=RST,ACK>"


def test_an_endless_queue_always_has_room(numbers: tuple[int, int]) -> None:
    it = reach("endless-accept-queue", SYN_RECEIVED, numbers)
    assert not it.end.would_establish(it.now, it.segment("ACK"))


def test_the_bases_of_mutants_deviate_in_nothing(numbers: tuple[int, int]) -> None:
    it = real(numbers, kind=_MisreadsSyn)
    it.opens(active=True)
    it.arrives("SYN,ACK")
    assert it.state is ESTABLISHED


def test_a_mutant_is_known_by_its_name() -> None:
    assert named("no-time-wait") is MUTANTS["no-time-wait"]
    with pytest.raises(NoSuchMutant, match=r"there is no mutant 'no-time-wai'; did you mean 'no-time-wait'\?") as near:
        named("no-time-wai")
    assert near.value.nearest == "no-time-wait"
    with pytest.raises(NoSuchMutant, match=r"there is no mutant 'xyzzy'; `tcpsim mutants` lists them") as far:
        named("xyzzy")
    assert far.value.nearest == ""


def test_an_altered_segment_is_another_one() -> None:
    first = segment("SYN", 5, options=Options(mss=1000))
    second = altered(first, seq=6, ctl=segment("FIN").ctl)
    assert (second.seq, second.seg_len, second.options) == (6, 1, first.options)
    assert (first.seq, first.seg_len) == (5, 1)


def test_states_are_reached_with_a_mutant_too() -> None:
    assert reach("no-nagle", TIME_WAIT).state is TIME_WAIT
    assert fresh("no-nagle").state is CLOSED


# ------------------------------------------------------------------ whatever comes


def _something(chance: random.Random, end: Endpoint, irs: int, now: int) -> None:
    """Let a segment arrive, a call be made or timers act, by chance."""
    which = chance.random()
    if which < 0.6:
        ctl = chance.choice(["ACK", "FIN,ACK", "SYN", "RST", "SYN,ACK", "PSH,ACK", "URG,ACK", "RST,ACK", "SYN,FIN"])
        options = chance.choice([None, Options(ts=(chance.randrange(5), 0)), Options(3, 3, True)])
        seq, ack = irs + chance.randrange(-3, 15), end.iss + chance.randrange(-2, 15) if "ACK" in ctl else 0
        text = bytes(chance.randrange(4))
        end.segment_arrives(
            now, segment(ctl, seq, ack, chance.choice([0, 1, 5, 100]), text, options, chance.randrange(4))
        )
    elif which < 0.7:
        end.send(now, bytes(chance.randrange(9)), urgent=chance.random() < 0.2)
    elif which < 0.78:
        end.receive(now, chance.randrange(1, 9))
    elif which < 0.86:
        chance.choice([end.close, end.close, end.abort, end.shutdown])(now)
    else:
        for _ in range(20_000):
            at = end.next_timeout()
            if at is None or at > now:
                return
            end.timeout(at)
        raise AssertionError("a timer that never comes to rest")


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=str)
def test_a_segment_never_raises_whoever_it_meets(mutant: Mutant) -> None:
    for seed in range(8):
        chance = random.Random(f"{mutant.name} {seed}")
        config = mutant.changes(profile(chance.choice(["plain", "linux"]), iss=2**32 - 5, mss=4, rcv_buff=20))
        end = (mutant.endpoint or Endpoint)(config, ("192.0.2.1", 1), ("192.0.2.2", 2), observed=bool(seed % 2))
        irs, now = chance.choice([7, 2**32 - 3]), 0
        end.open(0, active=bool(seed % 3))
        end.segment_arrives(0, segment("SYN,ACK" if seed % 3 else "SYN", irs, end.snd_nxt if seed % 3 else 0, 100))
        end.segment_arrives(0, segment("ACK", irs + 1, end.snd_nxt, 100))
        for _ in range(30):
            now += chance.choice([0, 1, 10**8, 10**9, 6 * 10**10])
            with contextlib.suppress(TcpError):
                _something(chance, end, irs, now)
            assert end.fork().key(now) == end.key(now)
