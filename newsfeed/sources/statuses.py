"""One status of Mastodon, or of what speaks like it, as a draft: what it shares, says, asks and shows."""

from __future__ import annotations

from newsfeed.sources import posts, times
from newsfeed.sources.entries import Draft
from newsfeed.sources.posts import Json, count, get, rows, text
from newsfeed.text import plain_text, safe_url


def author(account: Json) -> str:
    """What an account is called: its name without emoji, else its handle."""
    return posts.name(text(account, "display_name")) or text(account, "username") or text(account, "acct")


def draft(status: Json, home: str) -> Draft:
    """A status as a draft; `home` is the server it was asked of."""
    url = safe_url(text(status, "url")) or safe_url(text(status, "uri"))
    account, host = get(status, "account"), posts.host_of(url) or home
    markup = posts.tidy(text(status, "content"))
    card = get(status, "card")
    target = text(card, "url")
    if not (target and posts.leads_elsewhere(target, host)):
        target = posts.shared_link(text(status, "content"), host)
    title = posts.card_title(text(card, "title"), markup) if target == text(card, "url") else ""
    options = [text(o, "title") for o in rows(status, "poll", "options")]
    if options:
        markup += "<ul>" + "".join(f"<li>{posts.escape(o)}</li>" for o in options) + "</ul>"
        title = title or (
            "" if posts.own_words(markup) > len(options) * 3 else f"Poll: {' / '.join(options)}"
        )
    pictures = [text(m, "description") for m in rows(status, "media_attachments")]
    title = title or posts.photo_title(markup, pictures, author(account))
    return Draft(
        guid=text(status, "uri") or url,
        link=target or url,
        base=url,
        discussion=url,
        discussion_label="Mastodon",
        title=title,
        body=markup + _quoted(get(status, "quote")),
        author=author(account) or text(account, "acct"),
        updated=times.from_text(text(status, "edited_at")),
        language=text(status, "language"),
        kind="post",
        tags=[text(t, "name") for t in rows(status, "tags")],
        score=posts.total(
            count(status, "favourites_count"), count(status, "reblogs_count"), count(status, "quotes_count")
        ),
        comments=count(status, "replies_count"),
        warning=text(status, "spoiler_text").strip(),
        picture=posts.picture(pictures),
    )


def _quoted(quote: Json) -> str:
    """A quoted status, if its author agreed and it is still there."""
    inner = get(quote, "quoted_status")
    if text(quote, "state") != "accepted" or not isinstance(inner, dict) or text(inner, "spoiler_text"):
        return ""
    if text(inner, "visibility") not in {"", "public", "unlisted"}:
        return ""
    said = plain_text(posts.tidy(text(inner, "content")))
    return posts.quote(author(get(inner, "account")), safe_url(text(inner, "url")), said)
