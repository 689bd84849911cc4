"""The results of a choice: where each item went and why, what each topic got, and the sentences about that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec
import numpy as np

from newsfeed.edition import constants as c
from newsfeed.edition import frame
from newsfeed.edition.choose import Choice
from newsfeed.edition.contenders import Contender
from newsfeed.edition.layout import Layout, post_lacks
from newsfeed.edition.objective import debt
from newsfeed.edition.preparing import Prepared, Verdict, is_weak
from newsfeed.edition.words import apart, fixed_words
from newsfeed.model import (
    Candidate,
    Edition,
    FeedFacts,
    LedgerEntry,
    Pick,
    Pool,
    Span,
    TopicAccount,
    Untold,
    ledger,
)
from newsfeed.model.ledger import CAUSES
from newsfeed.text.spoken import first_spoken, heading, percent, say


def entry(candidate: Candidate, feeds: Mapping[int, FeedFacts], verdict: Verdict) -> LedgerEntry:
    """The ledger's line for one item."""
    stored = candidate.item
    feed = feeds.get(stored.feed)
    return LedgerEntry(
        item=stored.id,
        ref=stored.ref,
        title=stored.item.title or stored.item.link,
        link=stored.item.link,
        source=feed.title if feed else "",
        cause=verdict.cause,
        detail=verdict.detail,
        full=verdict.full,
    )


def by_cause(entries: Iterable[LedgerEntry], before: Mapping[str, int]) -> dict[str, int]:
    """The number of items by cause, in the order of `CAUSES`, without zeros."""
    counts = dict.fromkeys(CAUSES, 0) | {ledger.BEFORE: sum(before.values())}
    for one in entries:
        counts[one.cause] += 1
    return {cause: number for cause, number in counts.items() if number}


def before(pool: Pool) -> dict[str, int]:
    """By source: how many items are from before the reader subscribed."""
    titles = {feed.feed: feed.title for feed in pool.feeds}
    counts = Counter[str]()
    for number, many in pool.before.items():
        counts[titles.get(number, "")] += many
    return dict(sorted(counts.items()))


def verdicts(prepared: Prepared, choice: Choice, posts: Sequence[Contender]) -> dict[int, Verdict]:
    """A verdict for every item of the pool."""
    settled, open_ones = _settled(prepared)
    found = dict(settled)
    rows = [*(chosen.row for chosen in choice.picks), *choice.places, *choice.big, *choice.spare]
    told = {int(choice.morning.stories[row]): int(choice.morning.ids[row]) for row in rows}
    for contender in open_ones:
        found[contender.id] = left_out(prepared, choice, contender)
    for row in map(int, np.flatnonzero(np.isin(choice.morning.stories, list(told)))):
        headline = prepared.printer.title(
            prepared.by_id[told[int(choice.morning.stories[row])]].representative.item, ""
        )
        found[int(choice.morning.ids[row])] = Verdict(
            ledger.SAME, say("says the same as “{headline}”", headline=headline)
        )
    for row in (*choice.places, *choice.big, *choice.spare):
        found[int(choice.morning.ids[row])] = Verdict(ledger.LINE)
    for number in (*(int(choice.morning.ids[chosen.row]) for chosen in choice.picks), *(p.id for p in posts)):
        found[number] = Verdict(ledger.SHOWN)
    return found


def _settled(prepared: Prepared) -> tuple[Mapping[int, Verdict], Sequence[Contender]]:
    """The verdicts that no choice changes unless it tells the item; and the contenders that have none of these."""
    weighed = prepared.weighed
    if not weighed.verdicts:
        found = {item: Verdict(*why) for item, why in prepared.filtered.causes.items()}
        for contender in prepared.filtered.contenders:
            if (low := _low(prepared, contender)) is not None:
                found[contender.id] = low
            if len(contender.tellers) > 1:
                found |= _tellers(prepared, contender)
        weighed.verdicts = found
    settled: Mapping[int, Verdict] = weighed.verdicts
    return settled, [one for one in prepared.filtered.contenders if one.id not in settled]


def _tellers(prepared: Prepared, contender: Contender) -> dict[int, Verdict]:
    """What is said of the other items of a story."""
    head = prepared.printer.title(contender.representative.item, "")
    source = prepared.printer.source(contender.representative.item.feed)
    found = {}
    for other in contender.tellers:
        if other.item.id != contender.id:
            # If both have the same title, only the source tells them apart.
            alike = prepared.printer.title(other.item, "").casefold() == head.casefold()
            of = say(" of {source}", source=source) if alike and source else ""
            found[other.item.id] = Verdict(
                ledger.SAME, say("same story as “{headline}”{of}", headline=head, of=of)
            )
    return found


def _low(prepared: Prepared, contender: Contender) -> Verdict | None:
    """Why an article has no place whatever else there is; None if it might have one."""
    if contender.post:
        return None
    if not contender.topic and not contender.options.must_read:
        return Verdict(ledger.BELOW, say("it fits none of your topics"))
    if contender.score.value < c.LINE:
        own, line = apart(contender.score.value, c.LINE)
        return Verdict(ledger.BELOW, say("worth {own}, the line is {line}", own=own, line=line))
    return None


