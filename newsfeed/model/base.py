"""What all records share."""

from __future__ import annotations

from datetime import date

import msgspec

Day = date  # a local day of the reader
PAGE_END = "<!-- end of page -->"  # the last words of every page; a file without them is not whole


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all records: frozen, named fields, written as JSON without its defaults."""
