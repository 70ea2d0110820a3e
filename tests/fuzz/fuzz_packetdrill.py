"""Targets for a coverage-guided fuzzer: the parser of packetdrill scripts and the evaluator of their code.

    python tests/fuzz/fuzz_packetdrill.py parser -max_total_time=60
    python tests/fuzz/fuzz_packetdrill.py evaluator -runs=100000

What follows the target's name goes to libFuzzer. Needs `atheris`, which is no dependency of the project: without it
this says so and ends with exit code 0. The targets themselves are plain functions of octets, and tested as such.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress

from tcpsim.packetdrill.expressions import CodeError, run_code
from tcpsim.packetdrill.parsing import parse
from tcpsim.packetdrill.places import ScriptError
from tcpsim.packetdrill.script import Code
from tcpsim.packetdrill.writing import format_script


def parser(octets: bytes) -> None:
    """Parse a script; it is refused with a place, or written and read again as the same."""
    try:
        script = parse(octets.decode("utf-8", "replace"), "fuzz.pkt", predefined=["FreeBSD"])
    except ScriptError:
        return
    assert parse(format_script(script), "fuzz.pkt") == script


def evaluator(octets: bytes) -> None:
    """Evaluate a block of code, which passes, fails or isn't run."""
    with suppress(CodeError):
        run_code(Code(octets.decode("utf-8", "replace")), {"tcpi_snd_cwnd": 10, "TCP_CA_Open": 0}, {})


TARGETS = {"parser": parser, "evaluator": evaluator}


def main(arguments: list[str]) -> int:
    """Run one target until libFuzzer's limits; return the exit code."""
    if len(arguments) < 2 or arguments[1] not in TARGETS:
        sys.stderr.write(f"usage: {arguments[0]} {{{','.join(TARGETS)}}} [options of libFuzzer]\n")
        return 2
    try:
        atheris = importlib.import_module("atheris")
    except ImportError as error:
        sys.stderr.write(f"nothing fuzzed: {error}; pip install atheris\n")
        return 0
    atheris.instrument_all()
    atheris.Setup([arguments[0], *arguments[2:]], TARGETS[arguments[1]])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
