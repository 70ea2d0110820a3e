"""One self-contained page of HTML for a run: its ladder to step through, and at each step all that is known.

Rule 1. The page asks for nothing: no address stands in it that a browser would fetch, and its Content-Security-Policy
        forbids all but the one script and the one style sheet in it, by their hashes.
Rule 2. What a user or a file gave is escaped: in HTML by `escape`, in the block of data by writing <, > and & as
        JSON escapes; the script puts text into the page as text, never as HTML.
Rule 3. Equal traces give equal pages.
Rule 4. What is not shown is said on the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

from ..draw.canvas import plain_settings
from ..draw.figure import Look, paint
from ..draw.framing import Caption
from ..draw.palette import DARK, LIGHT, ON_FILL, PRINT, STATE_FILL
from ..draw.scene import BRIEF
from ..draw.views import view_svg
from ..draw.words import clean
from ..trace import Trace
from .state_map import state_map
from .steps import event_line, story

if TYPE_CHECKING:
    from ..draw.page import Page
    from .steps import Story

MOST_SEGMENTS: Final = 500
"""Unless told otherwise, a page shows so many segments: it has two or three megabytes then."""
LARGEST_VIEW: Final = 400_000
"""A view that is larger, in characters, is not on the page."""
MOST_VIEWED: Final = 30_000
"""Of more records than these no view is tried: it would be too large, after many seconds."""
_ESCAPED: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_LEGEND: Final = (
    '<p class="legend">Bars: filled, in flight or unread; striped, queued or held beyond a hole; outlined, the window; '
    "upright line, cwnd. Sequence numbers count from the ISNs.</p>"
)
_NO_CONNECTION: Final = '<p class="cite">No connection in what is shown.</p>'
_NAMES: Final = ("host", "middlebox")
_VIEWS: Final = {
    "timeline": "States over time", "sequence": "Time-sequence graph", "congestion": "Congestion control",
    "queues": "Queues",
}  # fmt: skip
_SIZE: Final = re.compile(r' width="([\d.]+)pt" height="([\d.]+)pt"')
_BOX: Final = re.compile(r' viewBox="0 0 ([\d.]+) ([\d.]+)"')
_ID: Final = re.compile(r' id="')
_MARGIN: Final = 14.0
"""So much of a ladder's margin is cut off: the panel in which it stands has one."""
BROAD: Final = 1000.0
"""A ladder that is wider, in points, takes the whole width of the page: beside the hosts it would be too small."""


def write_page(trace: Trace, path: str | Path, look: Look | None = None) -> Path:
    """Write the page of a trace into a file, and return its path; OSError where that can't be done."""
    target = Path(path)
    target.write_text(page_html(trace, look), encoding="utf-8", newline="\n")
    return target


