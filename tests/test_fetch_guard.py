"""Which addresses may be connected to, without any network."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.errors import SettingsError
from newsfeed.fetch.resolver import Exceptions, literal, public, unwrap

REFUSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.1.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::127.0.0.1",
    "::10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:0",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:0:1:2:3:4:f5ff:fffe",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::808:808",
    "100::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff00::1",
    "ff02::1",
    "ff0e::1",
]

ALLOWED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "::8.8.8.8",
    "2001:4860:4860::8888",
]


@pytest.mark.parametrize("text", REFUSED)
def test_addresses_outside_the_public_net_are_refused(text: str) -> None:
    assert not public(ip_address(text))


@pytest.mark.parametrize("text", ALLOWED)
def test_public_addresses_are_allowed(text: str) -> None:
    assert public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_no_wrapping_changes_what_an_address_is(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    wrapped = [
        f"::ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
        f"2001:0:1:2:3:4:{(number >> 16) ^ 0xFFFF:x}:{(number & 0xFFFF) ^ 0xFFFF:x}",
    ]
    for text in wrapped:
        assert unwrap(ip_address(text)) == address
        assert public(ip_address(text)) == public(address)  # type: ignore[arg-type]


def test_exceptions_are_a_host_and_its_port() -> None:
    own = Exceptions(
        ["127.0.0.1:8808", "nas.local:8080", "192.168.1.0/24:80", "[::1]:8808", "Bridge.Example.:81"]
    )
    assert own.holds("127.0.0.1", 8808)
    assert own.holds("nas.local", 8080)
    assert own.holds("NAS.local.", 8080)
    assert own.holds("192.168.1.77", 80)
    assert own.holds("::1", 8808)
    assert own.holds("[::1]", 8808)
    assert own.holds("bridge.example", 81)
    for host, port in [
        ("127.0.0.1", 8809),
        ("127.0.0.2", 8808),
        ("localhost", 8808),
        ("evil.nas.local", 8080),
        ("192.168.2.1", 80),
        ("192.168.1.77", 81),
        ("127.1", 8808),
    ]:
        assert not own.holds(host, port)
    assert not Exceptions([]).holds("127.0.0.1", 80)


@pytest.mark.parametrize(
    "entry", ["nas.local", "127.0.0.1", "10.0.0.0/8", "x:0", "x:65536", "x:http", ":80", "", "x:²"]
)
def test_an_exception_without_a_port_is_a_mistake_with_a_repair(entry: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Exceptions([entry])
    assert "allow_private" in caught.value.subject
    assert "127.0.0.1:8808" in caught.value.repair


def test_only_usual_spellings_are_literals() -> None:
    assert str(literal("127.0.0.1")) == "127.0.0.1"
    assert str(literal("[::1]")) == "::1"
    for odd in ["127.1", "2130706433", "0x7f000001", "017700000001", "127.0.0.01", "localhost", ""]:
        assert literal(odd) is None
