"""Contenders: the stories that compete for the page, each with its representative item, scored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from newsfeed import text
from newsfeed.breadth.asked import PLAIN, Asked, outlet
from newsfeed.edition import constants as c
from newsfeed.edition.earlier import Return
from newsfeed.edition.score import (
    StoryTopics,
    age_hours,
    fold,
    half_life,
    interest,
    is_of_dropped,
    overall_mix,
    percentile,
    records,
    score,
    source_mix,
    story_topics,
)
from newsfeed.model import Candidate, FeedFacts, Options, Pool, Score, Story

HEARD = frozenset({"episode", "video"})


@dataclass(frozen=True)
class Liking:
    """The reader's interest in a source within one topic, and the counts behind it."""

    value: float  # 0..1
    thumb: int  # the thumb on the item itself, which decides alone
    up: int  # liked or opened, of `shown` of this source in this topic
    down: int
    shown: int
    told: bool  # whether the reader gave any sign in this topic


@dataclass(frozen=True)
class Contender:
    """A story with its representative item, scored and ready to be chosen."""

    representative: Candidate
    story: int
    tellers: tuple[Candidate, ...]  # all that may be shown, the representative included, in id order
    outlets: int  # independent ones in the last 48 hours
    shared_by: int  # social feeds and boosters that passed it on
    score: Score
    liking: Liking
    topics: StoryTopics
    topic: str  # its main topic, "" for none
    options: Options
    post: bool  # told by social posts only
    back: Return | None = None  # why it returns, if it was shown before
    bare: bool = False  # only a headline on a day when most have more: it may only get a line
    affair: int = 0  # of few picks, see `affairs`
    of_day: int = 0  # stories of its affair, where that is the day
    grade: float = c.UNJUDGED  # the news value, 0..3, with what its source's record adds
    record: float = 0.0  # the part of it that comes from the source's record
    flaws: tuple[str, ...] = ()  # flaws in how it is told, which lower its score

    @property
    def id(self) -> int:
        return self.representative.item.id

    @property
    def kind(self) -> str:
        """The kind of text of its representative."""
        news = self.representative.tagging.news
        return news.kind if news else "other"

    @property
    def heard(self) -> bool:
        """Whether it is to be heard or watched, not read."""
        return self.representative.item.item.kind in HEARD


