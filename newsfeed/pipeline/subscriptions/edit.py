"""Edit the reader's two files, list and settings: shown as a difference, then written, and undone."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Callable, Mapping
from html import unescape

from newsfeed import config, opml, text
from newsfeed.errors import ListError, NotFoundError, SettingsError
from newsfeed.fetch import redact
from newsfeed.model import (
    Problem,
    Record,
    Subscription,
)
from newsfeed.pipeline.home import Home
from newsfeed.text.outline_options import mistake
from newsfeed.text.spoken import say

Value = str | int | float | bool | list[str] | None
# What the browser may write: never addresses that may be asked, templates, secrets, mail or the published folder.
OPEN_TABLES = frozenset({"edition", "topics", "schedule", "people", "share"})
_ADDRESS = re.compile(r"""[a-z][a-z0-9+.-]{1,10}://[^\s"'<>]+""")
OPEN_KEYS = frozenset({"timezone", "languages", "muted"})


class Edit(Record, frozen=True, kw_only=True):
    """A change of a file: its bytes before and after, and their difference to be shown."""

    old: bytes
    new: bytes
    diff: str


def change(home: Home, edit: Callable[[bytes], bytes]) -> Edit:
    """What an edit of feeds.opml would do; nothing is written.

    Raises:
        NotFoundError, ListError, SettingsError: as the edit does.
    """
    old = home.read_list()
    new = edit(old)
    return Edit(old=old, new=new, diff=difference(old, new))


def difference(old: bytes, new: bytes) -> str:
    """The lines that differ, with their sign; addresses are redacted, for it is shown."""
    before, after = (data.decode("utf-8", "replace").splitlines() for data in (old, new))
    lines = list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]
    return _ADDRESS.sub(
        lambda found: redact(unescape(found[0])),
        "\n".join(line for line in lines if not line.startswith("@@")),
    )


def write(home: Home, made: Edit) -> None:
    """Put a change of the list in force; `undo` takes it back.

    Raises:
        ListError: the list was changed meanwhile.
    """
    if home.read_list() != made.old:
        raise ListError(
            str(home.list_path), "was changed meanwhile", "Nothing was written: look at it again."
        )
    replace(home, made.old, made.new)


def replace(home: Home, old: bytes, new: bytes) -> None:
    """Put a new list in the old one's place, which stays beside it as feeds.opml.bak, and `undo` brings it back.

    Raises:
        DeliveryError: the disk doesn't take it.
    """
    if old != new:
        home.replace_list(old, new)


def undo(home: Home) -> tuple[list[str], list[str]]:
    """Put back the list as it was before the last change by a command, which stays beside it; gives the names of the
    feeds that came, and of those that went.

    Raises:
        NotFoundError: no command has changed it.
    """
    before = home.earlier_list()
    if before is None:
        raise NotFoundError(
            str(home.list_path), "was not changed by a command yet", "There is nothing to take back."
        )
    try:
        now = home.read_list()
    except NotFoundError:
        now = b""
    replace(home, now, before)
    new, old = ({s.url: told(s) for s in opml.parse(d).subscriptions} if d else {} for d in (before, now))
    return [n for url, n in new.items() if url not in old], [n for url, n in old.items() if url not in new]


# ------------------------------------------------------------------------- a feed of the list


