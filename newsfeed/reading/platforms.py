"""Peculiarities of well-known hosts, recognised by the entries themselves: which link is the article and which the
discussion, where points and comments are, which titles are not titles.

The feeds of these hosts are plain RSS or Atom, but taken literally they show the picture's caption for the post, or
the discussion for the article. Recognised by ids, links and markup, so that a saved or mirrored
copy reads like the original.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import urljoin

from newsfeed.sources import posts
from newsfeed.sources.source import REDDIT_OWN, Draft, hosts_of, is_taken, lies_at
from newsfeed.text import canonical_url

_ANCHOR = re.compile(
    r"<a\s[^>]{0,600}?href=[\"']([^\"']{1,2000})[\"'][^>]{0,300}>(.{0,400}?)</a>", re.IGNORECASE | re.DOTALL
)
_TAGS = re.compile(r"<[^>]{0,2000}>")


def adapt(draft: Draft, feed_link: str, feed_title: str) -> Draft:
    """The draft adjusted for its host; unchanged for other hosts."""
    host = posts.host_of(draft.link)
    for recognise, change in _PLATFORMS:
        if recognise(draft, host):
            change(draft, feed_link, feed_title)
            break
    return draft


def _anchors(markup: str) -> list[tuple[str, str]]:
    return [
        (html.unescape(href), html.unescape(_TAGS.sub("", label)).strip())
        for href, label in _ANCHOR.findall(markup[:60_000])
    ]


def _number(text: str) -> int | None:
    digits = re.sub(r"\D", "", text)
    return int(digits) if 0 < len(digits) < 10 else None


# --- Reddit: the link is the discussion; the article is the anchor "[link]" in the text.

_REDDIT_FOOT = re.compile(r"(?:&#32;|\s)*submitted by\b.*\Z", re.IGNORECASE | re.DOTALL)


def _is_reddit(draft: Draft, host: str) -> bool:
    return lies_at(host, *hosts_of("reddit")) or (
        draft.guid.startswith("t3_") and "[link]" in draft.body + draft.summary
    )


def _reddit(draft: Draft, feed_link: str, feed_title: str) -> None:
    markup = draft.body or draft.summary
    named = {label: href for href, label in _anchors(markup)}
    draft.discussion = named.get("[comments]") or draft.link
    draft.discussion_label = "Reddit"
    target = named.get("[link]", "")
    told = _REDDIT_FOOT.sub("", re.sub(r"<!-- SC_O(?:N|FF) -->", "", markup))
    count = re.search(r"\[(\d+) comments?\]", markup)
    draft.comments = _number(count.group(1)) if count else draft.comments
    if target and not lies_at(posts.host_of(target), *REDDIT_OWN):
        draft.link = target
    else:
        draft.link = draft.discussion
        draft.kind = "post"
    draft.summary, draft.body = (
        "",
        told if re.search(r"\w{3}", _TAGS.sub("", told)) and 'class="md"' in told else "",
    )
    draft.author = re.sub(r"^/u/", "u/", draft.author.strip())
    draft.author = re.sub(r"^\S+@reddit\S*\s*", "", draft.author)


# --- Hacker News, its official feed and hnrss: the link is the article, the text only counts.


def _is_hacker_news(draft: Draft, host: str) -> bool:
    return _at_hacker_news(host) or (
        bool(draft.discussion) and _at_hacker_news(posts.host_of(draft.discussion))
    )


def _at_hacker_news(host: str) -> bool:
    return lies_at(host, "news.ycombinator.com")


def _hacker_news(draft: Draft, feed_link: str, feed_title: str) -> None:
    markup = draft.body or draft.summary
    draft.discussion = draft.discussion or draft.link
    draft.discussion_label = "Hacker News"
    points = re.search(r"<p>Points: ([\d,]+)</p>", markup)
    comments = re.search(r"<p># Comments: ([\d,]+)</p>", markup)
    draft.score = _number(points.group(1)) if points else draft.score
    draft.comments = _number(comments.group(1)) if comments else draft.comments
    told = re.sub(r"<hr\s*/?>\s*<p>Comments URL:.*\Z", "", markup, flags=re.DOTALL)
    told = re.sub(r"<p>(?:Article URL|Comments URL|Points|# Comments):.*?</p>", "", told, flags=re.DOTALL)
    told = re.sub(r"<a [^>]{0,300}>Comments</a>", "", told)
    draft.summary, draft.body = "", told.strip()
    draft.tags = []


# --- Lemmy and its kin: the link is the article, guid and comments the discussion, the text begins with counts.

_LEMMY_HEAD = re.compile(
    r"^\s*submitted by\s*<a[^>]{0,300}>.{0,100}?</a>\s*to\s*<a[^>]{0,300}>.{0,100}?</a>\s*<br\s*/?>\s*"
    r"(-?[\d,]+) points? \| <a[^>]{0,300}>([\d,]+) comments?</a>(?:\s*<br\s*/?>\s*<a[^>]{0,2000}>[^<]{0,2000}</a>)?",
    re.IGNORECASE | re.DOTALL,
)


def _is_lemmy(draft: Draft, host: str) -> bool:
    return bool(_LEMMY_HEAD.match(draft.body or draft.summary))


def _lemmy(draft: Draft, feed_link: str, feed_title: str) -> None:
    markup = draft.body or draft.summary
    match = _LEMMY_HEAD.match(markup)
    if not match:
        return
    draft.score, draft.comments = _number(match.group(1)), _number(match.group(2))
    draft.discussion = draft.discussion or draft.guid
    draft.discussion_label = "Lemmy"
    if canonical_url(draft.link) == canonical_url(draft.discussion) or re.search(
        r"/pictrs/|\.(?:png|jpe?g|gif|webp)$", draft.link
    ):
        draft.link = draft.discussion
        draft.kind = "post"
    draft.summary, draft.body = "", markup[match.end() :]
    draft.author = draft.author.rstrip("/").rsplit("/", 1)[-1]


# --- Lobsters and others whose text is only a link to the comments.


def _is_lobsters(draft: Draft, host: str) -> bool:
    return bool(draft.discussion) and lies_at(posts.host_of(draft.discussion), "lobste.rs", "tildes.net")


def _lobsters(draft: Draft, feed_link: str, feed_title: str) -> None:
    draft.discussion_label = "Lobsters" if "lobste.rs" in draft.discussion else "Tildes"
    if re.fullmatch(r"\s*(?:<p>)?\s*<a [^>]{0,300}>Comments</a>\s*(?:</p>)?\s*", draft.body or draft.summary):
        draft.summary = draft.body = ""


# --- YouTube: the description is the text; views and updates are no news.


def _is_youtube(draft: Draft, host: str) -> bool:
    return draft.guid.startswith("yt:video:") or (
        lies_at(host, *hosts_of("youtube")) and "watch" in draft.link
    )


def _youtube(draft: Draft, feed_link: str, feed_title: str) -> None:
    draft.kind = "video"
    draft.updated = None
    draft.enclosures = []


# --- GitHub: releases named only by a number say of what; its tags and commits are releases too.

_VERSION = re.compile(r"^(?:v|version |release )?\s*\d[\w.+-]*$|^[a-z]+-?v?\d[\w.+-]*$", re.IGNORECASE)


def _is_github(draft: Draft, host: str) -> bool:
    return draft.guid.startswith("tag:github.com,2008:") or "/releases/tag/" in draft.link


def _github(draft: Draft, feed_link: str, feed_title: str) -> None:
    link = urljoin("https://github.com/", draft.link) if draft.link.startswith("/") else draft.link
    draft.link = link
    found = re.match(r"https?://[^/]+/([^/]+)/([^/?#]+)/(releases|commit|commits|discussions|tree)", link)
    if not found:
        return
    repository, page = found.group(2), found.group(3)
    if page == "releases":
        draft.kind = "release"
        title = draft.title.strip()
        if _VERSION.match(title) or (title and repository.lower() not in title.lower() and len(title) < 24):
            draft.title = f"{repository} {title}"
        plain = html.unescape(_TAGS.sub("", draft.body)).strip().casefold()
        if plain and plain in draft.title.casefold():
            draft.body = ""


# --- Stack Exchange: questions.


def _is_stack_exchange(draft: Draft, host: str) -> bool:
    return (
        "/questions/" in draft.link
        and bool(re.search(r"/questions/\d+", draft.link))
        and bool(lies_at(host, *hosts_of("stackexchange")) or draft.score is not None)
    )


def _stack_exchange(draft: Draft, feed_link: str, feed_title: str) -> None:
    draft.kind = "question"


# --- Bluesky: never a title; what stands there is the caption of a picture.

_WRITTEN = re.compile(r"https?://[^\s<>\"']{4,1000}")
_QUOTE = re.compile(r"\s*\[contains quote post or other embedded content\]\s*")


def _is_bluesky(draft: Draft, host: str) -> bool:
    return draft.guid.startswith(("at://", "cid://at://")) or (host == "bsky.app" and "/post/" in draft.link)


def _bluesky(draft: Draft, feed_link: str, feed_title: str) -> None:
    draft.title = ""
    draft.summary, draft.body = "", _QUOTE.sub("", draft.body or draft.summary)
    draft.discussion, draft.discussion_label = draft.link, "Bluesky"
    shared = next((u for u in _WRITTEN.findall(draft.body) if posts.leads_elsewhere(u, "bsky.app")), "")
    draft.link = html.unescape(shared).rstrip(".,;:!?)") or draft.link
    draft.kind = "post"
    handle = re.match(r"^@(\S+)", feed_title.strip())
    draft.author = draft.author or (handle.group(1) if handle else "")


# --- Mastodon and its kin: no titles; a warning hides its text; tags at the end are no text.

_STATUS = re.compile(
    r"^https?://[^/]+/(?:@[\w.@-]+|users/[\w.-]+(?:/statuses)?|notes|notice|objects)/[\w-]{5,}$"
)
_WARNING = re.compile(
    r"^\s*<p>\s*<strong>[^<]{0,60}:</strong>\s*(.{0,500}?)</p>\s*<hr\s*/?>", re.IGNORECASE | re.DOTALL
)


def _is_mastodon(draft: Draft, host: str) -> bool:
    return not draft.title.strip() and bool(_STATUS.match(draft.link)) and not is_taken(host)


def _mastodon(draft: Draft, feed_link: str, feed_title: str) -> None:
    markup = draft.body or draft.summary
    warning = _WARNING.match(markup)
    if warning:
        draft.warning = html.unescape(_TAGS.sub("", warning.group(1))).strip()
        markup = ""  # what a warning covers is not kept
    draft.summary, draft.body = "", posts.tidy(markup)
    draft.kind = "post"
    draft.discussion, draft.discussion_label = draft.link, "Mastodon"
    shared = posts.shared_link(markup, posts.host_of(draft.link))
    account = re.match(r"https?://([^/]+)/(?:@|users/)([\w.-]+)(?:@([\w.-]+))?", draft.link)
    if account and not draft.author:
        draft.author = f"@{account.group(2)}@{account.group(3) or account.group(1)}"
    draft.link = shared or draft.link


# --- Medium: a teaser is a picture, a snippet and a link to read on.


def _is_medium(draft: Draft, host: str) -> bool:
    return (
        lies_at(host, "medium.com") or "medium-feed-item" in draft.body or "medium-feed-item" in draft.summary
    )


def _medium(draft: Draft, feed_link: str, feed_title: str) -> None:
    for name in ("summary", "body"):
        markup = getattr(draft, name)
        markup = re.sub(r"<p class=\"medium-feed-link\">.*?</p>", "", markup, flags=re.DOTALL)
        setattr(
            draft,
            name,
            re.sub(
                r"<hr><p><a [^>]{0,600}>[^<]{0,300}</a> was originally published in .*\Z",
                "",
                markup,
                flags=re.DOTALL,
            ),
        )


# --- arXiv: the abstract follows a line of catalogue.


def _is_arxiv(draft: Draft, host: str) -> bool:
    return lies_at(host, "arxiv.org")


def _arxiv(draft: Draft, feed_link: str, feed_title: str) -> None:
    for name in ("summary", "body"):
        text = re.sub(
            r"^\s*(?:<p>)?\s*arXiv:\S+\s+Announce Type:\s*[\w-]+\s*(?:\n|<br\s*/?>)?\s*Abstract:\s*",
            "",
            getattr(draft, name),
        )
        setattr(draft, name, text)
    draft.title = re.sub(r"\s*\(arXiv:[^)]{0,80}\)\s*$", "", draft.title)


_PLATFORMS: tuple[tuple[Callable[[Draft, str], bool], Callable[[Draft, str, str], None]], ...] = (
    (_is_lemmy, _lemmy),
    (_is_reddit, _reddit),
    (_is_hacker_news, _hacker_news),
    (_is_lobsters, _lobsters),
    (_is_youtube, _youtube),
    (_is_github, _github),
    (_is_stack_exchange, _stack_exchange),
    (_is_bluesky, _bluesky),
    (_is_mastodon, _mastodon),
    (_is_medium, _medium),
    (_is_arxiv, _arxiv),
)
