"""Addresses as text and as octets."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpsim.wire import WireError
from tcpsim.wire.addresses import packed, printed
from tests.wire.examples import addresses6


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),  # RFC 5952 4.2.2
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),  # RFC 5952 4.2.3: the longest run
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),  # and of two the first
        ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ],
)
def test_printed_as_rfc_5952_says(given: str, text: str) -> None:
    assert printed(packed(given)) == text


@given(addresses6)
def test_every_address_is_read_back(address: str) -> None:
    assert ipaddress.ip_address(printed(packed(address))) == ipaddress.ip_address(address)


@given(st.ip_addresses(v=4))
def test_and_those_of_four_octets(address: ipaddress.IPv4Address) -> None:
    assert printed(packed(str(address))) == str(address)


@pytest.mark.parametrize("wrong", ["", "192.0.2", "192.0.2.256", "1:2", "server", "fe80::1%eth0"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(WireError, match="expected an address"):
        packed(wrong)
