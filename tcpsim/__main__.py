"""`python -m tcpsim` is the command `tcpsim`."""

from .cli import main

main()
