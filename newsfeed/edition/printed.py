"""A story as it is printed, and the minutes it takes to read. No text is invented or rewritten.

The budget is a promise about what the reader really reads, so it is counted on these very words: everything that
is visible without unfolding from the date to the foot, except the long read and the block "Since" (which carry
their own minutes), at 238 words or 500 CJK characters a minute (`text.reading_minutes`), plus .05 minutes a pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median

import msgspec
from msgspec.structs import replace

from newsfeed import text
from newsfeed.breadth.asked import outlet
from newsfeed.edition import constants as c
from newsfeed.edition.contenders import Contender
from newsfeed.edition.words import deciding, fixed_words, heard, told_by, when
from newsfeed.lazy import expression
from newsfeed.model import (
    Breadth,
    Candidate,
    Edition,
    FeedFacts,
    Item,
    Labels,
    Line,
    Pick,
    QuietPart,
    Span,
    StoredItem,
    Tagging,
    TopicScore,
)
from newsfeed.text import first_words
from newsfeed.text.spoken import count, general, say

_ADDRESS = expression(r"https?://\S+|\b[\w.-]+\.[a-z]{2,}/\S*…?")


@dataclass(frozen=True)
class Printer:
    """Prints contenders for one moment and zone."""

    feeds: Mapping[int, FeedFacts]
    now: datetime
    zone: tzinfo

    def source(self, number: int) -> str:
        """The name of a feed on the page."""
        feed = self.feeds.get(number)
        return text.clean_line(feed.title, c.NAME_CHARACTERS) if feed else ""

    def title(self, stored: StoredItem, source: str) -> str:
        """The headline, or the beginning of the text if there is none."""
        item, feed = stored.item, self.feeds.get(stored.feed)
        return text.headline(item.title, source, feed.shows if feed else ()) or text.opening(
            item.lead or item.text, 16, item.lang
        )

    def pick(self, contender: Contender, *, section: str = "", words: int = c.LEAD_WORDS) -> Pick:
        """A pick without its number and reason."""
        stored = contender.representative.item
        item = stored.item
        source = self.source(stored.feed)
        if contender.post:
            title, lead = self.quote(item), ""
            network = item.discussion_label
            author = text.clean_line(item.author, c.NAME_CHARACTERS)
            source = f"{author} on {network}" if author and network else author or source
        else:
            title, lead = self.title(stored, source), self.lead(contender, words)
        moment = when(item.published, self.now, self.zone)
        discussions = self.discussions(contender)
        note = contender.back.note if contender.back else heard(item)
        made = Pick(
            n=0,
            item=stored.id,
            ref=stored.ref,
            story=contender.story,
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
            discussions=discussions,
            note=note,
            news=contender.back.sentence if contender.back else "",
            earlier=contender.back.earlier if contender.back else (),
            topics=scores(contender.representative),
            topic=contender.topic,
        )
        if contender.post:
            return made
        quiet = sum(len(spans_text(part.spans)) + len(" · ") for part in quiet_line(made, fixed_words()))
        room = c.QUIET_CHARACTERS - c.REASON_CHARACTERS - quiet
        return msgspec.structs.replace(made, others=self.others(contender, room))

    def lead(self, contender: Contender, words: int) -> str:
        """The lead with up to so many words; for a returning story, only what was not printed yet."""
        item = contender.representative.item.item
        lead = contender.back.left(item.lead, item.lang) if contender.back is not None else item.lead
        return text.lead_within(lead, words, lang=item.lang)

    def quote(self, item: Item) -> str:
        """The beginning of a post in quotation marks, without addresses."""
        words = text.clean_line(_ADDRESS.sub("", item.text), 2_000)
        said = text.opening(words or item.lead or item.title, c.POST_WORDS, item.lang)
        return f"“{said.strip('“”')}”" if said else ""

    def others(self, contender: Contender, room: int) -> tuple[Span, ...]:
        """Other outlets that tell it: up to three by name as far as the quiet line has `room` for their characters,
        at least one, then "+3"."""
        own = contender.representative.item
        seen = {outlet(self.feeds.get(own.feed), own.feed)}
        named: list[Span] = []
        for one in contender.tellers:
            feed = self.feeds.get(one.item.feed)
            place = outlet(feed, one.item.feed)
            if place in seen or _social(one, feed) or not one.item.item.link:
                continue
            seen.add(place)
            named.append(Span(text=self.source(one.item.feed), href=one.item.item.link))
        left = room - len(f"{told_by(contender.outlets)} ")
        shown = 0
        for span in named[: c.OTHERS]:
            left -= len(span.text) + len(", ")
            if shown and left < 0:
                break
            shown += 1
        more = len(named) - shown
        return (*named[:shown], *((Span(text=f"+{more}", href="ledger.html"),) if more > 0 else ()))

    def discussions(self, contender: Contender) -> tuple[Span, ...]:
        """Where it is discussed, the largest discussion first: "Hacker News 412", "discussion 412" after the feed's own name."""
        best: dict[str, tuple[int, str]] = {}
        own = self.source(contender.representative.item.feed).casefold()
        for one in contender.tellers:
            item, feed = one.item.item, self.feeds.get(one.item.feed)
            if contender.post and one.item.id == contender.id:
                continue
            place = item.discussion or (item.link if item.kind == "post" else "")
            label = text.clean_line(item.discussion_label, c.NAME_CHARACTERS)
            if not label and _social(one, feed):
                label = self.source(one.item.feed)
            if not place or not label:
                continue
            size = item.comments if item.comments is not None else item.score or 0
            if label not in best or size > best[label][0]:
                best[label] = (size, place)
        order = sorted(best.items(), key=lambda one: (-one[1][0], one[0]))
        return tuple(
            Span(text=f"{name} {size}" if size > 0 else name, href=place)
            for label, (size, place) in order[: c.DISCUSSIONS]
            for name in (say("discussion") if label.casefold() == own else label,)
        )

    def line(self, contender: Contender, *, topic: str = "") -> Line:
        """The story in one line."""
        stored = contender.representative.item
        source = self.source(stored.feed)
        return Line(
            title=first_words(self.title(stored, source), c.LINE_WORDS, stored.item.lang),
            link=stored.item.link or stored.item.discussion,
            source=source,
            topic=topic or contender.topic,
            item=stored.id,
            ref=stored.ref,
            story=contender.story,
            feed=stored.feed,
            note=count(contender.outlets, "source") if contender.outlets >= 2 else "",
            lang=stored.item.lang,
            outlets=contender.outlets,
        )


