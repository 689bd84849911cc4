"""The manual refresh: ask the feeds, then let today's page take in what can't wait."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import pull
from newsfeed.pipeline.reports import Progress, RefreshReport
from newsfeed.store import Store


def refresh(
    home: Home,
    store: Store,
    *,
    only: Sequence[str] = (),
    due: bool = False,
    force: bool = False,
    fetch_only: bool = False,
    workers: int = 0,
    secrets: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> RefreshReport:
    """Refresh, and draw today's page again where there is one.

    Takes and raises what `pull.pull` does; DeliveryError too, when the page can't be written.
    """
    pulled = pull.pull(
        home,
        store,
        only=only,
        due=due,
        force=force,
        fetch_only=fetch_only,
        workers=workers,
        secrets=secrets,
        progress=progress,
    )
    stored = None if fetch_only else store.edition(home.today)
    if stored is None:
        return pulled
    from newsfeed.pipeline.morning import (
        digest,
        draw,  # with all that chooses and draws: only where there is a page
    )

    done = digest.update_page(home, store, stored, pulled)
    current = store.edition(stored.date) or stored
    shown = draw.on_page(current)
    return msgspec.structs.replace(
        pulled,
        page=done.page,
        page_note=current.since_note,
        since=len(current.since.picks) if current.since else 0,
        results=tuple(msgspec.structs.replace(r, on_page=shown.get(r.feed, 0)) for r in pulled.results),
    )
