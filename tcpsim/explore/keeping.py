"""An exploration kept in a file, to be gone on with later: what comes of it is what would have come at once.

Rule 1. A file holds numbers and text, and nothing in it is ever carried out. The ends of the connection are not in it:
        it says in which order they were worked out, and taking it up works them out again, on the real endpoint.
Rule 2. A file is taken up by the exploration that it was kept from, or refused with the first thing that differs. What
        was worked out again has to be what it was: an endpoint that has been changed since is noticed.
Rule 3. It ends with a digest of all before; the sizes in it are compared with what is there before anything is made.

A file is a line that says what it is, the length of a JSON text (8 octets), that text, the arrays that it lists, and 16
octets of BLAKE2b. Numbers are little-endian.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections import deque
from dataclasses import asdict, fields
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from .. import __version__
from .canonical import SIZE, digest
from .checking import Violation
from .engine import Tally
from .world import Instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ..properties.views import Step
    from .checking import Checker, Verdict
    from .sides import Cause, Player
    from .world import Exploration

MAGIC: Final = b"tcpsim exploration 1\n"
_LENGTH: Final = 8
_TYPES: Final = {"B": 1, "I": 4, "Q": 8}
_ARRAYS: Final = {
    "seen": "B", "parents": "I", "steps": "I", "prices": "B", "done": "B", "sources": "I", "targets": "I",
    "codes": "I", "frontier": "I", "arriving": "I", "pending": "I", "history": "Q", "pairs": "Q", "bits": "I",
}  # fmt: skip
"""The arrays of a file, in its order, and the types of their items."""


_CHANGED: Final = "the endpoints do something else now than when it was kept"


class NotKept(Exception):
    """An exploration can't be kept, or a file can't be taken up; the message says why."""


def keep(checker: Checker, where: Path) -> None:
    """Write an exploration to a file, where it can stop or has stopped; the file is replaced as a whole.

    Raises NotKept if the search was broken off in the midst of a step, and OSError.
    """
    if checker.search.torn:
        raise NotKept("the exploration was broken off in the midst of a step, so it can't be gone on with")
    checker.world.initial()  # if it has not begun
    content = _content(checker)
    beside = where.with_name(f"{where.name}.part")
    beside.write_bytes(content)
    beside.replace(where)


def take_up(checker: Checker, where: Path) -> None:
    """Bring an exploration that has not begun to where the kept one was; its `run` then goes on.

    Raises NotKept if the file is damaged, of another exploration or of another version, and OSError.
    """
    assert not checker.world.carriage.history, "an exploration that has begun can't take up another one"
    notes, arrays = _parted(where.read_bytes())
    _same(notes["of"], identity(checker))
    try:
        _work_out(checker, arrays["history"])
    except (IndexError, ValueError, OverflowError):
        raise NotKept(_CHANGED) from None
    if notes.get("ends") != _ends(checker.world):
        raise NotKept(_CHANGED)
    try:
        _fill_search(checker, notes, arrays)
        _fill_checker(checker, notes, arrays)
    except (AttributeError, LookupError, TypeError, ValueError, RuntimeError) as wrong:
        raise NotKept("what the file says does not fit together") from wrong


# ------------------------------------------------------------------ whose it is


def identity(checker: Checker) -> dict[str, str]:
    """Return everything by which an exploration is told from another, in words by name."""
    world = checker.world
    told = {"version of tcpsim": __version__}
    for table in world.tables:
        told |= _of_player(f"end {table.index}", table.player)
    told["old segments"] = repr([(*old.segment.wire(), old.toward) for old in world.old])
    for name in ("in_order", "quiet", "symmetric"):
        told[name] = repr(getattr(world, name))
    told["faults"] = str(checker.search.faults)
    told["properties"] = ", ".join(checker.verdicts)
    return told


def _of_player(end: str, player: Player) -> dict[str, str]:
    told = {f"{end}: {name}": repr(getattr(player, name)) for name in ("name", "local", "remote", "iss_step")}
    told[f"{end}: program"] = repr(player.program)
    told[f"{end}: endpoint"] = f"{player.endpoint.__module__}.{player.endpoint.__qualname__}"
    config = player.config if player.changes is None else player.changes(player.config)
    for knob in fields(config):
        told[f"{end}: {knob.name}"] = repr(getattr(config, knob.name))
    return told


def _same(kept: dict[str, str], now: dict[str, str]) -> None:
    for name in (*now, *kept):
        if kept.get(name) != now.get(name):
            was, here = kept.get(name, "nothing"), now.get(name, "nothing")
            raise NotKept(f"it was kept from another exploration: {name} was {was}, here it is {here}")


def _ends(world: Exploration) -> str:
    """Return a digest of all forms of both ends and of all segments."""
    sides = [digest(b"".join(side.digest for side in table.sides)) for table in world.tables]
    return digest(*sides, b"".join(each.digest for each in world.carriage.known)).hex()


# ------------------------------------------------------------------ the file


def _content(checker: Checker) -> bytes:
    search, world = checker.search, checker.world
    kept = {
        "seen": array("B", b"".join(search.seen)),
        "done": array("B", search.done),
        "frontier": _queues((depth, [(ident, state) for ident, state in at]) for depth, at in search.frontier.items()),
        "arriving": _queues((depth, [each[1:] for each in at]) for depth, at in search.arriving.items()),
        "pending": _queues(enumerate(each.values() for each in search.pending)),
        "history": world.carriage.history,
        "pairs": array("Q", (one | other << 31 | quiet << 62 for one, other, quiet in checker.pairs)),
        "bits": array("I", [*checker.pairs.values(), *checker.bits]),
    }
    arrays = {name: kept[name] if name in kept else getattr(search, name) for name in _ARRAYS}
    notes = {
        "of": identity(checker),
        "ends": _ends(world),
        "tally": asdict(search.tally),
        "verdicts": {name: _noted(verdict) for name, verdict in checker.verdicts.items()},
        "suspects": [
            [end, side, each.name, wrong] for (end, side), found in checker.suspects.items() for each, wrong in found
        ],
        "arrays": {name: len(each) for name, each in arrays.items()},
    }
    text = json.dumps(notes).encode()
    parts = [MAGIC, len(text).to_bytes(_LENGTH, "little"), text]
    parts += [_little(arrays[name]).tobytes() for name in _ARRAYS]
    content = b"".join(parts)
    return content + blake2b(content, digest_size=SIZE).digest()


def _parted(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the notes and the arrays of a file; NotKept if it is not one."""
    if not content.startswith(MAGIC):
        other = content.startswith(MAGIC.rpartition(b" ")[0])
        raise NotKept("it was kept by another version of tcpsim" if other else "it does not hold an exploration")
    body, end = memoryview(content)[:-SIZE], content[-SIZE:]
    if blake2b(body, digest_size=SIZE).digest() != end:
        raise NotKept("the file is damaged: its digest is not that of its content")
    start = len(MAGIC) + _LENGTH
    length = int.from_bytes(body[len(MAGIC) : start], "little")
    try:
        notes = json.loads(bytes(body[start : start + length]))
        sizes = [(name, kind, int(notes["arrays"][name])) for name, kind in _ARRAYS.items()]
        if start + length + sum(_TYPES[kind] * max(count, 0) for _, kind, count in sizes) != len(body):
            raise NotKept("the file is damaged: its size is not what it says")
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotKept("the file is damaged: what it lists can't be read") from wrong
    at, arrays = start + length, {}
    for name, kind, count in sizes:
        after = at + _TYPES[kind] * count
        arrays[name] = array(kind, bytes(body[at:after]))
        arrays[name] = _little(arrays[name])
        at = after
    return notes, arrays


