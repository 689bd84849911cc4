"""One morning prepared for the choice: its stories as rows, the rules they are chosen by, the facts of reasons."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from newsfeed import text
from newsfeed.breadth.asked import Asked, asked
from newsfeed.edition import constants as c
from newsfeed.edition import earlier, words
from newsfeed.edition.choose import Choice
from newsfeed.edition.contenders import Contender
from newsfeed.edition.filtering import Filtered, filtered
from newsfeed.edition.objective import Chosen, Morning, Rules, weights
from newsfeed.edition.printed import Printer, line_words, pick_minutes
from newsfeed.model import (
    NO_NEWS,
    Account,
    Candidate,
    Day,
    Gain,
    LedgerEntry,
    Options,
    Pick,
    Pool,
    RunnerUp,
    Settings,
)
from newsfeed.text import spoken
from newsfeed.text.spoken import say

OFF_PATH_NOTE = "off your path"


class Verdict(NamedTuple):
    """Where an item went: the cause, its arithmetic in words, and whether only the limit on stories kept it out."""

    cause: str
    detail: str = ""
    full: bool = False


class Weighed:
    """The part of a morning that doesn't depend on minutes and shares: passed to the next build of the same pool, it leaves
    only the choice to do. `before` is that of an earlier state of the pool: what hasn't changed since is reused."""

    def __init__(
        self, pool: Pool, settings: Settings, *, date: Day, now: datetime, before: Weighed | None = None
    ) -> None:
        self.pool, self.date, self.now = pool, date, now
        self._key = _weighed_by(settings, date, now)
        if before is not None and before._key != self._key:
            before = None
        self.filtered: Filtered = filtered(
            pool, settings, asked(settings), date=date, now=now, before=before.filtered if before else None
        )
        self.drafts: dict[int, Pick] = {}
        self.pick_costs: dict[int, float] = {}
        self.line_costs: dict[int, float] = {}
        self.mornings: dict[
            tuple[str, bool], Morning
        ] = {}  # by what is off the path, and whether there is little
        self.verdicts: dict[int, Verdict] = {}  # those that no choice changes, see `outcomes`
        self.topics_of: dict[int, frozenset[str | None]] = {}
        self.entries: dict[int, LedgerEntry] = {}  # the last that was made of each item
        if before is not None and _told(pool) == _told(before.pool):
            self._take_over(before)

    def _take_over(self, before: Weighed) -> None:
        known = {one.id: one for one in before.filtered.contenders}
        same = {
            one.id
            for one in self.filtered.contenders
            if (was := known.get(one.id)) is not None and _reads_alike(one, was)
        }
        self.drafts = {number: kept for number, kept in before.drafts.items() if number in same}
        self.pick_costs = {number: kept for number, kept in before.pick_costs.items() if number in same}
        self.line_costs = {number: kept for number, kept in before.line_costs.items() if number in same}

    @cached_property
    def in_order(self) -> tuple[tuple[Candidate, bool], ...]:
        """The items by number, each with whether it came before the last edition."""
        begun = self.pool.since
        return tuple(
            (one, begun is not None and one.item.first_seen <= begun)
            for one in sorted(self.pool.candidates, key=lambda one: one.item.id)
        )

    def fits(self, pool: Pool, settings: Settings, *, date: Day, now: datetime) -> bool:
        """Whether weighing with these arguments would give the same."""
        return pool is self.pool and self._key == _weighed_by(settings, date, now)


def _reads_alike(one: Contender, was: Contender) -> bool:
    """Whether two states of a story print the same: a thumb moves the scores of its whole topic, but no word."""
    return one is was or one == replace(
        was, score=one.score, liking=one.liking, grade=one.grade, record=one.record
    )


def _told(pool: Pool) -> object:
    """What earlier editions told, as far as reasons mention it. The reader's thumbs on it change no reason."""
    return pool.history.shown, {
        day: [(name, of.told, of.debt) for name, of in one.topics.items() if of.told or of.debt]
        for day, one in pool.history.days.items()
    }


def _weighed_by(settings: Settings, date: Day, now: datetime) -> object:
    same = replace(asked(settings), shares={})
    return same, settings.muted, settings.languages, settings.timezone, spoken.language(), date, now


