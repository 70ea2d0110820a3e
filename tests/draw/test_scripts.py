"""Mermaid and PlantUML: what is written, that no name leaves its place, and that the real tools take it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import tcpsim
from tcpsim.draw import draw_ladder, ladder_bytes
from tcpsim.draw.scene import scene
from tcpsim.draw.scripts import LANGUAGES, Mermaid, PlantUml, script_text
from tcpsim.trace import Lost, Sent, Trace

from . import runs
from .test_figure import HOSTILE

SNAPSHOTS = Path(__file__).parent / "snapshots"
WORSE = [
    *HOSTILE, "end", "The END", "#35; ; %% x", "a: b->>c", "<br/><script>", "!include /etc/hostname", "@enduml", "x\ny",
    "**b** //i// --s-- __u__ ~~w~~ \"\"m\"\" [[http://a]] <U+0041> <&star> %date()", "a -> b : c", "' comment", "==x==",
    "...", "note over h0: x", "Note over h0: x", "|||", "$x = 1", "\\", "",
]  # fmt: skip


def written(trace: Trace, language: str) -> str:
    return script_text(scene(trace), language)


def hostile() -> Trace:
    run = runs.Run(" ".join(WORSE), "%% {init}", ("end", "@enduml\nh0 -> h1", "a;b#c"))
    for number, text in enumerate(WORSE):
        run.over(10 * number, "end", "SYN", 0)
        run.call(10 * number + 5, "end", text)
    return run.trace()


@pytest.mark.parametrize("name", ["lossy", "why-not-two", "syn-flood"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_script_is_as_reviewed(name: str, language: str) -> None:
    text = written(tcpsim.run(name).trace, language)
    file = SNAPSHOTS / f"{name}.{language}"
    if os.environ.get("TCPSIM_WRITE_SNAPSHOTS") == "1":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_what_is_lost_ends_in_a_cross_and_what_is_sent_again_is_dashed() -> None:
    trace = tcpsim.run("lossy").trace
    lost = sum(isinstance(record, Lost) for record in trace.records)
    again = sum(isinstance(record, Sent) and record.retransmission > 0 for record in trace.records)
    mermaid, plantuml = (written(trace, language) for language in ("mmd", "puml"))
    assert len(re.findall(r"^ +h\d--?xh\d", mermaid, re.M)) == lost == mermaid.count(", lost (")
    assert len(re.findall(r"^h\d --?>x h\d", plantuml, re.M)) == lost
    assert len(re.findall(r"^ +h\d--(?:>>|x)h\d", mermaid, re.M)) == again
    assert len(re.findall(r"^h\d -->x? h\d", plantuml, re.M)) == again


def test_the_arrival_is_told_where_something_else_comes_before_it() -> None:
    told = written(tcpsim.run("why-not-two").trace, "mmd")
    assert told.index("SYN seq 0 (held back)") < told.index("SYN seq -10 (injected)") < told.index("SYN seq 0 arrives")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_leaves_its_place(language: str) -> None:
    lines = written(hostile(), language).splitlines()
    note = r"ote (left of|right of|over) h\d(,h\d)? ?:"
    allowed = {
        "mmd": rf"sequenceDiagram|    (title|participant h\d as|N{note}|h\d--?(>>|x)h\d:) .*|",
        "puml": r"@startuml|hide footbox|@enduml|\.\.\. .* \.\.\."
        rf'|(title|participant "[^"]*" as h\d|n{note}|h\d --?>x? h\d :).*',
    }[language]
    assert [line for line in lines if not re.fullmatch(allowed, line)] == []
    told = "\n".join(lines[2:])
    assert "<script" not in told
    assert language == "mmd" or "!" not in told
    assert sum("@enduml" in line for line in lines) == (language == "puml")


def test_signs_of_the_languages_are_written_by_number() -> None:
    assert Mermaid.text("a;b#c end send") == "a#59;b#35;c #101;nd send"
    assert PlantUml.text("**b** a--c 1..5 x") == "<U+002A><U+002A>b<U+002A><U+002A> a-<U+002D>c 1.<U+002E>5 x"


def test_the_suffix_chooses_the_language(tmp_path: Path) -> None:
    trace = runs.handshake()
    for language, first in (("mmd", "sequenceDiagram\n"), ("puml", "@startuml\n")):
        assert draw_ladder(trace, tmp_path / f"x.{language}").read_text("utf-8").startswith(first)
        assert ladder_bytes(trace, language).decode() == written(trace, language)
    assert written(Trace(), "mmd") == "sequenceDiagram\n"
    assert written(Trace(), "puml") == "@startuml\nhide footbox\n@enduml\n"


# ---------------------------------------------------------------------- the real tools


def printed(svg: str) -> str:
    """Return the text of a picture."""
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<style.*?</style>", "", svg, flags=re.S)).split())


def test_plantuml_draws_it(tmp_path: Path) -> None:
    tool = shutil.which("plantuml")
    if tool is None:
        pytest.skip("plantuml is not installed (Debian's package plantuml)")
    for name, trace in (("lossy", tcpsim.run("lossy").trace), ("hostile", hostile())):
        (tmp_path / f"{name}.puml").write_text(written(trace, "puml"), "utf-8")
    files = [str(path) for path in tmp_path.glob("*.puml")]
    done = subprocess.run(
        [tool, "-tsvg", "-charset", "UTF-8", *files], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    drawn = printed((tmp_path / "lossy.svg").read_text("utf-8")).replace("&#160;", " ")
    assert "lost (random loss 20%)" in drawn
    assert "SYN-RECEIVED" in drawn
    hard = (tmp_path / "hostile.svg").read_text("utf-8")
    assert "Syntax Error" not in hard
    assert "!include" in printed(hard).replace("&#160;", " ")


def test_mermaid_draws_it(tmp_path: Path) -> None:
    tool, chromium = shutil.which("mmdc"), shutil.which("chromium")
    if tool is None or chromium is None:
        pytest.skip("mmdc (npm's @mermaid-js/mermaid-cli) or chromium is not installed")
    settings = tmp_path / "puppeteer.json"
    settings.write_text(json.dumps({"executablePath": chromium, "args": ["--no-sandbox", "--disable-gpu"]}), "utf-8")
    for name, trace in (("lossy", tcpsim.run("lossy").trace), ("hostile", hostile())):
        source, target = tmp_path / f"{name}.mmd", tmp_path / f"{name}.svg"
        source.write_text(written(trace, "mmd"), "utf-8")
        done = subprocess.run(
            [tool, "-q", "-p", str(settings), "-i", str(source), "-o", str(target)],
            check=False, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        drawn = printed(target.read_text("utf-8"))
        assert ("lost (random loss 20%)" if name == "lossy" else "!include") in drawn
        assert "Syntax error" not in drawn
