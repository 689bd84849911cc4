"""Where everything stands: Top, the topics in the reader's order, People, Also, In short. Numbers and reasons too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import reasons
from newsfeed.edition.choose import Choice, Chosen
from newsfeed.edition.desk import OFF_PATH_NOTE, Desk, has_place
from newsfeed.edition.printed import finished, line_words
from newsfeed.edition.telling import first_words
from newsfeed.edition.weighing import Liking, Telling
from newsfeed.edition.wording import count, joined, say
from newsfeed.model import Line, NewsValue, Pick, Section, ShortLine

TOP = "top"
PEOPLE = "people"
OTHER = "other"
LONG = "long"
SINCE = "since"
LISTEN = "listen"


@dataclass(frozen=True)
class Layout:
    """The page between its heading and its foot."""

    sections: tuple[Section, ...]
    lines: tuple[Line, ...]
    short: tuple[ShortLine, ...]

    @property
    def picks(self) -> tuple[Pick, ...]:
        """All picks in the page's order."""
        return tuple(pick for section in self.sections for pick in section.picks)

    @property
    def told(self) -> tuple[Pick | Line, ...]:
        """All picks and lines."""
        return (*self.picks, *self.lines)


@dataclass(frozen=True)
class _Placed:
    telling: Telling
    chosen: Chosen
    topic: str


def layout(desk: Desk, choice: Choice, posts: Sequence[Telling], *, in_short: bool) -> Layout:
    """Put a choice in its places, every lead at its usual length."""
    placed = [_place(desk, choice, chosen) for chosen in choice.picks]
    top = _top(desk, placed)
    rest = [one for one in placed if one not in top]
    sections: list[Section] = []
    counter = 1
    seen: set[str] = set()

    def add(key: str, heading: str, ones: Sequence[_Placed]) -> None:
        nonlocal counter
        picks = []
        for one in ones:
            picks.append(_pick(desk, choice, one, key, counter, first=one.topic not in seen))
            seen.add(one.topic)
            counter += 1
        if picks:
            sections.append(Section(key=key, heading=heading, picks=tuple(picks)))

    add(TOP, say("Top"), top)
    heard = sorted((one for one in rest if one.telling.heard), key=_by_worth)
    rest = [one for one in rest if not one.telling.heard]
    for name in desk.ask.names:
        own = sorted((one for one in rest if one.topic == name), key=_by_worth)
        add(name, desk.ask.label(name), own)
    others = sorted((one for one in rest if one.topic not in desk.ask.names), key=_by_worth)
    add(
        OTHER,
        say("Must-read") if all(o.telling.options.must_read for o in others) else say("More news"),
        others,
    )
    add(LISTEN, say("Listen"), heard)
    links = {pick.link: pick.n for section in sections for pick in section.picks if pick.link}
    people = [_post(desk, telling, counter + place, links) for place, telling in enumerate(posts)]
    if people:
        sections.append(Section(key=PEOPLE, heading=say("People"), picks=tuple(people)))
    lines = _lines(desk, choice)
    short = _short(desk, sections, lines) if in_short else ()
    return Layout(tuple(sections), lines, short)


def _place(desk: Desk, choice: Choice, chosen: Chosen) -> _Placed:
    telling = desk.by_id[int(choice.morning.ids[chosen.row])]
    return _Placed(telling, chosen, desk.topic_of(chosen, telling))


def _by_worth(one: _Placed) -> tuple[float, int]:
    return (-one.telling.worth.value, one.telling.id)


def _top(desk: Desk, placed: Sequence[_Placed]) -> list[_Placed]:
    """The three of the largest worth (one on a small page), whatever their topic; no two of one source while others
    are there. Events and analysis of weight, and what several sources tell, go before all else."""
    wanted = c.TOP if len(placed) >= 2 * c.TOP else min(1, len(placed))
    able = [
        one
        for one in placed
        if not one.telling.heard and one.telling.kind not in c.NEVER_TOP and has_place(one.telling)
    ]
    order = sorted(able, key=lambda one: (not _leads(one.telling), *_by_worth(one)))
    top: list[_Placed] = []
    for strict in (True, False):
        for one in order:
            if len(top) >= wanted:
                break
            if one in top:
                continue
            if strict and any(o.telling.candidate.item.feed == one.telling.candidate.item.feed for o in top):
                continue
            top.append(one)
    return sorted(top, key=lambda one: (not _leads(one.telling), *_by_worth(one)))


