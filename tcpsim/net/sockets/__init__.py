"""Sockets, as programs know them, in virtual time: on top of a host's listeners and connections.

`Process` makes the calls; `calls.CALLS` lists them, `options.OPTIONS` the socket options, `style` what kernels
do differently. What is asked for and not modelled ends with an errno, and the call's `not_modelled` names it.

Not modelled: datagrams; TCP Fast Open, MD5 and zero copy; out-of-band data beside the stream (it stays in line, as
RFC 6093 wants it); a connection from a socket to itself (a host has no way to itself); two listeners on one port;
buffers that grow by themselves, and the kernel's overhead in them; an accept queue that refuses the last ACK of a
handshake (it drops SYNs while it is full); the order in which an epoll takes turns; signals and EINTR. Of IP's
options only TTL and TOS mark packets; SO_MARK, IP_MTU_DISCOVER and their like are remembered and do nothing.
"""

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
