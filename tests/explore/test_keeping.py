"""An exploration that was kept goes on to exactly what it would have found at once, and no file does harm."""

from __future__ import annotations

import json
import pickle
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.explore import engine
from tcpsim.explore.canonical import SIZE, digest
from tcpsim.explore.checking import Checker, Report
from tcpsim.explore.engine import Limits
from tcpsim.explore.keeping import MAGIC, NotKept, keep, take_up
from tcpsim.properties.property import Kind, Property
from tcpsim.tcp.diagram import CLOSED, ESTABLISHED
from tcpsim.tcp.endpoint import Endpoint
from tests.explore.worlds import SMALL, Small

if TYPE_CHECKING:
    from pathlib import Path

    from tcpsim.properties.views import Step, World


def never_both(world: World) -> bool | str | None:
    if world.ends[0].state is not ESTABLISHED:
        return None
    return world.ends[1].state is not ESTABLISHED or "both are ESTABLISHED"


def in_time(step: Step) -> str | None:
    return "fired" if step.fired("retransmission") else None


PROPERTIES = (
    Property("never-both", "", Kind.INVARIANT, "", "", world=never_both),
    Property("quiet-flying", "", Kind.INVARIANT, "", "", world=lambda world: len(world.flying) < 9, network=True),
    Property("no-retransmission", "", Kind.STEP, "", "", step=in_time),
    Property("sends", "", Kind.STEP, "", "", step=lambda step: True if step.segments else None),
    Property(
        "closes", "", Kind.LEADS_TO, "", "",
        world=lambda world: world.quiet, goal=lambda world: all(end.state is CLOSED for end in world.ends),
    ),
    Property(
        "reaches-nothing", "", Kind.LEADS_TO, "", "",
        world=lambda world: world.ends[0].state is ESTABLISHED, goal=lambda _: False,
    ),
    Property("settles", "", Kind.SETTLES, "", ""),
)  # fmt: skip
ONE_OCTET = SMALL["one octet"]


def checker(small: Small = ONE_OCTET, *, states: int = 10**9, properties: tuple[Property, ...] = PROPERTIES) -> Checker:
    """An exploration that has not begun."""
    return Checker(small.world(), properties, faults=small.faults, limits=Limits(states=states))


def told(report: Report) -> list[Any]:
    """All that a report says, but the time."""
    verdicts = [(each.word, each.asked, each.witness, each.violation, each.others) for each in report.verdicts]
    tally = asdict(report.tally)
    del tally["seconds"]
    return [report.stopped, tally, verdicts, report.edges]


@pytest.mark.parametrize("name", ["one octet", "an old SYN", "handshake, two faults", "any order, one fault"])
@pytest.mark.parametrize("often", [1, 37, 400])
def test_what_was_kept_goes_on_to_the_same_result(
    name: str, often: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SMALL[name]
    whole = checker(small)
    expected = told(whole.run())
    monkeypatch.setattr(engine, "_LOOKS", 16)
    every = whole.search.tally.states // 3 if often == 1 else often
    at, pieces = 1, 0
    kept = tmp_path / "kept"
    keep(checker(small), kept)
    while True:
        one = checker(small, states=at)
        take_up(one, kept)
        report = one.run()
        if not report.stopped:
            break
        keep(one, kept)
        at, pieces = report.tally.states + every, pieces + 1

    assert told(report) == expected
    assert pieces >= 1
    assert list(one.search.seen.items()) == list(whole.search.seen.items())
    for array in ("parents", "steps", "prices", "done", "sources", "targets", "codes"):
        assert getattr(one.search, array) == getattr(whole.search, array)
    assert [each.word for each in report.verdicts][-1] == "holds"
    assert list(tmp_path.iterdir()) == [kept]


def test_a_finished_exploration_stays_what_it_is(tmp_path: Path) -> None:
    whole = checker()
    expected = told(whole.run())
    keep(whole, tmp_path / "kept")
    again = checker()
    take_up(again, tmp_path / "kept")

    assert told(again.run()) == expected


def test_an_undecided_verdict_is_decided_when_it_goes_on(tmp_path: Path) -> None:
    first = checker(states=2)
    engine_words = [each.word for each in first.run().verdicts]
    whole = [each.word for each in checker().run().verdicts]
    keep(first, tmp_path / "kept")
    again = checker()
    take_up(again, tmp_path / "kept")

    assert "undecided" in engine_words
    assert [each.word for each in again.run().verdicts] == whole


# ------------------------------------------------------------------ what is refused


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engine, "_LOOKS", 16)
    one = checker(states=300)
    one.run()
    keep(one, tmp_path / "kept")
    return tmp_path / "kept"


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (replace(ONE_OCTET, knobs={"msl": 10**9}), r"end 0: msl was 30000000000, here it is 1000000000"),
        (replace(ONE_OCTET, isses=(100, 301)), r"end 1: iss was 300, here it is 301"),
        (replace(ONE_OCTET, server=()), r"end 1: program was .*, here it is \(\)"),
        (replace(ONE_OCTET, faults=2), r"faults was 1, here it is 2"),
        (replace(ONE_OCTET, quiet=False), r"quiet was True, here it is False"),
        (replace(ONE_OCTET, old=SMALL["an old SYN"].old), r"old segments was \[\], here it is \["),
    ],
)  # fmt: skip
def test_another_exploration_is_refused_with_what_differs(kept: Path, other: Small, differs: str) -> None:
    with pytest.raises(NotKept, match=f"^it was kept from another exploration: {differs}"):
        take_up(checker(other), kept)


