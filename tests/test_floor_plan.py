"""The laws of the house, read from its source: who may know whom, and what the protocol may touch.

Each law is a function from one module to the sentences that say where it is broken. Each is tried
on the real house, and on a small bad source that it has to catch.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {
    "tcp": 0,
    "trace": 1,
    "wire": 1,
    "properties": 1,
    "net": 2,
    "scenario": 3,
    "draw": 3,
    "packetdrill": 3,
    "capture": 3,
    "testing": 4,
    "web": 4,
    "explore": 4,
    "cli": 5,
}

IMPURE = frozenset({
    "asyncio", "datetime", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "selectors", "shutil", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "uuid", "warnings",
})  # fmt: skip
"""Modules that read a clock, draw chance, log, or reach the machine: not for the protocol."""
CLOCKS = frozenset({"time", "datetime", "secrets", "uuid"})
IMPURE_CALLS = frozenset({"print", "open", "input", "exec", "eval", "breakpoint"})
LONGEST_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = re.compile(r"(^|_)(util|utils|helper|helpers|manager|managers|misc|common)(_|$)")


@dataclass(frozen=True)
class Module:
    """A source file: its place below the root, such as `tcpsim/tcp/units.py`, and its tree."""

    place: str
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        """The names from `tcpsim` down, as an import statement in the file counts them."""
        return Path(self.place).with_suffix("").parts

    @property
    def room(self) -> str:
        """The package below `tcpsim` that the file belongs to; "" for the package's own front."""
        return self.parts[1] if len(self.parts) > 2 else ""


def module(place: str, source: str) -> Module:
    return Module(place, ast.parse(source))


def house() -> list[Module]:
    files = sorted((ROOT / "tcpsim").rglob("*.py"))
    return [module(file.relative_to(ROOT).as_posix(), file.read_text("utf-8")) for file in files]


