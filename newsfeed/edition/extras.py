"""What stands beside the choice by topics: the posts under People, and the long read."""

from __future__ import annotations

import math
import re
from urllib.parse import urlsplit

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition import memory
from newsfeed.edition.desk import Desk
from newsfeed.edition.page import LONG, Layout, worth_account
from newsfeed.edition.printed import quiet_line
from newsfeed.edition.weighing import Telling
from newsfeed.edition.wording import apart, fixed_words, say
from newsfeed.edition.worth import percentile
from newsfeed.model import Item, Pick

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
    barred = memory.last_long_read(desk.pool.history.shown, desk.date)
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
        desk.printer.pick(best, section=LONG, words=c.LEAD_WORDS),
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
