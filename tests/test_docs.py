"""What docs/ says is so: its scenarios pass, its phrases parse, its traces load, and nothing is left out."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner

from tcpsim import ScenarioError, Trace, TraceError, loads, properties, run
from tcpsim.cli import commands, group, pages
from tcpsim.net.impairments import netem
from tcpsim.scenario import document, models, moments, running, sights, standings, values, words
from tcpsim.scenario.faulting import rules_of
from tcpsim.tcp import calls
from tcpsim.tcp.actions import SIGNALS, TIMERS
from tcpsim.tcp.config import KNOBS
from tcpsim.tcp.diagram import State
from tcpsim.trace import Header, jsonl
from tcpsim.trace.columns import COLUMNS

DOCS = Path(__file__).parent.parent / "docs"
SCENARIOS = (DOCS / "scenarios.md").read_text("utf-8")
TRACE = (DOCS / "trace.md").read_text("utf-8")

MINIMAL = {
    "title": "title: Minimal\n",
    "hosts": "hosts:\n  client: {}\n  server: {}\n",
    "script": "script:\n  - {host: server, call: listen, port: 80}\n"
    '  - {host: client, call: connect, to: "server:80"}\n',
}
PARSERS = {
    "party": moments.parse_party,
    "selector": moments.parse_selector,
    "injected": moments.parse_injected,
    "event": moments.parse_event,
    "line": sights.parse_line,
    "happening": moments.parse_occurrence,
    "count": moments.parse_count,
    "timer": moments.parse_timer,
    "standing": standings.parse_standing,
}
PARTS: list[type[models.Part]] = [
    models.ScenarioFile, models.Host, models.Link, models.BurstyLoss, models.StateLoss, models.Fault, models.Expect,
    models.Quiz, models.Nat, models.Firewall, models.Explore,
    models.Listen, models.Accept, models.ShowQueues, models.QueueLengths,
    models.Connect, models.Open, models.Send, models.Receive, models.Read, models.Close, models.Abort,
    models.Status, models.OpenUdp, models.SendTo, models.CloseUdp, models.Crash, models.Restart, models.Inject,
    models.Remark,
]  # fmt: skip
"""Every type that the keys of a file belong to."""


class Block(NamedTuple):
    line: int
    text: str


def blocks(page: str, info: str) -> list[Block]:
    found = re.finditer(rf"^```{info}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return [Block(page.count("\n", 0, match.start()) + 1, match[1]) for match in found]


def by_line(found: list[Block]) -> list[Any]:
    return [pytest.param(block.text, id=f"line {block.line}") for block in found]


def the_block(page: str, info: str) -> str:
    (block,) = blocks(page, info)
    return block.text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# ---------------------------------------------------------------------- scenarios.md: what it shows


@pytest.mark.parametrize("text", by_line(blocks(SCENARIOS, "yaml")))
def test_whole_scenario_runs_and_keeps_its_promises(text: str) -> None:
    assert text.startswith("title:"), "a fragment is marked so"
    done = run(loads(text))
    assert [str(failure) for failure in done.failures] == []


@pytest.mark.parametrize("text", by_line(blocks(SCENARIOS, "yaml fragment")))
def test_fragment_is_accepted_in_place_of_its_key(text: str) -> None:
    keys = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    assert keys
    assert "title" not in keys
    rest = [part for key, part in MINIMAL.items() if key not in keys]
    run(loads("".join([*rest, text])))


def test_every_yaml_block_is_one_of_the_known_sorts() -> None:
    sorts = {"yaml", "yaml fragment", "yaml wrong", "yaml fails"}
    assert set(re.findall(r"^```(yaml.*)$", SCENARIOS, re.MULTILINE)) == sorts


def phrases() -> list[Any]:
    found = []
    for sort in PARSERS:
        for block in blocks(SCENARIOS, f"text {sort}"):
            lines = [line.split("  #")[0].strip() for line in block.text.splitlines()]
            found += [pytest.param(sort, line, id=f"{sort}: {line}") for line in lines]
    return found


@pytest.mark.parametrize(("sort", "phrase"), phrases())
def test_phrase_parses(sort: str, phrase: str) -> None:
    assert PARSERS[sort](phrase)


def test_every_sort_of_phrase_has_examples() -> None:
    assert all(blocks(SCENARIOS, f"text {sort}") for sort in PARSERS)
    sorts = set(re.findall(r"^```text (\w+)$", SCENARIOS, re.MULTILINE))
    assert sorts == {*PARSERS, "wrong", "fails"}


def test_phrases_show_every_kind_of_event_and_happening() -> None:
    events = {type(moments.parse_event(param.values[1])) for param in phrases() if param.values[0] == "event"}
    assert events == set(moments.Event.__args__)
    told = {type(moments.parse_occurrence(param.values[1])) for param in phrases() if param.values[0] == "happening"}
    assert told == set(moments.Occurrence.__args__)


NETEM = re.findall(r"^\| `(\{.*\})` \| `(.*)` \|$", SCENARIOS, re.MULTILINE)


@pytest.mark.parametrize(("here", "there"), NETEM)
def test_netem_takes_the_same_words(here: str, there: str) -> None:
    link = f"links:\n  - between: [client, server]\n    toward:\n      server: {here}\n"
    impaired = loads("".join([*MINIMAL.values(), link])).links[0].toward["server"]
    assert netem(impaired.delay or 0, rules_of(impaired), rate=impaired.rate, limit=impaired.limit) == there


def test_a_sentence_of_a_table_ends_once() -> None:
    assert not re.search(r"[?!]\.", "".join(line for line in SCENARIOS.splitlines() if line.startswith("| `")))
    assert pages._sentence("what comes?") == "What comes?"
    assert pages._sentence("what comes.") == pages._sentence("what comes") == "What comes."


def test_netem_table_has_every_impairment() -> None:
    written = " ".join(ours for ours, _ in NETEM)
    assert [name for name in models.Impairments.model_fields if f"{name}:" not in written] == [
        "duplicate_correlation", "duplicate_lag", "corrupt_correlation", "mtu", "icmp", "clamp_mss",
    ]  # fmt: skip


def test_mistakes_are_told_as_shown() -> None:
    with pytest.raises(ScenarioError) as told:
        loads(the_block(SCENARIOS, "yaml wrong"), "mine.yaml")
    assert f"{told.value}\n" == the_block(SCENARIOS, "text wrong")


def test_failures_are_told_as_shown() -> None:
    done = run(loads(the_block(SCENARIOS, "yaml fails"), "mine.yaml"))
    assert "".join(f"{failure}\n" for failure in done.failures) == the_block(SCENARIOS, "text fails")


# ---------------------------------------------------------------------- scenarios.md: what it leaves out


def keys() -> list[str]:
    named = [info.alias or name for part in PARTS for name, info in part.model_fields.items()]
    return sorted({*named, *models.Impairments.model_fields, *models.Step.model_fields} - set(KNOBS))


def test_parts_are_all_there_are() -> None:
    whole = {each for each in vars(models).values() if isinstance(each, type) and issubclass(each, models.Part)}
    shared = {each for each in whole if any(each is not part and issubclass(part, each) for part in PARTS)}
    assert whole - shared - {models.Knobs} == set(PARTS)


@pytest.mark.parametrize("key", keys())
def test_key_is_told(key: str) -> None:
    assert f"`{key}`" in SCENARIOS


def test_every_call_has_its_section() -> None:
    made = [part.model_fields["call"].annotation.__args__[0] for part in PARTS if issubclass(part, models.Step)]  # type: ignore[union-attr]  # a Literal
    assert sorted(re.findall(r"^#### ([\w ]+)$", SCENARIOS, re.MULTILINE)) == sorted(made)


def test_every_word_of_the_phrases_is_told() -> None:
    told = [*SIGNALS, *TIMERS, *moments.TIMER_WORDS, *map(str, State), *sorted(words.RESERVED)]
    assert [word for word in told if f"`{word}`" not in SCENARIOS] == []
    shown = " ".join(re.findall(r"`([^`]*)`", SCENARIOS)) + "".join(block.text for block in blocks(SCENARIOS, "text"))
    fields = [*sights.FIELD_WORDS, *moments.TIMER_VERBS, *models.FAULTS]
    assert [word for word in fields if word not in shown] == []


def test_every_error_of_a_call_is_told() -> None:
    errors = [
        calls.DOES_NOT_EXIST, calls.ALREADY_EXISTS, calls.CLOSING_ERROR, calls.INSUFFICIENT, calls.UNSPECIFIED,
    ]  # fmt: skip
    assert [error for error in errors if f"`{error}`" not in SCENARIOS] == []


def test_every_limit_and_exit_code_is_told() -> None:
    (bounds,) = re.findall(r"^\| what \| at most \|\n(.*?)\n\n", SCENARIOS, re.DOTALL | re.MULTILINE)
    keys = models.ScenarioFile.model_json_schema()["properties"]
    hosts, links = keys["hosts"]["maxProperties"], keys["links"]["anyOf"][0]["maxItems"]
    assert [int(each.replace(",", "")) for each in re.findall(r"\| ([\d,]+)[^|]*\|$", bounds, re.MULTILINE)] == [
        document.MAX_OCTETS, document.MAX_LINE, document.MAX_NODES, document.MAX_DEPTH, document.MAX_DIGITS,
        words.MAX_PHRASE, values.MAX_LIST, hosts, links, values.MAX_TEXT, values.MAX_SEND,
    ]  # fmt: skip
    assert f"after {running.MAX_RECORDS:,} records" in SCENARIOS
    codes = [0, group.FAILED, group.WRONG_INPUT, group.INTERRUPTED, group.READER_LEFT, group.OUR_BUG]
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", SCENARIOS, re.MULTILINE)] == codes


# ---------------------------------------------------------------------- what is made


def test_what_is_made_is_current(tmp_path: Path) -> None:
    for name in ("scenarios.md", "packetdrill.md", "properties.md"):
        (tmp_path / name).write_text((DOCS / name).read_text("utf-8"), "utf-8")
    ran = CliRunner().invoke(commands.tcpsim, ["pages", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    made = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    names = ["knobs", "mutants", "packetdrill", "properties", "requirements", "scenarios"]
    assert sorted(made) == [f"{name}.md" for name in names]
    stale = [name for name, text in made.items() if text != (DOCS / name).read_text("utf-8")]
    assert stale == [], "`make docs` makes them again"


def test_a_property_of_ones_own_takes_a_few_lines() -> None:
    page = (DOCS / "properties.md").read_text("utf-8")
    known = dict(properties.PROPERTIES)
    try:
        exec(the_block(page, "python"), {})
        assert [name for name in properties.PROPERTIES if name not in known] == ["no-urgent-data", "half-open-seen"]
    finally:
        properties.PROPERTIES.clear()
        properties.PROPERTIES.update(known)


def test_a_changed_key_makes_the_page_stale() -> None:
    assert pages.with_tables(SCENARIOS.replace("| How long a packet takes. |", "| ? |", 1)) == SCENARIOS


def test_every_knob_has_its_paragraph() -> None:
    page = pages.knobs_page()
    assert [knob.name for knob in KNOBS.values() if f"### {knob.name}\n" not in page or knob.cite not in page] == []


# ---------------------------------------------------------------------- trace.md


def test_the_trace_shown_whole_is_todays() -> None:
    ran = CliRunner().invoke(commands.tcpsim, ["run", "--quiet", "refused", "--trace", "refused.jsonl"])
    assert ran.exit_code == 0, ran.output
    assert the_block(TRACE, "json trace refused") == Path("refused.jsonl").read_text("ascii")


@pytest.mark.parametrize("text", by_line(blocks(TRACE, "json.*?")))
def test_lines_of_a_trace_load_and_are_written_as_shown(text: str) -> None:
    header = "" if text.startswith('{"format"') else Trace().to_jsonl()
    assert jsonl.load((header + text).encode("ascii"), "shown").to_jsonl() == header + text


def test_every_kind_and_key_of_a_trace_is_told_and_shown() -> None:
    lines = "".join(block.text for block in blocks(TRACE, "json.*?"))
    for cls, columns in COLUMNS.items():
        (row,) = re.findall(rf"^\| `{cls.kind}` \| (.*?) ?\|", TRACE, re.MULTILINE)
        assert re.findall(r"`(\w+)`", row) == [column.key for column in columns]
    every = {*re.findall(r'"(\w+)":', lines)} - {"name", "addresses", "mss"}
    assert {key for key in every if f"`{key}`" not in TRACE} == set()
    in_tables = re.findall(r"^\| `(\w+)` \|", TRACE, re.MULTILINE)
    assert {field.name for field in dataclasses.fields(Header)} <= set(in_tables)


def test_the_error_shown_is_the_one_that_comes() -> None:
    good = the_block(TRACE, "json trace refused").splitlines(keepends=True)
    good[2] = good[2].replace('"host":"client",', "")
    with pytest.raises(TraceError) as told:
        jsonl.load("".join(good).encode(), "refused.jsonl")
    assert f"`{told.value}`" in TRACE


# ---------------------------------------------------------------------- figures.md


FIGURES = (DOCS / "figures.md").read_text("utf-8")


def shown_commands(block: str) -> list[list[str]]:
    """Return the arguments of each `tcpsim` that a block of the page shows."""
    lines = [line.removeprefix("$ tcpsim ") for line in block.splitlines()]
    return [[word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)] for line in lines]


@pytest.mark.parametrize("block", by_line(blocks(FIGURES, "console")))
def test_the_commands_that_figures_show_draw(block: str) -> None:
    for arguments in shown_commands(block):
        ran = CliRunner().invoke(commands.tcpsim, arguments)
        assert ran.exit_code == 0, ran.output


def test_figures_show_every_option_and_every_view_of_diagram() -> None:
    shown = [word for block in blocks(FIGURES, "console") for line in shown_commands(block.text) for word in line]
    options = {param.opts[-1 if "-o" not in param.opts else 0]: param for param in commands.diagram.params}
    assert [name for name in options if name.startswith("-") and name not in shown] == []
    views = options["--view"].type
    assert isinstance(views, click.Choice)
    assert set(views.choices) - set(shown) == {"ladder"}  # the default


# ---------------------------------------------------------------------- all pages


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_python_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    shared: dict[str, object] = {}
    for block in blocks((DOCS / page).read_text("utf-8"), "python"):
        exec(compile(block.text, page, "exec"), shared)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_lead_somewhere(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        assert (DOCS / file).exists() if file else anchor in anchors, target


def test_commands_run() -> None:
    for line in the_block(TRACE, "console").splitlines():
        shown = line.removeprefix("$ tcpsim ").split("  #")[0]
        arguments = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', shown)]
        ran = CliRunner().invoke(commands.tcpsim, arguments)
        assert ran.exit_code == 0, ran.output


def test_a_list_of_bounded_values_is_called_in_english() -> None:
    for plural in ("whole numbers, 1 to 65535", "list of text, or number of octets |"):
        assert plural in SCENARIOS
    for wrong in ("characterss", "octetss", "65535s"):
        assert wrong not in SCENARIOS


def test_pages_name_no_machine() -> None:
    for path in DOCS.glob("*.md"):
        assert not re.search(r"/(work|tmp|home)/|shared/", path.read_text("utf-8")), path.name


def test_readme_links_every_page() -> None:
    readme = (DOCS.parent / "README.md").read_text("utf-8")
    assert [path.name for path in DOCS.glob("*.md") if f"(docs/{path.name})" not in readme] == []
