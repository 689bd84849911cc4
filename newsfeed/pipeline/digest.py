"""Digest: build today's edition, draw it, hand it out; or draw an earlier one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from newsfeed import config, deliver, edition
from newsfeed.edition.wording import heading
from newsfeed.errors import DeliveryError, NetworkError, NotFoundError
from newsfeed.model import Breadth, Day, Edition, FeedReport, Pool, Record, Settings
from newsfeed.pipeline import articles, outage, people, plans, publish, understand
from newsfeed.pipeline import refresh as refreshing
from newsfeed.pipeline.health import reports
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.reports import DigestReport, ListChange, Progress, RefreshReport
from newsfeed.render import Templates
from newsfeed.store import Store
from newsfeed.text.spoken import say, speaking

TOLD_OF_LIMIT = "told of the starter's limit"
UNUSED_MINUTES, UNUSED_PART = 1.0, 0.25  # minutes left over from which a full page is worth a word
RECENT = 30  # editions in the outgoing feeds and the archive's list


def today(home: Home) -> Day:
    """The reader's local date."""
    return home.today


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
    day = today(home)
    if date is not None and not (rebuild and date == day):
        return replay(home, store, date)
    stored = store.edition(day)
    pulled, change = None, ListChange()
    if refresh:
        pulled = refreshing.refresh(home, store, choosing=True, secrets=secrets, progress=progress)
    elif stored is None or rebuild:
        # What a refresh does around its asking: the list as it stands now counts, and topics changed by hand.
        change = plans.take(home, store, home.clock()).change
        plans.log(home, change, (), home.clock())
        if not any(state.first_good for state in store.states()):
            raise NotFoundError(
                "the page", "nothing was fetched yet", "Run `newsfeed digest` without --no-refresh."
            )
        understand.understand(home, store, choosing=True, progress=progress)
    if stored is None and pulled is not None:
        _refuse_failed(home, store, pulled)
    elif stored is not None and not rebuild and not _can_complete(home, store, stored, pulled):
        return update_page(home, store, stored, pulled)
    built, pool = _build(home, store, day, pulled, secrets or {}, progress)
    if stored is not None:
        built = _revised(home, built, "revised {moment}" if rebuild else "completed at {moment}")
    return _keep(home, store, built, pool, pulled, change)


def complete(
    home: Home, store: Store, *, secrets: dict[str, str] | None = None, progress: Progress | None = None
) -> DigestReport | None:
    """Ask the sources that are missing from today's edition again; build it anew if more of them answer now.

    Raises:
        NewsfeedError: as `digest`.
    """
    progress = progress or Progress()
    stored = store.edition(today(home))
    if stored is None or not outage.incomplete(stored):
        return None
    missing = {report.feed for report in stored.feeds if not report.ok}
    asked = [s.subscription.url for s in store.states() if s.feed in missing]
    pulled = None
    if asked:
        pulled = refreshing.refresh(home, store, only=asked, secrets=secrets, progress=progress)
    if not _can_complete(home, store, stored, pulled):
        return None
    built, pool = _build(home, store, stored.date, pulled, secrets or {}, progress)
    return _keep(home, store, _revised(home, built, "completed at {moment}"), pool, pulled)


def _refuse_failed(home: Home, store: Store, pulled: RefreshReport) -> None:
    """No edition of a morning on which (nearly) nothing could be read: what happens to be stored would stand in the
    way of the true one. The last page stays, and says so.

    Raises:
        NetworkError: it was such a morning.
    """
    found = outage.judge(pulled.results, reports(home, store), home.clock())
    if found is None:
        return
    last = store.latest_edition()
    if last is None:
        raise NetworkError("no page", found.said, f"{found.repair} Then run `newsfeed digest` again.")
    now = home.clock().astimezone(ZoneInfo(home.settings.timezone))
    notice = (
        f"{heading(now.date())}, {now:%H:%M}: no page of today yet, for {found.said}. {found.repair} "
        f"This is still the page of {last.heading}; the next newsfeed digest or run makes the new one."
    )
    deliver.write_site(home.site, {"index.html": Templates(home.templates).stale(last, notice)})
    publish.mirror(home)
    raise NetworkError(
        "no new page",
        found.said,
        f"{found.repair} Then run `newsfeed digest` again. The page of {last.heading} stays: {home.site / 'index.html'}",
    )


