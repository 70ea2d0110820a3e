"""A host that talks to itself: its arrows leave the lifeline and come back to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tcpsim.draw import FULL, ladder_text, layout
from tcpsim.net import Network
from tcpsim.net.faults import CorruptIt, Drop, DuplicateIt, Selector

from .test_layout import check, struck

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.trace import Trace

SNAPSHOTS = Path(__file__).parent / "snapshots"


def alone(*rules: Any, hosts: int = 1, loopback: str = "1ms") -> Trace:
    """A connection with oneself; with more hosts, at the last of them."""
    net = Network(seed=1)
    host = [net.host(f"host{n}", iss=100, delayed_ack=0, loopback=loopback) for n in range(hosts)][-1]
    host.loopback.rules += rules
    me = host.connect(host, 5000, local_port=5000)
    net.at("10ms", me.send, b"echo")
    net.at("5s", me.close)
    net.run("10s")
    assert net.trace is not None
    return net.trace


def mishaps() -> tuple[Any, ...]:
    """A loss, a damage and a copy; faults count, so each trace needs its own."""
    return (
        Drop(Selector("SYN", nth=1)),
        CorruptIt(Selector("data", nth=1)),
        DuplicateIt(Selector("FIN", nth=1), lag="1ms"),
    )


CASES: dict[str, tuple[Callable[[], Trace], dict[str, Any]]] = {
    "loops": (alone, {}),
    "loops-mishaps": (lambda: alone(*mishaps()), {"ascii": True}),
    "loops-right": (lambda: alone(hosts=2), {"width": 60}),
    "loops-right-mishaps": (lambda: alone(*mishaps(), hosts=2), {"width": 60, "detail": FULL}),
}


@pytest.mark.parametrize("name", CASES)
def test_loops_are_as_reviewed(name: str) -> None:
    make, options = CASES[name]
    text = ladder_text(make(), **options)
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("TCPSIM_WRITE_SNAPSHOTS") == "1":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


@pytest.mark.parametrize("loopback", ["0", "1ms", "2s"])
@pytest.mark.parametrize("hosts", [1, 2, 3])
def test_a_figure_of_loops_keeps_the_laws(hosts: int, loopback: str) -> None:
    page = layout(alone(hosts=hosts, loopback=loopback))
    check(page)
    assert page.unlabelled == 0
    assert loopback == "2s" or struck(page) == []  # several are under way at once then


def test_each_loop_comes_back_to_where_it_began() -> None:
    page = layout(alone())
    out, back = page.shots[0::2], page.shots[1::2]
    assert len(out) == len(back) == 6
    for there, home in zip(out, back, strict=True):
        assert (there.head, home.head) == (False, True)
        assert (there.x1, there.y1) == (home.x0, home.y0)
        assert there.x0 == home.x1 != there.x1
        assert there.y0 == there.y1 < home.y1


def test_mishaps_on_the_way_to_oneself_are_drawn() -> None:
    page = layout(alone(*mishaps()))
    check(page)
    assert sum(shot.cross for shot in page.shots) == 2
