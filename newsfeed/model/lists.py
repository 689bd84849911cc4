"""The list: what feeds.opml says."""

from __future__ import annotations

from collections.abc import Mapping

from newsfeed.model.base import Record


class Problem(Record, frozen=True, kw_only=True):
    """Something that is wrong with an outline, a document or a setting, in words for its owner."""

    text: str
    line: int = 0  # 1-based; 0 where there is none
    repair: str = ""
    harmless: bool = False  # told, but nothing is lost by it: a feed that is listed twice


class Subscription(Record, frozen=True, kw_only=True):
    """One outline of `feeds.opml`.

    `options` are the reader's own attributes without their `newsfeed-` prefix ("must-read", "mute", "weight",
    "cap", "paywall", "language", "boosts", …), as written.
    """

    url: str
    title: str = ""
    folders: tuple[str, ...] = ()  # outermost first
    categories: tuple[str, ...] = ()
    html_url: str = ""
    kind: str = ""  # the outline's `type` attribute
    options: Mapping[str, str] = {}
    attributes: Mapping[str, str] = {}  # the outline's other attributes as written, kept for other readers
    line: int = 0


class Folder(Record, frozen=True, kw_only=True):
    """One folder of a list, whether or not there is a feed in it."""

    path: tuple[str, ...]  # outermost first, its own name last
    attributes: Mapping[str, str] = {}  # all but its name, as written
    line: int = 0


class SubscriptionList(Record, frozen=True, kw_only=True):
    """A subscription list as read: what is good of it, and what is wrong with the rest."""

    subscriptions: tuple[Subscription, ...] = ()
    doubles: tuple[Subscription, ...] = ()  # listed again in another folder; the first listing counts
    folders: tuple[Folder, ...] = ()
    problems: tuple[Problem, ...] = ()
    title: str = ""
    namespaces: Mapping[str, str] = {}  # prefix of attributes -> what it stands for
    complete: bool = True  # False where the text ends early: what is missing was not taken out by its owner