class Scorer:
    """Scores stories; holds what the scores of all stories depend on."""

    def __init__(
        self,
        pool: Pool,
        ask: Asked,
        feeds: Mapping[int, FeedFacts],
        chosen: Mapping[int, Options],
        now: datetime,
        before: Scorer | None = None,
    ) -> None:
        self.ask, self.feeds, self.chosen, self.now = ask, feeds, chosen, now
        heard = [feed for feed in pool.feeds if feed.speaks]
        overall = overall_mix(heard, ask.names, ask.under)
        self.mixes = {n: source_mix(feed, ask.names, ask.under, overall) for n, feed in feeds.items()}
        self.unknown_mix = source_mix(None, ask.names, ask.under, overall)
        self.records = records(heard)
        # What an earlier scorer has looked at needn’t be looked at again.
        seen: Mapping[int, Candidate] = before.seen if before else {}
        self.seen: dict[int, Candidate] = {one.item.id: one for one in pool.candidates}
        self.told_well: dict[int, bool] = {
            number: before.told_well[number] if before and seen.get(number) is one else _told_well(one)
            for number, one in self.seen.items()
        }
        self.subjects = {number: _subject(one, feeds.get(one.item.feed)) for number, one in self.seen.items()}
        articles = [one.item.id for one in pool.candidates if one.item.item.kind != "post"]
        self.led = sum(self.told_well[n] for n in articles) / max(1, len(articles))
        self.leadless = c.LEADLESS[0] + (c.LEADLESS[1] - c.LEADLESS[0]) * self.led
        self.likes: dict[str, tuple[int, int]] = {}
        self.dislikes: dict[str, int] = {}
        for number in sorted(feeds):
            for topic, (liked, offered) in feeds[number].likes.items():
                one, two = self.likes.get(topic, (0, 0))
                self.likes[topic] = (one + liked, two + offered)
            for topic, disliked in feeds[number].dislikes.items():
                self.dislikes[topic] = self.dislikes.get(topic, 0) + disliked

    def as_before(self, other: Scorer) -> Callable[[Contender], bool]:
        """Whether an earlier scorer's result for some items still holds: a thumb on one story moves little beyond its
        source and its topic."""
        feeds = {
            number
            for number, feed in self.feeds.items()
            if feed == other.feeds.get(number)
            and self.mixes[number] == other.mixes[number]
            and self.records.get(number) == other.records.get(number)
        }
        same = (self.ask, self.now, self.led) == (other.ask, other.now, other.led)

        def holds(one: Contender) -> bool:
            return (
                same
                and self.likes.get(one.topic) == other.likes.get(one.topic)
                and self.dislikes.get(one.topic) == other.dislikes.get(one.topic)
                and all(teller.item.feed in feeds for teller in one.tellers)
            )

        return holds

    def topics(self, group: Sequence[Candidate]) -> StoryTopics:
        if self.ask.names == (PLAIN,):
            return StoryTopics({PLAIN: 1.0}, (PLAIN,))
        told = [
            (
                fold(
                    {score.topic: score.p for score in one.tagging.scores},
                    self.ask.under,
                    self.ask.dropped,
                ),
                self.mixes.get(one.item.feed, self.unknown_mix),
            )
            for one in group
        ]
        return story_topics(told, self.ask.names)

    def _surely(self, topics: StoryTopics, group: Sequence[Candidate]) -> StoryTopics:
        """Whether the tagger is sure enough: for a text of few words, one suggestive word is not enough for a topic."""
        scores = [score for one in group for score in one.tagging.scores]
        sure = {self.ask.under.get(score.topic) for score in scores if score.p >= c.SURE}
        return StoryTopics(
            topics.parts, tuple(topic for topic in topics.stands if topic in sure or topic == PLAIN)
        )

    def muted(self, group: Sequence[Candidate]) -> bool:
        """Whether the story is about a topic that the reader dropped, or only about topics without a share."""
        scores = [s for one in group for s in one.tagging.scores]
        strong = {s.topic for s in scores if s.p >= c.STANDS}
        if strong and all(self.ask.under.get(topic) == "" for topic in strong):
            return True
        unwanted = max((s.p for s in scores if s.topic in self.ask.dropped), default=0.0)
        wanted = max((s.p for s in scores if self.ask.under.get(s.topic)), default=0.0)
        return is_of_dropped(unwanted, wanted)

    def tellers(self, group: Sequence[Candidate]) -> tuple[int, int]:
        """Independent outlets within 48 hours of its newest item, and how many social feeds passed it on."""
        if len(group) == 1 and not self._is_social(group[0]):
            return 1, 0  # as of nearly all
        moments = {one.item.id: one.item.item.published or one.item.first_seen for one in group}
        newest = max(moments.values())
        outlets: set[str] = set()
        sharers: set[str] = set()
        for one in group:
            if newest - moments[one.item.id] > timedelta(hours=c.OUTLET_HOURS):
                continue
            feed = self.feeds.get(one.item.feed)
            if feed is not None and self._is_social(one):
                sharers.add(f"feed {feed.feed}")
                sharers.update(one.item.item.via)
            else:
                outlets.add(outlet(feed, one.item.feed))
        return max(1, len(outlets)), len(sharers)

    def _is_social(self, one: Candidate) -> bool:
        feed = self.feeds.get(one.item.feed)
        return one.item.item.kind == "post" or (feed is not None and feed.social)

    def contender(
        self,
        key: int,
        group: Sequence[Candidate],
        story: Story | None,
        outlets: int,
        shared: int,
        back: Return | None,
        affair: int,
    ) -> Contender:
        topics = self.topics(group)
        if outlets == 1 and not any(self.told_well[one.item.id] for one in group):
            topics = self._surely(topics, group)
        topic = topics.stands[0] if topics.stands else ""
        # Two items are always equally central: the one with more weight is the representative.
        central = story.representative if story is not None and len(group) > 2 else 0
        values = {one.item.id: self.score(one, group, outlets, topic, [one]) for one in group}
        best = min(group, key=lambda one: self._order(one, central, values[one.item.id], back))
        own = self.chosen.get(best.item.feed, Options())
        return Contender(
            representative=best,
            story=key,
            tellers=tuple(sorted(group, key=lambda one: one.item.id)),
            outlets=outlets,
            shared_by=shared,
            # A story is as fresh as its newest item: it isn't old just because its representative was early.
            score=self.score(best, group, outlets, topic, group) if outlets > 1 else values[best.item.id],
            liking=self.liking(self.feeds.get(best.item.feed), topic, best.liked),
            topics=topics,
            topic=topic,
            options=own,
            post=all(one.item.item.kind == "post" for one in group),
            back=back,
            affair=affair,
            bare=self.led >= c.LED and not own.must_read and not self.told_well[best.item.id],
            grade=self.grade(best),
            record=self.records.get(best.item.feed, 0.0),
            flaws=tuple(self._flaws(best)),
        )

    def _order(
        self, one: Candidate, central: int, value: Score, back: Return | None
    ) -> tuple[bool, bool, bool, bool, bool, bool, float, int]:
        """Sort key for the choice of a representative; the least is the best.

        In this order: from a must-read source; in a story that returns, the item with what is new; a headline that names
        a subject; the most central item; no post; no paywall; the higher score; the older item.
        """
        own = self.chosen.get(one.item.feed, Options())
        return (
            not own.must_read,
            back is not None and one.item.id != back.item,
            not self.subjects[one.item.id],
            one.item.id != central,
            self._is_social(one),
            own.paywall,
            -value.value,
            one.item.id,
        )

    def liking(self, feed: FeedFacts | None, topic: str, thumb: int) -> Liking:
        """The reader's interest in a source within a topic."""
        up, offered = feed.likes.get(topic, (0, 0)) if feed else (0, 0)
        down = feed.dislikes.get(topic, 0) if feed else 0
        of_topic, of_all = self.likes.get(topic, (0, 0)), self.dislikes.get(topic, 0)
        return Liking(
            value=interest((up, offered), of_topic, thumb, dislikes=down, topic_dislikes=of_all),
            thumb=thumb,
            up=up,
            down=down,
            shown=offered,
            told=bool(of_topic[0] or of_all),
        )

    def grade(self, one: Candidate) -> float:
        """An item's news value, moved by its source's own record."""
        news = one.tagging.news
        return min(3.0, max(0.0, news.value + self.records.get(one.item.feed, 0.0))) if news else c.UNJUDGED

    def score(
        self,
        one: Candidate,
        group: Sequence[Candidate],
        outlets: int,
        topic: str,
        told: Sequence[Candidate],
    ) -> Score:
        """The score of one item for its story, with the age of the newest of `told` and the largest weight among them."""
        feed = self.feeds.get(one.item.feed)
        own = self.chosen.get(one.item.feed, Options())
        known = [
            percentile(other.item.item.score, self.feeds[other.item.feed].engagement)
            for other in group
            if other.item.item.score is not None
            and other.item.feed in self.feeds
            and len(self.feeds[other.item.feed].engagement) >= c.ENGAGEMENT_LEAST
        ]
        news = one.tagging.news
        weight = max(self.grade(o) for o in told)
        return score(
            news=weight,
            thumbs=weight - max(self.grade(o) - _thumbs(o) for o in told),
            half_life=half_life(news.kind if news else ""),
            age_hours=min(age_hours(o.item.item.published, o.item.first_seen, self.now) for o in told),
            outlets=outlets,
            interest=self.liking(feed, topic, one.liked).value,
            engagement=max(known, default=0.5),
            weight=own.weight,
            penalty=math.prod(self._flaws(one).values(), start=1.0),
        )

    def _flaws(self, one: Candidate) -> dict[str, float]:
        """Flaws in how an item is told, each with the factor on its score."""
        flaws: dict[str, float] = {}
        if not self.told_well[one.item.id]:
            flaws["no usable lead"] = self.leadless
        if not self.subjects[one.item.id]:
            flaws["a headline that names no subject"] = c.SUBJECTLESS
        return flaws


def _thumbs(one: Candidate) -> float:
    """What the reader's thumbs added to an item's news value."""
    return one.tagging.news.thumbs if one.tagging.news else 0.0


def _told_well(one: Candidate) -> bool:
    """Whether more than a headline would be printed. Posts, and links that are discussed elsewhere, need only a headline."""
    item = one.item.item
    if item.kind == "post" or item.discussion or one.lead_to_come:
        return True
    return _is_lead(item.lead, item.lang)


@lru_cache(maxsize=20_000)  # who makes the pages of many readers meets a lead again
def _is_lead(lead: str, lang: str) -> bool:
    words = text.count_words(lead)
    if words > c.LEAD_WORDS:
        # If all first sentences of a lead are too long, none is printed.
        words = text.count_words(text.lead_within(lead, c.LEAD_WORDS, lang=lang))
    return words >= c.LEAD_LEAST


def _subject(one: Candidate, feed: FeedFacts | None) -> bool:
    """Whether the headline says what the item is about. Posts and items without a title are shown by their text."""
    item = one.item.item
    return (
        item.kind == "post"
        or not item.title.strip()
        or text.names_a_subject(item.title, feed.title if feed else "")
    )
