"""Mute: rules of what is left out, each with a look at what it would have kept out of the last week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from newsfeed import text
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import Record, StoredItem
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.subscriptions import edit
from newsfeed.store import Store
from newsfeed.topics import accuracy

WEEK = timedelta(days=7)
KINDS = ("word", "source", "topic")
LONGEST = 80  # letters of a muted word or name


class LeftOut(Record, frozen=True, kw_only=True):
    """One item that a rule would have kept out."""

    title: str
    source: str
    when: datetime
    link: str
    shown: bool  # whether it stood on a page


class MutePreview(Record, frozen=True, kw_only=True):
    """What a rule would have kept out of the last week; those that stood on a page first."""

    kind: str
    what: str
    label: str
    items: tuple[LeftOut, ...]
    shown: int
    diff: str  # what it writes
    standing: bool = False  # it is in force already


def preview(home: Home, store: Store, kind: str, what: str) -> MutePreview:
    """Look at what muting a word, a source (by its key, see `edit.key_of`) or a topic would have done; nothing is changed.

    Raises:
        NotFoundError: no such source or topic. SettingsError: no such kind, or no word.
    """
    label, fits = _rule(home, store, kind, what)
    now = home.clock()
    states = {s.feed: s.name for s in store.states()}
    shown = {s.item for s in store.history(now.date() + timedelta(days=1), 8).shown}
    found = [i for i in store.window(now - WEEK) if not i.before and fits(i)]
    items = [
        LeftOut(
            title=i.item.title or text.clean_line(i.item.lead, 120),
            source=states.get(i.feed, ""),
            when=i.item.published or i.first_seen,
            link=i.item.link or i.item.discussion,
            shown=i.id in shown,
        )
        for i in found
    ]
    items.sort(key=lambda i: (not i.shown, -i.when.timestamp()))
    return MutePreview(
        kind=kind,
        what=what,
        label=label,
        items=tuple(items),
        shown=sum(i.shown for i in items),
        diff=_change(home, store, kind, what, on=True).diff,
        standing=standing(home, store, kind, what),
    )


def _rule(home: Home, store: Store, kind: str, what: str) -> tuple[str, Callable[[StoredItem], bool]]:
    if kind == "word":
        word = text.clean_line(what, LONGEST)
        pattern = text.words_pattern([word])
        if pattern is None:
            raise SettingsError("", "Write a word or a name.", "")
        return f"“{word}”", lambda i: pattern.search(f"{i.item.title}\n{i.item.lead}") is not None
    if kind == "source":
        subscription = edit.by_key(home, what)
        state = next((s for s in store.states() if s.subscription.url == subscription.url), None)
        if state is None:
            return edit.name_of(subscription), lambda i: False
        return state.name, lambda i: i.feed == state.feed
    if kind == "topic" and what in home.settings.topics:
        window = store.window(home.clock() - WEEK)
        has = {
            n
            for n, t in store.taggings((i.id for i in window), why=False).items()
            if what in accuracy.has(t) and max(t.scores, key=lambda s: s.p).topic == what
        }
        return home.settings.topics[what].label or what, lambda i: i.id in has
    raise NotFoundError(what, "is nothing that can be muted", "")


def standing(home: Home, store: Store, kind: str, what: str) -> bool:
    """Whether a rule is in force."""
    if kind == "word":
        return what.casefold() in {w.casefold() for w in home.settings.muted}
    if kind == "topic":
        return home.settings.topics[what].share == 0
    listed = current_list(home, store).list.subscriptions
    return any(edit.key_of(s.url) == what and text.is_yes(s.options.get("mute", "")) for s in listed)


def mute(home: Home, store: Store, kind: str, what: str, *, on: bool) -> str:
    """Put a rule in force, or take it away; returns the difference that was written.

    Raises:
        NotFoundError, SettingsError, ListError: as `preview`, or the files can't be changed.
    """
    made = _change(home, store, kind, what, on=on)
    if kind == "source":
        edit.write(home, made)
    elif made.new != made.old:
        edit.write_settings(home, _settings(home, kind, what, on=on))
    return made.diff


def _change(home: Home, store: Store, kind: str, what: str, *, on: bool) -> edit.Edit:
    _rule(home, store, kind, what)
    if kind == "source":
        return edit.change(home, edit.with_option(edit.by_key(home, what).url, "mute", "yes" if on else None))
    return edit.settings_change(home, _settings(home, kind, what, on=on))


def _settings(
    home: Home, kind: str, what: str, *, on: bool
) -> dict[tuple[str, ...], list[str] | float | None]:
    if kind == "topic":
        return {("topics", what, "share"): 0 if on else None}
    word = text.clean_line(what, LONGEST)
    others = [w for w in home.settings.muted if w.casefold() != word.casefold()]
    return {("muted",): [*others, word] if on else others}


class Rule(Record, frozen=True, kw_only=True):
    """A rule that is in force."""

    kind: str
    what: str
    label: str


def muted(home: Home, store: Store) -> list[Rule]:
    """All rules that are in force."""
    found = [Rule(kind="word", what=w, label=f"“{w}”") for w in home.settings.muted]
    for s in current_list(home, store).list.subscriptions:
        mute = s.options.get("mute", "")
        if not text.is_no(mute):
            label = edit.name_of(s) + ("" if text.is_yes(mute) else f", items with: {mute}")
            found.append(Rule(kind="source", what=edit.key_of(s.url), label=label))
    found += [
        Rule(kind="topic", what=n, label=t.label or n)
        for n, t in home.settings.topics.items()
        if t.share == 0
    ]
    return found
