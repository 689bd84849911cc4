"""After the edition was built: the block "Since 06:30" with what a refresh found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import frame, outcomes
from newsfeed.edition.choose import choose
from newsfeed.edition.earlier import picks_of
from newsfeed.edition.outcomes import verdicts
from newsfeed.edition.preparing import Prepared, account_of
from newsfeed.edition.printed import finished
from newsfeed.edition.words import clock, reason
from newsfeed.model import Edition, Pick, Pool, Section, Settings, ledger
from newsfeed.text.spoken import say, speaking


def since(edition: Edition, pool: Pool, settings: Settings, *, now: datetime) -> Edition:
    """The edition with what came after it was built and beats the line: at most five picks and one minute.

    Everything on the page keeps its place, the block's own earlier picks too. When nothing beats the line,
    `since_note` says so. `pool` is as for `build`, at a later moment.
    """
    with speaking(edition.lang):
        return _since(edition, pool, settings, now)


def _since(edition: Edition, pool: Pool, settings: Settings, now: datetime) -> Edition:
    on_page = {pick.story for pick in picks_of(edition)} | {line.story for line in edition.lines}
    items = {pick.item for pick in picks_of(edition)} | {line.item for line in edition.lines}
    kept = edition.since.picks if edition.since is not None else ()
    new = [one for one in pool.candidates if one.item.first_seen > edition.built and one.item.id not in items]
    told = [one for one in new if one.story in on_page]
    open_ones = [one for one in new if one.story not in on_page and one.story not in {p.story for p in kept}]
    known = {pick.item for pick in kept}
    open_ones = [one for one in open_ones if one.item.id not in known]
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
    for chosen in choice.picks:
        contender = prepared.by_id[int(choice.morning.ids[chosen.row])]
        topic = prepared.topic_of(chosen, contender)
        draft = prepared.draft(contender)
        why = reason(
            contender,
            prepared.facts(contender, topic),
            by=chosen.by,
            rivals=chosen.rivals,
            minutes=float(choice.morning.minutes[chosen.row]),
            source=draft.source,
            first_of_topic=False,
        )
        pick = msgspec.structs.replace(
            draft,
            n=number,
            section=c.SINCE,
            topic=topic,
            reason=why.sentence,
            reason_shown=why.news,
            why=why.short,
            tellers=why.before(draft, contender.outlets),
            account=account_of(prepared, choice, chosen, contender, topic),
        )
        picks.append(finished(pick))
        number += 1
    causes = verdicts(prepared, choice, ())
    feeds = prepared.feeds
    entries = {entry.item: entry for entry in edition.ledger}
    for one in open_ones:
        entries[one.item.id] = outcomes.entry(one, feeds, causes[one.item.id])
    for one in told:
        entries[one.item.id] = outcomes.entry(
            one, feeds, outcomes.Verdict(ledger.SAME, say("same story as one on the page"))
        )
    ordered = tuple(entries[item] for item in sorted(entries))
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
        counts=outcomes.counts(ordered),
        later=edition.later + len(ordered) - len(edition.ledger),
    )
