"""What later editions ask of one: the same for the store, which keeps it, and for the page, which counts today in."""

from __future__ import annotations

from collections.abc import Iterator

from newsfeed.model.edition import Edition, Line, Pick
from newsfeed.model.pool import EditionSummary, TopicSummary


def told(edition: Edition) -> Iterator[Pick | Line]:
    """Every pick and line within the minutes; the long read stands outside them."""
    for section in (*edition.sections, *((edition.since,) if edition.since else ())):
        yield from section.picks
    yield from edition.lines


def summary(edition: Edition) -> EditionSummary:
    """The summary of an edition, before the reader gave any sign."""
    voices: dict[str, float] = {}
    for one in told(edition):
        voices[one.source] = voices.get(one.source, 0.0) + one.minutes
    return EditionSummary(
        topics={
            topic.name: TopicSummary(
                minutes=topic.minutes,
                told=topic.picks + topic.lines,
                good=topic.good,
                debt=topic.debt,
                why=topic.why_thin,
            )
            for topic in edition.topics
        },
        big=(edition.big_told, edition.big_all),
        untold=edition.untold,
        voices=voices,
        seldom=edition.seldom,
    )
