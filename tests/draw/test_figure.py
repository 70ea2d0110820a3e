"""Pictures: the formats, the same bytes on every run, and text that is only text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from PIL import Image

from tcpsim.draw import draw_ladder, draw_states, ladder_bytes, ladder_svg, states_svg
from tcpsim.draw.canvas import Paper, format_of, plain_settings
from tcpsim.draw.palette import PAPER, STATE_FILL, TYPES, contrast, lightness
from tcpsim.tcp.diagram import FIGURE_5
from tcpsim.trace import Trace

from . import runs

ROOT = Path(__file__).parents[2]
HOSTILE = [
    "$x_1$",
    "$\\frac{",
    "\\alpha $",
    "100 % & <b>\"'",
    "a\nb\x1b[0m\x00\ud800",
    "漢字 \u202e",
    "\\n\\t",
    "{}",
    "^_$$",
]


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".PDF", b"%PDF")])
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str, magic: bytes) -> None:
    path = draw_ladder(runs.handshake(), tmp_path / f"ladder{suffix}")
    assert path.read_bytes().startswith(magic)
    assert draw_states(tmp_path / f"states{suffix}").read_bytes().startswith(magic)


def test_the_format_can_be_named(tmp_path: Path) -> None:
    assert draw_ladder(runs.handshake(), tmp_path / "ladder", "svg").read_bytes().startswith(b"<?xml")
    assert ladder_bytes(runs.handshake(), "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(("path", "format"), [("a.gif", None), ("a", None), ("a.png", "jpeg"), ("a.svg.gz", None)])
def test_an_unknown_format_is_an_error_that_names_the_known_ones(tmp_path: Path, path: str, format: str | None) -> None:
    with pytest.raises(ValueError, match=r"expected one of \.png, \.svg, \.pdf"):
        draw_ladder(runs.handshake(), tmp_path / path, format)
    with pytest.raises(ValueError, match="expected one of"):
        format_of(path, format)
    assert list(tmp_path.iterdir()) == []


SCRIPT = """
import hashlib, sys
sys.path.insert(0, {root!r})
from tests.draw import runs
from tcpsim.draw import ladder_bytes
from tcpsim.draw.states import states_bytes
trace = runs.mishaps()
for kind in ("svg", "pdf", "png"):
    print(kind, hashlib.sha256(ladder_bytes(trace, kind)).hexdigest())
    print(kind, hashlib.sha256(states_bytes(kind, trace=trace)).hexdigest())
"""


def test_equal_pages_give_equal_bytes_whatever_the_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT.format(root=str(ROOT))],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 6


def test_what_the_user_set_in_matplotlib_does_not_matter() -> None:
    before = ladder_bytes(runs.handshake(), "svg"), ladder_bytes(runs.handshake(), "png")
    with mpl.rc_context({
        "font.family": "monospace", "font.size": 30, "lines.linewidth": 9, "figure.dpi": 33, "savefig.dpi": 44,
        "savefig.bbox": "tight", "svg.fonttype": "none", "axes.facecolor": "red", "text.color": "red",
        "path.sketch": (1, 100, 2), "savefig.transparent": True, "text.parse_math": True,
    }):  # fmt: skip
        mine = dict(mpl.rcParams)
        after = ladder_bytes(runs.handshake(), "svg"), ladder_bytes(runs.handshake(), "png")
        assert dict(mpl.rcParams) == mine
    assert before == after


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_text_is_only_text(text: str, format: str) -> None:
    run = runs.Run(text, text, (text, text + "2"))
    run.over(0, text, "SYN", 0)
    run.call(10, text, text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = ladder_bytes(run.trace(), format)
    if format == "svg":
        ET.fromstring(drawn)


def test_svg_has_a_title_and_the_reasons_as_tooltips() -> None:
    svg = ladder_svg(runs.lost_syn_ack())
    assert svg.startswith("<svg")
    root = ET.fromstring(svg)
    titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "What if the SYN,ACK is lost?"
    assert any(text and text.startswith("SYN seq 0: A plain sentence") for text in titles)
    assert "<dc:date>" not in svg
    assert "Matplotlib v" not in svg
    assert states_svg().startswith("<svg")


def test_a_long_page_fits_into_a_png() -> None:
    with plain_settings():
        drawn = Paper(30, 59_000).bytes("png", "long")
    with Image.open(io.BytesIO(drawn)) as image:
        assert 59_000 <= image.height < 65_536


def test_a_picture_has_ink_and_white_margins() -> None:
    with Image.open(io.BytesIO(ladder_bytes(runs.lost_syn_ack(), "png"))) as image:
        grey = image.convert("L")
    wide, tall = grey.width, grey.height
    for margin in ((0, 0, wide, 12), (0, tall - 12, wide, tall), (0, 0, 12, tall), (wide - 12, 0, wide, tall)):
        assert grey.crop(margin).getextrema() == (255, 255)
    assert grey.histogram()[40] > 0  # ink


def test_states_that_follow_each_other_differ_in_grey() -> None:
    for edge in FIGURE_5:
        assert abs(lightness(STATE_FILL[edge.source]) - lightness(STATE_FILL[edge.target])) >= 8, str(edge)


def test_ink_is_readable() -> None:
    for role, style in TYPES.items():
        if role != "badge":  # white on its own dark ground
            assert contrast(style.ink, PAPER) >= 4.5, role


def test_importing_the_package_does_not_import_matplotlib() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tcpsim.draw; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_an_empty_trace_is_a_picture() -> None:
    assert ladder_bytes(Trace(), "svg").startswith(b"<?xml")
