"""`tcpsim mutants`: the catalogue of broken TCPs, and which scenarios catch each of them.

Rule 1. Every mutant is tried in every scenario: one that no scenario catches could be a bug of ours, unseen.
Rule 2. Ctrl-C keeps what is known by then, and says that it is not all.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem
from rich.text import Text

from ..trace.naming import shown_name
from .group import FAILED, INTERRUPTED, Wrong
from .inputs import ScenarioName, file_of, is_meant_as_trace, read_scenario
from .processes import MOST, carried_out
from .screen import screen

if TYPE_CHECKING:
    from ..scenario.proving import Proof
    from ..tcp.mutants import Mutant
    from .reporting import Report

TRYING: Final = "trying every mutant"
FEW: Final = 3
"""So many of the scenarios that catch a mutant are named in the table."""


class MutantName(click.ParamType):  # type: ignore[type-arg]  # generic only in later versions of click
    """A mutant's name; the shell completes it."""

    name = "mutant"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the mutants whose names begin like this."""
        from ..tcp.mutants import MUTANTS

        return [CompletionItem(m.name, help=m.sentence) for m in MUTANTS.values() if m.name.startswith(incomplete)]


@click.command(short_help="List the broken TCPs, and which scenarios catch each.")
@click.argument("name", required=False, type=MutantName(), metavar="[NAME]")
@click.option("--scenario", "words", multiple=True, type=ScenarioName(), help="Only this one; may be repeated.")
@click.option("-j", "--jobs", type=click.IntRange(1, MOST), help="So many processes; by default one per core.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--ascii", is_flag=True, help="Print ASCII characters only.")
@click.option("--width", type=click.IntRange(60, 1000), help="Columns; by default the terminal's, or 80.")
def mutants(
    name: str | None, words: tuple[str, ...], jobs: int | None, as_json: bool, ascii: bool, width: int | None
) -> None:
    """List the broken TCPs: what each does wrong, which paragraph that breaks, and which scenarios catch it.

    With a NAME, tell all about one. `--mutant NAME` runs a scenario with it. Exits with 1 if no scenario catches
    a mutant, or if a scenario is failed by none, or not by the one that it names.
    """
    from ..tcp.mutants import MUTANTS, NoSuchMutant, named
    from .reporting import Report

    try:
        told = list(MUTANTS.values()) if name is None else [named(name)]
    except NoSuchMutant as error:
        raise Wrong(f"NAME: {error}") from error
    paths = _paths(words)
    found = _Found(len(paths))
    _try_all(paths, [mutant.name for mutant in told], jobs, found)
    if as_json:
        click.echo(json.dumps(_as_json(told, found), indent=2))
    else:
        report = Report(screen(width), ascii=ascii)
        if name is None:
            _tell_table(report, told, found)
        else:
            _tell_one(report, told[0], found)
        _tell_end(report, told, found, alone=name is not None, whole=not words)
    click.get_current_context().exit(_code(told, found, alone=name is not None, whole=not words))


def _paths(words: tuple[str, ...]) -> list[str]:
    """Return the files of the scenarios that are asked for; of the library, if none is."""
    from ..scenario import library

    if not words:
        return [str(entry.path) for entry in library()]
    for word in words:
        if is_meant_as_trace(word):
            raise Wrong(f"{shown_name(word)}: this is a trace, which has run already; name a scenario")
    for word in words:
        read_scenario(word)
    return [str(file_of(word)) for word in words]


# ---------------------------------------------------------------------- the runs


class _Found:
    """What is known so far: of `of` scenarios, the proofs and the files that could not be read."""

    def __init__(self, of: int) -> None:
        self.of = of
        self.proofs: list[Proof] = []
        self.wrong: list[str] = []
        self.interrupted = False

    def catchers(self, name: str) -> list[str]:
        """Return the names of the scenarios that catch a mutant: those that name it first."""
        catching = [proof for proof in self.proofs if name in proof.catches]
        return [proof.scenario for proof in sorted(catching, key=lambda p: not _names(p, name))]

    def survives(self, name: str) -> bool:
        """Return whether no scenario catches a mutant."""
        return not any(name in proof.catches for proof in self.proofs)


def _names(proof: Proof, name: str) -> bool:
    return proof.mutant.partition("@")[0] == name


def _try_all(paths: list[str], names: list[str], jobs: int | None, found: _Found) -> None:
    """Try the mutants in each scenario, as many at a time as there are processes."""
    known, found.interrupted = carried_out([partial(_try_one, path, names) for path in paths], jobs, TRYING)
    for result in known:
        if isinstance(result, str):
            found.wrong.append(result)
        else:
            found.proofs.append(result)


def _try_one(path: str, names: list[str]) -> Proof | str:
    """Return what is known of the scenario in a file, or what is wrong with it."""
    from ..scenario import ScenarioError, load
    from ..scenario.proving import prove

    try:
        return prove(load(path), names)
    except ScenarioError as error:
        return str(error)


# ---------------------------------------------------------------------- told


def _tell_table(report: Report, told: list[Mutant], found: _Found) -> None:
    """Print each mutant: its name and paragraph, what it does, who catches it."""
    said = ""
    for mutant in told:
        if mutant.heading != said:
            if said:
                report.console.print()
            said = mutant.heading
            report.line(said, "bold")
        report.console.print(
            Text.assemble((mutant.name, "bold cyan"), "  ", (mutant.cite, "bright_black")), soft_wrap=True
        )
        report.line(mutant.sentence, indent=4)
        catchers = found.catchers(mutant.name)
        if catchers:
            more = f" and {len(catchers) - FEW} more" if len(catchers) > FEW else ""
            report.line(f"caught by {', '.join(catchers[:FEW])}{more}", "green", indent=4)
        else:
            report.line("caught by no scenario", "red", indent=4)


def _tell_one(report: Report, mutant: Mutant, found: _Found) -> None:
    """Print all about one mutant."""
    from ..tcp.config import KNOBS

    report.console.print(Text(mutant.name, "bold cyan"), soft_wrap=True)
    report.line(mutant.sentence, indent=2)
    report.line(f"It breaks, or leaves out, what {mutant.cite} says.", indent=2)
    for knob, value in mutant.knobs.items():
        report.line(f"{knob}: {KNOBS[knob].written(value)}, whatever a profile or a scenario says.", indent=2)
    naming = [proof.scenario for proof in found.proofs if _names(proof, mutant.name)]
    catchers = found.catchers(mutant.name)
    if naming:
        report.line(f"It is the mutant of {', '.join(naming)}.", indent=2)
    if catchers:
        report.line(f"Caught by {', '.join(catchers)}.", "green", indent=2)
        report.line(f"`tcpsim diff {catchers[0]} --mutant {mutant.name}` shows how.", "bright_black", indent=2)
    else:
        report.line("Caught by no scenario.", "red", indent=2)


def _tell_end(report: Report, told: list[Mutant], found: _Found, *, alone: bool, whole: bool) -> None:
    """Print what is wrong, and a last line that sums up."""
    for wrong in found.wrong:
        report.line(wrong, "red")
    if not alone:
        report.console.print()
        for proof in found.proofs:
            if proof.wrong:
                report.line(f"{proof.scenario}: {proof.wrong}", "red")
        survivors = [mutant.name for mutant in told if found.survives(mutant.name)]
        if survivors and whole:
            report.line(f"caught by no scenario: {', '.join(survivors)}", "red")
        caught = len(told) - len(survivors)
        proven = sum(not proof.wrong for proof in found.proofs)
        report.line(
            f"{caught} of {len(told)} mutants are caught; {proven} of {len(found.proofs)} scenarios are failed by the "
            "mutant that they name"
        )
    if found.interrupted:
        report.line(f"interrupted: {len(found.proofs)} of {found.of} scenarios were tried", "yellow")


def _code(told: list[Mutant], found: _Found, *, alone: bool, whole: bool) -> int:
    if found.interrupted:
        return INTERRUPTED
    survivor = whole and any(found.survives(mutant.name) for mutant in told)
    unproven = not alone and any(proof.wrong for proof in found.proofs)
    return FAILED if survivor or unproven or found.wrong else 0


def _as_json(told: list[Mutant], found: _Found) -> dict[str, Any]:
    """Return the table as JSON has it."""
    from ..tcp.config import KNOBS

    return {
        "mutants": [
            {
                "name": mutant.name,
                "sentence": mutant.sentence,
                "cite": mutant.cite,
                "knobs": {knob: KNOBS[knob].written(value) for knob, value in mutant.knobs.items()},
                "named_by": [proof.scenario for proof in found.proofs if _names(proof, mutant.name)],
                "caught_by": found.catchers(mutant.name),
            }
            for mutant in told
        ],
        "scenarios": [
            {"name": proof.scenario, "mutant": proof.mutant or None, "wrong": proof.wrong or None}
            for proof in found.proofs
        ],
        "survivors": [mutant.name for mutant in told if found.survives(mutant.name)],
        "unreadable": found.wrong,
        "complete": not found.interrupted,
    }