def left_out(prepared: Prepared, choice: Choice, contender: Contender) -> Verdict:
    """Why a story that might have been told is neither pick nor line."""
    if contender.post:
        best = say(
            "a post; People is for the best {n}, one a source, in {share} of the minutes",
            n=prepared.settings.edition.people,
            share=percent(c.PEOPLE),
        )
        return Verdict(ledger.BELOW, post_lacks(prepared, contender) or best)
    if contender.bare:
        return Verdict(ledger.ROOM, say("only a headline, and the lines went to others"))
    if not prepared.pickable(contender) and is_weak(contender):
        own, needed = apart(contender.score.value, c.NO_NEWS_GOOD)
        return Verdict(
            ledger.ROOM,
            say("worth {own}; what tells no news needs {needed} for a place", own=own, needed=needed),
        )
    row = prepared.row_of[contender.id]
    source = int(choice.morning.sources[row])
    options = contender.options
    taken = int(choice.picks_of[source])
    if options.most >= 0 and taken >= options.most:
        return Verdict(
            ledger.CAPPED,
            say("its source has the {n} that you allow it", n=options.most)
            if options.most
            else say("you allow its source none"),
        )
    if len(choice.picks) >= choice.most:
        return Verdict(ledger.ROOM, say("the page has its {n} stories", n=prepared.most_items), full=True)
    minutes = float(choice.morning.minutes[row])
    # Shares refer to the minutes of picks and lines.
    if taken and float(choice.minutes_of[source]) + minutes > options.cap * (choice.spent + choice.left):
        return Verdict(ledger.CAPPED, say("its source is at its {share}", share=percent(options.cap)))
    wanted, left = apart(minutes, min(choice.left, minutes), 1)
    return Verdict(ledger.ROOM, say("needs {wanted} min, {left} were left", wanted=wanted, left=left))


def is_full(edition: Edition) -> bool:
    """Whether stories were left out because of the limit on their number, with minutes left."""
    return any(entry.full for entry in edition.ledger)


# ------------------------------------------------------------------------- the edition around what was chosen


def assembled(
    prepared: Prepared, choice: Choice, page: Layout, posts: Sequence[Contender], budget: float
) -> Edition:
    """The edition as printed, with its ledger and accounts; `minutes` and the long read come last."""
    causes = verdicts(prepared, choice, posts)
    entries = _entries(prepared, causes)
    earlier_items = before(prepared.pool)
    counts = by_cause(entries, earlier_items)
    topics = accounts(prepared, page, entries)
    stories = len(page.picks) + len(page.lines)
    big_all = [t for t in prepared.filtered.contenders if t.outlets >= c.BIG]
    told = {pick.item for pick in page.picks} | {line.item for line in page.lines}
    untold = untold_of(prepared, told)
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
        foot=foot(prepared, page, counts, topics, untold),
        topics=topics,
        feeds=prepared.pool.reports,
        ledger=entries,
        counts=counts,
        before=earlier_items,
        previous=max(earlier) if earlier else None,
        big_told=len(big_all) - len(untold),
        big_all=len(big_all),
        untold=untold[: c.UNTOLD],
        seldom=_seldom(prepared),
    )
    return msgspec.structs.replace(made, breadth=frame.weekly(prepared, made))


def _seldom(prepared: Prepared) -> tuple[int, ...]:
    """The feeds that seldom publish and since the last edition had something that could be shown."""
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


def untold_of(prepared: Prepared, told: Set[int]) -> tuple[Untold, ...]:
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


def foot(
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


def _entries(prepared: Prepared, causes: Mapping[int, Verdict]) -> tuple[LedgerEntry, ...]:
    """Every item that came since the last edition, and every older one that could still have stood in this one.

    An older item that could not (stale, muted, below the line, …) was entered in the ledger of its own day.
    """
    low = {
        one.item.id
        for contender in prepared.filtered.contenders
        if causes[contender.id].cause == ledger.BELOW
        for one in contender.tellers
    }
    made = prepared.weighed.entries
    entries = []
    for one, carried in prepared.weighed.in_order:
        number = one.item.id
        verdict = causes[number]
        if carried and (verdict.cause in ledger.SETTLED or number in low):
            continue
        known = made.get(number)
        if known is None or verdict != (known.cause, known.detail, known.full):
            known = made[number] = entry(one, prepared.feeds, verdict)
        entries.append(known)
    return tuple(entries)


def accounts(prepared: Prepared, page: Layout, entries: Sequence[LedgerEntry]) -> tuple[TopicAccount, ...]:
    """What each topic got, and what it is owed afterwards."""
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
    of_topic = frame.by_topic(prepared, entries)
    accounts = []
    for name in prepared.ask.names:
        got = minutes[name] / spent if spent > 0 else 0.0
        share = prepared.ask.shares[name]
        owed = debt(prepared.debts[name], share, got) if spent > 0 else prepared.debts[name]
        good = prepared.good_of[name]
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
                why_thin="" if picks[name] or lines[name] else frame.why(prepared, name, of_topic),
            )
        )
    return tuple(accounts)
