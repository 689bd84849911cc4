"""What earlier editions showed: when a story may return, what was shown least, what the next edition must know."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition.wording import short_day
from newsfeed.model import Candidate, FeedFacts, History, Shown

_WORD = re.compile(r"\w[\w’'-]*")
_SENTENCE_WORDS = 14


@dataclass(frozen=True)
class Return:
    """Why a story that was shown before may stand in the page again."""

    item: int  # the telling that brings what is new
    day: int  # its day: 2 on the morning after the first
    sentence: str  # what is new, extracted
    earlier: tuple[str, ...]  # at most three dated lines, oldest first

    @property
    def note(self) -> str:
        """ "day 3, new: the ruling"."""
        return f"day {self.day}, new: {self.sentence}" if self.sentence else f"day {self.day}, new"


def by_story(history: History, groups: Mapping[int, Sequence[Candidate]]) -> dict[int, tuple[Shown, ...]]:
    """Earlier showings of today's stories, oldest first. A story is known by its number or by any of its items."""
    of_story: dict[int, list[Shown]] = {}
    of_item: dict[int, list[Shown]] = {}
    for shown in history.shown:
        of_story.setdefault(shown.story, []).append(shown)
        for item in {shown.item, *shown.items}:
            of_item.setdefault(item, []).append(shown)
    found: dict[int, tuple[Shown, ...]] = {}
    for key, group in groups.items():
        past = list(of_story.get(key, ()))
        for one in group:
            past += [shown for shown in of_item.get(one.item.id, ()) if shown not in past]
        if past:
            found[key] = tuple(sorted(past, key=lambda shown: (shown.date, shown.item)))
    return found


def returning(
    past: Sequence[Shown],
    group: Sequence[Candidate],
    outlets: int,
    feeds: Mapping[int, FeedFacts],
    today: date,
) -> Return | None:
    """Whether a shown story has something new to say: its outlets at least doubled and are six or more, or two
    outlets tell it under headlines that are new in words.

    The sentence is the one of the new tellings with most words that none of the earlier ones had.
    """
    known = {item for shown in past for item in (shown.item, *shown.items)}
    fresh = [one for one in group if one.item.id not in known]
    if not fresh:
        return None
    last = past[-1]
    old_words = _content(" ".join(shown.sentence for shown in past))
    for one in group:
        if one.item.id in known:
            old_words |= _content(f"{one.item.item.title} {one.item.item.lead}")
    novel = [one for one in fresh if _novelty(one.item.item.title, old_words) >= c.NOVEL_WORDS]
    spread = outlets >= c.UPDATE_OUTLETS and outlets >= 2 * last.outlets
    if not spread and len({one.item.feed for one in novel}) < 2:
        return None
    plain = [one for one in novel or fresh if not _social(one, feeds)] or novel or fresh
    best = min(plain, key=lambda one: (-_new_words(one.item.item.title, old_words), one.item.id))
    first = min(shown.date for shown in past)
    days: dict[date, str] = {}
    for shown in past:
        if shown.sentence:
            days.setdefault(shown.date, shown.sentence)
    earlier = [f"{short_day(day)}: {days[day]}" for day in sorted(days)]
    return Return(
        item=best.item.id,
        day=(today - first).days + 1,
        sentence=_new_sentence(best, old_words),
        earlier=tuple(earlier[-c.EARLIER :]),
    )


def _social(one: Candidate, feeds: Mapping[int, FeedFacts]) -> bool:
    feed = feeds.get(one.item.feed)
    return one.item.item.kind == "post" or (feed is not None and feed.social)


def _new_sentence(one: Candidate, old_words: set[str]) -> str:
    """The sentence of the lead with most new words; "" when the headline alone says what is new."""
    best, most = "", 0
    for sentence in text.sentences(one.item.item.lead, one.item.item.lang)[:6]:
        new = _new_words(sentence, old_words | _content(one.item.item.title))
        if new > most:
            best, most = sentence, new
    if most < c.NOVEL_LEAST:
        return ""
    return text.opening(best, _SENTENCE_WORDS, one.item.item.lang).rstrip(".")


def _content(words: str) -> set[str]:
    """Words that carry a story: long ones, and anything with a figure in it."""
    found = (match.group().casefold() for match in _WORD.finditer(words))
    return {word for word in found if len(word) >= 4 or any(map(str.isdigit, word))}


def _new_words(words: str, old: set[str]) -> int:
    return len(_content(words) - old)


def _novelty(words: str, old: set[str]) -> float:
    own = _content(words)
    new = own - old
    return len(new) / len(own) if len(new) >= c.NOVEL_LEAST else 0.0


def days_since_topic(history: History, topic: str, today: date) -> int | None:
    """Days since a topic had a pick or a line; None when history can't tell (it begins later than that).

    One day where every page since then had it: after an absence all topics would else seem to have been silent.
    """
    shown = [date.fromisoformat(day) for day, topics in history.picks.items() if topics.get(topic, 0) > 0]
    known = [day for day in history.days if day < today]
    earlier = [day for day in shown if day < today]
    if earlier:
        last = max(earlier)
        return (today - last).days if any(day > last for day in known) else 1
    if not known:
        return None
    return (today - min(known)).days


def least_shown(
    history: History, shares: Mapping[str, float], today: date, among: Collection[str] | None = None
) -> str:
    """The topic that got least of what was asked for it in 14 days, if that is less than half; "" without a week
    of history to judge by. `among` are the topics that have something today: one without sources must not stand
    in the way of the others."""
    since = today - timedelta(days=c.OFF_PATH_DAYS)
    days = [day for day in history.days if since <= day < today]
    if len(days) < c.ACCOUNT_DAYS:
        return ""
    got = dict.fromkeys(shares, 0.0)
    for day in days:
        for topic, minutes in history.minutes.get(day.isoformat(), {}).items():
            if topic in got:
                got[topic] += minutes
    total = sum(got.values())
    if total <= 0:
        return ""
    ratio = {
        t: got[t] / total / share
        for t, share in shares.items()
        if share > 0 and (among is None or t in among)
    }
    if not ratio:
        return ""
    lowest = min(ratio, key=lambda t: (ratio[t], t))
    return lowest if ratio[lowest] < 0.5 else ""


def last_long_read(shown: Iterable[Shown], today: date) -> int:
    """The feed of the long read of the last edition that had one, within two days; 0 for none."""
    recent = [s for s in shown if s.section == "long" and 0 < (today - s.date).days <= 2]
    return max(recent, key=lambda s: s.date).feed if recent else 0
