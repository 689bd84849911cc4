"""The ledger: where every item went, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SHOWN = "shown"
LINE = "line"
LONG = "long read"
SAME = "same story"
HAD = "shown before"
BELOW = "below the line"
ROOM = "over the budget"
CAPPED = "source at its cap"
MUTED = "muted"
OLD = "too old"
LANGUAGE = "other language"
ADVERT = "adverts and housekeeping"
BEFORE = "before you subscribed"

# Every cause with its label for people, in the order in which the ledger lists them.
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        SHOWN: "On the page",
        LINE: "Told in a line",
        LONG: "The long read",
        SAME: "Told the same as another",
        HAD: "You had it before",
        ROOM: "There was no room",
        CAPPED: "Its source had its share",
        BELOW: "Not worth your minutes",
        OLD: "Too old by now",
        MUTED: "Muted by you",
        LANGUAGE: "In a language you don’t list",
        ADVERT: "Adverts and housekeeping",
        BEFORE: "From before you subscribed",
    }
)
# Causes that an earlier ledger already gave, or that come with the passing of time.
SETTLED = frozenset({HAD, BELOW, OLD, MUTED, LANGUAGE, ADVERT, BEFORE})
# Causes of items that could not be shown whatever else there was.
REFUSED = frozenset({OLD, MUTED, LANGUAGE, ADVERT, BEFORE})
