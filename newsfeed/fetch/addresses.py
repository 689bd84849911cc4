"""Which addresses may be asked: the rule alone, without any network.

Feeds, redirects and name servers are written by strangers, so an address counts by what it *is* after resolving,
never by how it is spelled. Public addresses on the usual ports are free to ask; anything else only when the owner
named `host:port` (or a whole network with a port) under `allow_private`.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from newsfeed.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address that is reached
COMPATIBLE = IPv6Network("::/96")  # RFC 4291, deprecated: the same

# Not of the public net, whatever the running Python's tables say of them (they changed with CVE-2024-4032).
DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # RFC 8215: NAT64 of the local network
        "100::/64",
        "2001::/23",  # protocol assignments; Teredo is unwrapped before
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)


def literal(host: str) -> Address | None:
    """The address that `host` spells in its usual form, or None when it is a name (or an unusual spelling)."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def unwrap(address: Address) -> Address:
    """The IPv4 address that really is reached through one of the IPv6 forms that carry one, else `address`."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or address in COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def public(address: Address) -> bool:
    """Whether `address` belongs to the public net, after unwrapping."""
    real = unwrap(address)
    if not real.is_global or real.is_multicast:
        return False
    return not any(real.version == net.version and real in net for net in DENIED)


class Exceptions:
    """The owner's own addresses: `host:port`, `address:port` or `network:port`, as written in the settings.

    A named host is matched by its name, an address or network only by an address literal: a stranger's name that
    resolves to an excepted address gains nothing.

    Raises:
        SettingsError: an entry has no port, or can't be read.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._names: set[tuple[str, int]] = set()
        self._networks: list[tuple[Network, int]] = []
        for number, entry in enumerate(entries, 1):
            host, _, port = entry.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
                raise SettingsError(
                    f"[fetch] allow_private, entry {number}",
                    "this is no host with a port",
                    'Write it as "127.0.0.1:8808", "nas.local:8080" or "192.168.1.0/24:8080".',
                )
            host = host.strip("[]").rstrip(".").lower()
            try:
                self._networks.append((ip_network(host, strict=False), int(port)))
            except ValueError:
                self._names.add((host, int(port)))

    def holds(self, host: str, port: int) -> bool:
        """Whether the owner named this host and port."""
        if not self._names and not self._networks:
            return False
        host = host.strip("[]").rstrip(".").lower()
        if (host, port) in self._names:
            return True
        address = literal(host)
        return address is not None and any(
            allowed == port and address.version == net.version and address in net
            for net, allowed in self._networks
        )
