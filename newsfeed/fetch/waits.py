"""How long a server asks us to wait: Retry-After and the rate-limit headers, in all the forms met."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(hours=24)

RESET = ("x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")


def clamp(moment: datetime, now: datetime) -> datetime:
    """`moment`, but at least one minute and at most 24 hours from `now`."""
    return min(max(moment, now + SHORTEST), now + LONGEST)


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


def asked(headers: Mapping[str, str], now: datetime) -> datetime | None:
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
    return clamp(now + timedelta(seconds=min(max(seconds, 0.0), LONGEST.total_seconds())), now)


def _date(value: str) -> datetime | None:
    if not 8 <= len(value) <= 64:
        return None
    try:
        moment = datetime.fromisoformat(value) if value[:4].isdigit() else parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
