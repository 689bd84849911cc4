"""The account of breadth: what the reader was shown over weeks, compared with what they asked for, and the one step that
would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from newsfeed.breadth import asked as c
from newsfeed.breadth.asked import Asked, asked
from newsfeed.breadth.measures import (
    AT_CAP,
    FULL,
    LOWER_CAP,
    MORE_LINES,
    MORE_MINUTES,
    NO_ROOM,
    NOT_SUPPLY,
    NOTHING,
    Remedy,
    about,
    beta_below,
    good_under,
    numbers_of,
    one_side,
    shares_of,
    step,
    told_under,
)
from newsfeed.model import Breadth, BreadthRow, Day, History, Settings, Shown
from newsfeed.model.edition import ACCOUNT_DAYS
from newsfeed.text import first_words
from newsfeed.text.spoken import count, decimal, percent, say, short_day, whole

_WEEK = 7  # days
_SINGLE_LEAST = 5  # the fewest picks of a topic by which one source can dominate it
_LOUD = 1 / 3  # of all minutes from one source
_THIN = 1 / 3  # from this share of editions without anything of a topic on, it is reported
_MANY_LINES = 0.15  # of the minutes; if lines already have so much, only more minutes bring more lines
_OUT_OF_STEP = 0.15  # relative change of N1 from which the trend is reported


def breadth(history: History, settings: Settings, *, days: int = 30, until: Day) -> Breadth:
    """The account of the `days` days that end with `until`. With fewer than seven editions it only says that it is too early."""
    ask = asked(settings)
    window = tuple(until - timedelta(days=n) for n in range(days - 1, -1, -1))
    held = [day for day in window if day in history.days]
    if len(held) < ACCOUNT_DAYS:
        begins = say(
            "The account begins after {first} editions; there are {n} so far."
            if len(held) != 1
            else "The account begins after {first} editions; there is {n} so far.",
            first=ACCOUNT_DAYS,
            n=count(len(held), "edition"),
        )
        return Breadth(days=window, findings=(begins,), numbers={"editions": float(len(held))})
    got = shares_of(history, ask, held)
    recent = shares_of(history, ask, held[-_WEEK:])
    rows = tuple(_row(history, ask, name, window, held, got[name]) for name in ask.names)
    numbers, loudest = numbers_of(history, ask, held, got, recent)
    findings, remedies = _general(
        numbers,
        loudest,
        _untold(history, held),
        one_side(history, settings, ask, held),
        lines=settings.edition.lines,
    )
    # Each remedy has the position of its finding, even if the reader has declined it.
    remedies = [NOTHING if remedy.key in history.declined else remedy for remedy in remedies]
    blind = [(row.finding, row.remedy) for row in rows if row.finding]
    # Proposing a smaller share would contradict the finding that the topic got hardly half of its share.
    hardly = unread(history, ask, held, apart={row.topic for row in rows if row.got * 2 < row.asked})
    if hardly:
        # This is not a problem, so it comes last; the findings before it have no remedy, or their own.
        remedies += [NOTHING] * (len(findings) - len(remedies))
    return Breadth(
        days=window,
        rows=rows,
        headline=say("Informed in {n} of {all} topics", n=decimal(numbers["topics"], 1), all=len(ask.names)),
        findings=(*(finding for finding, _ in blind), *findings, *(finding for finding, _ in hardly)),
        remedies=(
            *(remedy for _, remedy in blind),
            *(remedy.said for remedy in remedies),
            *(proposal.said for _, proposal in hardly),
        ),
        numbers=numbers,
    )


def _row(
    history: History, ask: Asked, name: str, window: Sequence[Day], held: Sequence[Day], got: float
) -> BreadthRow:
    kept = set(held)
    picks = tuple(told_under(history.days[day], ask, name) if day in kept else None for day in window)
    # Once there were editions, days without one count as silent too.
    silence = longest = 0
    for day, number in zip(window, picks, strict=True):
        if day < held[0] or day > held[-1]:
            continue
        silence = 0 if number else silence + 1
        longest = max(longest, silence)
    good = sum(good_under(history.days[day], ask, name) for day in held)
    quiet = [_why(history, ask, name, day) for day, number in zip(window, picks, strict=True) if number == 0]
    thin = _thin(ask.label(name), quiet, len(held))
    finding, remedy = _blind_spot(history, ask, name, held, got, good, quiet, thin)
    if thin and remedy == NOTHING:
        remedy = step(_mostly(quiet), ask, name)
    if remedy.key in history.declined:
        remedy = NOTHING  # the finding stays, but the remedy isn't proposed again
    return BreadthRow(
        topic=name,
        label=ask.label(name),
        asked=ask.shares[name],
        got=got,
        picks=picks,
        silence=longest,
        finding=finding,
        thin=thin,
        remedy=remedy.said,
    )


def _why(history: History, ask: Asked, name: str, day: Day) -> str:
    """Why a topic had nothing on a day; "" for older editions, which didn't store it."""
    topics = history.days[day].topics if day in history.days else {}
    return next((topic.why for key, topic in topics.items() if topic.why and ask.under.get(key) == name), "")


