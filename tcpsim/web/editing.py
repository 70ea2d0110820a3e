"""From a scenario's text to that of an experiment with it: other settings, and faults that were added.

Rule 1. What is run is what is exported: a change is made in the text, and the text is read again.
Rule 2. Comments stay where they can. In a file with anchors they go, as a change there would hold in two places.
Rule 3. A setting that is made here holds: what a direction or a host says of the same key goes.
Rule 4. What the file expects was said of the file as it was: an experiment is exported without it. What its
        own run did against what every file expects unsaid is written down, so that the file passes.
"""

from __future__ import annotations

import copy
import io
import re
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from ..tcp.config import KNOBS, KnobError

if TYPE_CHECKING:
    from .requests import Experiment

_ANCHOR: Final = re.compile(r"(^|[\s\[{,:-])[&*]\w", re.MULTILINE)
_SAID_OF_THE_FILE: Final = ("expect", "quiz", "mutant", "question", "shows")


class CannotChange(ValueError):
    """The experiment does not fit the scenario; the text says why, in a sentence."""


def edited(text: str, experiment: Experiment, *, exported: bool = False, expect: dict[str, Any] | None = None) -> str:
    """Return the text of a scenario with an experiment's changes, as a file if it is `exported`.

    `expect` is what such a file is to expect, if anything.

    `text` must have been read as a scenario before. Raises CannotChange for a link, a host or a knob that is
    not there, and for a knob's value that is none.
    """
    if not experiment.changes:
        return text
    yaml = _yaml()
    tree = yaml.load(text)
    if _ANCHOR.search(text):
        tree = copy.deepcopy(YAML(typ="safe", pure=True).load(text))
        tree = _unshared(tree)
    _settings(tree, experiment)
    _links(tree, experiment)
    if exported:
        for key in _SAID_OF_THE_FILE:
            tree.pop(key, None)
        if expect:
            tree["expect"] = expect
    written = io.StringIO()
    yaml.dump(tree, written)
    return written.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _unshared(value: Any) -> Any:
    """Return a copy in which nothing stands twice."""
    if isinstance(value, dict):
        return {key: _unshared(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unshared(each) for each in value]
    return value


def _settings(tree: Any, experiment: Experiment) -> None:
    if experiment.seed is not None:
        tree["seed"] = experiment.seed
    if experiment.profile is not None:
        tree["profile"] = experiment.profile
        for host in tree["hosts"].values():
            host.pop("profile", None)
    for name, said in experiment.knobs.items():
        tree.setdefault("knobs", {})[name] = _knob(name, said)
        for host in tree["hosts"].values():
            host.pop(name, None)


def _knob(name: str, said: str) -> Any:
    """Return a knob's value as a scenario writes it."""
    if name not in KNOBS:
        raise CannotChange(f"there is no knob {name!r}; `tcpsim profiles rfc9293` lists them")
    try:
        value = KNOBS[name].read(said)
    except KnobError as error:
        raise CannotChange(str(error)) from error
    if value is None:
        return "off"
    return said if KNOBS[name].unit == "ns" or not isinstance(value, (bool, int)) else value


def _links(tree: Any, experiment: Experiment) -> None:
    if not experiment.links and not experiment.faults:
        return
    hosts = list(tree["hosts"])
    if "links" not in tree and len(hosts) == 2:
        tree["links"] = [{"between": hosts}]
    links = tree.get("links", [])
    for number, impaired in experiment.links.items():
        link = _link(links, number)
        for key, value in impaired.said().items():
            link[key] = value
            for direction in link.get("toward", {}).values():
                direction.pop(key, None)
    for fault in experiment.faults:
        _link(links, fault.link).setdefault("faults", []).append(fault.written())


def _link(links: Any, number: int) -> Any:
    if number >= len(links):
        raise CannotChange(f"there is no link {number}: the scenario has {len(links)}, counted from 0")
    return links[number]
