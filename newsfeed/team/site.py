"""The settings of a team's web app: its public address, and how readers sign in. Read from team.toml.

site = "https://news.example.org"
[oidc]
issuer = "https://login.example.org"
client_id = "newsfeed"
[proxy]
header = "X-Forwarded-User"
networks = ["10.1.2.0/24"]
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from newsfeed.errors import SettingsError
from newsfeed.model import Record
from newsfeed.team.connections import FILE, Place

SECRET_VARIABLE = "NEWSFEED_TEAM_OIDC_SECRET"  # noqa: S105 - the name of the variable
SECRET_FILE = "oidc.secret"  # noqa: S105 - the name of the file
PORT = 8770  # beside the local app's 8765
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
Days = Annotated[float, Meta(gt=0, le=366)]


class OidcSetting(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provider of sign-in by OpenID Connect."""

    issuer: str
    client_id: str
    name: str = "your company"  # as the button calls it
    scope: str = "openid email profile"
    newcomers: bool = False  # everyone it knows becomes a reader without an invitation


class ProxySetting(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reverse proxy that identifies readers."""

    header: str
    networks: tuple[str, ...]  # the proxy's own addresses: from elsewhere the header is ignored
    newcomers: bool = False


class SessionSetting(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a sign-in lasts."""

    idle_days: Days = 7
    days: Days = 30

    @property
    def idle(self) -> timedelta:
        return timedelta(days=self.idle_days)

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.days)


class SiteSetting(Record, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """All of team.toml except the database."""

    site: str = ""  # the public address; "" for this machine only, at the port that is listened on
    passkeys: bool = True
    # The most feeds of a reader's list, because workers request all of them
    feeds: Annotated[int, Meta(ge=1)] = 1_000
    session: SessionSetting = SessionSetting()
    oidc: OidcSetting | None = None
    proxy: ProxySetting | None = None

    @cached_property
    def parts(self) -> tuple[str, str, str]:
        """Scheme, host and host with port of the site."""
        parts = urlsplit(self.site)
        return parts.scheme, (parts.hostname or "").lower(), parts.netloc.lower()

    @property
    def secure(self) -> bool:
        """Whether browsers connect by TLS."""
        return self.parts[0] == "https"

    @property
    def host(self) -> str:
        return self.parts[1]

    @property
    def hosts(self) -> frozenset[str]:
        """The host names under which the app may be requested."""
        return frozenset({self.parts[2]})

    @cached_property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of the proxy."""
        return tuple(ipaddress.ip_network(n) for n in (self.proxy.networks if self.proxy else ()))

    def from_proxy(self, address: str) -> bool:
        """Whether a request from this address came through the proxy."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.networks)


def load_site(place: Place) -> SiteSetting:
    """The web app's settings of a team's folder.

    Raises:
        SettingsError: they can't be read, or don't go together.
    """
    path = place.folder / FILE
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        given.pop("database", None)
        found = msgspec.convert(given, SiteSetting)
        found = msgspec.structs.replace(found, site=found.site.rstrip("/"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(str(path), f"can't be read ({error})", "See the README, For a team.") from error
    _check(path, found)
    return found


def at_port(found: SiteSetting, port: int = PORT) -> SiteSetting:
    """The settings with the site of this machine alone, where no other is named."""
    return found if found.site else msgspec.structs.replace(found, site=f"http://localhost:{port}")


def _check(path: Path, found: SiteSetting) -> None:
    found = at_port(found)
    parts = urlsplit(found.site)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(
            str(path),
            f"site = {found.site!r} is no address of a site",
            'Write it like "https://news.example.org".',
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(
            str(path),
            "a site that is not this machine's own needs https, else anybody on the way reads the sign-in",
            'Put a proxy with TLS before it and write "https://…".',
        )
    try:
        _ = found.networks
    except ValueError as error:
        raise SettingsError(
            str(path), f"[proxy] networks: {error}", 'Write them like "10.1.2.0/24".'
        ) from error
    if found.proxy and (not found.networks or not found.proxy.header):
        raise SettingsError(
            str(path), "[proxy] names no network or no header", "Name the addresses of the proxy itself."
        )
    if any(n.prefixlen == 0 for n in found.networks):
        raise SettingsError(
            str(path), "[proxy] networks names everybody", "Name the addresses of the proxy itself."
        )
    if not (found.passkeys or found.oidc or found.proxy):
        raise SettingsError(str(path), "nobody can sign in", "Set passkeys = true, [oidc] or [proxy].")


def client_secret(place: Place) -> str:
    """The secret that the provider of sign-in gave us; "" where it gave none.

    Raises:
        SettingsError: others can read it.
    """
    if given := os.environ.get(SECRET_VARIABLE):
        return given
    path = place.inner / SECRET_FILE
    if not path.exists():
        return ""
    if path.stat().st_mode & 0o077:
        raise SettingsError(str(path), "others can read the secret", f"Run: chmod 600 {path}")
    return path.read_text(encoding="utf-8").strip()
