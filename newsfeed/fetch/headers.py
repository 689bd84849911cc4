"""Headers: what we say of ourselves, what of an answer's is kept, and how long a server asks us to wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsfeed import __version__

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
VALIDATOR_BYTES = 1_024

# What later rooms may want to know of an answer; everything else is forgotten here.
KEPT = {
    "age",
    "cache-control",
    "content-language",
    "date",
    "expires",
    "link",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
}
READ = KEPT | {
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "last-modified",
    "location",
}
LISTS = {"cache-control", "content-encoding", "link"}
KEPT_CHARACTERS = 4_096  # of one header's value


def storable(value: str) -> bool:
    """Whether a validator can be kept and sent again: printable ASCII, at most 1 KB."""
    return len(value) <= VALIDATOR_BYTES and value.isascii() and value.isprintable()


def user_agent(contact: str) -> str:
    """An honest name: what we are, and where our owner can be found if the owner wishes."""
    said = "".join(c for c in contact if c.isascii() and c.isprintable() and c not in "()").strip()[:120]
    return f"newsfeed/{__version__} (personal feed reader{'; ' + said if said else ''})"


def read(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers we look at, lower-case. Of repeated ones, lists are joined, else the first counts.

    Two different targets of a redirect are none.
    """
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.lower().decode("latin-1")
        if key not in READ:
            continue
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        if key not in headers:
            headers[key] = text
        elif key in LISTS:
            headers[key] = f"{headers[key]}, {text}"
        elif key == "location" and headers[key] != text:
            headers[key] = ""
    return headers


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that go on to later rooms."""
    return {k: v for k, v in headers.items() if k in KEPT and len(v) <= KEPT_CHARACTERS}


def validator(headers: Mapping[str, str], name: str) -> str:
    """An answer's validator of that name, "" where it has none that can be kept."""
    value = headers.get(name, "")
    return value if storable(value) else ""


SHORTEST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=24)

RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")


def clamp(moment: datetime, now: datetime) -> datetime:
    """`moment`, but at least one minute and at most 24 hours from `now`."""
    return min(max(moment, now + SHORTEST_WAIT), now + LONGEST_WAIT)


def retry_after(value: str, now: datetime) -> datetime | None:
    """The moment that a Retry-After header names (seconds or HTTP date), clamped; None if it names none."""
    value = value.strip()
    seconds = _number(value)
    if seconds is not None:
        return None if seconds < 0 else _after(seconds, now)
    moment = _date(value)
    return None if moment is None else clamp(moment, now)


def reset(value: str, now: datetime) -> datetime | None:
    """The moment that a rate-limit reset header names, clamped; None if it names none.

    Networks disagree on its form, so its shape decides: an ISO 8601 time (Mastodon), an HTTP date, unix seconds or
    milliseconds (X), or the seconds left (Reddit).
    """
    value = value.strip()
    number = _number(value)
    if number is None:
        moment = _date(value)
        return None if moment is None else clamp(moment, now)
    if number < 0:
        return None
    if number > 1e11:
        number /= 1000
    if number > 1e9:
        return _after(number - now.timestamp(), now)
    return _after(number, now)


def wait_until(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when a refusing answer asks us to wait, by Retry-After, else by its rate-limit reset."""
    moment = retry_after(headers["retry-after"], now) if "retry-after" in headers else None
    if moment is None:
        moment = next((reset(headers[name], now) for name in RESET if name in headers), None)
    return moment


def exhausted(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Until when the host has nothing left for us: the reset time, if its headers say that no request remains."""
    for name in REMAINING:
        left = _number(headers.get(name, ""))
        if left is not None and left < 1:
            return next((reset(headers[key], now) for key in RESET if key in headers), None)
    return None


def _number(value: str) -> float | None:
    if not value.isascii() or not 0 < len(value) <= 32:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < 1e18 else (1e18 if number > 0 else -1.0)  # also takes inf and nan


def _after(seconds: float, now: datetime) -> datetime:
    return clamp(now + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT.total_seconds())), now)


def _date(value: str) -> datetime | None:
    if not 8 <= len(value) <= 64:
        return None
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
