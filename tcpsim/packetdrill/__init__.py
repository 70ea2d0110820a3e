"""Floor 3: packetdrill scripts. A `.pkt` file in, a run in virtual time and its verdict out.

`parse` reads a script of either dialect, `run` carries it out against one simulated host; `format_script`
writes a syntax tree as a script again. No shell line and no Python of a script is ever executed. Knows the network
and what is below it, no scenario, drawing or command line.
"""

from .options import Ways as Ways
from .parsing import parse as parse
from .places import ScriptError as ScriptError
from .results import Result as Result
from .running import run as run
from .running import run_text as run_text
from .writing import format_script as format_script
