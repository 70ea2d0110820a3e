"""What must always hold of two TCPs and the network between them: the catalogue of properties.

Nothing here searches or runs anything: an explorer asks these of every state that it reaches, a run of every event.
"""

from . import closing, numbers, resets, states, text, timers, windows  # noqa: F401 -- for their entries
from .property import PROPERTIES as PROPERTIES
from .property import Kind as Kind
from .property import NoSuchProperty as NoSuchProperty
from .property import Property as Property
from .property import in_order as in_order
from .property import invariant as invariant
from .property import leads_to as leads_to
from .property import named as named
from .property import settles as settles
from .property import step as step
from .views import End as End
from .views import Event as Event
from .views import Flying as Flying
from .views import Step as Step
from .views import World as World

in_order()
