"""Congestion control (RFC 9293 3.8.2, MUST-19): how much may be in flight, apart from what is sent.

A control is any object with the methods of `CongestionControl`; it counts octets, knows no segment,
no timer and no sequence number, and decides nothing but `cwnd`.
"""

from .choice import initial_window as initial_window
from .choice import make as make
from .control import UNLIMITED as UNLIMITED
from .control import CongestionControl as CongestionControl
from .control import Unlimited as Unlimited
from .newreno import NewReno as NewReno
