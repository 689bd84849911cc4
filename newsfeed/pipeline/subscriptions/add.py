"""Add feeds: find the one behind an address, merge another reader's list; and hand the list out again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from newsfeed import config, opml, sources
from newsfeed.errors import ListError, NotFoundError
from newsfeed.feeds import health
from newsfeed.fetch import Fetcher, redact, repeats, secrets_of
from newsfeed.model import (
    Cause,
    FeedState,
    Item,
    Parsed,
    Record,
    Request,
    Response,
    Subscription,
)
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import ask as asking
from newsfeed.pipeline.morning.ask import Asker
from newsfeed.pipeline.subscriptions import edit
from newsfeed.reading.parsers import Parsers
from newsfeed.sources import FEED, webpages
from newsfeed.text.spoken import say


class Added(Record, frozen=True, kw_only=True):
    """A feed that was found and added."""

    url: str  # redacted
    title: str
    folder: str
    items: int
    kind: str = ""  # "mastodon", "reddit", …; "" for plain feeds
    unlisted: str = ""  # see `unlisted_language`


def spelt(address: str) -> str:
    """An address as people write it, with the scheme that it lacks."""
    address = webpages.plain(address)
    if "://" in address or address.startswith(("@", "#")):
        return address
    of_network = sources.find(Subscription(url=address)).kind != FEED  # "r/python", "did:plc:…"
    return address if of_network else f"https://{address}"


def add(home: Home, address: str, *, folder: str, title: str, secrets: dict[str, str]) -> Added:
    """Find the feed behind an address and put it into feeds.opml.

    Raises:
        NotFoundError: no feed is there, or it is in the list already; its text says what was tried.
        ListError: feeds.opml can't be edited as it stands.
    """
    found, parsed = find(home, address, folder=folder, title=title, secrets=secrets)
    edit.write(home, edit.change(home, edit.added(found)))
    kind = sources.find(found).kind
    return Added(
        url=redact(found.url),
        title=edit.name_of(found),
        folder="/".join(found.folders),
        items=len(parsed.items),
        kind="" if kind == FEED else kind,
        unlisted=unlisted_language(home, parsed.items),
    )


def unlisted_language(home: Home, items: Sequence[Item]) -> str:
    """The language of most of a feed's items, if it isn't one of the reader's: no page would have them. Otherwise "", and
    before the first page too if they named none, because that takes the languages of its feeds."""
    if not (config.names_languages(home.folder) or (home.site / "index.html").exists()):
        return ""
    languages = home.settings.languages
    counts = Counter(item.lang.casefold()[:2] for item in items if item.lang)
    found = max(counts, key=counts.__getitem__, default="")
    if counts[found] <= len(items) / 2 or found in {language.casefold()[:2] for language in languages}:
        return ""
    return found


def unlisted_words(language: str) -> str:
    """What to do about it."""
    return say(
        "Its items are in “{language}”, a language that you don’t list, so no page would have them. To see them, add it "
        "to `languages` in newsfeed.toml.",
        language=language,
    )


def find(
    home: Home, address: str, *, folder: str, title: str, secrets: dict[str, str]
) -> tuple[Subscription, Parsed]:
    """The feed behind an address as a new subscription of the list, with what the feed holds; nothing is written.

    Raises:
        NotFoundError: no feed is there, or it is in the list already.
    """
    address = spelt(address)
    listed = edit.listed(home)
    wanted, parsed = asyncio.run(_behind(home, address, secrets))
    same = {opml.key(wanted.url), opml.key(address)}
    if present := next((s for s in listed if opml.key(s.url) in same), None):
        name = present.title or edit.shown(present.url)
        raise NotFoundError(
            name, say("is in the list already, on line {line}", line=present.line), "Nothing was changed."
        )
    own = wanted.title or parsed.title
    if repeats(own, secrets_of(wanted.url, *secrets.values()) | secrets_of(address)):
        own = ""  # it would stand in the list and on pages
    subscription = msgspec.structs.replace(
        wanted,
        title=title or own,
        folders=edit.folders_of(folder),
        html_url=wanted.html_url or parsed.html_url,
        kind=wanted.kind or "rss",
    )
    return subscription, parsed


async def _behind(home: Home, address: str, secrets: dict[str, str]) -> tuple[Subscription, Parsed]:
    """The subscription to the feed behind `address`, as the list should hold it, with what the feed holds.

    Raises:
        NotFoundError: there is none; its text says why.
    """
    settings = home.settings.fetch
    subscription = Subscription(url=address)
    async with (
        Fetcher(settings, now=home.clock, secrets=secrets) as fetcher,
        Parsers(1, settings.parse_seconds) as parsers,
    ):
        asked = await Asker(fetcher, parsers).ask(FeedState(subscription=subscription), dict, home.clock())
        answer, failure = asked.answer, asked.failure
        if isinstance(asked.parsed, Parsed):
            learned = {**asked.state.cursor, **asked.parsed.cursor}
            return sources.portable(msgspec.structs.replace(asked.state, cursor=learned)), asked.parsed
        if isinstance(answer, Response):
            page = answer if answer.url == address else await _page(fetcher, answer, address)
            if asking.is_page(page) and (found := await asking.behind(fetcher, parsers, page, home.clock())):
                return found.subscription, found.parsed
    if failure is None or (failure.cause == Cause.NOT_A_FEED and not failure.repair):
        raise NotFoundError(
            edit.shown(address),
            "no feed was found there or in the usual places",
            "Look for an RSS link on the site and add that address.",
        )
    if failure.cause in health.UNREACHED:
        raise NotFoundError(
            edit.shown(address),
            say(failure.text, **failure.values),
            "Check its spelling, and that this machine is connected; nothing was added.",
        )
    # What is said of a feed in the list ("take it out") is no advice for one that isn't in it yet.
    repair = "" if "feeds remove" in failure.repair or "xmlUrl" in failure.repair else failure.repair
    raise NotFoundError(
        edit.shown(address),
        say(failure.text, **failure.values),
        say(repair or "Look at the address in a browser; nothing was added.", **failure.values),
    )


async def _page(fetcher: Fetcher, answer: Response, address: str) -> Response:
    """The page itself, where a source had rewritten the address before asking."""
    plain = await fetcher.get(Request(url=address, accept="text/html"))
    return plain if isinstance(plain, Response) else answer


def import_list(home: Home, file: Path) -> edit.MergedList:
    """Merge another reader's list into feeds.opml.

    Raises:
        ListError: the file can't be read as OPML.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ListError(
            str(file), say("can't be read ({strerror})", strerror=error.strerror), "Name an OPML file."
        ) from error
    made = edit.merged(home, data, str(file))
    edit.write(home, made.edit)
    return made


def export_list(home: Home, *, last: bool = False) -> bytes:
    """A clean OPML 2.0 list for other readers; with `last`, the last good list byte for byte.

    Raises:
        NotFoundError: there is no list, or there was no good one yet.
    """
    if not last:
        return opml.write(opml.parse(home.read_list()))
    with home.open_store() as store:
        kept = store.last_list()
    if kept is None:
        raise NotFoundError("the last good list", "none was read yet", "Run newsfeed refresh first.")
    return kept
