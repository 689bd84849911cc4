"""What tab completion offers: feeds by name, topics, and the stories of the newest page. Never an error."""

from __future__ import annotations

from pathlib import Path

import typer

from newsfeed.cli.context import Context
from newsfeed.errors import NewsfeedError

Offers = list[tuple[str, str]]


def _context(context: typer.Context) -> Context:
    given = context.find_root().params.get("home")
    return Context(Path(given) if given else None)


def feeds(context: typer.Context, incomplete: str) -> Offers:
    """Names of the list's feeds that begin with what was typed."""
    from newsfeed.pipeline.feeds import listed

    try:
        found = listed(_context(context).home())
    except NewsfeedError:
        return []
    typed = incomplete.casefold()
    return [(s.title, "/".join(s.folders)) for s in found if s.title and s.title.casefold().startswith(typed)]


def topics(context: typer.Context, incomplete: str) -> Offers:
    """The reader's topics."""
    try:
        known = _context(context).settings.topics
    except NewsfeedError:
        return []
    return [(name, "") for name in known if name.startswith(incomplete)]


def items(context: typer.Context, incomplete: str) -> Offers:
    """The numbers of the newest page, each with its headline."""
    try:
        with _context(context).home().open_store() as store:
            latest = store.latest_edition()
    except NewsfeedError:
        return []
    picks = [p for section in latest.sections for p in section.picks] if latest else []
    return [(str(p.n), p.title) for p in picks if str(p.n).startswith(incomplete)]
