"""What is told of many scripts: counts by directory, JUnit XML, and one result in words."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tcpsim.packetdrill import Result, Ways, run_text
from tcpsim.packetdrill.places import Place
from tcpsim.packetdrill.reports import Tally, details, junit, tallies, total
from tests.packetdrill.judged import SERVER

NAMES = ("a/one.pkt", "a/two.pkt", "b/three.pkt", "b/four.pkt", "five.pkt")
TEXTS = (
    SERVER,
    f"{SERVER} +0 > . 1:1(0) ack 1",
    f"{SERVER} +0 `rm -rf /`",
    "0 nonsense",
    f"{SERVER} +0 close(4) = 1",
)


def results() -> list[Result]:
    return [run_text(text, name, Ways("plain"))[0] for name, text in zip(NAMES, TEXTS, strict=True)]


def test_each_directory_is_counted() -> None:
    counts = tallies(results())
    assert counts == [Tally(".", failed=1), Tally("a", passed=1, failed=1), Tally("b", not_run=1, malformed=1)]
    assert total(counts) == Tally("", 1, 2, 1, 1)
    assert total(counts).total == 5


def test_junit() -> None:
    root = ET.fromstring(junit(results()))
    suites = {suite.get("name"): suite for suite in root}
    counts = ("tests", "failures", "errors", "skipped")
    assert {name: tuple(suite.get(count) for count in counts) for name, suite in suites.items()} == {
        ".": ("1", "1", "0", "0"), "a": ("2", "1", "0", "0"), "b": ("2", "0", "2", "0"),
    }  # fmt: skip
    one, two = suites["a"]
    assert (one.get("name"), one.get("classname"), one.get("file"), list(one)) == ("one", "a", "a/one.pkt", [])
    assert two.get("line") == "10"
    assert two[0].tag == "failure"
    assert two[0].get("message") == "no packet comes"
    assert "expected  0.100000          > . 1:1(0) ack 1" in (two[0].text or "")
    four, three = suites["b"]
    assert [(case[0].tag, case[0].get("type")) for case in (four, three)] == [
        ("error", "malformed"),
        ("error", "not run"),
    ]


def test_what_was_not_run_may_be_skipped() -> None:
    root = ET.fromstring(junit(results(), allow_not_run=True))
    suite = next(suite for suite in root if suite.get("name") == "b")
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "1")
    assert [case[0].tag for case in suite] == ["error", "skipped"]


def test_equal_results_give_equal_bytes_and_no_character_breaks_the_xml() -> None:
    assert junit(results()) == junit(results())
    odd = Result('a/"<&>\x1b.pkt', "failed", Place("x", 1), "\x00<source>", "what & why\x07")
    assert len(list(ET.fromstring(junit([odd])).iter("testcase"))) == 1


def test_a_result_in_words() -> None:
    passed, failed, not_run, malformed, call = results()
    assert str(passed) == "a/one.pkt: passed"
    assert str(not_run) == "b/three.pkt:10:5: not run: tcpsim doesn't know the command 'rm'"
    assert str(malformed).startswith("b/four.pkt:1:")
    assert details(call) == [
        "five.pkt:10:2: failed: close() returns something else",
        "    +0 close(4) = 1",
        "expected                    close(4) = 1",
        "found                       0",
        "result: expected 1, found 0",
    ]
    assert details(failed)[0] == "a/two.pkt:10:2: failed: no packet comes"


def test_a_result_knows_its_line_and_its_end() -> None:
    failed = results()[1]
    assert (failed.source, failed.place.line, failed.ended) == ("+0 > . 1:1(0) ack 1", 10, 2_100_000_000)
    assert not failed.passed
