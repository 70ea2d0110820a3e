"""Sockets, as programs know them, in virtual time: on top of a host's listeners and connections."""

from .calls import CALLS as CALLS
from .errnos import ERRNOS as ERRNOS
from .errnos import Failed as Failed
from .process import Process as Process
from .process import Program as Program
from .process import SocketError as SocketError
from .reading import Message as Message
from .stream import Socket as Socket
from .style import STYLES as STYLES
from .style import SocketStyle as SocketStyle
from .syscall import Syscall as Syscall
