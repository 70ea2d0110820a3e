"""Floor 2: the network. Virtual time, links and what befalls packets on them, hosts and connections.

Drives the endpoints of floor 0 and writes the trace of floor 1. Knows no scenario, file or drawing.
"""

from .connection import Connection as Connection
from .host import Host as Host
from .link import Direction as Direction
from .link import Link as Link
from .listener import Listener as Listener
from .middlebox import Firewall as Firewall
from .middlebox import Nat as Nat
from .mtu import Mtu as Mtu
from .network import MAX_EVENTS as MAX_EVENTS
from .network import Network as Network
from .network import description as description
from .network import impair as impair
from .packet import Packet as Packet
from .udp import UdpError as UdpError
from .udp import UdpSocket as UdpSocket
