"""The first run: a new home, the list and settings from the answers to four questions, and the demo."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from newsfeed import config, opml
from newsfeed.errors import NewsfeedError, SettingsError
from newsfeed.model import DEFAULT_TOPICS, Record, Settings, SubscriptionList
from newsfeed.pipeline.home import Home, put
from newsfeed.pipeline.reports import Clock, DigestReport, Progress
from newsfeed.pipeline.subscriptions import edit
from newsfeed.store import Store
from newsfeed.text.spoken import say

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


def create(folder: Path, *, starter: bytes, settings_text: str) -> list[str]:
    """Make a home: feeds.opml and newsfeed.toml where they are missing. Returns the names of what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, data in (("feeds.opml", starter), ("newsfeed.toml", settings_text.encode())):
        path = folder / name
        if not path.exists():
            path.write_bytes(data)
            if name == "newsfeed.toml":
                path.chmod(0o600)
            written.append(name)
    inner = folder / ".newsfeed"
    inner.mkdir(mode=0o700, exist_ok=True)
    return written


class FirstAnswers(Record, frozen=True, kw_only=True):
    """The answers to the four questions."""

    core: str  # the subject that the reader lives from
    topics: tuple[str, ...] = ()  # which others; none: all
    minutes: float = 5.0
    hour: str = "06:30"
    region: str = "us"
    mail: bool = False


def is_new(home: Home, store: Store) -> bool:
    """Whether a home has no page yet and its list is still the starter list."""
    if store.latest_edition() is not None:
        return False
    try:
        data = home.read_list()
    except NewsfeedError:
        return store.last_list() is None
    return data in {config.starter(region) for region in config.STARTERS}


def begin(home: Home, answers: FirstAnswers) -> None:
    """Write list and settings from the answers; `newsfeed feeds undo` restores the former list.

    Raises:
        SettingsError: an answer is not acceptable; nothing is written.
    """
    if answers.region not in config.STARTERS:
        raise SettingsError(
            "region",
            say("{region} is none", region=repr(answers.region)),
            say("Allowed: {names}.", names=", ".join(config.STARTERS)),
        )
    topics = home.settings.topics
    wanted = {answers.core, *(answers.topics or topics)}
    changes: dict[tuple[str, ...], edit.Value] = {
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
    edit.settings_change(home, changes)
    new = starting_list(answers.region, wanted)
    if home.list_path.exists():
        edit.replace(home, home.read_list(), new)
    else:
        put(home.list_path, new)
    edit.write_settings(home, changes)


def starting_list(region: str, topics: Sequence[str] | set[str]) -> bytes:
    """The starter list of a region, reduced to the folders of these topics; folders that are not topics stay."""
    found = opml.parse(config.starter(region))
    names = set(DEFAULT_TOPICS) - set(topics)
    kept = tuple(s for s in found.subscriptions if not s.folders or s.folders[0].casefold() not in names)
    return opml.merge(EMPTY, SubscriptionList(subscriptions=kept, namespaces=found.namespaces))[0]


def run_demo(folder: Path, clock: Clock, settings: Settings, *, progress: Progress) -> DigestReport:
    """Serve the sample sources on loopback, pull them and build their page in `folder`.

    An earlier demo in that folder is replaced.
    """
    from newsfeed import demo
    from newsfeed.pipeline.morning.digest import digest  # all that chooses and draws

    if (folder / demo.MARK).exists():
        shutil.rmtree(folder)
    with demo.serve(clock()) as served:
        create(folder, starter=served.opml, settings_text=demo.SETTINGS.format(zone=settings.timezone))
        (folder / demo.MARK).write_text("Made by newsfeed demo; it may be removed.\n", encoding="utf-8")
        fetching = msgspec.structs.replace(settings.fetch, allow_private=(served.address,))
        home = Home(folder, msgspec.structs.replace(settings, home=str(folder), fetch=fetching), clock)
        with home.lock("demo"), home.open_store() as store:
            return digest(home, store, progress=progress)
