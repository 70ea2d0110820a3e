"""Floor 1: the trace, the one record of a run. Everything that happens ends in it; everything that
is looked at starts from it. Knows the protocol's vocabulary, and no network, drawing or file format
but its own JSON Lines.
"""

from .datagram import Datagram as Datagram
from .flights import Flight as Flight
from .flights import flights as flights
from .records import Arrived as Arrived
from .records import Called as Called
from .records import Changed as Changed
from .records import Checked as Checked
from .records import Corrupted as Corrupted
from .records import Delivered as Delivered
from .records import Discarded as Discarded
from .records import Duplicated as Duplicated
from .records import Ended as Ended
from .records import Explanation as Explanation
from .records import Flow as Flow
from .records import Held as Held
from .records import Lost as Lost
from .records import Mapped as Mapped
from .records import Moved as Moved
from .records import Note as Note
from .records import Record as Record
from .records import SegmentRecord as SegmentRecord
from .records import Sent as Sent
from .records import Signalled as Signalled
from .records import TimerFired as TimerFired
from .records import TimerSet as TimerSet
from .records import TimerStopped as TimerStopped
from .records import stranger as stranger
from .trace import Header as Header
from .trace import HostHeader as HostHeader
from .trace import Trace as Trace
from .trace import TraceError as TraceError
