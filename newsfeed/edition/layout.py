"""The places on the page: Top, the topics in the reader's order, Listen, People, Also, the long read; and the way to each topic."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import earlier, words
from newsfeed.edition.choose import Choice
from newsfeed.edition.contenders import Contender
from newsfeed.edition.objective import Chosen
from newsfeed.edition.preparing import OFF_PATH_NOTE, Prepared, account_of, has_place, with_topic
from newsfeed.edition.printed import finished, line_words, quiet_line
from newsfeed.edition.score import percentile
from newsfeed.edition.words import apart, fixed_words
from newsfeed.model import NO_NEWS, Item, Line, Pick, Section, ShortLine
from newsfeed.text.spoken import joined, say

# Titles and addresses of what is looked up, skimmed or repeated: transcripts, reprints, round-ups, dated shows,
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
class Placed:
    """A story that was chosen, and the topic that it stands for on the page."""

    contender: Contender
    chosen: Chosen
    topic: str


def layout(prepared: Prepared, choice: Choice, posts: Sequence[Contender]) -> Layout:
    """Put the stories of a choice in their places, with leads of the usual length."""
    placed = [place(prepared, choice, chosen) for chosen in choice.picks]
    top = _top(placed)
    rest = [one for one in placed if one not in top]
    sections: list[Section] = []
    counter = 1
    seen: set[str] = set()

    def add(key: str, heading: str, ones: Sequence[Placed]) -> None:
        nonlocal counter
        picks = []
        for one in ones:
            picks.append(printed_pick(prepared, choice, one, key, counter, first=one.topic not in seen))
            seen.add(one.topic)
            counter += 1
        if picks:
            sections.append(Section(key=key, heading=heading, picks=tuple(picks)))

    add(c.TOP_KEY, say("Top"), top)
    heard = sorted((one for one in rest if one.contender.heard), key=_by_score)
    rest = [one for one in rest if not one.contender.heard]
    for name in prepared.ask.names:
        own = sorted((one for one in rest if one.topic == name), key=_by_score)
        add(name, prepared.ask.label(name), own)
    others = sorted((one for one in rest if one.topic not in prepared.ask.names), key=_by_score)
    add(
        c.OTHER,
        say("Must-read") if all(o.contender.options.must_read for o in others) else say("More news"),
        others,
    )
    add(c.LISTEN, say("Listen"), heard)
    links = {pick.link: pick.n for section in sections for pick in section.picks if pick.link}
    people = [_post(prepared, contender, counter + place, links) for place, contender in enumerate(posts)]
    if people:
        sections.append(Section(key=c.PEOPLE_KEY, heading=say("People"), picks=tuple(people)))
    lines = _lines(prepared, choice)
    short = _short(prepared, sections, lines)
    return Layout(tuple(sections), lines, short)


def place(prepared: Prepared, choice: Choice, chosen: Chosen) -> Placed:
    """A chosen row as a story, with the topic it was chosen for."""
    contender = prepared.by_id[int(choice.morning.ids[chosen.row])]
    return Placed(contender, chosen, prepared.topic_of(chosen, contender))


def _by_score(one: Placed) -> tuple[float, int]:
    return (-one.contender.score.value, one.contender.id)


def _top(placed: Sequence[Placed]) -> list[Placed]:
    """The three of the largest score (one on a small page), whatever their topic; no two of one source while others
    are there. Events and analysis of weight, and what several sources tell, go before all else."""
    wanted = c.TOP if len(placed) >= 2 * c.TOP else min(1, len(placed))
    able = [
        one
        for one in placed
        if not one.contender.heard and one.contender.kind not in NO_NEWS and has_place(one.contender)
    ]
    order = sorted(able, key=lambda one: (not _leads(one.contender), *_by_score(one)))
    top: list[Placed] = []
    for strict in (True, False):
        for one in order:
            if len(top) >= wanted:
                break
            if one in top:
                continue
            if strict and any(
                o.contender.representative.item.feed == one.contender.representative.item.feed for o in top
            ):
                continue
            top.append(one)
    return sorted(top, key=lambda one: (not _leads(one.contender), *_by_score(one)))


def _leads(contender: Contender) -> bool:
    """Whether a story may lead the page."""
    return contender.grade >= c.STRONG or contender.outlets >= 2


def printed_pick(
    prepared: Prepared, choice: Choice, one: Placed, key: str, number: int, *, first: bool
) -> Pick:
    """A story as a pick of the section `key`; `first`: no story of its topic stands before it."""
    contender, chosen = one.contender, one.chosen
    minutes = float(choice.morning.minutes[chosen.row])
    draft = prepared.draft(contender)
    why = words.reason(
        contender,
        prepared.facts(contender, one.topic),
        by=chosen.by,
        rivals=chosen.rivals,
        minutes=minutes,
        source=draft.source,
        first_of_topic=first,
    )
    # If the floor already includes the topic shown least, that pick is the one off the path.
    off_path = chosen.by == "off path" or (chosen.by == "floor" and one.topic == prepared.least)
    note = draft.note or (say(OFF_PATH_NOTE) if off_path and one.topic else "")
    return _reasoned(
        draft,
        why,
        n=number,
        section=key,
        topic=one.topic,
        tellers=why.before(draft, contender.outlets),
        note=note,
        account=account_of(prepared, choice, chosen, contender, one.topic),
    )


def _reasoned(draft: Pick, why: words.Reason, **more: Any) -> Pick:
    """A pick with its reason, quiet line and minutes."""
    return finished(
        msgspec.structs.replace(draft, reason=why.sentence, reason_shown=why.news, why=why.short, **more)
    )


def _post(prepared: Prepared, contender: Contender, number: int, links: dict[str, int]) -> Pick:
    draft = prepared.draft(contender)
    item = contender.representative.item.item
    own = item.page or item.link
    about = next((n for link, n in links.items() if text.canonical_url(link) == own or link in item.html), 0)
    why = words.reason(
        contender,
        prepared.facts(contender, contender.topic),
        by="people",
        rivals=0,
        minutes=0.0,
        source=draft.source,
        first_of_topic=False,
    )
    return _reasoned(
        draft,
        why,
        n=number,
        section=c.PEOPLE_KEY,
        note=say("about story {n}", n=about) if about else draft.note,
        account=words.account(contender, "people"),
    )


def _lines(prepared: Prepared, choice: Choice) -> tuple[Line, ...]:
    """Big stories first, then the best of each topic without a pick, in the reader's order, then what the remaining
    minutes hold."""
    made: list[Line] = []
    for rows, why in ((choice.big, "big"), (choice.places, "place"), (choice.spare, "spare")):
        contenders = [prepared.by_id[int(choice.morning.ids[row])] for row in rows]
        if why == "place":
            names = prepared.ask.names
            contenders.sort(key=lambda t: (names.index(t.topic) if t.topic in names else len(names), t.id))
        for contender in contenders:
            line = prepared.printer.line(contender)
            account = with_topic(prepared, words.account(contender, f"{why} line"), contender.topic)
            made.append(
                msgspec.structs.replace(line, minutes=text.reading_minutes(line_words(line)), account=account)
            )
    return tuple(made)


def _short(prepared: Prepared, sections: Sequence[Section], lines: Sequence[Line]) -> tuple[ShortLine, ...]:
    """The topics that the page tells of, each with its first story. A bridge that is all that two topics have is named
    once, under both labels."""
    picks = [pick for section in sections if section.key != c.PEOPLE_KEY for pick in section.picks]
    places: dict[str, list[str]] = {}
    titles: dict[str, str] = {}
    for name in prepared.ask.names:
        own = [pick for pick in picks if pick.topic == name]
        bridges = [pick for pick in picks if name in prepared.by_id[pick.item].topics.stands]
        told = [
            line for line in lines if name == line.topic or name in prepared.by_id[line.item].topics.stands
        ]
        if own or bridges:
            pick = (own or bridges)[0]
            href, title = f"#s{pick.n}", pick.title
        elif told:
            href, title = f"#l-{told[0].ref}", told[0].title
        else:
            continue
        places.setdefault(href, []).append(prepared.ask.label(name))
        titles[href] = title
    return tuple(
        ShortLine(label=joined(labels), text=titles[href], href=href) for href, labels in places.items()
    )


def grown(prepared: Prepared, page: Layout, spare: float) -> Layout:
    """Longer leads where minutes are left: Top up to 60 words, the core topic's first pick up to 100."""
    wishes = [(p.n, c.TOP_WORDS) for s in page.sections if s.key == c.TOP_KEY for p in s.picks]
    core = [p.n for p in page.picks if p.topic == prepared.ask.core and p.section != c.PEOPLE_KEY]
    wishes += [(number, c.CORE_WORDS) for number in core[:1]]
    leads: dict[int, str] = {}
    for number, most in wishes:
        pick = next(one for one in page.picks if one.n == number)
        now = leads.get(number, pick.lead)
        for length in range(most, c.LEAD_WORDS, -5):
            longer = prepared.printer.lead(prepared.by_id[pick.item], length)
            cost = text.reading_minutes(longer) - text.reading_minutes(now)
            if cost <= 0:
                break
            if cost <= spare:
                leads[number] = longer
                spare -= cost
                break
    if not leads:
        return page

    def longer_told(pick: Pick) -> Pick:
        return finished(msgspec.structs.replace(pick, lead=leads[pick.n])) if pick.n in leads else pick

    sections = (
        msgspec.structs.replace(s, picks=tuple(longer_told(p) for p in s.picks)) for s in page.sections
    )
    return Layout(tuple(sections), page.lines, page.short)


