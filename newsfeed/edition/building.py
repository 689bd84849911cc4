"""Building an edition: choose, lay out, count every printed word, and correct until it keeps its minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import frame, outcomes
from newsfeed.edition.choose import Choice, choose
from newsfeed.edition.contenders import Contender
from newsfeed.edition.filtering import near_duplicates
from newsfeed.edition.layout import Layout, grown, layout, long_read, people
from newsfeed.edition.objective import debt
from newsfeed.edition.outcomes import verdicts
from newsfeed.edition.preparing import Prepared, Weighed
from newsfeed.edition.printed import edition_minutes
from newsfeed.edition.words import fixed_words
from newsfeed.model import Day, Edition, LedgerEntry, Pick, Pool, Settings, Span, TopicAccount, Untold, ledger
from newsfeed.text.spoken import first_spoken, heading, speaking

_TRIES = 5


_UNTOLD = 5  # big stories without a place that are kept by name


_ROUNDS = 4  # rounds of looking for near-duplicates among what was chosen


_SMALLEST_PICK = 0.1  # minutes; less room than this is no reason to choose again


_REVISED_WORDS = 3  # "completed at 09:10" may join the promise later


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


def weigh(pool: Pool, settings: Settings, *, date: Day, now: datetime) -> Weighed:
    """The stories of a pool, weighed: what builds of it that differ in minutes and shares have in common."""
    with speaking(first_spoken(settings.languages)):
        return Weighed(pool, settings, date=date, now=now)


def _built(prepared: Prepared, budget: float) -> Edition:
    best: _Draft | None = None
    for plain in (False, True):
        best = _fitted(prepared, budget, plain=plain)
        if best is not None:
            break
    if best is None:
        best = _draft(prepared, choose(prepared.morning, prepared.rules(0.0, 0)), (), budget, in_short=False)
    return _finished(prepared, best)


def _fitted(prepared: Prepared, budget: float, *, plain: bool) -> _Draft | None:
    """The best page within the budget; None if even an empty one is too long."""
    frame = _frame_guess(prepared)
    in_short = not plain and frame <= c.FRAME_MOST * budget
    if not in_short:
        frame = _frame_guess(prepared, in_short=False)
    posts, posts_minutes = people(prepared, budget)
    room = budget - frame - posts_minutes - c.DEEPER * budget
    best: _Draft | None = None
    tried: set[int] = set()
    for _ in range(_TRIES):
        room = max(0.0, room)
        if round(room * 1000) in tried:
            break
        tried.add(round(room * 1000))
        most = max(0, prepared.most_items - len(posts))
        choice = _told_once(prepared, room, most)
        draft = _draft(prepared, choice, posts, budget, in_short=in_short)
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
        if spare < _SMALLEST_PICK or not _waiting(prepared, choice):
            break
        room += spare * 0.9
    return best


def _told_once(prepared: Prepared, room: float, most: int) -> Choice:
    """A choice without near-duplicates: what says the same in the same words becomes one story, and is chosen anew."""
    for _ in range(_ROUNDS):
        choice = choose(prepared.morning, prepared.rules(room, most))
        rows = [*(pick.row for pick in choice.picks), *choice.places, *choice.big, *choice.spare]
        found = near_duplicates(
            {
                int(choice.morning.ids[row]): f"{item.title} {item.lead}"
                for row in rows
                for item in (prepared.by_id[int(choice.morning.ids[row])].representative.item.item,)
            }
        )
        if not found:
            return choice
        for one, other in found:
            prepared.join(one, other)
    return choice


def _richer(one: _Draft, other: _Draft) -> bool:
    """Whether a page tells of more topics, else has the better picks, else uses more of the minutes."""
    topics, others = ({short.label for short in draft.page.short} for draft in (one, other))
    if len(topics) != len(others) or abs(one.choice.value - other.choice.value) > c.TIE:
        return (len(topics), one.choice.value) > (len(others), other.choice.value)
    return one.minutes > other.minutes


def _waiting(prepared: Prepared, choice: Choice) -> bool:
    """Whether a story above the line is still without a place or a line."""
    rows = [*(pick.row for pick in choice.picks), *choice.places, *choice.big, *choice.spare]
    told = {int(choice.morning.stories[row]) for row in rows}
    return any(t.score.value >= c.LINE and t.story not in told for t in prepared.articles)


def _frame_guess(prepared: Prepared, *, in_short: bool = True) -> float:
    """Minutes of what stands around picks and lines, guessed a little high: date, promise, note, headings, foot."""
    words = 75.0
    for topic in prepared.good_topics():
        label = text.count_words(prepared.ask.label(topic))
        words += label + (label + c.SHORT_WORDS if in_short else 0)
    return words / 238


def _draft(
    prepared: Prepared, choice: Choice, posts: Sequence[Contender], budget: float, *, in_short: bool
) -> _Draft:
    page = layout(prepared, choice, posts, in_short=in_short)
    edition = _edition(prepared, choice, page, posts, budget)
    return _Draft(edition, choice, page, _minutes(edition))


def _minutes(edition: Edition) -> float:
    return edition_minutes(edition) + _REVISED_WORDS / 238


def _deepened(prepared: Prepared, draft: _Draft, budget: float) -> _Draft:
    """The draft with longer leads, where their minutes are left; they count for their topics."""
    page = grown(prepared, draft.page, budget - draft.minutes)
    edition = msgspec.structs.replace(
        draft.edition, sections=page.sections, topics=_topics(prepared, page, draft.edition.ledger)
    )
    edition = msgspec.structs.replace(edition, breadth=frame.weekly(prepared, edition))
    minutes = _minutes(edition)
    # What the account of breadth says of today's minutes may take a word more.
    return _Draft(edition, draft.choice, page, minutes) if minutes <= budget else draft


def _edition(
    prepared: Prepared, choice: Choice, page: Layout, posts: Sequence[Contender], budget: float
) -> Edition:
    """The edition as printed, with its ledger and accounts; `minutes` and the long read come last."""
    causes = verdicts(prepared, choice, posts)
    entries = _entries(prepared, causes)
    counts = outcomes.counts(entries)
    topics = _topics(prepared, page, entries)
    stories = len(page.picks) + len(page.lines)
    big_all = [t for t in prepared.filtered.contenders if t.outlets >= c.BIG]
    told = {pick.item for pick in page.picks} | {line.item for line in page.lines}
    untold = _untold(prepared, told)
    sources = sum(report.ok for report in prepared.pool.reports) or len(prepared.pool.feeds)
    taken = sum(p.minutes for p in page.picks) + sum(line.minutes for line in page.lines)
    earlier = [day for day in prepared.pool.history.days if day < prepared.date]
    made = Edition(
        date=prepared.date,
        zone=prepared.settings.timezone,
        built=prepared.now,
        heading=heading(prepared.date),
        promise=frame.promise(stories, sources, min(taken, budget)),
        minutes=0.0,
        budget_minutes=budget,
        lang=first_spoken(prepared.settings.languages),
        labels=fixed_words(),
        note=frame.note(
            prepared.pool,
            counts,
            stories=stories,
            taken=taken,
            budget=budget,
            expired=prepared.filtered.expired,
            date=prepared.date,
            now=prepared.now,
        ),
        short=page.short,
        sections=page.sections,
        lines=page.lines,
        suggested=frame.suggested(prepared),
        foot=_foot(prepared, page, counts, topics, untold),
        topics=topics,
        feeds=prepared.pool.reports,
        ledger=entries,
        counts=counts,
        previous=max(earlier) if earlier else None,
        big_told=len(big_all) - len(untold),
        big_all=len(big_all),
        untold=untold[:_UNTOLD],
        seldom=_seldom(prepared),
    )
    return msgspec.structs.replace(made, breadth=frame.weekly(prepared, made))


def _seldom(prepared: Prepared) -> tuple[int, ...]:
    """The feeds that write seldom and have something since the last edition that could be shown."""
    begun, causes = prepared.pool.since, prepared.filtered.causes
    wrote = {
        one.item.feed
        for one in prepared.pool.candidates
        if (begun is None or one.item.first_seen > begun)
        and causes.get(one.item.id, ("", ""))[0] not in ledger.REFUSED
    }
    return tuple(
        sorted(n for n in wrote if n in prepared.feeds and 0 < prepared.feeds[n].items_a_day <= c.SELDOM)
    )


def _untold(prepared: Prepared, told: Set[int]) -> tuple[Untold, ...]:
    """The big stories without a place, largest first; `told` are the items that have one."""
    missed = [t for t in prepared.filtered.contenders if t.outlets >= c.BIG and t.id not in told]
    return tuple(
        Untold(
            title=prepared.printer.title(
                t.representative.item, prepared.printer.source(t.representative.item.feed)
            ),
            outlets=t.outlets,
            link=t.representative.item.item.link,
        )
        for t in sorted(missed, key=lambda t: (-t.outlets, t.id))
    )


def _foot(
    prepared: Prepared,
    page: Layout,
    counts: Mapping[str, int],
    topics: Sequence[TopicAccount],
    untold: Sequence[Untold],
) -> tuple[tuple[Span, ...], ...]:
    largest = (untold[0].title, untold[0].outlets, untold[0].link) if untold else None
    return frame.rows(
        frame.read_for_you(counts),
        frame.quiet(topics, largest),
        frame.answer(len(page.picks)),
        frame.feeds(prepared.pool.reports, prepared.now),
    )


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
        counts = outcomes.counts(entries)
        told = {one.item for one in draft.page.told} | {long.item}
        untold = _untold(prepared, told)
        topics = _topics(prepared, draft.page, entries)
        edition = msgspec.structs.replace(
            edition,
            long_read=long,
            topics=topics,
            ledger=entries,
            counts=counts,
            big_told=edition.big_all - len(untold),
            untold=untold[:_UNTOLD],
            foot=_foot(prepared, draft.page, counts, topics, untold),
        )
        whole = msgspec.structs.replace(edition, breadth=frame.weekly(prepared, edition))
        # One item less without room makes the foot shorter; the next largest story left out may have a longer name.
        if edition_minutes(whole) > edition.budget_minutes:
            whole = msgspec.structs.replace(
                edition, foot=_foot(prepared, draft.page, counts, edition.topics, ())
            )
        edition = whole
    minutes = edition_minutes(edition)
    return msgspec.structs.replace(edition, promise=frame.promise(stories, sources, minutes), minutes=minutes)


def _entries(prepared: Prepared, causes: Mapping[int, outcomes.Verdict]) -> tuple[LedgerEntry, ...]:
    """Every item that came since the last edition, and every older one that could still have stood in this one.

    An older item that could not (stale, muted, below the line, …) was entered in the ledger of its own day.
    """
    begun = prepared.pool.since
    low = {
        one.item.id
        for contender in prepared.filtered.contenders
        if causes[contender.id][0] == ledger.BELOW
        for one in contender.tellers
    }
    entries = []
    for one in sorted(prepared.pool.candidates, key=lambda one: one.item.id):
        verdict = causes[one.item.id]
        carried = begun is not None and one.item.first_seen <= begun
        if carried and (verdict.cause in ledger.SETTLED or one.item.id in low):
            continue
        entries.append(outcomes.entry(one, prepared.feeds, verdict))
    return tuple(entries)


def _topics(prepared: Prepared, page: Layout, entries: Sequence[LedgerEntry]) -> tuple[TopicAccount, ...]:
    """What each topic got, and what it is owed from now on."""
    minutes = dict.fromkeys(prepared.ask.names, 0.0)
    picks = dict.fromkeys(prepared.ask.names, 0)
    lines = dict.fromkeys(prepared.ask.names, 0)
    for one in page.told:
        contender = prepared.by_id[one.item]
        parts = contender.topics.parts
        total = sum(parts.values())
        for name, part in parts.items():
            minutes[name] += one.minutes * part / total
        stands = set(contender.topics.stands) | ({one.topic} if one.topic in picks else set())
        for name in sorted(stands):
            if isinstance(one, Pick):
                picks[name] += 1
            else:
                lines[name] += 1
    spent = sum(minutes[name] for name in prepared.ask.names)
    accounts = []
    for name in prepared.ask.names:
        got = minutes[name] / spent if spent > 0 else 0.0
        share = prepared.ask.shares[name]
        owed = debt(prepared.debts[name], share, got) if spent > 0 else prepared.debts[name]
        good = sum(t.score.value >= c.GOOD and name in t.topics.stands for t in prepared.articles)
        accounts.append(
            TopicAccount(
                name=name,
                label=prepared.ask.label(name),
                share=share,
                minutes=minutes[name],
                picks=picks[name],
                lines=lines[name],
                good=good,
                debt=owed,
                why_thin="" if picks[name] or lines[name] else frame.why(prepared, name, entries),
            )
        )
    return tuple(accounts)
