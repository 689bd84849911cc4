"""A telling as it would be printed: title, lead at any length, the quiet line. Nothing is invented or rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition.weighing import Telling, outlet
from newsfeed.edition.wording import count, minutes, say, when
from newsfeed.model import Candidate, FeedFacts, Item, Line, Pick, Span, StoredItem, TopicScore

_SOURCE_CHARACTERS = 40
_POST_WORDS = 50
_ADDRESS = re.compile(r"https?://\S+|\b[\w.-]+\.[a-z]{2,}/\S*…?")
_DISCUSSIONS = 2


@dataclass(frozen=True)
class Printer:
    """Prints tellings for one moment and zone."""

    feeds: Mapping[int, FeedFacts]
    now: datetime
    zone: tzinfo

    def source(self, number: int) -> str:
        """What the page calls a feed."""
        feed = self.feeds.get(number)
        return text.clean_line(feed.title, _SOURCE_CHARACTERS) if feed else ""

    def title(self, stored: StoredItem, source: str) -> str:
        """The headline; where an item has none, the beginning of what it says."""
        item, feed = stored.item, self.feeds.get(stored.feed)
        return text.headline(item.title, source, feed.shows if feed else ()) or text.opening(
            item.lead or item.text, 16, item.lang
        )

    def pick(
        self, telling: Telling, *, section: str = "", topic: str = "", words: int = c.LEAD_WORDS
    ) -> Pick:
        """A pick without its number and reason."""
        stored = telling.candidate.item
        item = stored.item
        source = self.source(stored.feed)
        if telling.post:
            title, lead = self.quote(item), ""
            network = item.discussion_label
            author = text.clean_line(item.author, _SOURCE_CHARACTERS)
            source = f"{author} on {network}" if author and network else author or source
        else:
            title, lead = self.title(stored, source), self.lead(telling, words)
        moment = when(item.published, self.now, self.zone)
        discussions = self.discussions(telling)
        note = telling.back.note if telling.back else heard(item)
        quiet = [source, moment, *(span.text for span in discussions), note]
        room = (
            c.QUIET_CHARACTERS - c.REASON_CHARACTERS - sum(len(part) + len(" · ") for part in quiet if part)
        )
        return Pick(
            n=0,
            item=stored.id,
            ref=stored.ref,
            story=telling.story,
            section=section,
            title=title,
            link=item.link or item.discussion,
            source=source,
            feed=stored.feed,
            lead=lead,
            lang=item.lang,
            kind=item.kind,
            author=item.author,
            published=item.published,
            when=moment,
            others=() if telling.post else self.others(telling, room),
            discussions=discussions,
            note=note,
            earlier=telling.back.earlier if telling.back else (),
            topics=scores(telling.candidate),
            topic=topic or telling.topic,
        )

    def lead(self, telling: Telling, words: int) -> str:
        """The lead at up to so many words; of a story that came back only what was not told yet."""
        item = telling.candidate.item.item
        lead = telling.back.left(item.lead, item.lang) if telling.back is not None else item.lead
        return text.lead_within(lead, words, lang=item.lang)

    def quote(self, item: Item) -> str:
        """A post's words in quotation marks, from its first one on; addresses are no words."""
        words = text.clean_line(_ADDRESS.sub("", item.text), 2_000)
        said = text.opening(words or item.lead or item.title, _POST_WORDS, item.lang)
        return f"“{said.strip('“”')}”" if said else ""

    def others(self, telling: Telling, room: int) -> tuple[Span, ...]:
        """Other outlets that tell it: up to three by name as far as the quiet line has `room` for their characters,
        at least one, then "+3"."""
        own = telling.candidate.item
        seen = {outlet(self.feeds.get(own.feed), own.feed)}
        named: list[Span] = []
        for one in telling.tellers:
            feed = self.feeds.get(one.item.feed)
            place = outlet(feed, one.item.feed)
            if place in seen or _social(one, feed) or not one.item.item.link:
                continue
            seen.add(place)
            named.append(Span(text=self.source(one.item.feed), href=one.item.item.link))
        left = room - len(f"{told_by(telling.outlets)} ")
        shown = 0
        for span in named[: c.OTHERS]:
            left -= len(span.text) + len(", ")
            if shown and left < 0:
                break
            shown += 1
        more = len(named) - shown
        return (*named[:shown], *((Span(text=f"+{more}", href="ledger.html"),) if more > 0 else ()))

    def discussions(self, telling: Telling) -> tuple[Span, ...]:
        """Where it is talked about, the largest first: "Hacker News 412"."""
        best: dict[str, tuple[int, str]] = {}
        for one in telling.tellers:
            item, feed = one.item.item, self.feeds.get(one.item.feed)
            if telling.post and one.item.id == telling.id:
                continue
            place = item.discussion or (item.link if item.kind == "post" else "")
            label = text.clean_line(item.discussion_label, _SOURCE_CHARACTERS)
            if not label and _social(one, feed):
                label = self.source(one.item.feed)
            if not place or not label:
                continue
            size = item.comments if item.comments is not None else item.score or 0
            if label not in best or size > best[label][0]:
                best[label] = (size, place)
        order = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))
        return tuple(
            Span(text=f"{label} {size}" if size > 0 else label, href=place)
            for label, (size, place) in order[:_DISCUSSIONS]
        )

    def line(self, telling: Telling, *, topic: str = "") -> Line:
        """The story in one line."""
        stored = telling.candidate.item
        source = self.source(stored.feed)
        return Line(
            title=first_words(self.title(stored, source), c.LINE_WORDS, stored.item.lang),
            link=stored.item.link or stored.item.discussion,
            source=source,
            topic=topic or telling.topic,
            item=stored.id,
            ref=stored.ref,
            story=telling.story,
            feed=stored.feed,
            note=count(telling.outlets, "source") if telling.outlets >= 2 else "",
            lang=stored.item.lang,
            outlets=telling.outlets,
        )


def first_words(title: str, most: int, lang: str = "") -> str:
    """The beginning of a headline: whole words, an ellipsis where something follows."""
    if text.count_words(title) <= most:
        return title
    kept = ""
    for word in title.split():
        longer = f"{kept} {word}".strip()
        if text.count_words(longer) > most:
            break
        kept = longer
    kept = kept.rstrip(" ,;:.-–—·|(/&")
    # Scripts without spaces are one long word here: they are cut by characters.
    return f"{kept}…" if kept else text.opening(title, most, lang)


def scores(candidate: Candidate) -> tuple[TopicScore, ...]:
    """The topics of an item as tagged, most probable first."""
    return tuple(sorted(candidate.tagging.scores, key=lambda score: (-score.p, score.topic)))


def _social(one: Candidate, feed: FeedFacts | None) -> bool:
    return one.item.item.kind == "post" or (feed is not None and feed.social)


def told_by(outlets: int) -> str:
    """What stands before the other tellers of a story where their number is news."""
    return say("told by {n}:", n=outlets)


def heard(item: Item) -> str:
    """What is to be listened to or watched says so, with its length: "podcast, 24 min". Nothing for what is read."""
    label = {"episode": say("podcast"), "video": say("video")}.get(item.kind, "")
    seconds = max((enclosure.seconds for enclosure in item.enclosures), default=0)
    return f"{label}, {minutes(seconds / 60)}" if label and seconds else label
