"""The wire format: IPv4 and IPv6, and TCP, UDP and ICMP in them, as octets and as values.

    datagram = Datagram("192.0.2.1", "198.51.100.7", Tcp(40_000, 80, segment("SYN", seq=100)))
    assert decode(encode(datagram)) == datagram

`decode` takes whatever anybody may have sent: it returns a `Datagram` or raises `WireError`.
"""

from .codec import decode as decode
from .codec import encode as encode
from .datagram import ICMP as ICMP
from .datagram import ICMPV6 as ICMPV6
from .datagram import TCP as TCP
from .datagram import UDP as UDP
from .datagram import Datagram as Datagram
from .datagram import Icmp as Icmp
from .datagram import Payload as Payload
from .datagram import Raw as Raw
from .datagram import Tcp as Tcp
from .datagram import Udp as Udp
from .errors import WireError as WireError
from .icmp import ERRORS as ERRORS
from .icmp import Quoted as Quoted
from .icmp import icmp_error as icmp_error
from .icmp import quoted as quoted
from .options import decode_options as decode_options
from .options import encode_options as encode_options