def page_html(trace: Trace, look: Look | None = None) -> str:
    """Return the page of a trace.

    Args:
        trace: the run. That of an explained one (`Network(explained=True)`) has checks and the TCB's variables;
            of any other the page shows what is known.
        look: how the ladder is drawn: its detail, window, numbers and number of segments. Themes are both there,
            and the reader's choice.
    """
    chosen = look if look is not None else Look(max_segments=MOST_SEGMENTS)
    chosen = replace(chosen, theme=LIGHT, caption=None)
    title = clean(trace.header.title) or "A TCP connection"
    wide = chosen.page(bare(trace))
    small = replace(chosen, detail=BRIEF, narrow=True).page(bare(trace))
    told = story(trace, [wide, small], chosen.window)
    pages = (wide, small)
    data = told.as_json() | {
        "axes": [round(page.axis_x, 2) for page in pages], "bottoms": [round(page.bottom, 2) for page in pages],
        "shots": [_shots(page) for page in pages], "names": [_names(page) for page in pages],
        "tops": [_under_names(page) for page in pages],
    }  # fmt: skip
    style = f"{palette_css()}\n{_asset('page.css')}"
    script = _asset("page.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    notes = [*told.left_out, *_unexplained(told, trace)]
    caption = look.caption if look is not None and look.caption is not None else Caption()
    header = trace.header
    return Template(_asset("page.html")).substitute(
        policy=escape(policy), style=style, script=script, data=_json(data), theme=_theme(look),
        broad=' class="broad"' if wide.width > BROAD else "",
        title=escape(title), source=escape(clean(header.source)), links=escape(clean("; ".join(header.links), 400)),
        question=escape(clean(caption.question, 2000)), answer=_prose(clean(caption.answer, 2000)),
        left_out="".join(f"<p>{_prose(note)}</p>" for note in notes), map=state_map("State diagram"),
        wide=_ladder(wide, "wide", title), small=_ladder(small, "small", title), views=_views(trace),
        events=_events(told), hosts=_hosts(told), legend=_LEGEND if told.explained else "",
        last=max(len(told.steps) - 1, 0), count=len(told.steps),
    )  # fmt: skip


def bare(trace: Trace) -> Trace:
    """Return a trace without title and source: both stand above the ladder already."""
    return Trace.of(replace(trace.header, title="", source=""), trace.records)


def _theme(look: Look | None) -> str:
    """Return the attribute that fixes the theme with which the page opens; none, and the reader's system decides."""
    if look is None or look.theme not in (DARK, PRINT):
        return ""
    return f' data-theme="{look.theme.name}"'


def _prose(text: str) -> str:
    """Return text as HTML, what stands between backticks as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def _unexplained(told: Story, trace: Trace) -> list[str]:
    if told.explained or not told.steps:
        return []
    if trace.header.hosts and not any(host.profile for host in trace.header.hosts):  # a simulated host has one
        return [
            "As in every capture, only the segments were seen: states and losses are inferred from them, and checks, "
            "timers and variables are not known."
        ]
    return [
        "This run was kept without explanations: checks and most variables are not known. A scenario's page has them, "
        "and a trace that `tcpsim run --explain --trace FILE` kept."
    ]


def _shots(page: Page) -> list[list[float]]:
    """Return each arrow's ends, for what is under way to be marked on it."""
    return [[round(each, 2) for each in (*shot.line, shot.cross)] for shot in page.shots if shot.y1 > shot.y0]


def _names(page: Page) -> list[list[Any]]:
    """Return the names over the lifelines, and where they stand: for a long ladder, where they would scroll away."""
    return [[label.text, round(label.box.x, 2), label.role] for label in page.labels if label.role in _NAMES]


def _under_names(page: Page) -> float:
    """Return the height below which the names over the lifelines are out of sight."""
    return round(max((label.box.y for label in page.labels if label.role in _NAMES), default=0.0), 2)


def _ladder(page: Page, name: str, title: str) -> str:
    """Return a ladder as SVG that stands in HTML, without its margin."""
    with plain_settings():
        text = paint(page).bytes("svg", f"Ladder: {title}").decode()
    sizes = page.width - 2 * _MARGIN, page.height - 2 * _MARGIN
    text = _BOX.sub(f' viewBox="{_MARGIN:g} {_MARGIN:g} {sizes[0]:.2f} {sizes[1]:.2f}"', text, count=1)
    text = _SIZE.sub(f' width="{sizes[0]:.2f}pt" height="{sizes[1]:.2f}pt"', text, count=1)
    return _inlined(text, name, f' class="ladder {name} drawn"')


def _inlined(svg: str, name: str, told: str) -> str:
    """Return SVG as it stands in HTML: named, its size in pixels, the ids in it beginning with its own name."""
    text = svg[svg.index("<svg") :].rstrip()
    text = _SIZE.sub(lambda found: f' width="{float(found[1]):.0f}" height="{float(found[2]):.0f}"', text, count=1)
    return _ID.sub(f' id="{name}-', text.replace("<svg", f"<svg{told}", 1))


def _views(trace: Trace) -> str:
    """Return the other views of the run, each to be opened."""
    out = []
    for name, title in _VIEWS.items():
        body = ""
        if len(trace) <= MOST_VIEWED:
            body = _inlined(view_svg(name, trace), name, ' class="view drawn"')
        if not 0 < len(body) <= LARGEST_VIEW:
            body = f"<p>Too large for a page: <code>tcpsim diagram --view {name}</code> draws it.</p>"
        out.append(
            f'<details class="panel"><summary>{title}</summary><div class="scroll-x" tabindex="0" role="region" '
            f'aria-label="{title}">{body}</div></details>'
        )
    return "\n".join(out)


def _events(told: Story) -> str:
    """Return the list of events, which is there without a script, too."""
    lines = [
        f'<li><button type="button" data-step="{number}"><span class="when">{escape(step["clock"])}</span> '
        f"{escape(event_line(step))}</button></li>"
        for number, step in enumerate(told.steps)
    ]
    return "\n".join(lines)


def _hosts(told: Story) -> str:
    """Return a panel for each host, which the script fills."""
    panels = []
    for number, host in enumerate(told.hosts):
        name = escape(host["name"])
        about = ", ".join(escape(each) for each in (host["address"], host["profile"]) if each)
        empty = "" if host["conns"] else " bare"  # nothing is to be shown of it at any step
        panels.append(
            f'<section class="panel host{empty}" data-host="{number}" aria-labelledby="host-{number}">'
            f'<h2 id="host-{number}"><span class="tag tag-{number % 4}" aria-hidden="true">{number + 1}</span> {name}'
            f' <small>{about}</small></h2><div class="which"></div>'
            f'<div class="tcb">{_NO_CONNECTION if empty else ""}</div></section>'
        )
    return "\n".join(panels)


# ---------------------------------------------------------------------- the parts of the file


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _json(data: object) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda found: _ESCAPED[found[0]], text)


def palette_css() -> str:
    """Return the palette as variables, light and dark, and the rules by which drawings take their colours from it."""
    from ..draw import palette

    names = ("INK", "GREY", "FAINT", "RULE", "RED", "AMBER", "TEAL", "BLUE", "GREEN", "PAPER", "BAND", "CHIP")
    colours: dict[str, str] = {name.lower(): getattr(palette, name) for name in names}
    colours |= {f"state-{state}".lower(): fill for state, fill in STATE_FILL.items()}
    light = "".join(f"--{name}:{colour};" for name, colour in colours.items()) + f"--on-fill:{ON_FILL};"
    dark = "".join(f"--{name}:{DARK.ink(colour)};" for name, colour in colours.items())
    paper = "".join(f"--{name}:{PRINT.ink(colour)};" for name, colour in colours.items())
    rules = [
        f'.drawn [{part}="{colour}"]{{{part}:var(--{name})}}'
        for name, colour in colours.items() for part in ("fill", "stroke")
    ]  # fmt: skip
    lit = [
        f'.state.lit[data-state="{state}"] rect,.badge[data-state="{state}"]{{'
        f"fill:var(--state-{str(state).lower()});background:var(--state-{str(state).lower()})}}"
        for state in STATE_FILL
    ]
    return "\n".join([
        f":root{{color-scheme:light;{light}}}",
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}",
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}",
        f":root[data-theme=print]{{color-scheme:light;{paper}}}",
        f"@media print{{:root:not(#screen){{color-scheme:light;{paper}}}}}",  # whatever else says: on paper, it holds
        *rules,
        *lit,
    ])  # fmt: skip