def _mostly(quiet: Sequence[str]) -> str:
    """The most frequent cause; of several, the one named first."""
    return max(dict.fromkeys(why for why in quiet if why), key=quiet.count, default="")


def _thin(label: str, quiet: Sequence[str], editions: int) -> str:
    """ "Sales was absent from 5 of 14 editions: nothing new (4), nothing worth your minutes (1)."; "" for a topic
    that is seldom absent. `quiet` has the cause of each absence."""
    if len(quiet) < _THIN * editions:
        return ""
    return say(
        "{label} was absent from {n} of {all} editions{causes}.",
        label=label,
        n=len(quiet),
        all=editions,
        causes=_causes(quiet),
    )


def _causes(quiet: Sequence[str]) -> str:
    """ ": nothing new (4), nothing worth your minutes (1)"; "" if no edition stored a cause."""
    counted = Counter(why for why in quiet if why)
    causes = ", ".join(f"{say(why)} ({number})" for why, number in counted.most_common())
    return f": {causes}" if causes else ""


def _blind_spot(
    history: History,
    ask: Asked,
    name: str,
    held: Sequence[Day],
    got: float,
    good: int,
    quiet: Sequence[str],
    thin: str,
) -> tuple[str, Remedy]:
    """What a topic lacks and the one step that would change it: supply, delivery, or a second voice.

    If the topic is also `thin`, the same sentence reports its absences, so that they aren't reported twice.
    """
    label, share = ask.label(name), ask.shares[name]
    more, mostly = about("Add a source for {label}.", ask, name), _mostly(quiet)
    part = len(held) / 30
    absent = (
        say(
            ", and {n} of {all} editions had nothing of it{causes}",
            n=len(quiet),
            all=len(held),
            causes=_causes(quiet),
        )
        if thin
        else ""
    )
    if good < max(1, round(c.SUPPLY_LEAST * part)):
        return (
            _hardly(label, good, quiet, len(held), absent, thin),
            step(mostly, ask, name) if mostly in NOT_SUPPLY else more,
        )
    if share > 0 and got / share < 0.5 and good >= max(3, round(c.DELIVERY_LEAST * part)):
        got_, asked_ = percent(got), percent(share)
        if _told_whole(history, ask, name, held) * 2 >= good:
            return say(
                "{label} got {got} of the minutes where you asked for {asked}: there were only {n} good stories in {all} editions{absent}.",
                label=label,
                got=got_,
                asked=asked_,
                n=good,
                all=len(held),
                absent=absent,
            ), more
        # On most mornings there was nothing that a larger share could have brought.
        given = sum(good_under(history.days[day], ask, name) > 0 for day in held)
        lacking = mostly in (AT_CAP, FULL) or (given * 2 < len(held) and mostly not in ("", NO_ROOM))
        return (
            say(
                "{label} got {got} of the minutes where you asked for {asked}, with {n} good stories there{absent}.",
                label=label,
                got=got_,
                asked=asked_,
                n=good,
                absent=absent,
            ),
            step(mostly, ask, name)
            if lacking
            else MORE_MINUTES
            if _lost_to_room(history, ask, name, held)
            else about("Raise the share of {label}.", ask, name),
        )
    if (voice := _single_voice(history, ask, name, held)) > c.SINGLE_VOICE:
        return (
            say(
                "{share} of your {label} news came from one source{absent}.",
                share=percent(voice),
                label=label,
                absent=absent,
            ),
            about("Add a second source for {label}.", ask, name),
        )
    return "", NOTHING


