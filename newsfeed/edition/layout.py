"""Where everything stands: Top, the topics in the reader's order, Listen, People, Also, In short, the long read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import earlier, words
from newsfeed.edition.choose import Choice
from newsfeed.edition.gains import Chosen
from newsfeed.edition.prepare import OFF_PATH_NOTE, Desk, has_place
from newsfeed.edition.printed import finished, line_words, quiet_line
from newsfeed.edition.score import percentile
from newsfeed.edition.weigh import Telling
from newsfeed.edition.words import apart, fixed_words, worth_account
from newsfeed.model import Item, Line, Pick, Section, ShortLine
from newsfeed.text import first_words
from newsfeed.text.spoken import joined, say

# Titles and places of what is looked up, skimmed or was told before: transcripts, reprints, round-ups, dated shows,
# manuals, questions and their answers, notes of changes, pages that are kept up to date.
_WORKING_PAPER = re.compile(
    r"\b(?:transcripts?|full text|reprint(?:ed)?|from the archives?|encore|re-?run|re-?broadcast|round-?up|recap|digest"
    r"|in brief|links (?:for|of)|(?:week|month|year) in review|best of|change ?log|release notes|what['’]s new in|roadmap"
    r"|documentation|reference|cheat ?sheet|minutes of|agenda|meeting notes|call for papers|press release|live ?blog"
    r"|newsletter|table of contents|errata|FAQs?|(?:entire|full|whole|complete) story of|everything (?:we|you need to)"
    r" know|what we know(?: so far)?|timeline|tracker|as it happened|latest (?:news|updates?)|live updates?)\b"
    r"|\b\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d\b|\b(?:19|20)\d\d-\d\d-\d\d\b|\bv?\d+\.\d+\.\d+\b",
    re.IGNORECASE,
)
_WORKING_PLACE = re.compile(
    r"/(?:docs?|documentation|reference|manual|api|questions?|q|changelog|releases?|transcripts?|wiki|faq|live)(?:/|$)"
    r"|-(?:updates?|tracker|timeline|live)/?$",
    re.IGNORECASE,
)
_APART = re.compile(
    r"(?:https?://|www\.)\S+|\S+/\S+|[#@]\S+"
)  # links, tags and names say little by themselves


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

    add(c.TOP_KEY, say("Top"), top)
    heard = sorted((one for one in rest if one.telling.heard), key=_by_worth)
    rest = [one for one in rest if not one.telling.heard]
    for name in desk.ask.names:
        own = sorted((one for one in rest if one.topic == name), key=_by_worth)
        add(name, desk.ask.label(name), own)
    others = sorted((one for one in rest if one.topic not in desk.ask.names), key=_by_worth)
    add(
        c.OTHER,
        say("Must-read") if all(o.telling.options.must_read for o in others) else say("More news"),
        others,
    )
    add(c.LISTEN, say("Listen"), heard)
    links = {pick.link: pick.n for section in sections for pick in section.picks if pick.link}
    people = [_post(desk, telling, counter + place, links) for place, telling in enumerate(posts)]
    if people:
        sections.append(Section(key=c.PEOPLE_KEY, heading=say("People"), picks=tuple(people)))
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
    why = words.reason(
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
    why = words.reason(
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
        section=c.PEOPLE_KEY,
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
    picks = [pick for section in sections if section.key != c.PEOPLE_KEY for pick in section.picks]
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
    top = next((section.picks for section in page.sections if section.key == c.TOP_KEY), ())
    wishes += [(pick.n, c.TOP_WORDS) for pick in top]
    core = next(
        (pick for pick in page.picks if pick.topic == desk.ask.core and pick.section != c.PEOPLE_KEY), None
    )
    if core is not None:
        wishes.append((core.n, c.CORE_WORDS))
    leads: dict[int, str] = {}
    for number, most in wishes:
        pick = next(one for one in page.picks if one.n == number)
        now = leads.get(number, pick.lead)
        for length in range(most, c.LEAD_WORDS, -5):
            longer = desk.printer.lead(desk.by_id[pick.item], length)
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


def people(desk: Desk, budget: float) -> tuple[tuple[Telling, ...], float]:
    """The best posts, never more than a tenth of the minutes; and the minutes that they take.

    Good means more than fresh: among the best quarter of its source's own posts, passed on by two, or on one of
    the reader's topics from a source that posts seldom; and long enough to say something.
    """
    taken: list[Telling] = []
    spent = 0.0
    feeds: set[int] = set()
    for telling in sorted(desk.posts, key=lambda t: (-t.worth.value, -t.worth.freshness, t.id)):
        if len(taken) >= min(desk.settings.edition.people, desk.most_items):
            break
        if telling.candidate.item.feed in feeds or post_lacks(desk, telling):
            continue
        cost = desk.pick_cost(telling)
        if spent + cost > c.PEOPLE * budget:
            continue
        taken.append(telling)
        feeds.add(telling.candidate.item.feed)
        spent += cost
    return tuple(taken), spent


def post_lacks(desk: Desk, telling: Telling) -> str:
    """What a post lacks to stand under People, in words; "" for one that is good enough."""
    item, worth = telling.candidate.item.item, telling.worth.value
    said = _APART.sub(" ", item.lead or item.text or item.title)
    if text.count_words(said) < c.PEOPLE_WORDS:
        return say("a post of fewer than {n} words", n=c.PEOPLE_WORDS)
    if telling.options.must_read:
        return ""
    feed = desk.feeds.get(telling.candidate.item.feed)
    liked = feed is not None and item.score is not None and percentile(item.score, feed.engagement) >= 0.75
    spread = telling.shared_by >= c.SHARED_BY + 1 or len(item.via) >= c.SHARED_BY
    if liked or spread:
        if worth >= c.LINE:
            return ""
        own, needed = apart(worth, c.LINE)
        return say("a post worth {own}, it takes {needed}", own=own, needed=needed)
    if not telling.topic:
        return say("a post that few passed on and that fits none of your topics")
    if worth < c.PEOPLE_GOOD:
        own, needed = apart(worth, c.PEOPLE_GOOD)
        return say("a post worth {own}, it takes {needed} where few passed it on", own=own, needed=needed)
    return ""


def long_read(desk: Desk, page: Layout) -> Pick | None:
    """The day's one substantial piece outside the minutes, or none: an article of 800 words or more, or a talk of
    15 minutes or more; core topic first; not the source of the last two days'; never a story of the page.

    None is better than filler: see `_deserving`.
    """
    told = {pick.story for pick in page.picks} | {line.story for line in page.lines}
    barred = earlier.last_long_read(desk.pool.history.shown, desk.date)
    if not desk.settings.edition.long_read:
        return None
    fitting = [
        telling
        for telling in desk.articles
        if telling.story not in told
        and telling.back is None
        and telling.topic
        and telling.candidate.item.feed != barred
        and _deserving(telling)
    ]
    if not fitting:
        return None
    best = min(
        fitting, key=lambda t: (t.topic != desk.ask.core, -ageless(t) * math.sqrt(t.worth.freshness), t.id)
    )
    length = reading_length(best.candidate.item.item)
    number = len(page.picks) + 1
    made = msgspec.structs.replace(
        desk.printer.pick(best, section=c.LONG, words=c.LEAD_WORDS),
        n=number,
        reason=say("the best long piece that you have not seen"),
        note=say("{n} min, when you have them", n=round(length)),
        minutes=length,
        account={"pass": "long read", "length": length, **worth_account(best)},
    )
    return msgspec.structs.replace(made, quiet=quiet_line(made, fixed_words()))


def _deserving(telling: Telling) -> bool:
    """Whether a long piece is worth its half hour: good before freshness, surely of one of the reader's topics,
    with a lead that says what it is about, and written to be read from end to end, once."""
    item = telling.candidate.item.item
    return (
        reading_length(item) > 0
        and ageless(telling) >= c.LONG_GOOD
        and telling.worth.telling == 1.0
        and any(s.p >= c.SURE for s in telling.candidate.tagging.scores)
        and text.count_words(item.lead) >= c.LONG_LEAD
        and not _lists(item.lead)
        and not _WORKING_PAPER.search(item.title)
        and not _WORKING_PLACE.search(urlsplit(item.link).path)
    )


def _lists(lead: str) -> bool:
    """Whether a lead is a list of subjects: what talks of ten things is looked into, not read for half an hour."""
    return lead.count(",") + lead.count(";") > max(4, text.count_words(lead) / 5)


def ageless(telling: Telling) -> float:
    """Worth before freshness."""
    return telling.worth.value / telling.worth.freshness if telling.worth.freshness > 0 else 0.0


def reading_length(item: Item) -> float:
    """Minutes of a substantial piece, 0 for any other."""
    seconds = max((enclosure.seconds for enclosure in item.enclosures), default=0)
    if item.kind in {"video", "episode"}:
        return seconds / 60 if seconds >= c.LONG_SECONDS else 0.0
    if item.kind in {"article", "mail"} and item.words >= c.LONG_WORDS:
        return item.words / 238
    return 0.0
