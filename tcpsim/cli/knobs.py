"""What `tcpsim profiles` prints: the profiles, and the knobs of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..tcp.config import KNOBS, PROFILES, KnobError, profile
from .group import Wrong

if TYPE_CHECKING:
    from ..tcp.config import Config
    from .reporting import Report


def tell_profiles(report: Report) -> None:
    """Print each profile and in which knobs it differs from the RFC's defaults."""
    for name, config in PROFILES.items():
        changed = [
            f"{knob.name} {knob.written(getattr(config, knob.name))}"
            for knob in KNOBS.values()
            if getattr(config, knob.name) != knob.default
        ]
        report.line(f"{name}: {', '.join(changed) or 'the defaults of RFC 9293'}", hang=4)
    report.line("`tcpsim profiles NAME` tells every knob of one.")


def tell_difference(report: Report, one: str, other: str) -> None:
    """Print the knobs in which two profiles differ: both values, what the knob does, its paragraph."""
    first, second = _profile(one), _profile(other)
    differing = [knob for knob in KNOBS.values() if getattr(first, knob.name) != getattr(second, knob.name)]
    for knob in differing:
        was, becomes = (knob.written(getattr(config, knob.name)) for config in (first, second))
        report.line(f"{knob.name}: {was} -> {becomes}", "bold")
        report.line(f"{knob.doc} ({knob.cite})", indent=4)
    report.line(f"{len(differing)} of {len(KNOBS)} knobs differ between {one} and {other}.")


def _profile(name: str) -> Config:
    try:
        return profile(name)
    except KnobError as error:
        raise Wrong(str(error)) from error


def tell_profile(report: Report, name: str) -> None:
    """Print every knob of a profile: its value, what it does, its range and its paragraph."""
    config = _profile(name)
    for knob in KNOBS.values():
        report.line(f"{knob.name}: {knob.written(getattr(config, knob.name))}", "bold")
        report.line(f"{knob.doc}; {knob.expected} ({knob.cite})", indent=4)
