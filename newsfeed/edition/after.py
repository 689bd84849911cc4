"""After the edition was built: the block "Since 06:30", and what the next edition must know of this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import foot, ledger
from newsfeed.edition.choose import choose
from newsfeed.edition.desk import Desk
from newsfeed.edition.memory import NEW
from newsfeed.edition.page import LONG, SINCE, account
from newsfeed.edition.printed import finished
from newsfeed.edition.reasons import reason
from newsfeed.edition.verdicts import verdicts
from newsfeed.edition.wording import clock, say
from newsfeed.model import Edition, Pick, Pool, Section, Settings, Shown
from newsfeed.text.spoken import speaking


def since(edition: Edition, pool: Pool, settings: Settings, *, now: datetime) -> Edition:
    """The edition with what came after it was built and beats the line: at most five picks and one minute.

    Everything on the page keeps its place, the block's own earlier picks too. When nothing beats the line,
    `since_note` says so. `pool` is as for `build`, at a later moment.
    """
    with speaking(edition.lang):
        return _since(edition, pool, settings, now)


def _since(edition: Edition, pool: Pool, settings: Settings, now: datetime) -> Edition:
    on_page = {pick.story for pick in _picks(edition)} | {line.story for line in edition.lines}
    items = {pick.item for pick in _picks(edition)} | {line.item for line in edition.lines}
    kept = edition.since.picks if edition.since is not None else ()
    new = [one for one in pool.candidates if one.item.first_seen > edition.built and one.item.id not in items]
    told = [one for one in new if one.story in on_page]
    open_ones = [one for one in new if one.story not in on_page and one.story not in {p.story for p in kept}]
    known = {pick.item for pick in kept}
    open_ones = [one for one in open_ones if one.item.id not in known]
    moment = clock(edition.built, ZoneInfo(settings.timezone))
    heading = say("Since {moment}", moment=moment)
    desk = Desk(
        msgspec.structs.replace(pool, candidates=tuple(open_ones)), settings, date=edition.date, now=now
    )
    budget = max(0.0, c.SINCE_MINUTES - sum(pick.minutes for pick in kept) - text.reading_minutes(heading))
    rules = replace(desk.rules(budget, c.SINCE_PICKS - len(kept)), lines=0.0, place_lines=False)
    choice = choose(desk.morning, rules)
    picks: list[Pick] = list(kept)
    number = max((pick.n for pick in (*_picks(edition), *kept)), default=0) + 1
    for chosen in choice.picks:
        telling = desk.by_id[int(choice.morning.ids[chosen.row])]
        topic = desk.topic_of(chosen, telling)
        draft = desk.draft(telling)
        why = reason(
            telling,
            desk.facts(telling, topic),
            by=chosen.by,
            rivals=chosen.rivals,
            minutes=float(choice.morning.minutes[chosen.row]),
            source=draft.source,
            first_of_topic=False,
        )
        pick = msgspec.structs.replace(
            draft,
            n=number,
            section=SINCE,
            topic=topic,
            reason=why.sentence,
            reason_shown=why.news,
            why=why.short,
            tellers=why.before(draft, telling.outlets),
            account=account(desk, choice, chosen, telling, topic),
        )
        picks.append(finished(pick))
        number += 1
    causes = verdicts(desk, choice, ())
    feeds = desk.feeds
    entries = {entry.item: entry for entry in edition.ledger}
    for one in open_ones:
        entries[one.item.id] = ledger.entry(one, feeds, *causes[one.item.id])
    for one in told:
        entries[one.item.id] = ledger.entry(one, feeds, ledger.SAME, say("same story as one on the page"))
    ordered = tuple(entries[item] for item in sorted(entries))
    if len(picks) > len(kept):
        stories = len(on_page | {pick.story for pick in picks})
        taken = edition.minutes + sum(pick.minutes for pick in picks)
        edition = msgspec.structs.replace(
            edition,
            promise=foot.promise(stories, sum(r.ok for r in pool.reports) or len(pool.feeds), taken),
            revised=say("refreshed at {moment}", moment=clock(now, ZoneInfo(settings.timezone))),
        )
    return msgspec.structs.replace(
        edition,
        since=Section(key=SINCE, heading=heading, picks=tuple(picks)) if picks else None,
        since_note="" if picks else say("Nothing since {moment} is worth your minutes.", moment=moment),
        ledger=ordered,
        counts=ledger.counts(ordered),
        later=edition.later + len(ordered) - len(edition.ledger),
    )


def remember(edition: Edition, pool: Pool) -> tuple[Shown, ...]:
    """What the next editions must know: every story that stands here as a pick, a line or the long read."""
    members = _members(pool)
    picks = list(_picks(edition))
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
            outlets=_outlets(pick.account),
            minutes=pick.minutes if pick.section != LONG else 0.0,
            topic=pick.topic,
            topics=_topics(pick.account) or {score.topic: score.p for score in pick.topics},
            items=members.get(pick.item, (pick.item,)),
            sentence=pick.title,
            lead=" ".join(part for part in (pick.lead, _news(pick.note)) if part),
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
            topics=_topics(line.account),
            items=members.get(line.item, (line.item,)),
            sentence=line.title,
        )
        for line in edition.lines
    ]
    return tuple(shown)


def _picks(edition: Edition) -> tuple[Pick, ...]:
    return tuple(pick for section in edition.sections for pick in section.picks)


def _members(pool: Pool) -> dict[int, tuple[int, ...]]:
    """By item: all items of its story, those that are no candidates any more included."""
    of_story: dict[int, set[int]] = {story.id: set(story.items) for story in pool.stories}
    for one in pool.candidates:
        of_story.setdefault(one.story or -one.item.id, set()).add(one.item.id)
    ordered = {story: tuple(sorted(items)) for story, items in of_story.items()}
    return {one.item.id: ordered[one.story or -one.item.id] for one in pool.candidates}


def _news(note: str) -> str:
    """What a note told of a story that came back: "day 3, new: …"."""
    return note.partition(say(NEW))[2]


def _outlets(account: Mapping[str, float | str]) -> int:
    number = account.get("outlets", 1.0)
    return int(number) if isinstance(number, float | int) else 1


def _topics(account: Mapping[str, float | str]) -> dict[str, float]:
    return {
        key.removeprefix("topic "): float(part)
        for key, part in account.items()
        if key.startswith("topic ") and isinstance(part, float | int)
    }
