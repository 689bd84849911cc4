"""Telegram: public channels by their public preview."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsfeed.model import FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.source import (
    BODY_LIMIT,
    Answer,
    Draft,
    Source,
    host_and_path,
    hosts_of,
    read_context,
    validated,
    write_context,
)
from newsfeed.text import clean_line, times
from newsfeed.text.encodings import decode

KIND = "telegram"

WWW = "https://t.me"
_PATH = re.compile(r"/(?:s/)?([A-Za-z]\w{3,31})/?")
_NOT_CHANNELS = frozenset(["share", "joinchat", "addstickers", "addlist", "proxy", "socks", "login", "iv"])
_PAGES = 5  # older pages in one refresh
_LEAST_TITLE = 15  # a first line in bold with fewer characters is not a headline


class Telegram(Source):
    """Telegram."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of channels at t.me."""
        return bool(_channel(subscription.url))

    def request(self, state: FeedState) -> Request:
        """The preview of the newest twenty messages."""
        asked = _ask(state.subscription, state.feed, seen=state.cursor.get("seen", ""))
        if state.cursor.get("gap"):
            return asked
        return validated(asked, state)

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The messages of a preview, and the request for the older page if these don't reach back to what was seen."""
        page, _ = decode(response.body[:BODY_LIMIT], response.content_type)
        root = posts.body_of(page)
        messages = [] if root is None else root.xpath("//*[@data-post]")
        channel = _channel(subscription.url)
        if root is None or not messages:
            if response.request.page:
                return Parsed()
            return posts.failed(
                "The channel {name} shows no preview to strangers.",
                "Its owner can turn the preview on; without it Telegram gives it to no reader. Or the name is spelled otherwise.",
                name=channel,
            )
        title = (
            _plain(root, "tgme_channel_info_header_title")
            or _plain(root, "tgme_widget_message_owner_name")
            or channel
        )
        drafts = [d for m in messages if (d := _draft(m, title)) is not None]
        found = posts.settle(drafts, subscription, title=title, html_url=f"{WWW}/{channel}")
        numbers = [int(n) for m in messages if (n := _number(str(m.get("data-post"))))]
        found.next, found.cursor = _walk(numbers, response, subscription)
        return found


def _channel(url: str) -> str:
    host, path = host_and_path(url)
    found = _PATH.fullmatch(path) if host in hosts_of(KIND) else None
    return found[1] if found and found[1].lower() not in _NOT_CHANNELS else ""


def _ask(
    subscription: Subscription, feed: int, *, seen: str, before: str = "", top: str = "", page: int = 0
) -> Request:
    server = posts.service(subscription, WWW)
    return Request(
        url=f"{server}/s/{_channel(subscription.url)}{f'?before={before}' if before else ''}",
        feed=feed,
        source=KIND,
        page=page,
        accept="text/html",
        context=write_context(seen=seen, top=top),
    )


def _number(place: str) -> str:
    found = re.fullmatch(r"[\w-]{1,64}/(\d{1,15})", place)
    return found[1] if found else ""


def _walk(
    numbers: list[int], response: Response, subscription: Subscription
) -> tuple[Request | None, Mapping[str, str]]:
    """The next older page, as long as this one is all newer than what was seen last; the mark is stored once that is reached."""
    context = read_context(response.request)
    seen, top = context.get("seen", ""), context.get("top", "")
    if not numbers:
        return None, {}
    top = top or str(max(numbers))
    page = response.request.page + 1
    if not seen.isdigit() or min(numbers) <= int(seen) + 1 or page > _PAGES:
        return None, {"seen": top, "gap": ""}
    following = _ask(
        subscription, response.request.feed, seen=seen, before=str(min(numbers)), top=top, page=page
    )
    return following, {"gap": "yes"}


def _draft(message: Any, channel: str) -> Draft | None:
    from lxml import etree

    place = str(message.get("data-post"))
    if not _number(place):
        return None
    url = f"{WWW}/{place}"
    bodies = message.xpath(".//*[contains(concat(' ', @class, ' '), ' js-message_text ')]") or message.xpath(
        ".//*[contains(concat(' ', @class, ' '), ' tgme_widget_message_text ')]"
    )
    markup = etree.tostring(bodies[-1], encoding="unicode", with_tail=False) if bodies else ""
    preview = message.xpath(".//a[contains(@class, 'tgme_widget_message_link_preview')]")
    target = str(preview[0].get("href", "")) if preview else ""
    if not (target and posts.leads_elsewhere(target, "t.me")):
        target = posts.shared_link(markup, "t.me")
    moment = message.xpath(".//a[contains(@class, 'tgme_widget_message_date')]//time/@datetime")
    pictures = message.xpath(".//*[contains(@class, 'tgme_widget_message_photo_wrap')]")
    videos = message.xpath(".//*[contains(@class, 'tgme_widget_message_video_player')]")
    owner = _plain(message, "tgme_widget_message_owner_name") or channel
    forwarded = _plain(message, "tgme_widget_message_forwarded_from_name")
    if not markup and not pictures and not videos and not preview:
        return None  # a service message: "channel created", "photo updated"
    title = _bold(bodies[-1]) if bodies else ""
    if not title and preview:
        title = posts.card_title(_plain(preview[0], "link_preview_title"), markup)
    return Draft(
        guid=place,
        link=target or url,
        base=url,
        discussion=url,
        discussion_label="Telegram",
        title=title or posts.photo_title(markup, ["" for _ in [*pictures, *videos]], forwarded or owner),
        body=markup,
        author=forwarded or owner,
        published=times.from_text(moment[-1] if moment else ""),
        kind="post",
        via=(owner,) if forwarded and forwarded != owner else (),
    )


def _plain(node: Any, name: str) -> str:
    found = node.xpath(f".//*[contains(concat(' ', @class, ' '), ' {name} ')]")
    return clean_line("".join(found[0].itertext()), 120) if found else ""


def _bold(body: Any) -> str:
    """The headline of a message: a first line all in bold, with more text below."""
    first = next(iter(body), None)
    if first is None or first.tag not in {"b", "strong"} or (body.text or "").strip():
        return ""
    said = clean_line("".join(first.itertext()), 200)
    after = first.getnext()
    ends = (first.tail or "").strip() == "" and after is not None and after.tag == "br"
    return said if ends and len(said) >= _LEAST_TITLE else ""


source = Telegram()
