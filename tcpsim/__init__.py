"""A TCP you can hold in your hand: RFC 9293 endpoints, a network that misbehaves exactly as told, and
pictures of what happened.

    >>> import tcpsim
    >>> net = tcpsim.Network(seed=1)
    >>> client, server = net.host("client"), net.host("server")
    >>> link = net.link(client, server, delay="50ms", loss="10%")
    >>> listener = server.listen(80)
    >>> connection = client.connect(server, 80)
    >>> net.run(until="1min")
    'until'
    >>> print(tcpsim.ladder_text(net.trace))  # doctest: +SKIP

    >>> tcpsim.run("handshake")
    <Run handshake: passed, 17 of 17>

Most names are imported when they are first asked for: `import tcpsim` loads neither matplotlib nor
pydantic. In Jupyter a trace, and a run, shows itself as a figure.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .showing import Figure as Figure
from .showing import figure as figure
from .showing import states_figure as states_figure
from .trace import Trace as Trace
from .trace import TraceError as TraceError
from .trace import flights as flights

if TYPE_CHECKING:
    from .draw import draw_ladder as draw_ladder
    from .draw import draw_states as draw_states
    from .draw import explain_text as explain_text
    from .draw import ladder_svg as ladder_svg
    from .draw import ladder_text as ladder_text
    from .draw import states_svg as states_svg
    from .net import Connection as Connection
    from .net import Host as Host
    from .net import Link as Link
    from .net import Listener as Listener
    from .net import Network as Network
    from .scenario import Outcome as Outcome
    from .scenario import Run as Run
    from .scenario import Scenario as Scenario
    from .scenario import ScenarioError as ScenarioError
    from .scenario import load as load
    from .scenario import loads as loads
    from .scenario import run as run
    from .scenario.library import library as library
    from .tcp.calls import TcpError as TcpError
    from .tcp.config import Config as Config
    from .tcp.config import KnobError as KnobError
    from .tcp.config import profile as profile
    from .tcp.diagram import Event as Event
    from .tcp.diagram import State as State
    from .tcp.endpoint import Endpoint as Endpoint
    from .tcp.segment import Segment as Segment
    from .tcp.segment import segment as segment

__version__ = "0.1.0"

_HOMES: Final = {
    ".draw": ("draw_ladder", "draw_states", "explain_text", "ladder_svg", "ladder_text", "states_svg"),
    ".net": ("Connection", "Host", "Link", "Listener", "Network"),
    ".scenario": ("Outcome", "Run", "Scenario", "ScenarioError", "library", "load", "loads", "run"),
    ".tcp.calls": ("TcpError",),
    ".tcp.config": ("Config", "KnobError", "profile"),
    ".tcp.diagram": ("Event", "State"),
    ".tcp.endpoint": ("Endpoint",),
    ".tcp.segment": ("Segment", "segment"),
}
"""Where each name comes from that is not imported above."""
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["Figure", "Trace", "TraceError", "__version__", "figure", "flights", "states_figure", *_HOME_OF]  # noqa: PLE0604 -- the names are data, in one place

if not TYPE_CHECKING:  # mypy knows the names above, and takes any other for the mistake that it is

    def __getattr__(name: str) -> Any:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(home, __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
