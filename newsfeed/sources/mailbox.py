"""Newsletters: the messages of an IMAP folder as a feed, by sender or mailing list.

`imaps://host/Folder?from=editor@letter.example` or `?list=weekly.letter.example`. `fetch` gives the raw messages, which
are parsed here. Of a message that is a list of links, each link is an item; `newsfeed-split="no"` keeps it whole.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import html
import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from newsfeed.lazy import expression
from newsfeed.model import UNAUTHORIZED, Failure, FeedState, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, rows, text
from newsfeed.sources.source import Answer, Draft, Source
from newsfeed.text import clean_line, plain_text, safe_url, times
from newsfeed.text.encodings import decode
from newsfeed.text.outline_options import options

KIND = "mailbox"

_MOST_PARTS = 60  # parts of one message, so that one with thousands doesn't take long
_BODY = 400_000  # characters of a mail's HTML
_LEAST_ITEMS = 4  # links with their own text that make a message a list
_MOST_ITEMS = 40  # that a list of links is split into


class Mailbox(Source):
    """Newsletters."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses that begin with imaps://."""
        return subscription.url.strip().lower().startswith("imaps://")

    def request(self, state: FeedState) -> Request:
        """The mails since the last one seen; `fetch` speaks IMAP."""
        return _ask(state.subscription.url.strip(), state.feed, state.cursor)

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for mail."""
        host = posts.host_of(state.subscription.url)
        if failure.text == UNAUTHORIZED:
            return posts.wants_secret(
                failure,
                host,
                "This mailbox needs a token of yours for {host}.",
                'Add [secrets."{host}"] to newsfeed.toml with env or file; its value is user:password; many providers want an app password made for this.',
                'Correct the value behind [secrets."{host}"]; its value is user:password; many providers want an app password made for this.',
            )
        return failure

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The messages that came, and where to go on."""
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        whole = not options(subscription.options).split
        drafts: list[Draft] = []
        sender = ""
        for row in rows(found, "mails"):
            mail = _mail(row)
            if mail is None:
                continue
            sender = sender or clean_line(parseaddr(str(mail.get("From", "")))[0], 80)
            message = _message(mail, row)
            parts = [] if whole else split(message)
            drafts += parts or [message]
        folder = unquote(urlsplit(response.request.url).path.strip("/")) or "INBOX"
        asked = parse_qs(urlsplit(response.request.url).query)
        title = sender if asked else ""
        drafted = posts.settle(
            drafts, subscription, title=title or f"{folder} at {posts.host_of(response.request.url)}"
        )
        drafted.cursor = cursor = {"validity": text(found, "validity"), "uid": text(found, "uid")}
        if posts.get(found, "more") is True:
            drafted.next = _ask(
                response.request.url, response.request.feed, cursor, response.request.page + 1
            )
        return drafted


def _ask(url: str, feed: int, cursor: Mapping[str, str], page: int = 0) -> Request:
    return Request(
        url=url,
        feed=feed,
        source=KIND,
        page=page,
        credential=posts.host_of(url),
        context=json.dumps({name: cursor[name] for name in ("validity", "uid") if cursor.get(name)}),
    )


