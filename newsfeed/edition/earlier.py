"""Earlier editions: when a story may return, which topic was shown least, and what the next edition must know."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.model import Candidate, Edition, FeedFacts, History, Pick, Pool, Shown
from newsfeed.text.spoken import say, short_day


def remember(edition: Edition, pool: Pool) -> tuple[Shown, ...]:
    """What the next editions must know: every story that is a pick, a line or the long read."""
    members = _members(pool)
    picks = list(picks_of(edition))
    if edition.since is not None:
        picks += edition.since.picks
    if edition.long_read is not None:
        picks.append(edition.long_read)
    shown = [
        Shown(
            story=pick.story,
            date=edition.date,
            item=pick.item,
            feed=pick.feed,
            section=pick.section,
            outlets=pick.account.outlets,
            minutes=pick.minutes if pick.section != c.LONG else 0.0,
            topic=pick.topic,
            topics=pick.account.topics or {score.topic: score.p for score in pick.topics},
            items=members.get(pick.item, (pick.item,)),
            sentence=pick.title,
            lead=" ".join(part for part in (pick.lead, pick.news) if part),
        )
        for pick in picks
    ]
    shown += [
        Shown(
            story=line.story,
            date=edition.date,
            item=line.item,
            feed=line.feed,
            section="line",
            outlets=line.outlets,
            minutes=line.minutes,
            topic=line.topic,
            topics=line.account.topics,
            items=members.get(line.item, (line.item,)),
            sentence=line.title,
        )
        for line in edition.lines
    ]
    return tuple(shown)


def picks_of(edition: Edition) -> tuple[Pick, ...]:
    """The picks of all sections, without what a refresh added and without the long read."""
    return tuple(pick for section in edition.sections for pick in section.picks)


def _members(pool: Pool) -> dict[int, tuple[int, ...]]:
    """By item: all items of its story, including those that are no longer candidates."""
    of_story: dict[int, set[int]] = {story.id: set(story.items) for story in pool.stories}
    for one in pool.candidates:
        of_story.setdefault(one.story or -one.item.id, set()).add(one.item.id)
    ordered = {story: tuple(sorted(items)) for story, items in of_story.items()}
    return {one.item.id: ordered[one.story or -one.item.id] for one in pool.candidates}


NEW = ", new: "  # in a note, before what is new
_WORD = re.compile(r"\w[\w’'-]*")


# Words of four or more letters that don't identify an event; shorter ones are never considered.
_COMMON = frozenset(
    _WORD.findall(
        """
        about after again also been before being both could does during each even ever from have here into just last like
        made make many more most much must only other over said says should since some such than that their them then
        there these they this those through told until upon very were what when where which while will with would your
        aber auch beim dass dem dann durch eine einem einen einer eines gegen haben hatte ihre kann mehr nach nicht noch
        oder ohne sein seine sich sind über unter werden wird wurde wurden zwischen
        aussi avec cette comme dans depuis elle entre être leur leurs mais nous pour plus sans selon sont sous
        como cuando desde donde ellos entre esta este hasta muchas para pero porque según sido sobre también tiene
        """
    )
)


@dataclass(frozen=True)
class Return:
    """Why a story that was shown before may be shown again."""

    item: int  # the item with what is new
    day: int  # which day of the story this is: 2 on the morning after the first
    sentence: str  # the sentence with what is new, or how far it has spread
    earlier: tuple[str, ...]  # at most three dated lines, oldest first
    told: str = ""  # everything that earlier pages said about it

    @property
    def note(self) -> str:
        """ "day 3, new: The judges found that the charge singles out one industry"."""
        day = say("day {n}", n=self.day)
        return f"{day}{say(NEW)}{self.sentence}" if self.sentence else f"{day}{say(NEW).rstrip(': ')}"

    def left(self, lead: str, lang: str) -> str:
        """A lead without the sentence that the note tells, without what an earlier page told in the same words, and
        without what leans on either; whole where nothing would be left and the note says nothing."""
        kept, leans = lead, False
        for one in text.sentences(lead, lang):
            leans = (
                one.rstrip(".") == self.sentence or one in self.told or (leans and not text.stands_alone(one))
            )
            if leans:
                kept = kept.replace(one, "", 1)
        kept = " ".join(kept.split())
        return kept if kept or self.sentence else lead


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
    """Whether a shown story has something new to say: its outlets at least doubled and are six or more, or it
    developed: two outlets tell it under headlines that are new in words, and share new words. Two outlets that only
    reword the old news share no new words.

    The item, and the sentence of it, with most of the shared new words says what is new. Without such a
    sentence it is the headline, or the number of outlets.
    """
    known = {item for shown in past for item in (shown.item, *shown.items)}
    fresh = [one for one in group if one.item.id not in known]
    if not fresh:
        return None
    last = past[-1]
    told = "\n".join(f"{shown.sentence}\n{shown.lead}" for shown in past)
    old = set(_content(told))
    for one in group:
        if one.item.id in known:
            old |= _content(one.item.item.title) | _content(one.item.item.lead)
    spread = outlets >= c.UPDATE_OUTLETS and outlets >= 2 * last.outlets
    plain = [one for one in fresh if not _social(one, feeds)]
    novel = [one for one in fresh if _novelty(one.item.item.title, old) >= c.NOVEL_WORDS]
    shared = _shared(fresh, old)
    developed = len({one.item.feed for one in novel}) >= 2 and len(shared) >= c.NOVEL_LEAST
    if not spread and not developed:
        return None
    tellers = [one for one in plain if not developed or one in novel] or plain or fresh
    sentences = {one.item.id: _new_sentence(one, told, old, shared) for one in tellers}
    best = min(tellers, key=lambda one: _order(one, sentences[one.item.id], old, shared))
    sentence = sentences[best.item.id]
    if not sentence and not developed:
        sentence = say("{n} outlets tell it now, {before} before", n=outlets, before=last.outlets)
    first = min(shown.date for shown in past)
    days: dict[date, str] = {}
    for shown in past:
        if shown.sentence:
            days.setdefault(shown.date, shown.sentence)
    earlier = [f"{short_day(day)}: {days[day]}" for day in sorted(days)]
    return Return(
        item=best.item.id,
        day=(today - first).days + 1,
        sentence=sentence,
        earlier=tuple(earlier[-c.EARLIER :]),
        told=told,
    )


def says_new(past: Sequence[Shown], group: Sequence[Candidate]) -> bool:
    """Whether a story that no page had, in an affair that one had, has a headline with different words."""
    old = _content("\n".join(f"{shown.sentence}\n{shown.lead}" for shown in past))
    return any(_novelty(one.item.item.title, old) >= c.NOVEL_WORDS for one in group)


def _social(one: Candidate, feeds: Mapping[int, FeedFacts]) -> bool:
    feed = feeds.get(one.item.feed)
    return one.item.item.kind == "post" or (feed is not None and feed.social)


def _order(
    one: Candidate, sentence: str, old: Set[str], shared: Mapping[str, int]
) -> tuple[bool, int, int, int]:
    """Sort key that puts the item first that best says what is new: it has a lead, most words that others use too,
    and most new words in its headline and its new sentence."""
    item = one.item.item
    new = (_content(item.title) | _content(sentence)) - old
    led = text.count_words(item.lead) >= c.LEAD_LEAST or one.lead_to_come
    return (not led, -sum(shared.get(word, 0) for word in new), -len(new), one.item.id)


def _shared(fresh: Sequence[Candidate], old: Set[str]) -> dict[str, int]:
    """The new words of two or more feeds, with the number of feeds."""
    of_feed: dict[int, set[str]] = {}
    for one in fresh:
        item = one.item.item
        of_feed.setdefault(one.item.feed, set()).update((_content(item.title) | _content(item.lead)) - old)
    counted = Counter(word for words in of_feed.values() for word in words)
    return {word: number for word, number in counted.items() if number >= 2}


def _new_sentence(one: Candidate, told: str, old: Set[str], shared: Mapping[str, int]) -> str:
    """The whole sentence of the lead that says most of what is new beside the headline, understood by itself; ""
    where none does."""
    item = one.item.item
    title = _content(item.title)
    best, most = "", (0, 0)
    for sentence in text.sentences(item.lead, item.lang)[: c.NEW_SENTENCES]:
        new = _content(sentence) - old - title
        value = (sum(shared.get(word, 0) for word in new), len(new))
        if (
            value > most
            and len(new) >= c.NOVEL_LEAST
            and sentence not in told
            and text.count_words(sentence) <= c.LEAD_WORDS
            and text.stands_alone(sentence)
        ):
            best, most = sentence, value
    return best.rstrip(".")


@lru_cache(maxsize=4_000)
def _content(words: str) -> frozenset[str]:
    """The words that identify a story, as stems: long ones, and everything with a digit. Cached, because what a page
    said of a large affair is compared with each of its stories."""
    return frozenset(map(_stem, _WORD.findall(words))) - {""}


@lru_cache(maxsize=20_000)
def _stem(written: str) -> str:
    """The stem of a word that identifies a story; "" for any other."""
    word = written.casefold()
    if (len(word) < 4 or word in _COMMON) and not any(map(str.isdigit, word)):
        return ""
    plain = word.removesuffix("’s").removesuffix("'s")
    return (plain.removesuffix("s") if len(plain) > 4 else plain)[: c.STEM]


def _novelty(words: str, old: Set[str]) -> float:
    own = _content(words)
    new = own - old
    return len(new) / len(own) if len(new) >= c.NOVEL_LEAST else 0.0


def days_since_topic(history: History, topic: str, today: date) -> int | None:
    """Days since a topic had a pick or a line; None if that is before the history begins.

    One day if every page since then had it: otherwise all topics would seem to have been silent after an absence of
    the reader.
    """
    shown = [day for day, one in history.days.items() if topic in one.topics and one.topics[topic].told]
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
        for topic, of_day in history.days[day].topics.items():
            if topic in got:
                got[topic] += of_day.minutes
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
    """The feed of the last long read, if that was within two days; 0 for none."""
    recent = [s for s in shown if s.section == "long" and 0 < (today - s.date).days <= 2]
    return max(recent, key=lambda s: s.date).feed if recent else 0