def test_other_properties_are_refused(kept: Path) -> None:
    with pytest.raises(NotKept, match=r"properties was never-both, .*, here it is settles$"):
        take_up(checker(properties=PROPERTIES[-1:]), kept)


def test_an_endpoint_that_was_changed_since_is_noticed(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Endpoint.close
    monkeypatch.setattr(Endpoint, "close", lambda self, now: right(self, now)[:0])
    with pytest.raises(NotKept, match=r"^the endpoints do something else now than when it was kept$"):
        take_up(checker(), kept)


@pytest.mark.parametrize("content", [b"", b"x", pickle.dumps({"a": 1}), b"{}", MAGIC[:6]])
def test_another_file_is_refused(kept: Path, content: bytes) -> None:
    kept.write_bytes(content)
    with pytest.raises(NotKept, match="does not hold an exploration"):
        take_up(checker(), kept)


def test_another_version_of_the_file_is_refused(kept: Path) -> None:
    kept.write_bytes(b"tcpsim exploration 2\n" + kept.read_bytes()[len(MAGIC) :])
    with pytest.raises(NotKept, match="kept by another version of tcpsim"):
        take_up(checker(), kept)


@pytest.mark.parametrize("where", [len(MAGIC), 40, 2_000, -40, -1])
def test_a_damaged_octet_is_noticed(kept: Path, where: int) -> None:
    content = bytearray(kept.read_bytes())
    content[where] ^= 1
    kept.write_bytes(content)
    with pytest.raises(NotKept, match="the file is damaged"):
        take_up(checker(), kept)


@pytest.mark.parametrize("left", [len(MAGIC), len(MAGIC) + 20, 5_000])
def test_a_file_that_was_cut_off_is_noticed(kept: Path, left: int) -> None:
    kept.write_bytes(kept.read_bytes()[:left])
    with pytest.raises(NotKept, match="the file is damaged"):
        take_up(checker(), kept)


def forged(kept: Path, change: dict[str, Any] | None = None, tail: bytes = b"") -> None:
    """Rewrite a file with other notes or more at its end, and a digest that is right again."""
    body = kept.read_bytes()[:-SIZE]
    start = len(MAGIC) + 8
    length = int.from_bytes(body[len(MAGIC) : start], "little")
    notes = json.loads(body[start : start + length])
    text = json.dumps(notes | (change or {})).encode()
    body = MAGIC + len(text).to_bytes(8, "little") + text + body[start + length :] + tail
    kept.write_bytes(body + digest(body))


@pytest.mark.parametrize(
    ("change", "tail"),
    [
        ({}, b"more"),
        ({"arrays": {}}, b""),
        ({"arrays": {"seen": 10**12}}, b""),
        ({"verdicts": {"unknown": {"asked": 1, "witness": None, "broken": []}}}, b""),
        ({"verdicts": 7}, b""),
        ({"tally": {"no such": 1}}, b""),
        ({"ends": ""}, b""),
    ],
)
def test_a_forged_file_is_refused_in_words(kept: Path, change: dict[str, Any], tail: bytes) -> None:
    forged(kept, change, tail)
    with pytest.raises(NotKept):
        take_up(checker(), kept)


def test_a_forgery_that_changes_nothing_is_taken(kept: Path) -> None:
    forged(kept)
    one = checker()
    take_up(one, kept)

    assert one.search.tally.states >= 300


def test_a_search_that_was_broken_off_in_a_step_is_not_kept(tmp_path: Path) -> None:
    one = checker()
    one.search.torn = True
    with pytest.raises(NotKept, match="broken off in the midst of a step"):
        keep(one, tmp_path / "kept")