def _little(numbers: array[int]) -> array[int]:
    """Return the numbers with their octets in the file's order, or from it back in this machine's."""
    assert numbers.itemsize == _TYPES[numbers.typecode]
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers


# ------------------------------------------------------------------ states that wait


def _queues(queues: Iterable[tuple[int, Iterable[tuple[Any, ...]]]]) -> array[int]:
    """Return states with what stands before each, in one row: the key of each queue, its length, its items."""
    row = array("I")
    for key, queue in queues:
        items = list(queue)
        row.extend((key, len(items)))
        for *numbers, state in items:
            row.extend(numbers)
            row.extend((state.one, state.other, len(state.to_one), len(state.to_other), len(state.late)))
            for each in state[2:]:
                row.extend(each)
    return row


def _unqueued(row: array[int], before: int) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    """Yield what `_queues` was given; so many numbers stand before each state."""
    numbers = iter(row)
    for key in numbers:
        queue: list[tuple[Any, ...]] = []
        for _ in range(next(numbers)):
            first = tuple(islice(numbers, before))
            one, other, *sizes = islice(numbers, 5)
            queue.append((*first, Instant(one, other, *(tuple(islice(numbers, size)) for size in sizes))))
        yield key, queue


# ------------------------------------------------------------------ taking up


def _work_out(checker: Checker, history: array[int]) -> None:
    """Work out both ends again, in the order in which they were."""
    world = checker.world

    def edges_only(_cause: Cause, step: Step) -> None:
        checker.edges.update(moved.edge for moved in step.moves)

    watches = [table.watch for table in world.tables]
    for table in world.tables:
        table.watch = edges_only
    world.initial()
    numbers = iter(history)
    for what, ident, argument in zip(numbers, numbers, numbers, strict=True):
        world.tables[what & 1].again(what >> 1, ident, argument)
    for table, watch in zip(world.tables, watches, strict=True):
        table.watch = watch