def _hardly(label: str, good: int, quiet: Sequence[str], editions: int, absent: str, thin: str) -> str:
    """The finding for a topic that its sources hardly cover; if known, the causes of its absence say more."""
    known = any(quiet)
    if thin and len(quiet) == editions:
        return (
            thin
            if known
            else say(
                "{label} was absent from {n} of {all} editions: your sources hardly cover it.",
                label=label,
                n=editions,
                all=editions,
            )
        )
    cover = "" if thin and known else say(": your sources hardly cover it")
    if good == 0:
        return say(
            "{label} had no story good enough for a sure place in {all} editions{cover}{absent}.",
            label=label,
            all=editions,
            cover=cover,
            absent=absent,
        )
    return say(
        "{label} had only {stories} in {all} editions{cover}{absent}.",
        label=label,
        stories=count(good, "good story", "good stories"),
        all=editions,
        cover=cover,
        absent=absent,
    )


def _told_whole(history: History, ask: Asked, name: str, held: Sequence[Day]) -> int:
    """How many picks a topic had, without lines and long reads."""
    days = set(held)
    number = 0
    for shown in history.shown:
        if shown.date in days and shown.section not in ("line", "long") and shown.topics:
            best = max(sorted(shown.topics), key=lambda topic: shown.topics[topic])
            number += ask.under.get(best) == name
    return number


def _lost_to_room(history: History, ask: Asked, name: str, held: Sequence[Day]) -> bool:
    """Whether, on half of the days with good stories of a topic, these got only a line or nothing for lack of room. Then
    the minutes are too few for a story of each topic, and a larger share wouldn't help."""
    good = [day for day in held if good_under(history.days[day], ask, name) > 0]
    in_full: set[Day] = set()
    in_lines: set[Day] = set()
    for shown in history.shown:
        if shown.section == "line" and ask.under.get(_stands_for(shown)) == name:
            in_lines.add(shown.date)
        elif shown.section != "long" and ask.under.get(_stands_for(shown)) == name:
            in_full.add(shown.date)
    lost = [
        day
        for day in good
        if day not in in_full and (day in in_lines or _why(history, ask, name, day) == NO_ROOM)
    ]
    return len(lost) * 2 >= len(good) > 0


def _stands_for(shown: Shown) -> str:
    """The topic that a story was shown under; for older pages, which didn't store it, the story's largest topic."""
    return shown.topic or max(sorted(shown.topics), key=shown.topics.__getitem__, default="")


def _single_voice(history: History, ask: Asked, name: str, held: Sequence[Day]) -> float:
    """The largest source's share of a topic's minutes; 0 if there are fewer than five picks or lines."""
    days = set(held)
    minutes: dict[int, float] = {}
    number = 0
    for shown in history.shown:
        part = sum(p for topic, p in sorted(shown.topics.items()) if ask.under.get(topic) == name)
        if shown.date in days and part >= c.STANDS:
            minutes[shown.feed] = minutes.get(shown.feed, 0.0) + shown.minutes * part
            number += 1
    total = sum(minutes.values())
    return max(minutes.values()) / total if number >= _SINGLE_LEAST and total > 0 else 0.0


def _untold(history: History, held: Sequence[Day]) -> list[str]:
    """The largest stories that had no place, each as text: "“Ports close” (7 sources, Thu 12 Nov)"."""
    found = [(one, day) for day in held for one in history.days[day].untold]
    found.sort(key=lambda pair: (-pair[0].outlets, pair[1], pair[0].title))
    return [
        f"“{first_words(one.title, c.TITLE_WORDS)}” ({count(one.outlets, 'source')}, {short_day(day)})"
        for one, day in found[: c.NAMED]
    ]