class Prepared:
    """One morning, weighed and measured. Holds no choice of its own."""

    def __init__(
        self, pool: Pool, settings: Settings, *, date: Day, now: datetime, weighed: Weighed | None = None
    ) -> None:
        self.pool, self.settings, self.date, self.now = pool, settings, date, now
        self.zone = ZoneInfo(settings.timezone)
        self.ask: Asked = asked(settings)
        if weighed is None or not weighed.fits(pool, settings, date=date, now=now):
            weighed = Weighed(pool, settings, date=date, now=now)
        self.weighed = weighed
        self.filtered = weighed.filtered
        self.feeds = self.filtered.feeds
        self.printer = Printer(self.feeds, now, self.zone)
        self.articles = tuple(t for t in self.filtered.contenders if not t.post)
        self.posts = tuple(t for t in self.filtered.contenders if t.post)
        self.candidates = {one.item.id: one for one in pool.candidates}
        self.by_id: Mapping[int, Contender] = {t.id: t for t in self.filtered.contenders}
        history = pool.history
        self.known_days = max(((date - day).days for day in history.days), default=0)
        last = history.days[max(history.days)].topics if history.days else {}
        self.debts = {name: last[name].debt if name in last else 0.0 for name in self.ask.names}
        self.weights: tuple[float, ...] = tuple(
            float(w) for w in weights([self.ask.shares[t] for t in self.ask.names], [*self.debts.values()])
        )
        self.unseen = {t: earlier.days_since_topic(history, t, date) for t in self.ask.names}
        self.least = (
            earlier.least_shown(history, self.ask.shares, date, set(self.good_topics()))
            if settings.edition.off_path
            else ""
        )
        every = {t.representative.item.feed for t in self.filtered.contenders} | set(self.feeds)
        self.sources = tuple(sorted(every))
        self.numbers = {number: place for place, number in enumerate(self.sources)}
        waiting = sum(
            has_place(t) and not t.bare and not t.heard and t.score.value >= c.LINE for t in self.articles
        )
        self.scarce = waiting < self.most_items  # too few stories fit the topics to fill the page

    # ------------------------------------------------------------------ rows

    def draft(self, contender: Contender) -> Pick:
        """The contender as a pick with its lead at the usual length."""
        drafts = self.weighed.drafts
        if contender.id not in drafts:
            drafts[contender.id] = self.printer.pick(contender)
        return drafts[contender.id]

    def facts(self, contender: Contender, topic: str) -> words.Facts:
        """The facts that a reason for this contender may mention."""
        return words.Facts(
            label=self.ask.label(topic) if topic else "",
            unseen=self.unseen.get(topic),
            quiet=words.quiet_days(
                contender, self.feeds.get(contender.representative.item.feed), self.known_days
            ),
            debt=self.debts.get(topic, 0.0),
        )

    def pick_cost(self, contender: Contender) -> float:
        """Minutes of a contender as a pick, with the longest reason and note that might be printed."""
        costs = self.weighed.pick_costs
        if contender.id not in costs:
            said = max(
                text.reading_minutes(self._short_reason(contender, topic, first=first))
                for topic in contender.topics.stands or ("",)
                for first in (True, False)
            )
            costs[contender.id] = pick_minutes(msgspec.structs.replace(self.draft(contender), n=1)) + said
        path = text.reading_minutes(OFF_PATH_NOTE) if self.is_off_path(contender) else 0.0
        return max(c.LEAST_MINUTES, costs[contender.id] + path)

    def _short_reason(self, contender: Contender, topic: str, *, first: bool) -> str:
        """The longest short reason that may end the quiet line."""
        said = words.news(contender, self.facts(contender, topic), first_of_topic=first)
        return said.short if said else say("best {label} story", label=self.ask.label(topic))

    def line_cost(self, contender: Contender) -> float:
        """Minutes of a contender as a line."""
        costs = self.weighed.line_costs
        if contender.id not in costs:
            costs[contender.id] = text.reading_minutes(line_words(self.printer.line(contender)))
        return costs[contender.id]

    def is_off_path(self, contender: Contender) -> bool:
        """Whether a contender could be today's step off the path."""
        return bool(self.least) and self.least in contender.topics.stands

    def pickable(self, contender: Contender) -> bool:
        """Whether a contender may be a pick and not only a line.

        A must-read may. A bare headline among stories with leads may not. Any other may if it deserves a place (see
        `has_place`), or if there are too few of those to fill the page.
        """
        return contender.options.must_read or (not contender.bare and (self.scarce or has_place(contender)))

    @cached_property
    def morning(self) -> Morning:
        """The articles as rows, best first."""
        key, known = (self.least, self.scarce), self.weighed.mornings
        if key not in known:
            known[key] = self._morning().sorted()
        return known[key]

    @cached_property
    def row_of(self) -> Mapping[int, int]:
        """The row of each item in them."""
        return {int(number): row for row, number in enumerate(self.morning.ids)}

    def _morning(self) -> Morning:
        rows, names = self.articles, self.ask.names
        pick_minutes_, line_minutes = np.ones(len(rows)), np.ones(len(rows))
        for place, contender in enumerate(rows):
            value = contender.score.value
            if self.pickable(contender) and (value >= c.LINE or contender.options.must_read):
                pick_minutes_[place] = self.pick_cost(contender)
            if contender.outlets >= c.BIG or value >= c.LINE:
                line_minutes[place] = self.line_cost(contender)
        moments = [t.representative.item.item.published or t.representative.item.first_seen for t in rows]
        return Morning(
            ids=np.array([t.id for t in rows], dtype=np.int64),
            stories=np.array([t.story for t in rows], dtype=np.int64),
            affairs=np.array([t.affair for t in rows], dtype=np.int64),
            sources=np.array([self.numbers[t.representative.item.feed] for t in rows], dtype=np.int64),
            published=np.array([moment.timestamp() for moment in moments], dtype=np.float64),
            minutes=pick_minutes_,
            line_minutes=line_minutes,
            score=np.array([t.score.value for t in rows], dtype=np.float64),
            parts=np.array(
                [[t.topics.parts.get(n, 0.0) for n in names] for t in rows], dtype=np.float64
            ).reshape(len(rows), len(names)),
            stands=np.array([[n in t.topics.stands for n in names] for t in rows], dtype=np.bool_).reshape(
                len(rows), len(names)
            ),
            main=np.array([names.index(t.topic) if t.topic else -1 for t in rows], dtype=np.int64),
            outlets=np.array([t.outlets for t in rows], dtype=np.int64),
            pickable=np.array([self.pickable(t) for t in rows], dtype=np.bool_),
            off_path=np.array([self.is_off_path(t) for t in rows], dtype=np.bool_),
            heard=np.array([t.heard for t in rows], dtype=np.bool_),
            events=np.array([t.kind == c.EVENT for t in rows], dtype=np.bool_),
        )

    def join(self, one: int, other: int) -> None:
        """Treat the stories of two items as one from now on."""
        stories = self.morning.stories.copy()
        stories[stories == stories[self.row_of[other]]] = stories[self.row_of[one]]
        self.morning = replace(self.morning, stories=stories)

    @property
    def most_items(self) -> int:
        """The most stories: the reader's number, else derived from the minutes."""
        knobs = self.settings.edition
        return knobs.max_items or max(1, math.ceil(knobs.minutes * c.PICKS_A_MINUTE))

    # ------------------------------------------------------------------ rules

    def rules(self, budget: float, most: int) -> Rules:
        """The reader's settings as rules for so many minutes and picks."""
        knobs, names = self.settings.edition, self.ask.names
        own = [self._options(number) for number in self.sources]
        order = sorted(
            range(len(names)), key=lambda t: (-self.debts[names[t]], -self.ask.shares[names[t]], names[t])
        )
        lines = knobs.lines
        if 0 < lines < c.SHORT_LINES and knobs.minutes < c.SHORT_EDITION:
            lines = c.SHORT_LINES
        return Rules(
            budget=max(0.0, budget),
            most=max(0, most),
            most_heard=max(1, round(knobs.minutes / c.LISTEN_EVERY)),
            weights=np.array(self.weights, dtype=np.float64),
            voices=np.array(
                [words.days_before(self.feeds.get(n), self.date) for n in self.sources],
                dtype=np.float64,
            ),
            kappa=c.KAPPA.get(knobs.breadth, c.KAPPA["balanced"]),
            beta=c.BETA,
            good=c.GOOD,
            line=c.LINE,
            must=c.MUST,
            gamma=c.GAMMA.get(knobs.voices, c.GAMMA["balanced"]),
            floor=c.FLOOR.get(knobs.breadth, c.FLOOR["balanced"]),
            lines=lines,
            floor_order=tuple(order),
            must_read=tuple(self.numbers[n] for n in self.sources if self._options(n).must_read),
            caps=np.array([o.cap for o in own], dtype=np.float64),
            most_of=np.array([o.most for o in own], dtype=np.int64),
        )

    def _options(self, number: int) -> Options:
        feed = self.feeds.get(number)
        return feed.options if feed else Options()

    @cached_property
    def good_of(self) -> Counter[str]:
        """How many stories good enough for a place each topic has today."""
        return Counter(n for t in self.articles if t.score.value >= c.GOOD for n in t.topics.stands)

    def good_topics(self) -> tuple[str, ...]:
        """Topics that have a story good enough for a place today."""
        return tuple(n for n in self.ask.names if self.good_of[n])

    def topics_of(self, item: int) -> frozenset[str | None]:
        """The topics that an item of the pool has by its own tags, as the reader named them."""
        known = self.weighed.topics_of
        if item not in known:
            scores = self.candidates[item].tagging.scores
            known[item] = frozenset(self.ask.under.get(one.topic) for one in scores if one.p >= c.STANDS)
        return known[item]

    def topic_of(self, chosen: Chosen, contender: Contender) -> str:
        """The topic that a pick stands for on the page."""
        if chosen.by == "floor" and chosen.topic >= 0:
            return self.ask.names[chosen.topic]
        return contender.topic