def _mail(row: Json) -> EmailMessage | None:
    try:
        raw = base64.b64decode(text(row, "raw"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return email.message_from_bytes(raw, policy=email.policy.default.clone(raise_on_defect=False))


def _header(mail: EmailMessage, name: str) -> str:
    """A header as text; "" if its encoding can't be read."""
    try:
        return clean_line(str(mail.get(name, "")), 500)
    except (ValueError, LookupError, IndexError, AttributeError, TypeError):
        # The standard library's header parser fails in all these ways on malformed headers.
        return ""


def _message(mail: EmailMessage, row: Json) -> Draft:
    markup, plain = _bodies(mail)
    name, address = parseaddr(_header(mail, "From"))
    online = _online(markup) or safe_url(_header(mail, "Archived-At").strip("<>"))
    identity = _header(mail, "Message-ID").strip("<> ") or f"{text(row, 'validity')}/{text(row, 'uid')}"
    return Draft(
        guid=f"mid:{identity}",
        link=online,
        title=_header(mail, "Subject") or f"A message from {name or address}",
        body=_reading(markup) if markup else posts.paragraphs(plain),
        author=name or address.partition("@")[0],
        published=times.from_text(_header(mail, "Date")) or times.from_text(text(row, "date")),
        kind="mail",
    )


def _bodies(mail: EmailMessage) -> tuple[str, str]:
    """The HTML and the plain text of a mail; attachments are left alone."""
    found = {"text/html": "", "text/plain": ""}
    for number, part in enumerate(mail.walk()):
        sort = part.get_content_type()
        if number >= _MOST_PARTS:
            break
        if sort not in found or found[sort] or part.get_content_disposition() == "attachment":
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            said, _ = decode(data, f"text/html; charset={part.get_content_charset() or ''}")
            found[sort] = said[:_BODY]
    return found["text/html"], found["text/plain"]


_ONLINE = expression(
    r"\b(?:(?:view|read|open|see)\b.{0,40}\b(?:browser|online|web)|web version|im browser|online (?:lesen|ansehen)"
    r"|dans (?:votre|le) navigateur|version en ligne|en el navegador|nel browser)\b",
    re.IGNORECASE | re.DOTALL,
)
_ANCHOR = expression(r"<a\s([^>]{0,3000})>(.{0,2000}?)</a>", re.IGNORECASE | re.DOTALL)
_HREF = expression(r"""href\s*=\s*["']([^"']{1,3000})["']""", re.IGNORECASE)
_NEAR_TOP = 20_000  # characters in which a message links to itself online


def _online(markup: str) -> str:
    """The web address of the message, from the link near its top that says so."""
    for attributes, label in _ANCHOR.findall(markup[:_NEAR_TOP]):
        found = _HREF.search(attributes)
        if found and _ONLINE.search(plain_text(label)[:200]):
            return safe_url(html.unescape(found[1]))
    return ""


_GONE = expression(
    r"unsubscribe|manage (?:your )?(?:preferences|subscription)|update your (?:preferences|profile)|opt[- ]out|abmelden"
    r"|abbestellen|se désabonner|darse de baja|forward to a friend|privacy policy|advertise|sponsor",
    re.IGNORECASE,
)
_INVISIBLE = expression(
    r"display\s*:\s*none|font-size\s*:\s*0|max-height\s*:\s*0|mso-hide\s*:\s*all", re.IGNORECASE
)


def _reading(markup: str) -> str:
    """The message without hidden text, tracking pixels, unsubscribe links and layout tables."""
    root = posts.body_of(markup)
    if root is None:
        return ""
    for node in list(root.iter()):
        if not isinstance(node.tag, str) or node is root or node.getparent() is None:
            continue
        hidden = _INVISIBLE.search(node.get("style") or "")
        pixel = node.tag == "img" and {node.get("width"), node.get("height")} & {"0", "1", "0px", "1px"}
        if hidden or pixel or (node.tag == "a" and _leads_away(node)):
            _drop(node)
    from lxml import etree

    written = etree.tostring(root, encoding="unicode", method="html")
    # Tables lay messages out: their cells are paragraphs.
    written = re.sub(r"</?(?:table|tbody|thead|tr)\b[^>]*>", "", written)
    return re.sub(r"<(/?)t[dh]\b[^>]*>", r"<\1div>", written)


def _leads_away(link: Any) -> bool:
    """Whether a link is there for the mail's own sake: to leave the list, or to read it in a browser."""
    said = "".join(link.itertext())[:200]
    return bool(_ONLINE.search(said) or _GONE.search(f"{said} {(link.get('href') or '')[:300]}"))


def _drop(node: Any) -> None:
    parent, before = node.getparent(), node.getprevious()
    if node.tail:
        if before is not None:
            before.tail = (before.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
    parent.remove(node)


_BLOCKS = frozenset(
    ["p", "li", "td", "div", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "blockquote", "tr"]
)
_MINUTES = expression(r"\s*\((\d{1,3})\s*min(?:ute)?s?(?:\s+read)?\)\s*$", re.IGNORECASE)


def split(message: Draft) -> list[Draft]:
    """The items of a list of links: a line that is a link, with the text after it. () for other messages.

    A message is a list when at least four such lines with texts of their own make up most of it.
    """
    root = posts.body_of(message.body)
    if root is None:
        return []
    entries: list[tuple[str, str, list[str]]] = []
    around = 0
    for said, links in _lines(root):
        target, label = links[0] if links else ("", "")
        title = _MINUTES.sub("", label)
        heading = len(label) >= 12 and label.count(" ") >= 2 and said.startswith(label)
        if heading and not _GONE.search(said):
            entries.append((target, title, [said[len(label) :].strip(" –—:-")]))
        elif entries:
            entries[-1][2].append(said)
        else:
            around += len(said)
    told = [(url, title, [t for t in texts if t]) for url, title, texts in entries]
    told = [e for e in told if sum(map(len, e[2])) >= 40]
    length = sum(len(title) + sum(map(len, texts)) for _, title, texts in told)
    if len(told) < _LEAST_ITEMS or length < around:
        return []
    base = message.guid
    return [
        Draft(
            guid=f"{base}#{number}",
            link=url,
            title=title,
            body="".join(f"<p>{posts.escape(t)}</p>" for t in texts[:4]),
            author=message.author,
            discussion=message.link,
            discussion_label=message.author if message.link else "",
            published=message.published,
            kind="mail",
        )
        for number, (url, title, texts) in enumerate(told[:_MOST_ITEMS], 1)
    ]


def _lines(root: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """The lines of a message in reading order: the text of each, and its links with their labels.

    A line ends where a block begins or ends, and at a line break.
    """
    found: list[tuple[str, list[tuple[str, str]]]] = []
    said: list[str] = []
    links: list[tuple[str, str]] = []

    def end() -> None:
        line = clean_line("".join(said), 4_000)
        if line:
            found.append((line, list(links)))
        said.clear()
        links.clear()

    def walk(node: Any) -> None:
        if not isinstance(node.tag, str) or node.tag in {"script", "style", "title", "head"}:
            return
        block = node.tag in _BLOCKS or node.tag == "br"
        if block:
            end()
        if node.tag == "a" and (address := safe_url(node.get("href") or "")):
            links.append((address, clean_line("".join(node.itertext()), 300)))
        said.append(node.text or "")
        for child in node:
            walk(child)
            said.append(child.tail or "")
        if block:
            end()

    walk(root)
    end()
    return found


source = Mailbox()
