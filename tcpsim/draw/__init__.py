"""Floor 3: drawing. Ladders in the terminal and as pictures, the state diagram, and a run told in words.

Everything here starts from a trace. What there is to draw (scene.py) and where it stands
(layout.py, page.py) are computed apart from ink (figure.py, ladder_text.py). matplotlib is imported
when the first picture is measured, not with this package.
"""

from .explain import explain_text as explain_text
from .explain_events import explain_event as explain_event
from .figure import LADDER_FORMATS as LADDER_FORMATS
from .figure import Look as Look
from .figure import draw_ladder as draw_ladder
from .figure import ladder_bytes as ladder_bytes
from .figure import ladder_svg as ladder_svg
from .framing import Caption as Caption
from .ladder_text import Ladder as Ladder
from .ladder_text import ladder_text as ladder_text
from .layout import MAX_SEGMENTS as MAX_SEGMENTS
from .layout import layout as layout
from .scene import BRIEF as BRIEF
from .scene import FULL as FULL
from .scene import NORMAL as NORMAL
from .scene import OPTIONS as OPTIONS
from .states import draw_states as draw_states
from .states import states_svg as states_svg
from .states import states_text as states_text