def _leads(telling: Telling) -> bool:
    """Whether a story may lead the page."""
    return telling.grade >= c.STRONG or telling.outlets >= 2


def _pick(desk: Desk, choice: Choice, one: _Placed, key: str, number: int, *, first: bool) -> Pick:
    telling, chosen = one.telling, one.chosen
    minutes = float(choice.morning.minutes[chosen.row])
    draft = desk.draft(telling)
    why = reasons.reason(
        telling,
        desk.facts(telling, one.topic),
        by=chosen.by,
        rivals=chosen.rivals,
        minutes=minutes,
        source=draft.source,
        first_of_topic=first,
    )
    # Where the floor has told what was shown least already, that is the step off the path.
    off_path = chosen.by == "off path" or (chosen.by == "floor" and one.topic == desk.least)
    note = draft.note or (say(OFF_PATH_NOTE) if off_path and one.topic else "")
    pick = msgspec.structs.replace(
        draft,
        n=number,
        section=key,
        topic=one.topic,
        reason=why.sentence,
        reason_shown=why.news,
        why=why.short,
        tellers=why.before(draft, telling.outlets),
        note=note,
        account=account(desk, choice, chosen, telling, one.topic),
    )
    return finished(pick)


def account(
    desk: Desk, choice: Choice, chosen: Chosen, telling: Telling, topic: str
) -> dict[str, float | str]:
    """Every number behind a choice; `explain.why` makes a table of it."""
    rows: dict[str, float | str] = {"pass": chosen.by, **worth_account(telling), **topic_account(desk, topic)}
    rows |= {
        "gain": chosen.gain,
        "gain of topic": chosen.topic_gain,
        "gain of worth": chosen.worth_gain,
        "gain of voice": chosen.voice_gain,
        "minutes": float(choice.morning.minutes[chosen.row]),
        "rivals": float(chosen.rivals),
        "kappa": c.KAPPA.get(desk.settings.edition.breadth, c.KAPPA["balanced"]),
    }
    for place, name in enumerate(desk.ask.names):
        if telling.topics.parts.get(name, 0.0) > 0 and chosen.before:
            rows[f"weight of {name}"] = desk.weights[place]
            rows[f"told of {name}"] = chosen.before[place]
    if chosen.runner_up >= 0:
        second = desk.by_id[int(choice.morning.ids[chosen.runner_up])]
        rows |= {
            "runner-up": second.candidate.item.ref,
            "title of runner-up": desk.printer.title(second.candidate.item, ""),
            "gain of runner-up": chosen.runner_gain,
            "minutes of runner-up": float(choice.morning.minutes[chosen.runner_up]),
        }
    return rows


def worth_account(telling: Telling) -> dict[str, float | str]:
    """The parts of a telling's worth, already weighted, and the story's topics."""
    own, news = telling.worth, telling.candidate.tagging.news
    return {
        "worth": own.value,
        "freshness": own.freshness,
        "hours": own.age,
        "half-life": own.half_life,
        "grade": 3 * own.news / c.NEWS_WEIGHT,
        "thumbs": own.thumbs,
        "record": telling.record,
        "held": float(own.held),
        "kind": news.kind if news else "",
        "deciding words": _deciding(news),
        "part of news": own.news,
        "outlets": float(telling.outlets),
        "part of outlets": own.outlets,
        "part of interest": own.interest,
        "liking": _liking(telling.liking),
        "part of engagement": own.engagement,
        "weight": own.weight,
        "telling": own.telling,
        "flaws": joined([say(flaw) for flaw in telling.flaws]),
        **{f"topic {name}": part for name, part in telling.topics.parts.items()},
    }


def _deciding(news: NewsValue | None) -> str:
    """The words that moved an item's news value, with what each brought or took in grades."""
    terms = news.terms if news else ()
    return ", ".join(f"“{term.term}” {term.weight:+.2f}" for term in terms)


def _liking(liking: Liking) -> str:
    """What a source's interest rests on, in words."""
    if liking.thumb:
        return (
            say("your thumb up on it decides alone")
            if liking.thumb > 0
            else say("your thumb down on it decides alone")
        )
    if not liking.told:
        return say("nothing yet, as you gave no thumb in its topic")
    return say(
        "of its source’s {stories} on your pages under this topic you liked {up} and disliked {down}; half is the usual",
        stories=count(liking.shown, "story", "stories"),
        up=liking.up,
        down=liking.down,
    )


