"""Digest: choose today's edition, rebuild it when more sources answer, and add what a refresh brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from newsfeed import config, deliver, edition
from newsfeed.edition.frame import is_incomplete
from newsfeed.errors import NetworkError, NotFoundError
from newsfeed.feeds import health
from newsfeed.feeds.health import ListChange
from newsfeed.model import Day, Edition, FeedFacts, FeedReport, Pool
from newsfeed.pipeline.catch_up import catch_up
from newsfeed.pipeline.examine import reports
from newsfeed.pipeline.home import Home, log_change, take_list
from newsfeed.pipeline.morning import articles, pull, suggest, understand
from newsfeed.pipeline.morning.draw import draw, mirror, replay, report, starters_limit
from newsfeed.pipeline.reports import DigestReport, Progress, RefreshOptions, RefreshReport
from newsfeed.render import Templates
from newsfeed.store import Store
from newsfeed.text.spoken import heading, say, speaking

OF_FEEDS = 1 / 4  # a language of fewer of the reader's feeds is an exception among them


def digest(
    home: Home,
    store: Store,
    *,
    date: Day | None = None,
    rebuild: bool = False,
    refresh: bool = True,
    secrets: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> DigestReport:
    """Refresh, then build the edition of the reader's local date, or draw it again if there is one.

    An edition that more than half of the sources are missing from is built anew once more of them answer.

    Args:
        date: a stored edition to draw again; nothing is refreshed or chosen then, but for today's with `rebuild`.
        rebuild: choose anew, with that date's own picks out of the history first.

    Raises:
        NotFoundError: `date` has no stored edition; or there is no list, or nothing of it was ever fetched.
        NetworkError: (nearly) nothing could be read, and there is no page of today; the last one says so now.
        DeliveryError: the page can't be written; the edition is stored.
    """
    progress = progress or Progress()
    day = home.today
    if date is not None and not (rebuild and date == day):
        return replay(home, store, date)
    stored = store.edition(day)
    pulled, change = None, ListChange()
    if refresh:
        pulled = pull.pull(home, store, RefreshOptions(choosing=True, secrets=secrets or {}), progress)
    elif stored is None or rebuild:
        # What a refresh does around its asking: the list as it stands now counts, and topics changed by hand.
        change = take_list(home, store, home.clock()).change
        log_change(home, change, (), home.clock())
        if not any(state.first_good for state in store.states()):
            raise NotFoundError(
                "the page", "nothing was fetched yet", "Run `newsfeed digest` without --no-refresh."
            )
        understand.understand(home, store, choosing=True, progress=progress)
    if stored is None and pulled is not None:
        _refuse_failed(home, store, pulled)
    elif stored is not None and not rebuild and not _can_complete(home, store, stored, pulled):
        return update_page(home, store, stored, pulled)
    hints: tuple[str, ...] = ()
    first = not store.editions()
    if first and not config.names_languages(home.folder):
        home, hints = _in_their_languages(home, store)
    built, pool = _build(home, store, day, pulled, secrets or {}, progress)
    if stored is not None:
        built = _revised(home, built, "revised {moment}" if rebuild else "completed at {moment}")
    done = _keep(home, store, built, pool, pulled, change)
    if not first:  # the page is out
        catch_up(store)
    return msgspec.structs.replace(done, hints=(*hints, *done.hints))


def _in_their_languages(home: Home, store: Store) -> tuple[Home, tuple[str, ...]]:
    """The home with the languages of its feeds in newsfeed.toml, before its first page, and what to say of that: a list of
    German feeds would else make an empty page in English."""
    counts = Counter(language.casefold()[:2] for language in store.spoken().values())
    found = [language for language, many in counts.most_common() if many >= OF_FEEDS * counts.total()]
    if not found or found == list(home.settings.languages):
        return home, ()
    text = home.read_settings().decode("utf-8", "replace")
    home.replace_settings(config.edited(text, {("languages",): found}).encode())
    settings = msgspec.structs.replace(home.settings, languages=tuple(found))
    hint = (
        f"Most of your feeds are in {' or '.join(found)}: written to newsfeed.toml as your languages, the first for "
        "the page's own words. Change it there if it is not so."
    )
    return replace(home, settings=settings), (hint,)


def complete(
    home: Home, store: Store, *, secrets: dict[str, str] | None = None, progress: Progress | None = None
) -> DigestReport | None:
    """Ask the sources that are missing from today's edition again; build it anew if more of them answer now.

    Raises:
        NewsfeedError: as `digest`.
    """
    progress = progress or Progress()
    stored = store.edition(home.today)
    if stored is None or not incomplete(stored):
        return None
    missing = {report.feed for report in stored.feeds if not report.ok}
    asked = tuple(s.subscription.url for s in store.states() if s.feed in missing)
    pulled = None
    if asked:
        pulled = pull.pull(home, store, RefreshOptions(only=asked, secrets=secrets or {}), progress)
    if not _can_complete(home, store, stored, pulled):
        return None
    built, pool = _build(home, store, stored.date, pulled, secrets or {}, progress)
    return _keep(home, store, _revised(home, built, "completed at {moment}"), pool, pulled)


def _refuse_failed(home: Home, store: Store, pulled: RefreshReport) -> None:
    """Refuse to build an edition when (nearly) nothing could be read: an edition of what happens to be stored would
    replace the real one. The last page stays, with a notice.

    Raises:
        NetworkError: (nearly) nothing could be read.
    """
    found = health.outage(pulled.results, reports(home, store), home.clock())
    if found is None:
        return
    last = store.latest_edition()
    if last is None:
        raise NetworkError("no page", found.said, f"{found.repair} Then run `newsfeed digest` again.")
    now = home.local(home.clock())
    with speaking(last.lang):
        there = health.outage(pulled.results, reports(home, store), home.clock()) or found
        notice = say(
            "{day}, {time}: no page of today yet, for {said}. {repair} "
            "This is still the page of {last}; the next newsfeed digest or run makes the new one.",
            day=heading(now.date()),
            time=f"{now:%H:%M}",
            said=there.said,
            repair=there.repair,
            last=last.heading,
        )
    deliver.write_site(home.site, {"index.html": Templates(home.templates).stale(last, notice)})
    mirror(home)
    raise NetworkError(
        "no new page",
        found.said,
        f"{found.repair} Then run `newsfeed digest` again. The page of {last.heading} stays: {home.site / 'index.html'}",
    )


def _can_complete(home: Home, store: Store, stored: Edition, pulled: RefreshReport | None) -> bool:
    return better(stored, _reports(home, store, pulled=pulled))


def _revised(home: Home, built: Edition, how: str) -> Edition:
    now = home.local(home.clock())
    with speaking(built.lang):
        return msgspec.structs.replace(built, revised=say(how, moment=f"{now:%H:%M}"))


def _build(
    home: Home,
    store: Store,
    day: Day,
    pulled: RefreshReport | None,
    secrets: dict[str, str],
    progress: Progress,
) -> tuple[Edition, Pool]:
    """Choose the edition of `day`; where feeds were asked just now, the articles of thin picks are read too."""
    progress.step("Choosing")
    voices = tuple(suggest.suggestions(home, store)) if edition.is_weekly(home.settings, day) else ()
    pool = msgspec.structs.replace(pool_for(home, store, day, pulled), suggested=voices)
    now = home.clock()
    weighed = edition.weigh(pool, home.settings, date=day, now=now)
    built = edition.build(pool, home.settings, date=day, now=now, weighed=weighed)
    better = articles.improve(home, store, built, weighed, secrets) if pulled is not None else None
    if better is None:
        return built, pool
    # Longer leads take more of the minutes: the choice is made again, by the same rules.
    return articles.rebuilt(home, better, built, weighed), better


def _keep(
    home: Home,
    store: Store,
    built: Edition,
    pool: Pool,
    pulled: RefreshReport | None,
    change: ListChange | None = None,
) -> DigestReport:
    """Store an edition and draw it."""
    templates = Templates(home.templates)
    built = msgspec.structs.replace(built, templates=templates.hash)
    store.record(built, edition.remember(built, pool))
    drawn = draw(home, store, built, templates)
    limit = starters_limit(home, store)
    done = report(home, built, built_now=True, pulled=pulled, drawn=drawn, limit=limit)
    return msgspec.structs.replace(done, list=change) if change else done


def pool_for(
    home: Home, store: Store, day: Day, pulled: RefreshReport | None = None, *, seen: datetime | None = None
) -> Pool:
    """All that the edition of `day` may be chosen from, as things stand now; `seen` at the same moment, it is read again
    after what the reader did only."""
    understand.habits(home, store)
    pool = store.pool(day, seen or home.clock(), again=seen is not None)
    return msgspec.structs.replace(pool, reports=_reports(home, store, pool, pulled))


def _reports(
    home: Home, store: Store, pool: Pool | None = None, pulled: RefreshReport | None = None
) -> tuple[FeedReport, ...]:
    """The health of each feed. Without a network no failure is stored, but this morning's reports say that nothing was read."""
    failed = {r.feed: r.failure for r in pulled.results if r.failure is not None} if pulled else {}
    return tuple(
        msgspec.structs.replace(one, ok=False, cause=why.text, repair=why.repair, values=why.values)
        if one.ok and (why := failed.get(one.feed)) is not None
        else one
        for one in reports(home, store, pool)
    )


