"""Floor 4: the command line. No logic of its own: each command reads its arguments, asks the floors
below, and prints.

Rule 1. The exit code is the answer: 0 all expectations hold, 1 one does not, 2 the input is wrong.
Rule 2. No traceback reaches a person. What is wrong is said in a sentence, with the place.
Rule 3. Results go to standard output, everything else to standard error.
Rule 4. What a command does not need is not imported: help comes at once.
"""

from __future__ import annotations


def main() -> None:
    """Run the command `tcpsim` with the arguments of the process, and exit with its code."""
    try:
        from .commands import tcpsim
    except KeyboardInterrupt:  # somebody was quicker than our imports
        raise SystemExit(130) from None
    tcpsim(prog_name="tcpsim")
