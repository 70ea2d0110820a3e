"""Endpoints and hosts that deviate, each in one thing: what a scenario's claim is tried against.

A scenario that cannot fail proves nothing. Each of these is a TCP that somebody wrote, or might have
written; `MUTANTS` has them by name. What a mutant is stands in `mutant.py`, the mutants themselves in the
modules that are named after what they break.
"""

from . import opening, closing, data, resets, listeners  # noqa: F401, I001 -- for their entries, in the order in which these are told
from .mutant import HEADINGS as HEADINGS
from .mutant import MUTANTS as MUTANTS
from .mutant import Mutant as Mutant
from .mutant import NoSuchMutant as NoSuchMutant
from .mutant import named as named
