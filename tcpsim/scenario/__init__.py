"""Floor 3: scenarios. A YAML file in; a run, and a verdict on what it expects, out.

Knows the network, the trace and the protocol; no drawing and no command line. The language of the files is
documented where it is read: the keys in models.py, segments in sights.py, events and faults in moments.py.
"""

from .expectations import Outcome as Outcome
from .library import find as find
from .library import library as library
from .library import load as load
from .loading import Scenario as Scenario
from .loading import load_file as load_file
from .loading import loads as loads
from .problems import Place as Place
from .problems import Problem as Problem
from .problems import ScenarioError as ScenarioError
from .running import Run as Run
from .running import run as run
from .schema import schema as schema
