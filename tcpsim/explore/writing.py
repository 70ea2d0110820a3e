"""A path of an exploration as a scenario file that `tcpsim run` replays.

Rule 1. The hosts stay as the file has them. The script has the calls that were made, at their times; the link does to
        each packet what the path did to it; what is expected are the properties that the path breaks.
"""

from __future__ import annotations

import copy
import io
import itertools
import textwrap
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from ..tcp.segment import ACK, ctl_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..tcp.segment import Segment
    from ..tcp.units import Time
    from .replaying import Deed, Flight, Timetable
    from .sides import Player

WIDTH: Final = 110
"""Columns of a comment."""
_KEPT: Final = ("profile", "knobs", "hosts", "seed")
"""What a counterexample has from the file that was explored."""


def written(
    text: str,
    players: tuple[Player, Player],
    times: Timetable,
    *,
    title: str,
    intro: str,
    asked: Mapping[str, list[str]] | None = None,
    mutant: str | None = None,
    extra: dict[str, Any] | None = None,
) -> str:
    """Return the text of a scenario file in which a path of the exploration of `text` happens again.

    `intro` becomes the comment at its head. With `mutant` the file says which mutant makes it fail. `asked`
    has the properties that the file names: under `always`, `never` or `eventually`.
    """
    yaml = YAML()
    yaml.width = 1_000  # a step stands on one line
    yaml.indent(mapping=2, sequence=4, offset=2)
    original = YAML(typ="safe", pure=True).load(text)
    tree: dict[str, Any] = {"title": title}
    tree |= {key: copy.deepcopy(original[key]) for key in _KEPT if key in original}
    names = [player.name for player in players]
    link: dict[str, Any] = {"between": names, "delay": time_word(times.delay)}
    under_way = [flight for flight in times.flights if not flight.old and flight.sent_at < times.ends]
    faults = [fault for flight in under_way for fault in _faults(flight, names, times.delay)]
    if faults:
        link["faults"] = faults
    tree["links"] = [link]
    tree["script"] = _script(players, times)
    if asked:
        tree["explore"] = dict(asked)
    if mutant is not None:
        tree["mutant"] = mutant
    tree |= extra or {}
    out = io.StringIO()
    yaml.dump(CommentedMap({key: _laid_out(value) for key, value in tree.items()}), out)
    return f"{_comment(intro)}\n{out.getvalue()}"


def _comment(intro: str) -> str:
    lines = [line for part in intro.splitlines() for line in textwrap.wrap(part, WIDTH) or [""]]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _laid_out(value: Any) -> Any:
    """Return a tree in which what holds nothing but plain values stands on one line."""
    if isinstance(value, dict):
        if value and all(_plain(each) for each in value.values()):
            return _on_one_line(CommentedMap(value))
        return CommentedMap({key: _laid_out(each) for key, each in value.items()})
    if isinstance(value, list):
        if all(isinstance(each, (str, int)) for each in value):
            return _on_one_line(CommentedSeq(value))
        return CommentedSeq([_laid_out(each) for each in value])
    return value


def _plain(value: Any) -> bool:
    """Return whether a value takes no room: a word, a number, or a mapping of these that is small."""
    small = isinstance(value, dict) and len(value) == 1
    return isinstance(value, (str, int, float)) or (small and all(_plain(each) for each in value.values()))


def _on_one_line(value: Any) -> Any:
    value.fa.set_flow_style()
    return value


def _script(players: tuple[Player, Player], times: Timetable) -> list[dict[str, Any]]:
    steps = [(deed.at, _call(players, deed)) for deed in times.deeds]
    steps += [(flight.sent_at, _entry(players, flight)) for flight in times.flights if flight.old]
    return [{"at": time_word(at), **step} for at, step in sorted(steps, key=lambda step: step[0])]


def _call(players: tuple[Player, Player], deed: Deed) -> dict[str, Any]:
    """Return a call as the script has it."""
    player, peer, call = players[deed.end], players[1 - deed.end], deed.call
    step: dict[str, Any] = {"host": player.name, "call": call.name}
    match call.name:
        case "open" | "listen" | "connect":
            step["call"] = "open"
            step |= {"port": player.local[1], "active": call.name == "connect"}
            if not deed.anyone:
                step["to"] = f"{peer.name}:{player.remote[1]}"
            if not call.reading:
                step["reading"] = "off"
            if deed.iss is not None:
                step["knobs"] = {"iss": deed.iss}
        case "send":
            step["data"] = call.data.decode("ascii")
        case "receive" if call.limit is not None:
            step["limit"] = call.limit
        case "read":
            step["reading"] = "on" if call.reading else "off"
    return step


def _entry(players: tuple[Player, Player], flight: Flight) -> dict[str, Any]:
    """Return the step that puts a segment of an older connection on the network."""
    source, target = players[flight.sender], players[1 - flight.sender]
    step: dict[str, Any] = {
        "call": "inject",
        "segment": _phrase(flight.segment),
        "from": f"{source.name}:{source.local[1]}",
        "to": f"{target.name}:{target.local[1]}",
    }
    if flight.segment.text:
        step["data"] = flight.segment.text.decode("ascii")
    return step


def _phrase(segment: Segment) -> str:
    words = [ctl_name(segment.ctl), f"SEQ={segment.seq}"]
    if segment.ctl & ACK:
        words.append(f"ACK={segment.ack}")
    words.append(f"win {segment.wnd}")
    if segment.length and segment.text is None:
        words.append(f"len {segment.length}")
    return " ".join(words)


def _faults(flight: Flight, names: list[str], delay: Time) -> list[dict[str, Any]]:
    """Return what has to befall a packet for it to arrive when it does."""
    which = f"{_nth(flight.nth)} segment from {names[flight.sender]}"
    arrives = sorted(flight.arrives)
    if not arrives:
        return [{"drop": which}]
    faults: list[dict[str, Any]] = []
    longer = arrives[0] - flight.sent_at - delay
    if longer:
        faults.append({"delay": which, "by": time_word(longer)})
    for earlier, later in itertools.pairwise(arrives):
        faults.append({"duplicate": which, "lag": time_word(later - earlier)})
    return faults


def _nth(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def time_word(time: Time) -> str:
    """Return a time as scenarios write it, whole and short."""
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if time % size == 0:
            return f"{time // size}{unit}" if time else "0"
    return f"{time}ns"
