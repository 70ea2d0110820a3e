"""How fast tcpsim is, beside a bare event loop and beside another simulator, in one and the same run."""
