"""The words that the page prints, in their order, and the minutes they take.

The budget is a promise about what the reader really reads, so it is counted on these very words: everything that
is visible without unfolding from the date to the foot, except the long read and the block "Since" (which carry
their own minutes), at 238 words or 500 CJK characters a minute (`text.reading_minutes`), plus .05 minutes a pick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

import msgspec

from newsfeed import text
from newsfeed.edition import constants as c
from newsfeed.edition.wording import fixed_words
from newsfeed.model import Breadth, Edition, Labels, Line, Pick, QuietPart, Section, Span


def pick_words(pick: Pick, labels: Labels | None = None) -> str:
    """The words of one pick, its number first."""
    fixed = labels or fixed_words()
    quiet = [spans_text(part.spans) for part in quiet_line(pick, fixed)]
    parts = [str(pick.n) if pick.n else "", pick.title, pick.lead, *quiet, *pick.earlier]
    return " ".join(part for part in parts if part)


def quiet_line(pick: Pick, labels: Labels) -> tuple[QuietPart, ...]:
    """The line under a lead: source · time · other tellers · discussions · note · reason."""
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
    # Where the number of tellers is the reason, it stands before their names already.
    parts.append(("reason", (Span(text="" if pick.tellers else pick.why),)))
    return tuple(QuietPart(role=role, spans=spans) for role, spans in parts if spans_text(spans))


def finished(pick: Pick, labels: Labels | None = None) -> Pick:
    """A pick with its quiet line and its minutes, once every other word of it stands."""
    quiet = quiet_line(pick, labels or fixed_words())
    return msgspec.structs.replace(pick, quiet=quiet, minutes=pick_minutes(pick, labels))


def line_words(line: Line) -> str:
    """The words of a story that is told in one line."""
    return " ".join(part for part in (line.title, line.source, line.note) if part)


def pick_minutes(pick: Pick, labels: Labels | None = None) -> float:
    """Minutes that a pick takes: its words, and a moment to look up and decide."""
    return text.reading_minutes(pick_words(pick, labels)) + c.PICK_MINUTES


def visible_text(edition: Edition) -> str:
    """Every word that the reader sees without unfolding, in the page's order, one piece a line.

    The long read and the block "Since" are outside, as are the links to other pages at the very end.
    """
    return "\n".join(piece for piece in _pieces(edition) if piece)


def edition_minutes(edition: Edition) -> float:
    """Minutes to read the edition: its visible words and .05 for each pick."""
    picks = sum(len(section.picks) for section in edition.sections)
    return text.reading_minutes(visible_text(edition)) + c.PICK_MINUTES * picks


def section_minutes(section: Section) -> float:
    """Minutes of a block that stands outside the budget."""
    return text.reading_minutes(section.heading) + sum(pick_minutes(pick) for pick in section.picks)


def _pieces(edition: Edition) -> Iterator[str]:
    yield edition.heading
    yield edition.promise
    yield edition.revised
    yield edition.note
    for short in edition.short:
        yield f"{short.label} {short.text}"
    for section in edition.sections:
        if section.picks:
            yield section.heading
            yield from (pick_words(pick, edition.labels) for pick in section.picks)
    if edition.suggested:
        yield edition.labels.suggested
        # Their posts and their lines for feeds.opml are unfolded.
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
        usual = f" usual {median(before):g}" if before and today is not None else ""
        rows.append(f"{row.label} {'no edition' if today is None else today}{usual}")
    return "\n".join((breadth.headline, *rows, *breadth.findings[:1], *breadth.remedies[:1]))


def spans_text(spans: Iterable[Span]) -> str:
    """A printed sentence without its links."""
    return "".join(span.text for span in spans)
