"""Floor 3: captures of real networks, pcap and pcapng, in and out."""

from .checking import Report as Report
from .checking import check as check
from .checking import check_trace as check_trace
from .errors import CaptureError as CaptureError
from .files import Frames as Frames
from .files import read_frames as read_frames
from .frames import Frame as Frame
from .frames import Interface as Interface
from .links import Tally as Tally
from .links import decode_frame as decode_frame
from .loading import load as load
from .loading import load_both as load_both
from .reading import NoStream as NoStream
from .streams import Stream as Stream
from .streams import streams as streams
from .verdict import Judgement as Judgement
from .verdict import Verdict as Verdict