def people(prepared: Prepared, budget: float) -> tuple[tuple[Contender, ...], float]:
    """The best posts, never more than a tenth of the minutes; and the minutes that they take.

    Good means more than fresh: among the best quarter of its source's own posts, passed on by two, or on one of
    the reader's topics from a source that posts seldom; and long enough to say something.
    """
    taken: list[Contender] = []
    spent = 0.0
    feeds: set[int] = set()
    for contender in sorted(prepared.posts, key=lambda t: (-t.score.value, -t.score.freshness, t.id)):
        if len(taken) >= min(prepared.settings.edition.people, prepared.most_items):
            break
        if contender.representative.item.feed in feeds or post_lacks(prepared, contender):
            continue
        cost = prepared.pick_cost(contender)
        if spent + cost > c.PEOPLE * budget:
            continue
        taken.append(contender)
        feeds.add(contender.representative.item.feed)
        spent += cost
    return tuple(taken), spent


def post_lacks(prepared: Prepared, contender: Contender) -> str:
    """What a post lacks to stand under People, in words; "" for one that is good enough."""
    item, score = contender.representative.item.item, contender.score.value
    said = _APART.sub(" ", item.lead or item.text or item.title)
    if text.count_words(said) < c.PEOPLE_WORDS:
        return say("a post of fewer than {n} words", n=c.PEOPLE_WORDS)
    if contender.options.must_read:
        return ""
    feed = prepared.feeds.get(contender.representative.item.feed)
    liked = feed is not None and item.score is not None and percentile(item.score, feed.engagement) >= 0.75
    spread = contender.shared_by >= c.SHARED_BY + 1 or len(item.via) >= c.SHARED_BY
    if liked or spread:
        if score >= c.LINE:
            return ""
        own, needed = apart(score, c.LINE)
        return say("a post worth {own}, it takes {needed}", own=own, needed=needed)
    if not contender.topic:
        return say("a post that few passed on and that fits none of your topics")
    if score < c.PEOPLE_GOOD:
        own, needed = apart(score, c.PEOPLE_GOOD)
        return say("a post worth {own}, it takes {needed} where few passed it on", own=own, needed=needed)
    return ""


