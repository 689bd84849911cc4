"""One morning from the feeds to the reader: prepared before the hour, delivered at the hour, and stored as done.

Every step can be repeated: a stored edition is drawn again rather than chosen again, unchanged files are left alone,
and the outbox keeps a mail from being sent twice. So after an interruption, simply start again.
"""

from __future__ import annotations

import msgspec

from newsfeed import config
from newsfeed.errors import NetworkError, NewsfeedError
from newsfeed.feeds.health import plan_words
from newsfeed.model import Day, Record
from newsfeed.pipeline import meta
from newsfeed.pipeline.catch_up import catch_up
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import digest as digesting
from newsfeed.pipeline.morning import draw, understand
from newsfeed.pipeline.morning import mail as mailing
from newsfeed.pipeline.morning import pull as pulling
from newsfeed.pipeline.reports import DigestReport, Progress, RefreshOptions, RefreshReport
from newsfeed.store import Store

IDLE = 60.0  # seconds after a morning in which texts that were put off are read


class MorningReport(Record, frozen=True, kw_only=True):
    """The result of one step of the morning. Each text is one sentence for the log."""

    date: Day
    digest: DigestReport | None = None
    mail: mailing.MailReport | None = None
    trouble: tuple[str, ...] = ()
    postponed: str = ""  # why it should be retried soon


def prepare(home: Home, store: Store, *, progress: Progress) -> MorningReport:
    """Ask the feeds and make today's page. The day is stored as prepared, not as done.

    A morning on which (nearly) nothing could be read has no page, however late it is: it is to be tried again.

    Raises:
        NewsfeedError: there is no list, or the page can't be written.
    """
    day = home.today
    try:
        made = digesting.digest(home, store, secrets=config.secrets(home.settings), progress=progress)
    except NetworkError as error:
        return MorningReport(date=day, postponed=error.cause)
    meta.keep(store, meta.PREPARED, day)
    return _made(day, made)


def _made(day: Day, made: DigestReport) -> MorningReport:
    # A page that could not be mirrored is still there: only the copy is missing.
    return MorningReport(date=day, digest=made, trouble=(made.note,) if made.note else ())


def is_incomplete(home: Home, store: Store) -> bool:
    """Whether today's page was made while more than half of its sources failed."""
    stored = store.edition(home.today)
    return stored is not None and digesting.incomplete(stored)


def complete(home: Home, store: Store, *, progress: Progress) -> MorningReport:
    """Ask the sources missing from today's page again, and rebuild the page if more of them answer.

    Raises:
        NewsfeedError: as `prepare`.
    """
    made = digesting.complete(home, store, secrets=config.secrets(home.settings), progress=progress)
    day = home.today
    return MorningReport(date=day) if made is None else _made(day, made)


def prepared(store: Store) -> frozenset[Day]:
    """The days that were prepared in time; only the newest is stored."""
    kept = meta.read(store, meta.PREPARED)
    return frozenset({kept} if kept else ())


def deliver(home: Home, store: Store, *, progress: Progress) -> MorningReport:
    """Deliver today's edition: build it if that wasn't done before the hour, send the mail, store the day as done.

    The day is done when its page stands: a mail that failed is tried again by `owed_mail`.

    Raises:
        NewsfeedError: as `prepare`.
    """
    day = home.today
    stored = store.edition(day)
    if day in prepared(store) and stored is not None and not digesting.incomplete(stored):
        done = MorningReport(date=day)
    else:
        done = prepare(home, store, progress=progress)
        if done.postponed:
            return done
    store.mark_done(day, home.settings.timezone, home.clock())
    done = owed_mail(home, store, done)
    if trouble := draw.notify(home, store):
        done = msgspec.structs.replace(done, trouble=(*done.trouble, trouble))
    understand.learn(home, store, progress)
    catch_up(store, IDLE)
    store.backup(home.clock())
    store.prune(home.clock(), items=home.settings.keep.items, bodies=home.settings.keep.bodies)
    return done


def owed_mail(home: Home, store: Store, before: MorningReport | None = None) -> MorningReport:
    """Send today's mail if it is due; a failure affects nothing else."""
    day = home.today
    done = before or MorningReport(date=day)
    if not mailing.owed(home, store, day):
        return done
    try:
        report = mailing.send(home, store, day, password=lambda: config.mail_password(home.settings))
    except NewsfeedError as error:
        return msgspec.structs.replace(done, trouble=(*done.trouble, f"No mail. {one_line(error)}"))
    return msgspec.structs.replace(done, mail=report)


def list_edited(home: Home, store: Store) -> bool:
    """Whether feeds.opml differs from the last good list, for example because it was edited while nothing ran."""
    try:
        return home.read_list() != store.last_list()
    except NewsfeedError:
        return False


def pull(home: Home, store: Store, *, progress: Progress) -> RefreshReport:
    """Ask the feeds whose time has come; the page stays as it is."""
    options = RefreshOptions(due=True, secrets=config.secrets(home.settings))
    return pulling.pull(home, store, options, progress)


def one_line(error: NewsfeedError) -> str:
    """An error in one line."""
    return " ".join(str(error).split())


# ------------------------------------------------------------------------- words for a log


def told(done: MorningReport) -> list[str]:
    """What a morning did, line by line."""
    lines = []
    if done.postponed:
        lines.append(f"{done.date}: no page yet, {done.postponed}. It is tried again.")
    if done.digest is not None:
        made = "made" if done.digest.built else "drawn again"
        lines.append(f"{done.date}: page {made}, {done.digest.promise}.")
        if done.digest.published:
            lines.append(done.digest.published)
        if done.digest.refresh is not None:
            lines += listed(done.digest.refresh)
    if done.mail is not None:
        lines.append(f"Mail of {done.date}: {done.mail.state}. {done.mail.text} {done.mail.repair}".strip())
    return [*lines, *done.trouble]


def listed(pulled: RefreshReport) -> list[str]:
    """What a refresh found changed or wrong in the list."""
    lines = []
    if plan := plan_words(pulled.list, pulled.results):
        lines.append(f"feeds.opml: {plan}")
    if pulled.list.unreadable:
        why = " ".join(pulled.list.unreadable.split())
        lines.append(f"feeds.opml can't be read, the last good list is in force: {why}")
    lines += [f"feeds.opml, line {p.line}: {p.text} {p.repair}".rstrip() for p in pulled.list.problems]
    return lines
