"""The manual refresh: ask the feeds, then let today's page take in what can't wait."""

from __future__ import annotations

import msgspec

from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import pull
from newsfeed.pipeline.reports import Progress, RefreshOptions, RefreshReport
from newsfeed.store import Store


def refresh(
    home: Home, store: Store, options: RefreshOptions | None = None, progress: Progress | None = None
) -> RefreshReport:
    """Ask the feeds, and draw today's page again where there is one.

    Raises:
        NotFoundError, ListError: as `pull.pull`. DeliveryError: the page can't be written.
    """
    options = options or RefreshOptions()
    pulled = pull.pull(home, store, options, progress)
    stored = None if options.fetch_only else store.edition(home.today)
    if stored is None:
        return pulled
    from newsfeed.pipeline.morning import (  # all that chooses and draws, only where there is a page
        digest,
        draw,
    )

    done = digest.update_page(home, store, stored, pulled)
    current = store.edition(stored.date) or stored
    shown = draw.on_page(current)
    return msgspec.structs.replace(
        pulled,
        page=done.page,
        # Where no feed answered, it would still be what an earlier refresh found.
        page_note=current.since_note if pulled.answered else "",
        since=len(current.since.picks) if current.since else 0,
        results=tuple(msgspec.structs.replace(r, on_page=shown.get(r.feed, 0)) for r in pulled.results),
    )