def _can_complete(home: Home, store: Store, stored: Edition, pulled: RefreshReport | None) -> bool:
    return outage.better(stored, _reports(home, store, pulled=pulled))


def _revised(home: Home, built: Edition, how: str) -> Edition:
    now = home.clock().astimezone(ZoneInfo(home.settings.timezone))
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
    voices = tuple(people.suggestions(home, store)) if edition.is_weekly(home.settings, day) else ()
    pool = msgspec.structs.replace(pool_for(home, store, day, pulled), suggested=voices)
    built = edition.build(pool, home.settings, date=day, now=home.clock())
    if pulled is not None and articles.improve(home, store, built, pool, secrets):
        # Longer leads take more of the minutes: the choice is made again, by the same rules.
        pool = msgspec.structs.replace(pool_for(home, store, day, pulled), suggested=voices)
        built = edition.build(pool, home.settings, date=day, now=home.clock())
    return built, pool


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
    limit = _starters_limit(home, store)
    done = report(home, built, built_now=True, pulled=pulled, drawn=drawn, limit=limit)
    return msgspec.structs.replace(done, list=change) if change else done


def pool_for(home: Home, store: Store, day: Day, pulled: RefreshReport | None = None) -> Pool:
    """All that the edition of `day` may be chosen from, as things stand now."""
    understand.habits(home, store)
    pool = store.pool(day, home.clock())
    return msgspec.structs.replace(pool, reports=_reports(home, store, pool, pulled))


def _reports(
    home: Home, store: Store, pool: Pool | None = None, pulled: RefreshReport | None = None
) -> tuple[FeedReport, ...]:
    """How each feed fares. A missing network is kept of no feed, but for this morning it could not be read."""
    failed = {r.feed: r.failure for r in pulled.results if r.failure is not None} if pulled else {}
    return tuple(
        msgspec.structs.replace(one, ok=False, cause=why.text, repair=why.repair)
        if one.ok and (why := failed.get(one.feed)) is not None
        else one
        for one in reports(home, store, pool)
    )


def update_page(home: Home, store: Store, stored: Edition, pulled: RefreshReport | None) -> DigestReport:
    """Draw today's stored edition again; what a refresh brought since may join it in its own block."""
    templates = Templates(home.templates)
    current = stored
    # A refresh that no feed answered has seen nothing: it can't say that nothing came.
    if pulled is not None and pulled.answered:
        pool = pool_for(home, store, stored.date)
        current = edition.since(stored, pool, home.settings, now=home.clock())
        if current != stored:
            store.record(current, edition.remember(current, pool))
    drawn = draw(home, store, current, templates)
    return report(home, current, built_now=False, pulled=pulled, drawn=drawn)


def replay(home: Home, store: Store, date: Day) -> DigestReport:
    """An earlier edition: its archive file stays as it was drawn, and is drawn again only if it is missing.

    Raises:
        NotFoundError: no edition of that date is stored.
    """
    stored = store.edition(date)
    if stored is None:
        days = store.editions()
        beside = [*[day for day in days if day < date][-1:], *[day for day in days if day > date][:1]]
        near = (
            f"There are editions from {days[0]} to {days[-1]}; the nearest: {' and '.join(map(str, beside))}."
            if len(days) > 1
            else f"There is the edition of {days[0]}."
            if days
            else "There are none yet: run `newsfeed digest`."
        )
        raise NotFoundError(f"edition of {date}", "none is stored", near)
    templates = Templates(home.templates)
    path = home.site / archive_path(date)
    site_url = home.settings.publish.site_url
    page = templates.site(stored, None, recent=(), site_url=site_url)[archive_path(date)]
    if not path.exists():
        deliver.write(path, page)
    if path.read_bytes() != page:
        note = "drawn with other templates than today's; remove the file to draw it with them"
    else:
        note = "drawn with newer templates" if stored.templates != templates.hash else ""
    done = report(home, stored, built_now=False, pulled=None)
    return msgspec.structs.replace(done, page=str(path), note=note)


def archive_path(date: Day) -> str:
    """Where the page of that date lies in the site."""
    return f"archive/{date:%Y/%m/%d}.html"


