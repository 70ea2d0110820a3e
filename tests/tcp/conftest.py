"""Every test of an endpoint runs with ordinary numbers and with numbers just below 2^31 and 2^32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tcp import reach as template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcpsim.tcp.diagram import State


@pytest.fixture(params=template.NUMBERS, ids=["small", "2^31", "2^32", "zero"])
def numbers(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Our ISS and the peer's."""
    pair: tuple[int, int] = request.param
    return pair


@pytest.fixture
def reach(numbers: tuple[int, int]) -> Callable[..., template.Reached]:
    """The function of the same name, with `numbers` filled in."""

    def reached(state: State, **changes: Any) -> template.Reached:
        return template.reach(state, numbers, **changes)

    return reached