def scores(candidate: Candidate) -> tuple[TopicScore, ...]:
    """The topics of an item as tagged, most probable first."""
    return _in_order(candidate.tagging)


def _in_order(tagging: Tagging) -> tuple[TopicScore, ...]:
    return tuple(sorted(tagging.scores, key=lambda score: (-score.p, score.topic)))


def explained(edition: Edition, taggings: Mapping[int, Tagging]) -> Edition:
    """The edition with the deciding terms of its picks and lines added, if the taggings it was built from lack them."""

    def pick(one: Pick) -> Pick:
        found = taggings.get(one.item)
        if found is None:
            return one
        return replace(one, topics=_in_order(found), account=replace(one.account, terms=deciding(found.news)))

    def line(one: Line) -> Line:
        found = taggings.get(one.item)
        return replace(one, account=replace(one.account, terms=deciding(found.news))) if found else one

    return replace(
        edition,
        sections=tuple(replace(s, picks=tuple(map(pick, s.picks))) for s in edition.sections),
        lines=tuple(map(line, edition.lines)),
        long_read=edition.long_read and pick(edition.long_read),
    )


def told_in_words(edition: Edition) -> list[int]:
    """The items of an edition's picks and lines."""
    picks = [pick for section in edition.sections for pick in section.picks]
    long = [edition.long_read] if edition.long_read else []
    return [*(pick.item for pick in (*picks, *long)), *(line.item for line in edition.lines)]


