"""Mute: rules about what is left out, each with a preview of what it would have left out in the last week."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from newsfeed import text
from newsfeed.errors import NotFoundError, SettingsError
from newsfeed.model import FeedState, Record
from newsfeed.pipeline.home import Home, current_list
from newsfeed.pipeline.subscriptions import edit
from newsfeed.store import Headline, Store
from newsfeed.text.outline_options import options
from newsfeed.text.spoken import topic_labels

WEEK = timedelta(days=7)  # each kind of day once
LONGEST = 80  # letters of a muted word or name
LISTED = 25  # items that a preview shows


class LeftOut(Record, frozen=True, kw_only=True):
    """An item that a rule would have left out."""

    title: str
    source: str
    when: datetime
    link: str
    shown: bool  # whether it stood on a page


class MutePreview(Record, frozen=True, kw_only=True):
    """What a rule would have left out in the last week."""

    kind: str
    what: str
    label: str
    count: int
    shown: int
    items: tuple[LeftOut, ...]  # the first of them: those that stood on a page, then the newest
    diff: str  # what it writes
    standing: bool = False  # whether it is already in force


def preview(home: Home, store: Store, kind: str, what: str) -> MutePreview:
    """Preview what muting a word, a source (by its key, see `edit.key_of`) or a topic would have done; nothing is changed.

    Raises:
        NotFoundError: no such source or topic. SettingsError: no such kind, or no word.
    """
    label = _label(home, kind, what)
    now = home.clock()
    states = store.states()
    found = _kept_out(store, states, kind, what, now - WEEK)
    shown = {s.item for s in store.history(now.date() + timedelta(days=1), 8).shown}
    found.sort(key=lambda one: (one.item not in shown, -one.when.timestamp(), one.item))
    names = {s.feed: s.name for s in states}
    return MutePreview(
        kind=kind,
        what=what,
        label=label,
        count=len(found),
        shown=sum(one.item in shown for one in found),
        items=tuple(
            LeftOut(
                title=one.title or text.clean_line(one.lead, 120),
                source=names.get(one.feed, ""),
                when=one.when,
                link=one.link,
                shown=one.item in shown,
            )
            for one in found[:LISTED]
        ),
        diff=_change(home, kind, what, on=True).diff,
        standing=standing(home, store, kind, what),
    )


def _kept_out(
    store: Store, states: Sequence[FeedState], kind: str, what: str, since: datetime
) -> list[Headline]:
    if kind == "word":
        pattern = text.words_pattern([text.clean_line(what, LONGEST)])
        if pattern is None:
            return []
        # Letters without another case: every text with the word contains them as they are.
        sure = max(re.findall(r"[a-hjl-rt-z0-9]+", what.lower()), key=len, default="")
        return [
            one for one in store.headlines(since, holds=sure) if pattern.search(f"{one.title}\n{one.lead}")
        ]
    if kind == "source":
        state = next((s for s in states if edit.key_of(s.subscription.url) == what), None)
        return store.headlines(since, feed=state.feed) if state else []
    return store.headlines(since, topic=what)


def _label(home: Home, kind: str, what: str) -> str:
    """The label of a rule.

    Raises:
        NotFoundError, SettingsError: as `preview`.
    """
    if kind == "word":
        word = text.clean_line(what, LONGEST)
        if not word.strip():
            raise SettingsError("", "Write a word or a name.", "")
        return f"“{word}”"
    if kind == "source":
        return edit.name_of(edit.by_key(home, what))
    if kind == "topic" and what in home.settings.topics:
        return topic_labels(home.settings.topics)[what]
    raise NotFoundError(what, "is nothing that can be muted", "")


def standing(home: Home, store: Store, kind: str, what: str) -> bool:
    """Whether a rule is in force."""
    if kind == "word":
        return what.casefold() in {w.casefold() for w in home.settings.muted}
    if kind == "topic":
        return home.settings.topics[what].share == 0
    listed = current_list(home, store).list.subscriptions
    return any(edit.key_of(s.url) == what and options(s.options).muted for s in listed)


def mute(home: Home, kind: str, what: str, *, on: bool) -> str:
    """Put a rule in force, or remove it; returns the difference that was written.

    Raises:
        NotFoundError, SettingsError, ListError: as `preview`, or the files can't be changed.
    """
    made = _change(home, kind, what, on=on)
    if kind == "source":
        edit.write(home, made)
    elif made.new != made.old:
        edit.write_settings(home, _settings(home, kind, what, on=on))
    return made.diff


def _change(home: Home, kind: str, what: str, *, on: bool) -> edit.Edit:
    _label(home, kind, what)
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
        own = options(s.options)
        if own.muted or own.muted_words:
            label = edit.name_of(s) + ("" if own.muted else f", items with: {', '.join(own.muted_words)}")
            found.append(Rule(kind="source", what=edit.key_of(s.url), label=label))
    found += [
        Rule(kind="topic", what=name, label=label)
        for name, label in topic_labels(home.settings.topics).items()
        if home.settings.topics[name].share == 0
    ]
    return found