def has_place(contender: Contender) -> bool:
    """Whether a contender deserves a place by its topic, its outlets or its grade, and is news or good."""
    fits = bool(contender.topic) or contender.outlets >= c.TOLD_BY or contender.grade >= c.STRONG
    return fits and not is_weak(contender)


def is_weak(contender: Contender) -> bool:
    """Whether a contender tells no news and isn't good."""
    return contender.kind in NO_NEWS and contender.score.value < c.NO_NEWS_GOOD


def account_of(
    prepared: Prepared, choice: Choice, chosen: Chosen, contender: Contender, topic: str
) -> Account:
    """Every number behind a choice; `arithmetic.why` makes a table of it."""
    rows, second = choice.morning, None
    if chosen.runner_up >= 0:
        other = prepared.by_id[int(rows.ids[chosen.runner_up])].representative.item
        second = RunnerUp(
            ref=other.ref,
            title=prepared.printer.title(other, ""),
            gain=chosen.runner_gain,
            minutes=float(rows.minutes[chosen.runner_up]),
        )
    own = [
        (place, name)
        for place, name in enumerate(prepared.ask.names)
        if contender.topics.parts.get(name, 0.0) > 0 and chosen.before
    ]
    gain = Gain(
        total=chosen.gain,
        topic=chosen.topic_gain,
        score=chosen.score_gain,
        voice=chosen.voice_gain,
        minutes=float(rows.minutes[chosen.row]),
        rivals=chosen.rivals,
        kappa=c.KAPPA.get(prepared.settings.edition.breadth, c.KAPPA["balanced"]),
        weights={name: prepared.weights[place] for place, name in own},
        told={name: chosen.before[place] for place, name in own},
        runner_up=second,
    )
    return msgspec.structs.replace(
        with_topic(prepared, words.account(contender, chosen.by), topic), gain=gain
    )


def with_topic(prepared: Prepared, account: Account, topic: str) -> Account:
    """An account with what the reader asked of the topic that a story stands for, and what it is owed."""
    if topic not in prepared.ask.shares:
        return account
    return msgspec.structs.replace(
        account, topic=topic, share=prepared.ask.shares[topic], debt=prepared.debts.get(topic, 0.0)
    )