class Drawn(Record, frozen=True, kw_only=True):
    """What became of the mirror of the site: where it lies, or a sentence on what went wrong with it."""

    published: str = ""
    trouble: str = ""


def draw(home: Home, store: Store, current: Edition, templates: Templates) -> Drawn:
    """Draw an edition with everything around it and put it into the site, index last; then mirror the site.

    The page stands even where the mirror can't be written.
    """
    days = store.editions()
    recent: Sequence[Edition] = [e for d in days[-RECENT:] if (e := store.edition(d)) is not None]
    told = account(home, store, until=current.date)
    older = [d for d in days[:-RECENT] if d != current.date]
    site_url = home.settings.publish.site_url
    deliver.write_site(home.site, templates.site(current, told, recent=[*recent, *older], site_url=site_url))
    try:
        mirrored = publish.mirror(home)
    except DeliveryError as error:
        return Drawn(trouble=f"The page was not published. {' '.join(str(error).split())}")
    return Drawn(published=mirrored.folder if mirrored else "")


def account(home: Home, store: Store, *, days: int = 30, until: Day | None = None) -> Breadth:
    """The account of breadth over the days that end with `until` (default: the newest edition's date)."""
    last = until or next(iter(store.editions()[-1:]), today(home))
    history = store.history(last + timedelta(days=1), days=max(days, 90))
    return edition.breadth(history, home.settings, days=days, until=last)


def report(
    home: Home,
    current: Edition,
    *,
    built_now: bool,
    pulled: RefreshReport | None,
    drawn: Drawn | None = None,
    limit: str = "",
) -> DigestReport:
    """The edition in numbers, for the caller to print; `limit` is what becomes of an old number of stories."""
    return DigestReport(
        page=str(home.site / "index.html"),
        date=current.date.isoformat(),
        heading=current.heading,
        promise=current.promise,
        built=built_now,
        picks=sum(len(s.picks) for s in current.sections),
        lines=len(current.lines),
        minutes=current.minutes,
        note=drawn.trouble if drawn else "",
        published=publish.told(drawn.published) if drawn and drawn.published else "",
        counts=current.counts,
        refresh=pulled,
        edition_note=current.since_note or current.note,
        hints=tuple(
            hint
            for hint in (
                edition.scaled(home.settings),
                limit,
                _full(home.settings, current),
                "" if built_now else _kept(home, current),
            )
            if hint
        ),
    )


def _starters_limit(home: Home, store: Store) -> str:
    """Said once: that the number of stories of earlier starter settings doesn't bind any more; "" else."""
    if store.get_meta(TOLD_OF_LIMIT) or not config.has_starters_limit(home.folder):
        return ""
    store.set_meta(TOLD_OF_LIMIT, "yes")
    return (
        "max_items = 16 in newsfeed.toml came from the starter settings and no longer limits the page: "
        "its minutes do. Remove the line, or write another number."
    )


def _kept(home: Home, current: Edition) -> str:
    """That today's page stands with the minutes that it was built for, where others are asked for now."""
    asked = home.settings.edition.minutes
    if current.date != today(home) or asked == current.budget_minutes:
        return ""
    return (
        f"Today's page stands as it was built, for {current.budget_minutes:g} minutes: add --rebuild to choose anew for "
        f"{asked:g}."
    )


def _full(settings: Settings, current: Edition) -> str:
    """Whether more minutes bring nothing, because the page has its number of stories; "" where they are used."""
    unused = current.budget_minutes - current.minutes
    if unused < max(UNUSED_MINUTES, UNUSED_PART * current.budget_minutes) or not edition.is_full(current):
        return ""
    return (
        f"The page has its {settings.edition.max_items} stories (max_items) after {current.minutes:.1f} of your "
        f"{current.budget_minutes:g} minutes: a larger max_items would use the rest."
    )


def on_page(current: Edition) -> dict[int, int]:
    """How many picks and lines each feed has on an edition's page."""
    counts: dict[int, int] = {}
    for pick in (
        *(p for s in current.sections for p in s.picks),
        *(current.since.picks if current.since else ()),
    ):
        counts[pick.feed] = counts.get(pick.feed, 0) + 1
    for line in current.lines:
        counts[line.feed] = counts.get(line.feed, 0) + 1
    return counts
