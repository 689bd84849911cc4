"""Building an edition: choose, lay out, count every printed word, and repeat until the page keeps its minutes; and the
block "Since 06:30" with what a later refresh found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import frame, outcomes
from newsfeed.edition.choose import Choice, choose, fitting
from newsfeed.edition.contenders import Contender
from newsfeed.edition.earlier import picks_of
from newsfeed.edition.filtering import near_duplicates
from newsfeed.edition.layout import Layout, grown, layout, long_read, people, place, printed_pick
from newsfeed.edition.preparing import Prepared, Verdict, Weighed
from newsfeed.edition.printed import edition_minutes
from newsfeed.edition.words import clock
from newsfeed.model import (
    Day,
    Edition,
    Line,
    Pick,
    Pool,
    Section,
    Settings,
    ledger,
)
from newsfeed.text.spoken import first_spoken, say, speaking


@dataclass(frozen=True)
class _Draft:
    edition: Edition
    choice: Choice
    page: Layout
    minutes: float


def build(
    pool: Pool, settings: Settings, *, date: Day, now: datetime, weighed: Weighed | None = None
) -> Edition:
    """The edition of a local date, from everything that could stand in it.

    Nothing is read but the arguments; the order of records within the pool changes nothing. `pool.history` must
    not hold this date itself, so that building anew starts from the same past.

    The budget holds for every visible word (`printed.visible_text`); the long read stands outside of it. `weighed` may
    come from an earlier build of the same pool (see `weigh`): the same is chosen, only sooner.
    """
    with speaking(first_spoken(settings.languages)):
        prepared = Prepared(pool, settings, date=date, now=now, weighed=weighed)
        return _built(prepared, settings.edition.minutes)


def weigh(
    pool: Pool, settings: Settings, *, date: Day, now: datetime, before: Weighed | None = None
) -> Weighed:
    """The stories of a pool, weighed: the part of a build that doesn't depend on minutes and shares. With what was
    weighed `before`, only what has changed since is weighed again."""
    with speaking(first_spoken(settings.languages)):
        return Weighed(pool, settings, date=date, now=now, before=before)


def _built(prepared: Prepared, budget: float) -> Edition:
    best = _fitted(prepared, budget)
    if best is None:
        best = _draft(prepared, choose(prepared.morning, prepared.rules(0.0, 0)), (), budget)
    return _finished(prepared, best)


def _fitted(prepared: Prepared, budget: float) -> _Draft | None:
    """The best page within the budget; None if even an empty one is too long."""
    posts, posts_minutes = people(prepared, budget)
    room = budget - _frame_guess(prepared) - posts_minutes - c.DEEPER * budget
    best: _Draft | None = None
    tried: set[int] = set()
    for _ in range(c.FIT_TRIES):
        room = max(0.0, room)
        if round(room * 1000) in tried:
            break
        tried.add(round(room * 1000))
        most = max(0, prepared.most_items - len(posts))
        choice = _told_once(prepared, room, most)
        draft = _draft(prepared, choice, posts, budget)
        over = draft.minutes - budget
        if over > 0:
            if room <= 0 and posts:
                posts = ()
                tried.clear()
                continue
            room -= over + 0.01
            continue
        draft = _deepened(prepared, draft, budget)
        if best is None or _richer(draft, best):
            best = draft
        spare = budget - draft.minutes
        if spare < c.SMALLEST_PICK or not _waiting(prepared, choice):
            break
        room += spare * 0.9
    return best and _filled(prepared, best, posts, budget)


def _filled(prepared: Prepared, draft: _Draft, posts: Sequence[Contender], budget: float) -> _Draft:
    """The draft with more lines, if minutes are left and good stories wait. Choosing again with more minutes would show
    these too, but that choice isn't taken if it has fewer topics."""
    for _ in range(c.FIT_TRIES):
        spare = budget - draft.minutes
        more = _lines_for(prepared, draft.choice, spare) if spare >= c.SMALLEST_PICK else ()
        if not more:
            break
        choice = replace(draft.choice, spare=(*draft.choice.spare, *more))
        fuller = _draft(prepared, choice, posts, budget)
        if fuller.minutes > budget:
            break
        draft = _deepened(prepared, fuller, budget)
    return draft


