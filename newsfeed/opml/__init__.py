"""feeds.opml and lists of other readers: read, edited in place, merged and written, keeping what we don't understand.

Pure: bytes in, records or bytes out; nothing is fetched, no entity expanded. `parse` reads, `add`, `remove`, `move`,
`set_url`, `set_option`, `set_title` and `merge` edit, `write` exports, `in_force` compares two readings.
"""

from __future__ import annotations

from newsfeed.opml.attributes import key
from newsfeed.opml.list_editing import Merged, add, merge, move, remove, set_option, set_title, set_url
from newsfeed.opml.list_reading import cut_off, in_force, parse
from newsfeed.opml.list_writing import write
