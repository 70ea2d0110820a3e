"""Floor 3: captures of real networks, pcap and pcapng, in and out."""

from .errors import CaptureError as CaptureError
from .files import Frames as Frames
from .files import read_frames as read_frames
from .frames import Frame as Frame
from .frames import Interface as Interface
from .links import Tally as Tally
from .links import decode_frame as decode_frame
