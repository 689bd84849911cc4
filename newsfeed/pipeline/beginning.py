"""The first minutes: four questions, and the list and settings that follow from the answers. All of it is editable."""

from __future__ import annotations

from collections.abc import Sequence

from newsfeed import config, opml
from newsfeed.errors import NewsfeedError, SettingsError
from newsfeed.model import Record, SubscriptionList
from newsfeed.pipeline import editing
from newsfeed.pipeline.home import Home, put
from newsfeed.store import Store

EMPTY = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Add: copy a line, change its text and xmlUrl. A feed, a plain website or a profile will do.
     Or let newsfeed find the feed: newsfeed feeds add https://any.site/ -f Science
     Remove: delete the line. What it brought so far is kept. Any folder is fine. -->
<opml version="2.0">
  <head>
    <title>Morning sources</title>
  </head>
  <body>
  </body>
</opml>
"""


class Answers(Record, frozen=True, kw_only=True):
    """What the four questions gave."""

    core: str  # the subject that the reader lives from
    topics: tuple[str, ...] = ()  # which others; none: all
    minutes: float = 5.0
    hour: str = "06:30"
    region: str = "us"
    mail: bool = False


def is_new(home: Home, store: Store) -> bool:
    """Whether a home has no page yet, and a list that is still as it came."""
    if store.latest_edition() is not None:
        return False
    try:
        data = home.read_list()
    except NewsfeedError:
        return store.last_list() is None
    return data in {config.starter(region) for region in config.STARTERS}


def begin(home: Home, answers: Answers) -> None:
    """Write list and settings by the answers; what stood there before comes back with `newsfeed feeds undo`.

    Raises:
        SettingsError: an answer is not acceptable; nothing is written.
    """
    if answers.region not in config.STARTERS:
        raise SettingsError(
            "region", f"{answers.region!r} is none", f"Allowed: {', '.join(config.STARTERS)}."
        )
    topics = home.settings.topics
    wanted = {answers.core, *(answers.topics or topics)}
    changes: dict[tuple[str, ...], editing.Value] = {
        ("edition", "core"): answers.core,
        ("edition", "minutes"): int(answers.minutes)
        if answers.minutes == int(answers.minutes)
        else answers.minutes,
        ("schedule", "hour"): answers.hour,
    }
    if answers.region == "german":
        changes["languages",] = ["de", "en"]
    for name, topic in topics.items():
        if name not in wanted and topic.parent not in wanted:
            changes["topics", name, "share"] = 0
    editing.settings_change(home, changes)
    new = starting_list(answers.region, wanted)
    if home.list_path.exists():
        editing.replace(home, home.read_list(), new)
    else:
        put(home.list_path, new)
    editing.write_settings(home, changes)


def starting_list(region: str, topics: Sequence[str] | set[str]) -> bytes:
    """The starter list of a region with the folders of these topics; folders that are no topic stay."""
    found = opml.parse(config.starter(region))
    names = set(config.DEFAULT_TOPICS) - set(topics)
    kept = tuple(s for s in found.subscriptions if not s.folders or s.folders[0].casefold() not in names)
    return opml.merge(EMPTY, SubscriptionList(subscriptions=kept, namespaces=found.namespaces))[0]
