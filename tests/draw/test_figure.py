"""Pictures: the formats, the same bytes on every run, and text that is only text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from itertools import combinations
from math import dist
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from PIL import Image

from tcpsim.draw import draw_ladder, draw_states, ladder_bytes, ladder_svg, states_svg
from tcpsim.draw.canvas import PNG_DPI, Paper, format_of, plain_settings
from tcpsim.draw.figure import paint
from tcpsim.draw.layout import TALLEST
from tcpsim.draw.page import Bar, Box, Label, Page, Shot
from tcpsim.draw.palette import INK, PAPER, STATE_FILL, STRIPED, TYPES, contrast, lightness
from tcpsim.tcp.diagram import EDGES
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
print("states", hashlib.sha256(states_bytes("svg", trace=trace)).hexdigest())
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
    assert len(outputs.pop().splitlines()) == 4


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


@pytest.mark.parametrize("size", [(30, 59_000), (59_000, 30), (400_000, 20)])
def test_a_long_page_fits_into_a_png(size: tuple[int, int]) -> None:
    with plain_settings():
        drawn = Paper(*size).bytes("png", "long")
    with Image.open(io.BytesIO(drawn)) as image:
        assert 59_000 <= max(image.size) < 65_536


def test_a_huge_page_does_not_fill_the_memory() -> None:
    dpi = []
    with plain_settings():
        paper = Paper(14_400, 14_400)
        paper.figure.savefig = lambda *_, **options: dpi.append(options["dpi"])  # type: ignore[method-assign]  # not drawn
        paper.bytes("png", "huge")
    assert 100_000_000 < (dpi[0] * 14_400 / 72) ** 2 <= 120_000_001


def test_the_highest_page_is_a_png_that_every_viewer_shows() -> None:
    assert TALLEST / 72 * PNG_DPI < 32_767


def test_a_picture_has_ink_and_white_margins() -> None:
    with Image.open(io.BytesIO(ladder_bytes(runs.lost_syn_ack(), "png"))) as image:
        grey = image.convert("L")
    wide, tall = grey.width, grey.height
    for margin in ((0, 0, wide, 12), (0, tall - 12, wide, tall), (0, 0, 12, tall), (wide - 12, 0, wide, tall)):
        assert grey.crop(margin).getextrema() == (255, 255)
    assert grey.histogram()[40] > 0  # ink


def test_states_that_follow_each_other_differ_in_grey() -> None:
    for edge in EDGES:
        assert abs(lightness(STATE_FILL[edge.source]) - lightness(STATE_FILL[edge.target])) >= 8, str(edge)


# What each colour becomes for people without red, green or blue cones (Machado, Oliveira, Fernandes 2009,
# severity 1), applied to linear RGB: the rows are the new red, green and blue.
SEEN = {
    "everybody": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)


def seen(colour: str, by: str) -> tuple[float, float, float]:
    """Return CIE L*a*b* of a colour as some people see it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    mixed = [min(max(sum(a * b for a, b in zip(row, linear, strict=True)), 0), 1) for row in SEEN[by]]
    xyz = [sum(a * b for a, b in zip(row, mixed, strict=True)) for row in XYZ]
    x, y, z = (
        (part / white) ** (1 / 3) for part, white in zip(xyz, WHITE, strict=True)
    )  # no colour here is near black
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("by", SEEN)
def test_no_two_states_look_alike_in_grey_or_to_anybody(by: str) -> None:
    """Two states are told apart by stripes; else by lightness in print, and by three times what an eye can tell."""
    for one, other in combinations(STATE_FILL, 2):
        if (one in STRIPED) == (other in STRIPED):
            assert abs(lightness(STATE_FILL[one]) - lightness(STATE_FILL[other])) >= 6, (one, other)
            assert dist(seen(STATE_FILL[one], by), seen(STATE_FILL[other], by)) >= 7, (one, other)


def grey(page: Page) -> Image.Image:
    with plain_settings(), Image.open(io.BytesIO(paint(page).bytes("png", ""))) as image:
        return image.convert("L")


def test_stripes_are_seen_in_grey() -> None:
    for state in STATE_FILL:
        page = Page(60, 200, "", bars=[Bar(20, 40, 20, 180, state, 0, None)])
        tones = grey(page).crop((50, 50, 76, 360)).tobytes()
        low, high = min(tones), max(tones)
        assert (high - low > 40) if state in STRIPED else high == low, state


def test_words_hide_no_arrow() -> None:
    """Where an arrow must pass through the words of another one, it passes whole; so does a cross."""
    shot = Shot(20, 50, 180, 50, "sent", False, True, False, 0, "", 0, 0)
    words = [
        Label(" ", "sent", Box(100, 50, 120, 30), halo=True),
        Label(" ", "silence", Box(180, 50, 30, 30), halo=True),
    ]
    page = Page(200, 100, "", axis_x=5, bottom=90, shots=[shot])
    bare = grey(page)
    page.labels = words
    assert grey(page).tobytes() == bare.tobytes()
    assert min(bare.crop((210, 100, 220, 108)).tobytes()) < 80


def test_an_arrow_stops_for_its_own_words() -> None:
    shot = Shot(20, 50, 180, 50, "sent", False, False, False, 0, "", 0, 0, gaps=((0.4, 0.6),))
    image = grey(Page(200, 100, "", axis_x=5, shots=[shot]))
    assert min(image.crop((195, 95, 220, 110)).tobytes()) == 255
    assert min(image.crop((100, 95, 120, 110)).tobytes()) < 80


def test_ink_is_readable() -> None:
    for role, style in TYPES.items():
        if role != "badge":  # white on its own dark ground
            assert contrast(style.ink, PAPER) >= 4.5, role
    for state, fill in STATE_FILL.items():
        assert contrast(INK, fill) >= 4.5, state


def test_importing_the_package_does_not_import_matplotlib() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tcpsim.draw; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_an_empty_trace_is_a_picture() -> None:
    assert ladder_bytes(Trace(), "svg").startswith(b"<?xml")