def _lines_for(prepared: Prepared, choice: Choice, minutes: float) -> tuple[int, ...]:
    """Rows of stories above the threshold that fit in so many minutes as lines, best first, without near-duplicates of
    what is on the page. None if the reader wants no lines."""
    if prepared.settings.edition.lines <= 0:
        return ()
    morning = choice.morning
    shown = _rows(choice)
    waiting = np.flatnonzero(morning.score >= c.LINE)
    rows = fitting(morning, waiting, shown, minutes, by_outlets=False)
    again = {number for pair in _alike(prepared, choice, (*shown, *rows)) for number in pair}
    return tuple(row for row in rows if int(morning.ids[row]) not in again)


def _rows(choice: Choice) -> tuple[int, ...]:
    """Rows of all stories of a choice."""
    return (*(pick.row for pick in choice.picks), *choice.places, *choice.big, *choice.spare)


def _alike(prepared: Prepared, choice: Choice, rows: Sequence[int]) -> list[tuple[int, int]]:
    """Items of these rows that are near-duplicates."""
    items = {
        int(choice.morning.ids[row]): prepared.by_id[int(choice.morning.ids[row])].representative.item.item
        for row in rows
    }
    return near_duplicates({number: f"{item.title} {item.lead}" for number, item in items.items()})


def _told_once(prepared: Prepared, room: float, most: int) -> Choice:
    """A choice without near-duplicates: these are joined into one story, and the choice is made again."""
    for _ in range(c.DUPLICATE_ROUNDS):
        choice = choose(prepared.morning, prepared.rules(room, most))
        found = _alike(prepared, choice, _rows(choice))
        if not found:
            return choice
        for one, other in found:
            prepared.join(one, other)
    return choice


def _richer(one: _Draft, other: _Draft) -> bool:
    """Whether a page has more topics than another, else better picks, else uses more of the minutes."""
    topics, others = ({short.label for short in draft.page.short} for draft in (one, other))
    if len(topics) != len(others) or abs(one.choice.value - other.choice.value) > c.TIE:
        return (len(topics), one.choice.value) > (len(others), other.choice.value)
    return one.minutes > other.minutes


def _waiting(prepared: Prepared, choice: Choice) -> bool:
    """Whether a story above the threshold has neither a place nor a line."""
    told = {int(choice.morning.stories[row]) for row in _rows(choice)}
    return any(t.score.value >= c.LINE and t.story not in told for t in prepared.articles)


def _frame_guess(prepared: Prepared) -> float:
    """Minutes of what surrounds picks and lines, estimated a little high: date, promise, note, headings, foot."""
    labels = (prepared.ask.label(topic) for topic in prepared.good_topics())
    return (75 + sum(2 * text.count_words(label) for label in labels)) / text.WORDS_A_MINUTE


def _draft(prepared: Prepared, choice: Choice, posts: Sequence[Contender], budget: float) -> _Draft:
    page = layout(prepared, choice, posts)
    edition = outcomes.assembled(prepared, choice, page, posts, budget)
    return _Draft(edition, choice, page, _minutes(edition))


def _minutes(edition: Edition) -> float:
    return edition_minutes(edition) + c.REVISED_WORDS / text.WORDS_A_MINUTE


def _deepened(prepared: Prepared, draft: _Draft, budget: float) -> _Draft:
    """The draft with longer leads, as far as minutes are left; they count for their topics."""
    page = grown(prepared, draft.page, budget - draft.minutes)
    edition = msgspec.structs.replace(
        draft.edition, sections=page.sections, topics=outcomes.accounts(prepared, page, draft.edition.ledger)
    )
    edition = msgspec.structs.replace(edition, breadth=frame.weekly(prepared, edition))
    minutes = _minutes(edition)
    # The account of breadth mentions today's minutes and may have become a word longer.
    return _Draft(edition, draft.choice, page, minutes) if minutes <= budget else draft


