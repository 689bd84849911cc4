"""Mastodon, Bluesky, Hacker News, Reddit, Telegram and X in miniature, each on a real server.

They page, count requests, and refuse when a test says so. The texts are invented.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from serving import Exchange, Headers, Server

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
Refusal = tuple[int, Headers, bytes]


def at(minutes: int) -> str:
    """A time so many minutes after the start, as networks write it."""
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Network:
    """A server and what it must refuse: each request uses up one entry of `refuse`."""

    server: Server
    refuse: list[Refusal | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def serve(self, path: str, answer: Callable[[dict[str, str]], tuple[int, Headers, bytes]]) -> None:
        async def play(exchange: Exchange) -> None:
            self.asked.append(exchange.seen.path)
            self.tokens.append(exchange.seen.headers.get("authorization", ""))
            refused = self.refuse.pop(0) if self.refuse else None
            query = {k: v[0] for k, v in parse_qs(urlsplit(exchange.seen.path).query).items()}
            status, headers, body = refused or answer(query)
            await exchange.reply(status, headers, body, content_type="application/json")

        self.server.play(path, play)


def json_answer(found: Any, headers: Headers = ()) -> tuple[int, Headers, bytes]:
    return 200, headers, json.dumps(found).encode()


# --------------------------------------------------------------------------- Mastodon


def status(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """A status by Ada, so many minutes after the start."""
    return {
        "id": str(10_000 + number),
        "uri": f"https://social.example/users/ada/statuses/{number}",
        "url": f"https://social.example/@ada/{number}",
        "created_at": at(number),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "content": text or f"<p>Note {number}: the tide gauge at the old pier was read again today.</p>",
        "reblog": None,
        "account": person("ada", "Ada Lind"),
        "media_attachments": [],
        "tags": [],
        "card": None,
        "poll": None,
        "favourites_count": 1,
        "reblogs_count": 0,
        "replies_count": 0,
    } | more


def person(name: str, called: str = "") -> dict[str, Any]:
    return {
        "id": f"7{len(name)}{name}",
        "username": name,
        "acct": name,
        "display_name": called,
        "url": f"https://social.example/@{name}",
    }


class Mastodon(Network):
    """One account with an id that may change, and a home timeline for one token."""

    def __init__(self, server: Server, token: str = "") -> None:
        super().__init__(server)
        self.account = "42"
        self.statuses: list[dict[str, Any]] = []
        self.token = token
        self.largest = 40
        self.serve("/api/v1/accounts/lookup", self._lookup)
        self.known: set[str] = set()
        self._listen()
        self.serve("/api/v1/timelines/home", self._home)
        self.serve("/api/v1/timelines/tag/tides", self._page)

    def move(self, account: str) -> None:
        """The account gets another id, as after a move of the database."""
        self.account = account
        self._listen()

    def _listen(self) -> None:
        account = self.account
        self.serve(f"/api/v1/accounts/{account}/statuses", lambda query: self._statuses(account, query))

    def _lookup(self, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        if query.get("acct") != "ada":
            return 404, (), b'{"error":"Record not found"}'
        return json_answer({**person("ada", "Ada Lind"), "id": self.account})

    def _statuses(self, account: str, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        if account != self.account:
            return 404, (), b'{"error":"Record not found"}'
        return self._page(query)

    def _home(self, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        if self.tokens[-1] != f"Bearer {self.token}":
            return 401, (), b'{"error":"The access token is invalid"}'
        return self._page(query)

    def _page(self, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        limit = min(int(query.get("limit", 20)), self.largest)
        found = sorted(self.statuses, key=lambda s: int(s["id"]), reverse=True)
        if "max_id" in query:
            found = [s for s in found if int(s["id"]) < int(query["max_id"])]
        if "min_id" in query:
            found = [s for s in found if int(s["id"]) > int(query["min_id"])][-limit:]
        found = found[:limit]
        links = []
        if found:
            base = self.server.url("/whatever")
            links = [
                (
                    "Link",
                    f'<{base}?max_id={found[-1]["id"]}>; rel="next", <{base}?min_id={found[0]["id"]}>; rel="prev"',
                )
            ]
        return json_answer(found, [*links, ("X-RateLimit-Remaining", "299"), ("X-RateLimit-Reset", at(60))])


# --------------------------------------------------------------------------- Bluesky

DID = "did:plc:tidesandpiers23456"


def view(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """A post by Bo in a feed, so many minutes after the start."""
    post: dict[str, Any] = {
        "uri": f"at://{DID}/app.bsky.feed.post/3k{number:06}",
        "author": {"did": DID, "handle": "bo.example", "displayName": "Bo Quist", "labels": []},
        "record": {
            "text": text or f"Bo's note {number}, about boats.",
            "createdAt": at(number),
            "langs": ["en"],
        },
        "indexedAt": at(number),
        "likeCount": 2,
        "repostCount": 1,
        "replyCount": 0,
        "labels": [],
    }
    record = more.pop("record", {})
    reason = more.pop("reason", None)
    post |= more
    post["record"] |= record
    return {"post": post, **({"reason": reason} if reason else {})}


class Bluesky(Network):
    """One author; pages by a cursor that only this server understands."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.handle = "bo.example"
        self.views: list[dict[str, Any]] = []
        self.page = 5
        self.serve("/xrpc/app.bsky.feed.getAuthorFeed", self._author)
        self.serve("/xrpc/com.atproto.identity.resolveHandle", self._resolve)
        self.serve("/xrpc/app.bsky.feed.getFeed", self._author)

    def _resolve(self, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        if query.get("handle") != self.handle:
            return 400, (), b'{"error":"InvalidRequest","message":"Unable to resolve handle"}'
        return json_answer({"did": DID})

    def _author(self, query: dict[str, str]) -> tuple[int, Headers, bytes]:
        if "actor" in query and query["actor"] not in {DID, self.handle}:
            return 400, (), b'{"error":"InvalidRequest","message":"Profile not found"}'
        start = int(query.get("cursor", "c0")[1:])
        newest = sorted(self.views, key=lambda v: str(v["post"]["indexedAt"]), reverse=True)
        found = {"feed": newest[start : start + self.page]}
        if start + self.page < len(newest):
            found["cursor"] = f"c{start + self.page}"
        return json_answer(found)


# --------------------------------------------------------------------------- the others


class HackerNews(Network):
    """Algolia's search with the given hits."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.hits: list[Any] = []
        for call in ("search", "search_by_date"):
            self.serve(f"/api/v1/{call}", lambda _query: json_answer({"hits": self.hits}))


def hit(number: int, **more: Any) -> dict[str, Any]:
    return {
        "objectID": str(900 + number),
        "title": f"A story about harbours, part {number}",
        "url": f"https://harbour.example/part-{number}",
        "points": 10 * number,
        "num_comments": number,
        "author": "cy",
        "created_at_i": int((START + timedelta(minutes=number)).timestamp()),
        "_tags": ["story", "front_page"],
    } | more


def reddit_entry(number: int, subreddit: str, link: str = "") -> str:
    """One entry of a listing as Reddit's Atom has it."""
    place = f"https://www.reddit.com/r/{subreddit}/comments/x{number}/post/"
    foot = (
        f' submitted by <a href="https://www.reddit.com/user/dee"> /u/dee </a> <br/> <span><a href="{link or place}">[link]</a></span>'
        f' <span><a href="{place}">[comments]</a></span>'
    )
    return (
        f"<entry><author><name>/u/dee</name></author><category term='{subreddit}' label='r/{subreddit}'/>"
        f"<content type='html'>{html.escape(foot)}</content><id>t3_x{number}</id><link href='{place}'/>"
        f"<updated>{at(number)}</updated><published>{at(number)}</published><title>Post {number} of {subreddit}</title></entry>"
    )


def reddit_feed(*entries: str) -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>joined</title>"
        f"<id>/r/x/.rss</id><link href='https://www.reddit.com/r/x/'/><updated>{at(1)}</updated>{''.join(entries)}</feed>"
    ).encode()


def telegram_page(*messages: tuple[int, str]) -> bytes:
    """A channel's preview with these messages."""
    told = "".join(
        f"<div class='tgme_widget_message_wrap'><div class='tgme_widget_message' data-post='harbour/{n}'>"
        f"<div class='tgme_widget_message_text js-message_text'>{text}</div>"
        f"<a class='tgme_widget_message_date' href='https://t.me/harbour/{n}'><time datetime='{at(n)}'>x</time></a></div></div>"
        for n, text in messages
    )
    return f"<html><body><div class='tgme_channel_info_header_title'>Harbour News</div>{told}</body></html>".encode()