def long_read(prepared: Prepared, page: Layout) -> Pick | None:
    """The day's one substantial piece outside the minutes, or none: an article of 800 words or more, or a talk of
    15 minutes or more; core topic first; not the source of the last two days'; never a story of the page.

    None is better than filler: see `_deserving`.
    """
    told = {pick.story for pick in page.picks} | {line.story for line in page.lines}
    barred = earlier.last_long_read(prepared.pool.history.shown, prepared.date)
    if not prepared.settings.edition.long_read:
        return None
    fitting = [
        contender
        for contender in prepared.articles
        if contender.story not in told
        and contender.back is None
        and contender.topic
        and contender.representative.item.feed != barred
        and _deserving(contender)
    ]
    if not fitting:
        return None
    best = min(
        fitting,
        key=lambda t: (t.topic != prepared.ask.core, -ageless(t) * math.sqrt(t.score.freshness), t.id),
    )
    length = reading_length(best.representative.item.item)
    number = len(page.picks) + 1
    made = msgspec.structs.replace(
        prepared.printer.pick(best, section=c.LONG, words=c.LEAD_WORDS),
        n=number,
        reason=say("the best long piece that you have not seen"),
        note=say("{n} min, when you have them", n=round(length)),
        minutes=length,
        account=msgspec.structs.replace(words.account(best, "long read"), length=length),
    )
    return msgspec.structs.replace(made, quiet=quiet_line(made, fixed_words()))


def _deserving(contender: Contender) -> bool:
    """Whether a long piece is worth its half hour: good before freshness, surely of one of the reader's topics,
    with a lead that says what it is about, and written to be read from end to end, once."""
    item = contender.representative.item.item
    return (
        reading_length(item) > 0
        and ageless(contender) >= c.LONG_GOOD
        and contender.score.penalty == 1.0
        and any(s.p >= c.SURE for s in contender.representative.tagging.scores)
        and text.count_words(item.lead) >= c.LONG_LEAD
        and not _lists(item.lead)
        and not _WORKING_PAPER.search(item.title)
        and not _WORKING_PLACE.search(urlsplit(item.link).path)
    )


def _lists(lead: str) -> bool:
    """Whether a lead is a list of subjects: a piece about ten things is skimmed, not read for half an hour."""
    return lead.count(",") + lead.count(";") > max(4, text.count_words(lead) / 5)


def ageless(contender: Contender) -> float:
    """The score without freshness."""
    return contender.score.value / contender.score.freshness if contender.score.freshness > 0 else 0.0


def reading_length(item: Item) -> float:
    """Minutes of a substantial piece, 0 for any other."""
    seconds = max((enclosure.seconds for enclosure in item.enclosures), default=0)
    if item.kind in {"video", "episode"}:
        return seconds / 60 if seconds >= c.LONG_SECONDS else 0.0
    if item.kind in {"article", "mail"} and item.words >= c.LONG_WORDS:
        return item.words / text.WORDS_A_MINUTE
    return 0.0