def _general(
    numbers: Mapping[str, float],
    loudest: str,
    untold: Sequence[str],
    sided: Sequence[tuple[str, Remedy]],
    *,
    lines: float,
) -> tuple[list[str], list[Remedy]]:
    """Findings that concern no single topic, problems first, and the remedies for these problems."""
    amiss: list[str] = []
    plain: list[str] = []
    remedies: list[Remedy] = []
    told, big = int(numbers["big told"]), int(numbers["big stories"])
    if told < big:
        amiss.append(
            say(
                "{n} of {stories} that {big} or more sources told had no room{largest}.",
                n=whole(big - told),
                stories=count(big, "story", "stories"),
                big=c.BIG,
                largest=say(", the largest {story}", story=untold[0]) if untold else "",
            )
        )
        plain += [say("Not told either: {story}.", story=one) for one in untold[1:]]
        remedies.append(MORE_LINES if lines < _MANY_LINES else MORE_MINUTES)
    elif big:
        plain.append(
            say("Every story that {big} or more sources told was told here: {n} in all.", big=c.BIG, n=big)
        )
    else:
        plain.append(say("No story was told by {big} or more sources.", big=c.BIG))
    voices, largest = numbers["voices"], numbers["largest voice"]
    if largest > _LOUD:
        amiss.append(
            say(
                "{source} took {share} of your minutes.",
                source=loudest or say("One source"),
                share=percent(largest),
            )
        )
        remedies.append(LOWER_CAP)
    elif voices > 0:
        named = f", {loudest}," if loudest else ""
        plain.append(
            say(
                "You heard as many voices as {n} equal ones; the largest{named} had {share}.",
                n=decimal(voices, 0),
                named=named,
                share=percent(largest),
            )
        )
    amiss += [finding for finding, _ in sided]
    remedies += [remedy for _, remedy in sided]
    if quiet := int(numbers["quiet sources"]):
        heard = int(numbers["quiet sources heard"])
        plain.append(
            say("Of one source that writes seldom you heard {heard}.", heard=heard)
            if quiet == 1
            else say("Of {n} sources that write seldom you heard {heard}.", n=quiet, heard=heard)
        )
    if numbers["topics"] > 0:
        matched = say(
            "Your minutes matched what you asked for to {n} of 100.", n=decimal(numbers["balance"], 0)
        )
        plain.insert(0, matched)
        now, usual = numbers["topics this week"], numbers["topics"]
        way = (
            "The last week was like the others: {now} topics against {usual}."
            if abs(now - usual) <= _OUT_OF_STEP * usual
            else "The last week was broader: {now} topics against {usual}."
            if now > usual
            else "The last week was narrower: {now} topics against {usual}."
        )
        plain.append(say(way, now=decimal(now, 1), usual=decimal(usual, 1)))
    return [*amiss, *plain], remedies


_NAMED_TOPICS = 3  # topics, the most certain first


def unread(
    history: History, ask: Asked, held: Iterable[Day], *, apart: Collection[str] = ()
) -> list[tuple[str, Remedy]]:
    """What is hardly read and what could be done about it; nothing while there are too few likes and clicks to tell.

    Once the reader has declined the remedy, finding and remedy are not shown again: the reader knows. Topics in `apart`
    are left out.
    """
    liked = dict.fromkeys(ask.names, 0)
    told = dict.fromkeys(ask.names, 0)
    for day in held:
        for key, topic in history.days[day].topics.items():
            home = ask.under.get(key, "")
            if home in liked:
                liked[home] += topic.signs[0]
                told[home] += topic.signs[1]
    signs, stories = sum(liked.values()), sum(told.values())
    if signs < c.UNREAD_SIGNS:
        return []
    rate = signs / stories
    sure = {
        name: beta_below(rate / 2, 1 + liked[name], 3 + told[name] - liked[name])
        for name in ask.names
        if name not in apart
    }
    found = []
    for name in sorted((name for name in sure if sure[name] > c.UNREAD_SURE), key=lambda name: -sure[name]):
        label = ask.label(name)
        proposal = about("{label} keeps its share; lower it if you want less of it.", ask, name)
        if proposal.key not in history.declined:
            found.append(
                (
                    say(
                        "You liked or opened {n} of {stories} under {label}, and {share} of all.",
                        n=liked[name] or say("none"),
                        stories=count(told[name], "story", "stories"),
                        label=label,
                        share=percent(rate),
                    ),
                    proposal,
                )
            )
    return found[:_NAMED_TOPICS]