def _social(one: Candidate, feed: FeedFacts | None) -> bool:
    return one.item.item.kind == "post" or (feed is not None and feed.social)


def pick_words(pick: Pick, labels: Labels) -> str:
    """The words of one pick, its number first."""
    quiet = [spans_text(part.spans) for part in quiet_line(pick, labels)]
    parts = [str(pick.n) if pick.n else "", pick.title, pick.lead, *quiet, *pick.earlier]
    return " ".join(part for part in parts if part)


def quiet_line(pick: Pick, labels: Labels) -> tuple[QuietPart, ...]:
    """The line under a lead: source · time · other outlets · discussions · note · reason."""
    parts: list[tuple[str, tuple[Span, ...]]] = [
        ("source", (Span(text=pick.source),)),
        ("when", (Span(text=pick.when),)),
    ]
    if pick.others:
        others = [Span(text=f"{pick.tellers or labels.tellers} ")]
        for place, span in enumerate(pick.others):
            others += [Span(text=", "), span] if place else [span]
        parts.append(("others", tuple(others)))
    parts += [("discussion", (span,)) for span in pick.discussions]
    parts.append(("note", (Span(text=pick.note),)))
    # If the number of outlets is the reason, it already precedes their names.
    parts.append(("reason", (Span(text="" if pick.tellers else pick.why),)))
    return tuple(QuietPart(role=role, spans=spans) for role, spans in parts if spans_text(spans))


def finished(pick: Pick) -> Pick:
    """A pick with its quiet line and its minutes, which depend on all its other words."""
    return msgspec.structs.replace(pick, quiet=quiet_line(pick, fixed_words()), minutes=pick_minutes(pick))


def line_words(line: Line) -> str:
    """The words of a line."""
    return " ".join(part for part in (line.title, line.source, line.note) if part)


def pick_minutes(pick: Pick) -> float:
    """Minutes of a pick: its words, and a moment to look up and decide."""
    return text.reading_minutes(pick_words(pick, fixed_words())) + c.PICK_MINUTES


def visible_text(edition: Edition) -> str:
    """Every word that the reader sees without unfolding, in the page's order, one piece a line.

    The long read and the block "Since" are outside, as are the links to other pages at the very end.
    """
    return "\n".join(piece for piece in _pieces(edition) if piece)


def edition_minutes(edition: Edition) -> float:
    """Minutes to read the edition: its visible words and .05 for each pick."""
    picks = sum(len(section.picks) for section in edition.sections)
    return text.reading_minutes(visible_text(edition)) + c.PICK_MINUTES * picks


def _pieces(edition: Edition) -> Iterator[str]:
    yield edition.heading
    yield edition.promise
    yield edition.revised
    yield edition.note
    for short in edition.short:
        yield short.label
    for section in edition.sections:
        if section.picks:
            yield section.heading
            yield from (pick_words(pick, edition.labels) for pick in section.picks)
    if edition.suggested:
        yield edition.labels.suggested
        # Their posts and lines for feeds.opml are visible without unfolding.
        yield from (f"{one.name} {one.said}" for one in edition.suggested)
    if edition.lines:
        yield edition.labels.lines
        yield from (line_words(line) for line in edition.lines)
    if edition.breadth is not None and edition.breadth.headline:
        yield edition.labels.breadth
        yield breadth_words(edition.breadth)
    yield from (spans_text(row) for row in edition.foot)


def breadth_words(breadth: Breadth) -> str:
    """The words of the weekly account inside an edition: headline, a row a topic, one finding, one remedy."""
    rows = []
    for row in breadth.rows:
        today = row.picks[-1] if row.picks else None
        before = [n for n in row.picks[:-1] if n is not None]
        usual = f" {say('usual {n}', n=general(median(before)))}" if before and today is not None else ""
        rows.append(f"{row.label} {say('no edition') if today is None else today}{usual}")
    return "\n".join((breadth.headline, *rows, *breadth.findings[:1], *breadth.remedies[:1]))


def spans_text(spans: Iterable[Span]) -> str:
    """A printed sentence without its links."""
    return "".join(span.text for span in spans)