def _finished(prepared: Prepared, draft: _Draft) -> Edition:
    """Add what doesn't count against the minutes, and say how long the whole is."""
    edition = draft.edition
    stories = len(draft.page.picks) + len(draft.page.lines)
    sources = sum(report.ok for report in prepared.pool.reports) or len(prepared.pool.feeds)
    long = long_read(prepared, draft.page)
    if long is not None:
        entries = tuple(
            msgspec.structs.replace(entry, cause=ledger.LONG, detail="", full=False)
            if entry.item == long.item
            else entry
            for entry in edition.ledger
        )
        counts = outcomes.by_cause(entries, edition.before)
        told = {one.item for one in draft.page.told} | {long.item}
        heading = {"episode": say("Long listen"), "video": say("Long video")}.get(
            long.kind, edition.labels.long_read
        )
        untold = outcomes.untold_of(prepared, told)
        topics = outcomes.accounts(prepared, draft.page, entries)
        edition = msgspec.structs.replace(
            edition,
            labels=msgspec.structs.replace(edition.labels, long_read=heading),
            long_read=long,
            topics=topics,
            ledger=entries,
            counts=counts,
            big_told=edition.big_all - len(untold),
            untold=untold[: c.UNTOLD],
            foot=outcomes.foot(prepared, draft.page, counts, topics, untold),
        )
        whole = msgspec.structs.replace(edition, breadth=frame.weekly(prepared, edition))
        # The long read leaves the count of items without room; the story now named as left out may have a longer title.
        if edition_minutes(whole) > edition.budget_minutes:
            whole = msgspec.structs.replace(
                edition, foot=outcomes.foot(prepared, draft.page, counts, edition.topics, ())
            )
        edition = whole
    minutes = edition_minutes(edition)
    return msgspec.structs.replace(edition, promise=frame.promise(stories, sources, minutes), minutes=minutes)


# ------------------------------------------------------------------------- after it was built


def since(edition: Edition, pool: Pool, settings: Settings, *, now: datetime) -> Edition:
    """The edition with what came after it was built and is above the threshold: at most five picks and one minute.

    Everything on the page keeps its place, the block's own earlier picks too. When nothing beats the line,
    `since_note` says so. `pool` is as for `build`, at a later moment.
    """
    with speaking(edition.lang):
        return _since(edition, pool, settings, now)


def _since(edition: Edition, pool: Pool, settings: Settings, now: datetime) -> Edition:
    kept = edition.since.picks if edition.since is not None else ()
    shown: list[Pick | Line] = [*picks_of(edition), *edition.lines]
    on_page = {one.story for one in shown}
    had = {one.item for one in (*shown, *kept)}
    new = [one for one in pool.candidates if one.item.first_seen > edition.built and one.item.id not in had]
    told = [one for one in new if one.story in on_page]
    open_ones = [one for one in new if one.story not in on_page | {pick.story for pick in kept}]
    moment = clock(edition.built, ZoneInfo(settings.timezone))
    heading = say("Since {moment}", moment=moment)
    prepared = Prepared(
        msgspec.structs.replace(pool, candidates=tuple(open_ones)), settings, date=edition.date, now=now
    )
    budget = max(0.0, c.SINCE_MINUTES - sum(pick.minutes for pick in kept) - text.reading_minutes(heading))
    rules = replace(prepared.rules(budget, c.SINCE_PICKS - len(kept)), lines=0.0, place_lines=False)
    choice = choose(prepared.morning, rules)
    picks: list[Pick] = list(kept)
    number = max((pick.n for pick in (*picks_of(edition), *kept)), default=0) + 1
    for n, chosen in enumerate(choice.picks, number):
        placed = place(prepared, choice, chosen)
        picks.append(printed_pick(prepared, choice, placed, c.SINCE, n, first=False))
    causes = outcomes.verdicts(prepared, choice, ())
    feeds = prepared.feeds
    entries = {entry.item: entry for entry in edition.ledger if entry.cause != ledger.BEFORE}
    for one in open_ones:
        entries[one.item.id] = outcomes.entry(one, feeds, causes[one.item.id])
    for one in told:
        entries[one.item.id] = outcomes.entry(
            one, feeds, Verdict(ledger.SAME, say("same story as one on the page"))
        )
    ordered = tuple(entries[item] for item in sorted(entries))
    earlier = outcomes.before(pool)
    counts = outcomes.by_cause(ordered, earlier)
    if len(picks) > len(kept):
        stories = len(on_page | {pick.story for pick in picks})
        taken = edition.minutes + sum(pick.minutes for pick in picks)
        edition = msgspec.structs.replace(
            edition,
            promise=frame.promise(stories, sum(r.ok for r in pool.reports) or len(pool.feeds), taken),
            revised=say("refreshed at {moment}", moment=clock(now, ZoneInfo(settings.timezone))),
        )
    return msgspec.structs.replace(
        edition,
        since=Section(key=c.SINCE, heading=heading, picks=tuple(picks)) if picks else None,
        since_note="" if picks else say("Nothing since {moment} is worth your minutes.", moment=moment),
        ledger=ordered,
        counts=counts,
        before=earlier,
        later=edition.later + sum(counts.values()) - sum(edition.counts.values()),
    )