def imports(of: Module) -> Iterator[tuple[int, str]]:
    """Yield each (line, absolute dotted name) that the module imports, inside functions too."""
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = of.parts[: -node.level] if node.level else ()
            start = ".".join((*base, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


Law = Callable[[Module], Iterator[str]]


def knows_only_lower_floors(of: Module) -> Iterator[str]:
    if not of.room:
        return
    for line, name in imports(of):
        parts = name.split(".")
        if parts[0] != "tcpsim" or name == "tcpsim.__version__":
            continue
        other = parts[1] if len(parts) > 1 else ""
        if other not in FLOORS:
            yield f"{of.place}:{line} imports {name}, which is on no floor"
        elif other != of.room and FLOORS[other] >= FLOORS[of.room]:
            yield f"{of.place}:{line} imports {name}, which is not below {of.room}"


def is_on_a_floor(of: Module) -> Iterator[str]:
    if of.room not in {"", *FLOORS}:
        yield f"{of.place} is on no floor"


def protocol_is_pure(of: Module) -> Iterator[str]:
    if of.room != "tcp":
        return
    for line, name in imports(of):
        if name.split(".")[0] in IMPURE:
            yield f"{of.place}:{line} imports {name}"
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield f"{of.place}:{node.lineno} calls {node.func.id}"


def time_and_chance_are_arguments(of: Module) -> Iterator[str]:
    """Below the command line no clock is read; chance is a generator with a seed, made on the network's floor."""
    if of.room in ("", "cli"):
        return
    for line, name in imports(of):
        if name.split(".")[0] in CLOCKS or (name.startswith("random.") and name != "random.Random"):
            yield f"{of.place}:{line} imports {name}"
    for node in ast.walk(of.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random":
            if node.attr != "Random":
                yield f"{of.place}:{node.lineno} uses random.{node.attr}"
        elif isinstance(node, ast.Call) and not (node.args or node.keywords):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "Random":
                yield f"{of.place}:{node.lineno} makes a generator without a seed"


def only_the_diagram_knows_transitions(of: Module) -> Iterator[str]:
    if of.place == "tcpsim/tcp/diagram.py":
        return
    for line, name in imports(of):
        if name.split(".")[0] == "transitions":
            yield f"{of.place}:{line} imports {name}"


def _sets_a_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "state" and isinstance(node.ctx, ast.Store | ast.Del)
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return name in ("setattr", "__setattr__") and any(
            isinstance(argument, ast.Constant) and argument.value == "state" for argument in node.args
        )
    return False


def only_the_diagram_sets_a_state(of: Module) -> Iterator[str]:
    if of.place == "tcpsim/tcp/diagram.py":
        return
    for node in ast.walk(of.tree):
        if _sets_a_state(node):
            yield f"{of.place}:{getattr(node, 'lineno', 0)} assigns a state"


def name_says_what_it_is(of: Module) -> Iterator[str]:
    if any(NAMES_THAT_SAY_NOTHING.search(part) for part in of.parts):
        yield f"{of.place} has a name that says nothing"


def function_is_read_at_a_glance(of: Module) -> Iterator[str]:
    if of.room != "tcp":
        return
    for node in ast.walk(of.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{of.place}:{node.lineno} {node.name} has {lines} lines"


def opens_with_its_laws(of: Module) -> Iterator[str]:
    if not ast.get_docstring(of.tree):
        yield f"{of.place} has no docstring"


_LONG = "def f() -> None:\n" + "    x = 1\n" * LONGEST_FUNCTION

LAWS: dict[Law, list[Module]] = {
    knows_only_lower_floors: [
        module("tcpsim/tcp/a.py", "from ..trace import Trace"),
        module("tcpsim/tcp/a.py", "from .. import net"),
        module("tcpsim/tcp/congestion/a.py", "from ...net.network import Network"),
        module("tcpsim/trace/a.py", "def f() -> None:\n    import tcpsim.draw.ladder"),
        module("tcpsim/wire/a.py", "from ..trace import Trace"),
        module("tcpsim/scenario/a.py", "from ..draw import ladder"),
        module("tcpsim/draw/a.py", "if TYPE_CHECKING:\n    from tcpsim.scenario import Scenario"),
        module("tcpsim/net/a.py", "import tcpsim"),
        module("tcpsim/net/a.py", "from ..attic import thing"),
    ],
    is_on_a_floor: [module("tcpsim/attic/a.py", "")],
    protocol_is_pure: [
        *(module("tcpsim/tcp/a.py", f"import {name}") for name in sorted(IMPURE)),
        module("tcpsim/tcp/congestion/a.py", "def f() -> None:\n    from random import Random"),
        module("tcpsim/tcp/a.py", "print('x')"),
        module("tcpsim/tcp/a.py", "def f() -> None:\n    open('x')"),
    ],
    time_and_chance_are_arguments: [
        module("tcpsim/net/a.py", "import time"),
        module("tcpsim/scenario/a.py", "from datetime import datetime"),
        module("tcpsim/net/a.py", "from random import random"),
        module("tcpsim/net/a.py", "import random\nrandom.shuffle([1])"),
        module("tcpsim/net/a.py", "import random\nchance = random.Random()"),
        module("tcpsim/net/a.py", "from random import Random\nchance = Random()"),
    ],
    only_the_diagram_knows_transitions: [
        module("tcpsim/net/a.py", "import transitions"),
        module("tcpsim/tcp/a.py", "from transitions.core import Event"),
    ],
    only_the_diagram_sets_a_state: [
        module("tcpsim/tcp/a.py", "def f(tcb): tcb.state = 1"),
        module("tcpsim/net/a.py", "class C:\n    def f(self): self.state, self.x = 1, 2"),
        module("tcpsim/tcp/a.py", "def f(tcb): tcb.state: int = 1"),
        module("tcpsim/tcp/a.py", "def f(tcb):\n    for tcb.state in (1, 2): pass"),
        module("tcpsim/tcp/a.py", "def f(tcb): setattr(tcb, 'state', 1)"),
        module("tcpsim/tcp/a.py", "def f(tcb): object.__setattr__(tcb, 'state', 1)"),
    ],
    name_says_what_it_is: [
        module("tcpsim/net/utils.py", ""),
        module("tcpsim/helpers/a.py", ""),
        module("tcpsim/net/link_manager.py", ""),
    ],
    function_is_read_at_a_glance: [module("tcpsim/tcp/a.py", _LONG)],
    opens_with_its_laws: [module("tcpsim/net/a.py", "x = 1"), module("tcpsim/tcp/__init__.py", "")],
}
"""Each law with sources that break it."""

_NAMED = {law.__name__: law for law in LAWS}

PERMITTED = [
    (knows_only_lower_floors, module("tcpsim/tcp/congestion/a.py", "from ..units import Time")),
    (knows_only_lower_floors, module("tcpsim/draw/a.py", "from ..trace import Trace\nfrom .b import c\nimport os")),
    (knows_only_lower_floors, module("tcpsim/cli/__init__.py", "from .. import __version__")),
    (knows_only_lower_floors, module("tcpsim/__init__.py", "from .net import Network")),
    (protocol_is_pure, module("tcpsim/tcp/a.py", "import math\nimport hashlib")),
    (protocol_is_pure, module("tcpsim/net/a.py", "import random")),
    (time_and_chance_are_arguments, module("tcpsim/net/a.py", "import random\nchance = random.Random(7)")),
    (time_and_chance_are_arguments, module("tcpsim/cli/a.py", "import time")),
    (only_the_diagram_knows_transitions, module("tcpsim/tcp/diagram.py", "import transitions")),
    (only_the_diagram_sets_a_state, module("tcpsim/tcp/diagram.py", "def f(tcb): tcb.state = 1")),
    (only_the_diagram_sets_a_state, module("tcpsim/tcp/a.py", "def f(tcb): x = tcb.state; state = 1")),
    (name_says_what_it_is, module("tcpsim/net/network.py", "")),
    (function_is_read_at_a_glance, module("tcpsim/tcp/a.py", _LONG.replace("    x = 1\n", "", 1))),
]


@pytest.mark.parametrize("law", _NAMED)
def test_the_house_keeps_the_law(law: str) -> None:
    assert [sentence for each in house() for sentence in _NAMED[law](each)] == []


@pytest.mark.parametrize(
    ("law", "broken"),
    [pytest.param(law, bad, id=f"{law.__name__}-{n}") for law in LAWS for n, bad in enumerate(LAWS[law])],
)
def test_the_law_catches_what_breaks_it(law: Law, broken: Module) -> None:
    assert len(list(law(broken))) == 1


@pytest.mark.parametrize(("law", "sound"), PERMITTED, ids=lambda value: getattr(value, "__name__", "source"))
def test_the_law_lets_pass_what_it_permits(law: Law, sound: Module) -> None:
    assert list(law(sound)) == []


def test_every_floor_has_its_room() -> None:
    rooms = {each.room for each in house() if each.room}
    assert rooms == set(FLOORS)
