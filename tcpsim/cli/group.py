"""How the command ends, whatever happens: with an exit code and, if something is wrong, a sentence.

0  all expectations hold          130  interrupted with Ctrl-C
1  an expectation does not        141  whoever read our output has left (as `head` does)
2  the input is wrong             70   a bug of tcpsim's own; TCPSIM_TRACEBACK=1 shows where
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
WRONG_INPUT: Final = 2
OUR_BUG: Final = 70
INTERRUPTED: Final = 130
READER_LEFT: Final = 141


class Wrong(click.ClickException):
    """The input is wrong: one sentence, or several lines, each with its place."""

    exit_code = WRONG_INPUT

    def show(self, file: Any = None) -> None:
        """Print the sentence as it is; it begins with the place."""
        click.echo(self.message, file=file or sys.stderr)


class _OutputFailed(Exception):
    def __init__(self, error: OSError) -> None:
        self.error = error


class EndsWell(click.Group):
    """A group of commands whose every end is an exit code; its help lists them in their order in the source."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order in which they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            # click would end with code 1, which here means that an expectation does not hold.
            raise _OutputFailed(error) from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and, standing alone, exit with its code."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        _print_what_can_be_printed()
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as wrong:
            code = _said(wrong)
        except (click.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except _OutputFailed as failure:
            code = _output_failed(failure.error)
        except OSError as error:
            code = _output_failed(error)
        except Exception as error:
            code = _bug(error)
        sys.exit(code if isinstance(code, int) else 0)


def _print_what_can_be_printed() -> None:
    """A terminal that lacks a letter gets a question mark, not an error."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _said(wrong: click.ClickException) -> int:
    with contextlib.suppress(OSError):
        wrong.show()
    return wrong.exit_code


def _output_failed(error: OSError) -> int:
    # Python flushes standard output once more when it ends, and would complain again.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return READER_LEFT
    place = f"{error.filename}: " if error.filename else "tcpsim: "
    return _said(Wrong(f"{place}{error.strerror or error}"))


def _bug(error: Exception) -> int:
    if os.environ.get("TCPSIM_TRACEBACK"):
        raise error
    with contextlib.suppress(OSError):
        click.echo(f"tcpsim: a bug of tcpsim's own ({type(error).__name__}: {error})", err=True)
        click.echo("TCPSIM_TRACEBACK=1 shows where; please report it with the input that led here", err=True)
    return OUR_BUG
