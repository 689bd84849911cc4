"""Where the local app of a home listens, for whoever wants to send a reader there."""

from __future__ import annotations

import msgspec

from newsfeed import deliver
from newsfeed.model import Record
from newsfeed.pipeline.home import Home

FILE = "web.json"
LOCAL = "127.0.0.1"


class Place(Record, frozen=True, kw_only=True):
    """An address and a port."""

    address: str
    port: int

    @property
    def url(self) -> str:
        """Its address in a browser, without the key."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"http://{host}:{self.port}/"

    @property
    def shared(self) -> bool:
        """Whether others on the network can reach it."""
        return self.address != LOCAL


def running(home: Home) -> Place | None:
    """Where the app of this home listens now; None where it doesn't."""
    if home.serve_lock().holder() is None:
        return None
    try:
        return msgspec.json.decode((home.inner / FILE).read_bytes(), type=Place)
    except (OSError, msgspec.DecodeError):
        return None


def note(home: Home, place: Place | None) -> None:
    """Write down where it listens, or with None that it has ended.

    Raises:
        DeliveryError: the disk doesn't take it.
    """
    if place is None:
        (home.inner / FILE).unlink(missing_ok=True)
    else:
        deliver.write(home.inner / FILE, msgspec.json.encode(place), mode=0o600)