def _fill_search(checker: Checker, notes: dict[str, Any], arrays: dict[str, Any]) -> None:
    search, digest_of = checker.search, checker.world.digest
    octets = arrays["seen"].tobytes()
    search.seen = {octets[at : at + SIZE]: at // SIZE for at in range(0, len(octets), SIZE)}
    search.done = bytearray(arrays["done"])
    for name in ("parents", "steps", "prices", "sources", "targets", "codes"):
        setattr(search, name, arrays[name])
    for depth, queue in _unqueued(arrays["frontier"], 1):
        search.frontier[depth] = deque((ident, state) for ident, state in queue)
    for depth, queue in _unqueued(arrays["arriving"], 2):
        search.arriving[depth] = [(digest_of(each[2]), *each) for each in queue]
    for layer, queue in _unqueued(arrays["pending"], 3):
        search.pending[layer] = {digest_of(each[3]): each for each in queue}
    search.tally = Tally(**notes["tally"])


def _fill_checker(checker: Checker, notes: dict[str, Any], arrays: dict[str, Any]) -> None:
    pairs, bits = arrays["pairs"], arrays["bits"]
    low = (1 << 31) - 1
    for pair, value in zip(pairs, bits, strict=False):
        checker.pairs[pair & low, pair >> 31 & low, bool(pair >> 62)] = value
    checker.bits.extend(bits[len(pairs) :])
    for name, told in notes["verdicts"].items():
        verdict = checker.verdicts[name]
        verdict.asked = int(told["asked"])
        verdict.witness = None if told["witness"] is None else _path(told["witness"])
        broken = [
            Violation(str(what), _path(path), int(faults), _path(circle))
            for what, path, faults, circle in told["broken"]
        ]
        verdict.violation, verdict.others = (broken[0], broken[1:]) if broken else (None, [])
    for end, side, name, wrong in notes["suspects"]:
        checker.suspects.setdefault((end, side), []).append((checker.verdicts[name].subject, wrong))


def _noted(verdict: Verdict) -> dict[str, Any]:
    broken = [] if verdict.violation is None else [verdict.violation, *verdict.others]
    return {
        "asked": verdict.asked,
        "witness": verdict.witness,
        "broken": [[each.what, each.path, each.faults, each.circle] for each in broken],
    }


def _path(codes: Iterable[Any]) -> tuple[int, ...]:
    return tuple(int(code) for code in codes)
