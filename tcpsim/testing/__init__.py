"""tcpsim in pytest: two hosts and a network as fixtures, scenario files as tests, a ladder where something fails.

Rule 1. What a test gets is the simulator's own: the hosts, links and connections of `tcpsim`, nothing around them.
Rule 2. The same test with the same seed does the same; a failure says the command that repeats it.
Rule 3. Importing this costs pytest next to nothing: the simulator is imported when a test asks for it.
"""

from .pair import Pair as Pair

__all__ = ["Pair"]