def update_page(home: Home, store: Store, stored: Edition, pulled: RefreshReport | None) -> DigestReport:
    """Draw today's stored edition again; what a refresh brought since may be added in its own block."""
    templates = Templates(home.templates)
    current = stored
    # If no feed answered, the refresh can't say that nothing came.
    if pulled is not None and pulled.answered:
        pool = pool_for(home, store, stored.date)
        current = edition.since(stored, pool, home.settings, now=home.clock())
        if current != stored:
            store.record(current, edition.remember(current, pool))
    drawn = draw(home, store, current, templates)
    return report(home, current, built_now=False, pulled=pulled, drawn=drawn)


def pool_then(
    store: Store, stored: Edition, only: Collection[int] | None = None, sources: Sequence[FeedFacts] = ()
) -> Pool:
    """What that morning was chosen from, or `only` these items of it: nothing that came later, neither items nor further
    outlets of a story. `sources`: see `Store.pool`."""
    pool = store.pool(stored.date, stored.built, again=True, only=only, sources=sources)
    candidates = tuple(c for c in pool.candidates if c.item.first_seen <= stored.built)
    known = [c.item.id for c in candidates] if only is None else [entry.item for entry in stored.ledger]
    last = max(known, default=0)  # items are numbered as they come
    stories = (
        one
        if max(one.items) <= last
        else msgspec.structs.replace(one, items=tuple(n for n in one.items if n <= last))
        for one in pool.stories
    )
    return msgspec.structs.replace(
        pool, candidates=candidates, stories=tuple(one for one in stories if one.items), reports=stored.feeds
    )


def weighed_then(home: Home, store: Store, stored: Edition) -> edition.Weighed:
    """The same, weighed by the reader's settings; cached for one morning until something is written."""

    def weigh(before: edition.Weighed | None = None) -> edition.Weighed:
        pool = pool_then(store, stored)
        return edition.weigh(pool, home.settings, date=stored.date, now=stored.built, before=before)

    return store.while_unchanged("weighed", (stored.date, stored.built, home.settings), weigh, weigh)


def incomplete(edition: Edition) -> bool:
    """Whether more than half of the sources failed when an edition was built."""
    return is_incomplete(edition.feeds, edition.built)


def better(edition: Edition, now: Collection[FeedReport]) -> bool:
    """Whether an edition that more than half of the sources are missing from, or that was built before there were any,
    could be built of more of them now."""
    return (incomplete(edition) or not edition.feeds) and sum(r.ok for r in now) > sum(
        r.ok for r in edition.feeds
    )
