"""How the command ends, whatever happens: with an exit code and, if something is wrong, a sentence.

0  all expectations hold          130  interrupted with Ctrl-C
1  an expectation does not        141  whoever read our output has left (as `head` does)
2  the input is wrong             70   a bug of tcpsim's own; TCPSIM_TRACEBACK=1 shows where
3  a limit ended an exploration
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import io
import os
import re
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Final

import click

from ..trace.naming import LONGEST_NAME, printable, shortened, shown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = 1
WRONG_INPUT: Final = 2
OUR_BUG: Final = 70
INTERRUPTED: Final = 130
READER_LEFT: Final = 141

LONGEST_LINE: Final = 2000
"""How many characters of one line of a message are printed; the longest of ours has some five hundred."""


class Wrong(click.ClickException):
    """The input is wrong: one sentence, or several lines, each with its place."""

    exit_code = WRONG_INPUT

    def show(self, file: Any = None) -> None:
        """Print the sentence as it is; it begins with the place."""
        click.echo(self.message, file=file, err=True)


class _OutputFailed(Exception):
    def __init__(self, error: OSError) -> None:
        self.error = error


class EndsWell(click.Group):
    """A group of commands whose every end is an exit code; its help lists them in their order in the source."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order in which they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was named; whoever named another is told which was probably meant."""
        if args and self.get_command(ctx, args[0]) is None and args[0][:1].isalnum():
            known = [name for name, command in self.commands.items() if not command.hidden]
            near = difflib.get_close_matches(args[0], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`tcpsim run NAME` runs a scenario"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

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
        _see_to_the_streams()
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except click.ClickException as wrong:
            code = say(wrong)
        except (click.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except _OutputFailed as failure:
            code = _output_failed(failure.error)
        except OSError as error:
            code = _output_failed(error)
        except Exception as error:
            code = _bug(error)
        sys.exit(code if isinstance(code, int) else 0)


def _see_to_the_streams() -> None:
    """A terminal that lacks a letter gets a question mark, and what is said to a closed stream is lost."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # `>&-`: without a stand-in, a file that we open might take its number
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 -- open to the end
        reconfigure = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def say(wrong: click.ClickException) -> int:
    """Say on standard error what is wrong, and return the exit code."""
    said = io.StringIO()
    wrong.show(said)
    # What has a place stays on one line in a pipe: there another program may look for the place.
    wrapped = sys.stderr.isatty() or isinstance(wrong, click.UsageError)
    with contextlib.suppress(OSError):
        for line in said.getvalue().removesuffix("\n").split("\n"):
            click.echo(_fitted(line, wrapped=wrapped), err=True)
    return wrong.exit_code


def _fitted(line: str, *, wrapped: bool) -> str:
    """Return a line of a message without what would flood or steer a terminal."""
    words = re.sub(rf"\S{{{LONGEST_NAME + 100},}}", lambda word: shortened(word[0], LONGEST_NAME), printable(line))
    said = shortened(words, LONGEST_LINE)
    columns = shutil.get_terminal_size().columns
    if not wrapped or len(said) <= columns:
        return said
    return textwrap.fill(said, columns, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def _output_failed(error: OSError) -> int:
    # Python flushes standard output once more when it ends, and would complain again.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return READER_LEFT
    place = f"{shown_name(error.filename)}: " if error.filename else "tcpsim: "
    return say(Wrong(f"{place}{error.strerror or error}"))


def _bug(error: Exception) -> int:
    if os.environ.get("TCPSIM_TRACEBACK"):
        raise error
    with contextlib.suppress(OSError):
        click.echo(f"tcpsim: a bug of tcpsim's own ({type(error).__name__}: {error})", err=True)
        click.echo("TCPSIM_TRACEBACK=1 shows where; please report it with the input that led here", err=True)
    return OUR_BUG