def key_of(url: str) -> str:
    """A name for a feed of the list that tells nothing of its address, which may hold a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def is_key(words: str) -> bool:
    """Whether this may be such a name, and no name that a person writes."""
    return re.fullmatch(r"[0-9a-f]{16}", words) is not None


def by_key(home: Home, key: str) -> Subscription:
    """The feed of the list with this key.

    Raises:
        NotFoundError: there is none.
    """
    for subscription in listed(home):
        if key_of(subscription.url) == key:
            return subscription
    raise NotFoundError("", "That feed is not in your list.", "")


def shown(address: str) -> str:
    """What was typed as it may be printed again: an address without its secrets, a handle as it is."""
    return redact(address) if "/" in address or ":" in address else address


def name_of(subscription: Subscription) -> str:
    """What a feed of the list is called: its title, else its address without secrets."""
    return subscription.title or redact(subscription.url)


def told(subscription: Subscription) -> str:
    """A feed for its owner to recognize, without a secret of its address."""
    return f"{subscription.title or 'no name'} ({redact(subscription.url)})"


def listed(home: Home) -> tuple[Subscription, ...]:
    """The feeds of the list as it stands.

    Raises:
        NotFoundError, ListError: there is none that can be read.
    """
    return opml.parse(home.read_list()).subscriptions


def named(home: Home, words: str) -> tuple[Subscription, bool]:
    """The feed of the list that is called so, and whether that is its whole name or address.

    Raises:
        NotFoundError: none, or more than one, is called so.
    """
    every = listed(home)
    exact = [s for s in every if words in {s.url, s.title, s.html_url}]
    found = exact or [s for s in every if words.casefold() in s.title.casefold() or words in s.url]
    if len(found) == 1:
        return found[0], bool(exact)
    if not found:
        raise NotFoundError(shown(words), "is no feed of the list", "See newsfeed feeds list.")
    names = [told(s) for s in found]
    raise NotFoundError(
        shown(words), say("may be any of {n} feeds", n=len(found)), "\n".join(names[:10]), matches=names
    )


# ------------------------------------------------------------------------- edits of the list


def folders_of(folder: str) -> tuple[str, ...]:
    """The path of a folder that is written with slashes."""
    return tuple(part.strip() for part in folder.split("/") if part.strip())


def moved(url: str, folder: str) -> Callable[[bytes], bytes]:
    """The edit that moves a feed into a folder."""
    return lambda data: opml.move(data, url, folders_of(folder))


def added(subscription: Subscription) -> Callable[[bytes], bytes]:
    """The edit that adds a feed."""
    return lambda data: opml.add(data, subscription)


def removed(url: str) -> Callable[[bytes], bytes]:
    """The edit that takes a feed out."""
    return lambda data: opml.remove(data, url)


def renamed(url: str, title: str) -> Callable[[bytes], bytes]:
    """The edit that gives a feed another name."""
    return lambda data: opml.set_title(data, url, text.clean_line(title, 300))


def with_option(url: str, name: str, value: str | None) -> Callable[[bytes], bytes]:
    """The edit that sets an option of a feed, or takes it out with None.

    Raises (when done):
        SettingsError: the option doesn't take that value.
    """

    def edit(data: bytes) -> bytes:
        if value is not None and (wrong := mistake(name, value)):
            raise SettingsError(f"newsfeed-{name}", wrong[0], wrong[1])
        return opml.set_option(data, url, name, value)

    return edit


class MergedList(Record, frozen=True, kw_only=True):
    """What merging another reader's list does."""

    edit: Edit
    added: tuple[str, ...]
    present: tuple[str, ...]
    problems: tuple[Problem, ...]


def merged(home: Home, data: bytes, name: str = "that file") -> MergedList:
    """What merging another reader's list would do; nothing is written.

    Raises:
        ListError: it can't be read as OPML.
    """
    foreign = opml.parse(data, name)
    old = home.read_list()
    new, found = opml.merge(old, foreign)
    return MergedList(
        edit=Edit(old=old, new=new, diff=difference(old, new)),
        added=tuple(map(name_of, found.added)),
        present=tuple(map(name_of, found.present)),
        problems=foreign.problems
        + (() if foreign.complete else (Problem(text=f"{name} ends in the middle."),)),
    )


# ------------------------------------------------------------------------- settings


def settings_change(home: Home, changes: Mapping[tuple[str, ...], Value]) -> Edit:
    """What other settings would make of newsfeed.toml; they are checked, nothing is written.

    Raises:
        SettingsError: one of them is not acceptable, or not for the browser to change.
    """
    for path in changes:
        if path[0] not in OPEN_TABLES and path not in {(key,) for key in OPEN_KEYS}:
            raise SettingsError(
                ".".join(path), "is changed by hand only", say("Edit {file}.", file=config.FILE)
            )
    old = home.read_settings()
    new = config.edited(old.decode("utf-8", "replace"), changes)
    config.parse(new, {}, home=home.folder)
    return Edit(old=old, new=new.encode(), diff=difference(old, new.encode()))


def write_settings(home: Home, changes: Mapping[tuple[str, ...], Value]) -> Edit:
    """Write settings into newsfeed.toml, its comments kept.

    Raises:
        SettingsError: as `settings_change`. DeliveryError: the disk doesn't take it.
    """
    made = settings_change(home, changes)
    if made.new != made.old:
        home.replace_settings(made.new)
    return made