def topic_account(desk: Desk, topic: str) -> dict[str, float | str]:
    """What the reader asked of the topic that a pick stands for, and what it is owed."""
    if topic not in desk.ask.shares:
        return {}
    return {"topic": topic, "share": desk.ask.shares[topic], "debt": desk.debts.get(topic, 0.0)}


def _post(desk: Desk, telling: Telling, number: int, links: dict[str, int]) -> Pick:
    draft = desk.draft(telling)
    item = telling.candidate.item.item
    own = item.page or item.link
    about = next((n for link, n in links.items() if text.canonical_url(link) == own or link in item.html), 0)
    why = reasons.reason(
        telling,
        desk.facts(telling, telling.topic),
        by="people",
        rivals=0,
        minutes=0.0,
        source=draft.source,
        first_of_topic=False,
    )
    pick = msgspec.structs.replace(
        draft,
        n=number,
        section=PEOPLE,
        reason=why.sentence,
        reason_shown=why.news,
        why=why.short,
        note=say("about story {n}", n=about) if about else draft.note,
        account={"pass": "people", **worth_account(telling)},
    )
    return finished(pick)


def _lines(desk: Desk, choice: Choice) -> tuple[Line, ...]:
    """Big stories first, then the best of each topic that got no pick, in the reader's order, then what the minutes
    that were left could tell."""
    made: list[Line] = []
    for rows, why in ((choice.big, "big"), (choice.places, "place"), (choice.spare, "spare")):
        tellings = [desk.by_id[int(choice.morning.ids[row])] for row in rows]
        if why == "place":
            names = desk.ask.names
            tellings.sort(key=lambda t: (names.index(t.topic) if t.topic in names else len(names), t.id))
        for telling in tellings:
            line = desk.printer.line(telling)
            numbers: dict[str, float | str] = {
                "pass": f"{why} line",
                **worth_account(telling),
                **topic_account(desk, telling.topic),
            }
            made.append(
                msgspec.structs.replace(line, minutes=text.reading_minutes(line_words(line)), account=numbers)
            )
    return tuple(made)


def _short(desk: Desk, sections: Sequence[Section], lines: Sequence[Line]) -> tuple[ShortLine, ...]:
    """One line a topic: the first words of its first headline. A bridge that is all that two topics have is named
    once, under both labels."""
    picks = [pick for section in sections if section.key != PEOPLE for pick in section.picks]
    places: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for name in desk.ask.names:
        own = [pick for pick in picks if pick.topic == name]
        bridges = [pick for pick in picks if name in desk.by_id[pick.item].topics.stands]
        told = [line for line in lines if name == line.topic or name in desk.by_id[line.item].topics.stands]
        if own or bridges:
            pick = (own or bridges)[0]
            href, title, lang = f"#s{pick.n}", pick.title, pick.lang
        elif told:
            href, title, lang = f"#l-{told[0].ref}", told[0].title, told[0].lang
        else:
            continue
        places.setdefault(href, []).append(desk.ask.label(name))
        words[href] = first_words(title, c.SHORT_WORDS, lang)
    return tuple(
        ShortLine(label=joined(labels), text=words[href], href=href) for href, labels in places.items()
    )


def grown(desk: Desk, page: Layout, spare: float) -> Layout:
    """Longer leads where minutes are left: Top up to 60 words, the core topic's first pick up to 100."""
    wishes: list[tuple[int, int]] = []
    top = next((section.picks for section in page.sections if section.key == TOP), ())
    wishes += [(pick.n, c.TOP_WORDS) for pick in top]
    core = next((pick for pick in page.picks if pick.topic == desk.ask.core and pick.section != PEOPLE), None)
    if core is not None:
        wishes.append((core.n, c.CORE_WORDS))
    leads: dict[int, str] = {}
    for number, most in wishes:
        pick = next(one for one in page.picks if one.n == number)
        now = leads.get(number, pick.lead)
        for words in range(most, c.LEAD_WORDS, -5):
            longer = desk.printer.lead(desk.by_id[pick.item], words)
            cost = text.reading_minutes(longer) - text.reading_minutes(now)
            if cost <= 0:
                break
            if cost <= spare:
                leads[number] = longer
                spare -= cost
                break
    if not leads:
        return page
    sections = []
    for section in page.sections:
        picks = []
        for pick in section.picks:
            if pick.n in leads:
                longer_pick = msgspec.structs.replace(pick, lead=leads[pick.n])
                picks.append(finished(longer_pick))
            else:
                picks.append(pick)
        sections.append(msgspec.structs.replace(section, picks=tuple(picks)))
    return Layout(tuple(sections), page.lines, page.short)
