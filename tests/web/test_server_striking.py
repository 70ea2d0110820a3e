"""The phrase for a packet strikes that packet, and no other; an experiment's text is the scenario with changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tcpsim.scenario import load, loads, run
from tcpsim.scenario.library import library
from tcpsim.trace import Lost, Sent
from tcpsim.web.editing import CannotChange, edited
from tcpsim.web.requests import AddedFault, Experiment, Impaired, read_experiment
from tcpsim.web.striking import ordinal, targets

TEN = (
    "handshake", "lossy", "simultaneous-open", "simultaneous-close", "half-close", "syn-flood",
    "zero-window", "fast-retransmit", "nagle-delayed-ack", "time-wait",
)  # fmt: skip


def scenarios() -> list[str]:
    """Return ten names of the library: those of TEN that there are, and others in its order."""
    names = [entry.name for entry in library()]
    chosen = [name for name in TEN if name in names]
    return (chosen + [name for name in names if name not in chosen])[:10]


@pytest.mark.parametrize("name", scenarios())
def test_every_phrase_strikes_its_packet_alone(name: str) -> None:
    scenario = replace(load(name), max_events=600)
    plain = run(scenario)
    lost = {record.packet for record in plain.trace.records if isinstance(record, Lost)}
    found = {number: target for number, target in targets(plain).items() if number not in lost}
    assert found
    # Sixty of a flood show no more than its first thirty.
    for number, target in list(found.items())[:30]:
        fault = AddedFault(link=target.link, verb="drop", phrase=target.phrase)
        text = edited(scenario.text, Experiment(scenario=name, faults=[fault]))
        struck = run(replace(loads(text), max_events=600))
        by_it = [each for each in struck.trace.records if isinstance(each, Lost) and target.phrase in each.by]
        assert [each.packet for each in by_it] == [number], target.phrase
        same = next(each for each in plain.trace.records if isinstance(each, Sent) and each.packet == number)
        assert (by_it[0].host, by_it[0].segment) == (same.host, same.segment)


def test_a_packet_of_a_host_to_itself_has_no_phrase() -> None:
    text = (
        "title: alone\nhosts: {one: {}}\nlinks: []\nscript:\n  - {host: one, call: listen, port: 80}\n"
        '  - {host: one, call: connect, to: "one:80"}\n'
    )
    assert targets(run(loads(text))) == {}


def test_an_ordinal_is_written_as_the_language_reads_it() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


def test_without_changes_the_text_is_the_file() -> None:
    text = load("handshake").text
    assert edited(text, Experiment(scenario="handshake"), exported=True) == text


def test_settings_hold_and_comments_stay() -> None:
    text = (
        "# An introduction.\ntitle: x\nhosts:\n  a: {nagle: true}  # the sender\n  b: {profile: plain}\n"
        "links:\n  - between: [a, b]\n    toward: {a: {delay: 1s, loss: 5%}}\n"
        "script:\n  - {host: b, call: listen, port: 80}\nexpect:\n  states: {b: LISTEN}\n"
    )
    asked = Experiment(
        scenario="x", seed=7, profile="linux", links={0: Impaired(delay="20ms")},
        knobs={"nagle": "false", "msl": "1s", "mss": "900", "user_timeout": "off"},
    )  # fmt: skip
    written = edited(text, asked, exported=True)
    assert written.startswith("# An introduction.\n")
    assert "# the sender" in written
    scenario = loads(written)
    assert (scenario.seed, scenario.profile) == (7, "linux")
    assert "expect:" not in written
    assert scenario.knobs == {"nagle": False, "msl": 10**9, "mss": 900, "user_timeout": None}
    assert [(host.profile, host.knobs) for host in scenario.hosts] == [("", {}), ("", {})]
    toward = scenario.links[0].toward
    assert (toward["a"].delay, toward["b"].delay, toward["a"].loss) == (20_000_000, 20_000_000, 0.05)


def test_a_change_in_a_file_with_anchors_holds_in_one_place() -> None:
    text = (
        "title: x\nhosts: {a: {}, b: {}, c: {}}\nlinks:\n  - {between: [a, b], toward: &t {a: {loss: 5%}}}\n"
        "  - {between: [a, c], toward: *t}\nscript:\n  - {host: b, call: listen, port: 80}\n"
    )
    written = edited(text, Experiment(scenario="x", links={1: Impaired(loss="1%")}))
    assert [link.toward["a"].loss for link in loads(written).links] == [0.05, 0.01]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Experiment(scenario="x", links={5: Impaired(loss="1%")}), "there is no link 5"),
        (Experiment(scenario="x", knobs={"nagel": "true"}), "there is no knob 'nagel'"),
        (Experiment(scenario="x", knobs={"mss": "many"}), "mss: expected a whole number"),
    ],
)
def test_what_does_not_fit_the_scenario_is_said(asked: Experiment, sentence: str) -> None:
    with pytest.raises(CannotChange, match=sentence):
        edited(load("handshake").text, asked)


def test_what_json_holds_is_read_strictly() -> None:
    asked = read_experiment({"scenario": "x", "links": {"0": {"delay": "5ms"}}})
    assert asked.links[0].said() == {"delay": "5ms"}
    with pytest.raises(ValueError, match="seed"):
        read_experiment({"scenario": "x", "seed": "5"})


def test_files_outside_of_a_folder_are_not_on_the_shelf(tmp_path: Path) -> None:
    from tcpsim.web.shelves import Shelves

    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "secret.yaml").write_text("title: secret\n")
    (folder / "own.yaml").write_text(load("handshake").text)
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    shelves = Shelves([folder])
    assert [book.name for book in shelves.books() if ":" in book.name] == ["0:own.yaml"]
    assert shelves.text("0:own.yaml") == (load("handshake").text, "own.yaml")
    for name in ("0:link.yaml", "0:../secret.yaml", str(tmp_path / "secret.yaml"), "../../etc/passwd"):
        with pytest.raises(KeyError):
            shelves.text(name)
