"""newsfeed.toml as text: the template for a new home, the line of a key, and edits of single settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from newsfeed.errors import SettingsError
from newsfeed.model import DEFAULT_TOPICS, WORLD

FILE = "newsfeed.toml"


def line_of(text: str, keys: list[str]) -> int:
    """The 1-based line of the key, or of the nearest table above it; 0 if there is neither."""
    best = 0
    depth = 0
    for number, full in _keys_by_line(text):
        common = 0
        for a, b in zip(full, keys, strict=False):
            if a != b:
                break
            common += 1
        if common > depth:
            best, depth = number, common
    return best


def _keys_by_line(text: str) -> Iterator[tuple[int, list[str]]]:
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = split_key(header.group(1))
            yield number, table
        elif pair := re.match(
            r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line
        ):
            yield number, table + split_key(pair.group(1))


def split_key(key: str) -> list[str]:
    return [
        bare or double or single
        for bare, double, single in re.findall(r"""([\w-]+)|"([^"]*)"|'([^']*)'""", key)
    ]


Plain = str | int | float | bool | list[str] | None
Value = Plain | Mapping[str, Plain | Mapping[str, Plain]]  # a mapping is a whole table


def edited(text: str, changes: Mapping[tuple[str, ...], Value]) -> str:
    """The text with settings changed, each given by its path (`("edition", "minutes")`); None removes one with all below it.

    Comments, order and everything else stay. A setting that already has the value is not touched.

    Raises:
        SettingsError: the text is no valid TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        for path, value in changes.items():
            _set(document, path, value)
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise SettingsError(FILE, f"is no valid TOML: {error}", "Fix it by hand first.") from error


def _set(table: Any, path: tuple[str, ...], value: Value) -> None:
    import tomlkit

    *above, name = path
    for key in above:
        if key not in table:
            if value is None:
                return
            table[key] = tomlkit.table(is_super_table=len(above) > 1 and key != above[-1])
        table = table[key]
    if value is None or isinstance(value, Mapping):
        table.pop(name, None)
        if value:
            table[name] = value
    elif name not in table or table[name] != value or type(value) is bool:
        item = tomlkit.item(value)
        if name in table:
            item.trivia.comment_ws, item.trivia.comment = (
                table[name].trivia.comment_ws,
                table[name].trivia.comment,
            )
        table[name] = item


STARTERS = {
    "us": "United States",
    "europe": "United Kingdom and Europe",
    "german": "German-speaking countries",
}

TEMPLATE = """\
# What you decide about your morning page. Every line may be left out: its default then holds.
# After a change: newsfeed digest --rebuild

timezone = "{timezone}"        # days are cut and times are printed here
# languages = ["en"]           # items in others go to the ledger; left out, those of most of your feeds are written here
muted = []                     # words you do not wish to read about, e.g. ["royal wedding"]

[edition]
minutes = 5                    # a hard limit for the whole page
core = "technology"            # the subject you live from
core_share = 0.4               # its part of the minutes; the other topics share the rest
# breadth = "balanced"         # "depth": more of fewer topics; "breadth": every topic before a second story of any
# voices = "balanced"          # "few" or "many" different sources over the days
# lines = 0.08                 # part of the minutes kept for big stories told in one line; 0: none
# max_items = 12               # stories at the most; left out, the minutes alone decide
# off_path = true              # one pick may be of what you were shown least of in two weeks
# long_read = true             # one a day, outside the minutes
# read_articles = "same-site"  # for picks with a thin lead: "all" sites, or "off"

# Ours: {topics}, and {world} for general news; each but the
# core topic has an equal part. A topic of your own, or another weight for one of ours (share 0 drops it):
# [topics.logistics]
# label = "Logistics"
# words = ["freight", "container ship", "last mile", "warehouse"]
# examples = ["Port congestion eases as carriers add ships"]
# share = 0.1
# [topics.world]
# share = 0.05

[fetch]
manual_floor = 60              # seconds between two manual refreshes of one feed
# allow_private = ["127.0.0.1:8808"]   # feeds on your own network, host:port each

# For `newsfeed run`, which makes the page every morning by itself (newsfeed schedule on):
# [schedule]
# hour = "06:30"
# days = ["monday", "tuesday", "wednesday", "thursday", "friday"]

# The page as a mail: newsfeed mail setup writes this table.
# [mail]
# to = "me@example.org"

# The pages mirrored into a synced folder or a web root; whoever reads that folder reads them.
# [publish]
# folder = "~/Sync/newsfeed"
# site_url = "https://you.example/news/"
"""


def template(timezone: str) -> str:
    """The text of a new newsfeed.toml."""
    wide = [name for name, topic in DEFAULT_TOPICS.items() if not topic.parent and name != WORLD]
    return TEMPLATE.format(timezone=timezone, topics=", ".join(wide), world=WORLD)


def starter(region: str = "us") -> bytes:
    """The starter list of feeds for a region (see `STARTERS`)."""
    if region != "us":
        return (resources.files("newsfeed.config") / "starters" / f"{region}.opml").read_bytes()
    # In the wheel; in a checkout it stands at the top
    packaged = resources.files("newsfeed") / "starter.opml"
    return (
        packaged.read_bytes()
        if packaged.is_file()
        else (Path(__file__).parents[2] / "feeds.opml").read_bytes()
    )
