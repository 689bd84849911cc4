"""X with the reader's own token: every post read costs money, so nothing is read until the reader says how many.

`newsfeed-daily-posts` on the outline is that number; without it the price is shown and nothing is requested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.posts import Json, Post, count, get, rows, text
from newsfeed.sources.source import Answer, Draft, Source, host_and_path, hosts_of, lies_at, read_context
from newsfeed.text import times
from newsfeed.text.outline_options import options

KIND = "x"

API = "https://api.x.com"
POST_PRICE = 0.005  # US dollars a post read, November 2026
PERSON_PRICE = 0.010  # the same for a user looked up
_LEAST, _MOST = 5, 100  # posts in one request, as X has it
_NAME = re.compile(r"/@?([A-Za-z0-9_]{1,15})/?")
_PAGES = frozenset({
    "home", "explore", "search", "notifications", "messages", "settings", "i", "compose", "login", "signup",
    "hashtag", "share", "intent",
})  # fmt: skip
_FIELDS = (
    "tweet.fields=created_at,entities,public_metrics,referenced_tweets,lang,note_tweet,conversation_id,in_reply_to_user_id"
    "&expansions=author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys"
    "&user.fields=name,username&media.fields=alt_text,type"
)


class X(Source):
    """X with the reader's own token."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Profiles at x.com and twitter.com."""
        return bool(_who(subscription.url))

    def request(self, state: FeedState) -> Request | Failure:
        """The posts since the last one seen, never more than what is left of the day's number."""
        who, cap = _who(state.subscription.url), _cap(state.subscription)
        if cap <= 0:
            return posts.failed(
                "X charges US${each} for each post that is read: 20 a day of {name} cost {cost} a month at most.",
                'If that is worth it to you, add newsfeed-daily-posts="20" to its outline and your token as '
                '[secrets."api.x.com"] to newsfeed.toml. Otherwise look for the same person on Bluesky or Mastodon.',
                cause=Cause.UNSUPPORTED,
                each=f"{POST_PRICE:g}",
                name=who,
                cost=price(20),
            )
        server = posts.service(state.subscription, API)
        person = state.cursor.get("id", "")
        if not person:
            return Request(
                url=f"{server}/2/users/by/username/{who}",
                feed=state.feed,
                source=KIND,
                accept="application/json",
                credential=posts.host_of(server),
                context=json.dumps({**state.cursor, "step": "person"}),
            )
        return _ask(state.subscription, person, state.cursor, state.feed)

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for X."""
        if failure.cause == Cause.LOGIN:
            return posts.wants_secret(
                failure,
                posts.host_of(posts.service(state.subscription, API)),
                "X needs a token of yours for {host}.",
                'Add [secrets."{host}"] to newsfeed.toml with env or file; its value is the Bearer token of your project at developer.x.com.',
                'Correct the value behind [secrets."{host}"]; its value is the Bearer token of your project at developer.x.com.',
            )
        if failure.status == 402:
            return msgspec.structs.replace(failure, text="Your credit at X is used up.", needs_owner=True)
        return failure

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """Posts with the articles that they share, or the id of a user name. Posts read are counted by the UTC day."""
        found = posts.read_json(response)
        if isinstance(found, Failure):
            return found
        cursor = read_context(response.request)
        today = now.astimezone(UTC).date().isoformat()
        if cursor.get("day") != today:
            cursor |= {"day": today, "read": "0"}
        who = _who(subscription.url)
        if cursor.pop("step", "") == "person":
            person = text(found, "data", "id")
            if not person.isdigit():
                return posts.failed(
                    "X knows nobody called {name}.",
                    "Correct the name in feeds.opml.",
                    cause=Cause.NOT_FOUND,
                    name=who,
                )
            following = _ask(
                subscription, person, cursor, response.request.feed, page=response.request.page + 1
            )
            return Parsed(
                title=text(found, "data", "name") or who,
                cursor={**cursor, "id": person},
                next=following,
                step=True,
            )
        if not isinstance(get(found, "data"), list | None):
            return posts.not_a_feed("The answer holds no posts of X.", response)
        people = {text(u, "id"): u for u in rows(found, "includes", "users")}
        others = {text(t, "id"): t for t in rows(found, "includes", "tweets")}
        media = {text(m, "media_key"): text(m, "alt_text") for m in rows(found, "includes", "media")}
        tweets = rows(found, "data")
        made = [p for t in tweets if (p := _post(t, people, others, media, who, subscription)) is not None]
        name = next(
            (text(p, "name") for p in people.values() if text(p, "username").lower() == who.lower()), ""
        )
        drafts = posts.settle(
            posts.join(made), subscription, title=name or f"@{who}", html_url=f"https://x.com/{who}"
        )
        read = _number(cursor.get("read", "")) + len(tweets)
        newest = max((text(t, "id") for t in tweets), key=lambda i: (len(i), i), default="")
        cap = _cap(subscription)
        kept = {"day": today, "read": str(read), "since": newest or cursor.get("since", "")}
        if read + _LEAST > cap:
            tomorrow = datetime.combine(
                now.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC
            )
            kept |= {"day": tomorrow.date().isoformat(), "read": "0"}
            drafts.not_before = tomorrow
        drafts.cursor = kept
        return drafts


def _who(url: str) -> str:
    host, path = host_and_path(url)
    found = _NAME.fullmatch(path) if lies_at(host, *hosts_of(KIND)) else None
    return found[1] if found and found[1].lower() not in _PAGES else ""


def price(posts_a_day: int) -> str:
    """The highest cost of so many posts a day in a month of 31 days."""
    return f"US${posts_a_day * 31 * POST_PRICE + PERSON_PRICE:.2f}"


def _cap(subscription: Subscription) -> int:
    return options(subscription.options).daily_posts


def _ask(
    subscription: Subscription,
    person: str,
    cursor: Mapping[str, str],
    feed: int,
    *,
    page: int = 0,
) -> Request:
    server = posts.service(subscription, API)
    cap, read = _cap(subscription), _number(cursor.get("read", ""))
    left = max(cap - read, 0)
    since = f"&since_id={cursor['since']}" if cursor.get("since", "").isdigit() else ""
    own = options(subscription.options)
    left_out = [name for name, wanted in (("replies", own.replies), ("retweets", own.boosts)) if not wanted]
    exclude = f"&exclude={','.join(left_out)}" if left_out else ""
    return Request(
        url=f"{server}/2/users/{person}/tweets?max_results={min(max(left, _LEAST), _MOST)}{since}{exclude}&{_FIELDS}",
        feed=feed,
        source=KIND,
        page=page,
        accept="application/json",
        credential=posts.host_of(server),
        context=json.dumps(dict(cursor)),
    )


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else 0


def _post(
    tweet: Json,
    people: Mapping[str, Json],
    others: Mapping[str, Json],
    media: Mapping[str, str],
    who: str,
    subscription: Subscription,
) -> Post | None:
    via: tuple[str, ...] = ()
    published = times.from_text(text(tweet, "created_at"))
    author = people.get(text(tweet, "author_id"))
    quoted, parent = "", ""
    for reference in rows(tweet, "referenced_tweets"):
        other, sort = others.get(text(reference, "id")), text(reference, "type")
        if sort == "retweeted":
            if not options(subscription.options).boosts:
                return None
            via = (text(author, "name") or who,)
            if other is not None:
                tweet, author = other, people.get(text(other, "author_id"))
        elif sort == "quoted" and other is not None:
            person = people.get(text(other, "author_id"))
            quoted = posts.quote(text(person, "name"), _url(other, person, ""), _said(other)[0])
        elif sort == "replied_to":
            parent = text(reference, "id")
    number = text(tweet, "id")
    answered = text(tweet, "in_reply_to_user_id")
    own = bool(parent) and answered in {"", text(tweet, "author_id")}
    if not number.isdigit() or (parent and not own and not via and not options(subscription.options).replies):
        return None
    url = _url(tweet, author, who)
    said, target, card = _said(tweet)
    markup = posts.tidy(posts.paragraphs(said))
    keys = get(tweet, "attachments", "media_keys")
    captions = [media.get(k, "") for k in keys if isinstance(k, str)] if isinstance(keys, list) else []
    name = posts.name(text(author, "name")) or f"@{who}"
    draft = Draft(
        guid=f"x:{number}",
        link=target or url,
        base=url,
        discussion=url,
        discussion_label="X",
        title=posts.card_title(card, markup) or posts.photo_title(markup, captions, name),
        body=markup + quoted,
        author=name,
        published=published,
        language=text(tweet, "lang"),
        kind="post",
        tags=[text(t, "tag") for t in rows(tweet, "entities", "hashtags")],
        score=posts.total(
            count(tweet, "public_metrics", "like_count"),
            count(tweet, "public_metrics", "retweet_count"),
            count(tweet, "public_metrics", "quote_count"),
        ),
        comments=count(tweet, "public_metrics", "reply_count"),
        via=via,
        picture=posts.picture(captions),
    )
    return Post(
        draft=draft, id=number, author=text(tweet, "author_id"), parent=parent if own and not via else ""
    )


def _url(tweet: Json, author: Json, who: str) -> str:
    return f"https://x.com/{text(author, 'username') or who or 'i'}/status/{text(tweet, 'id')}"


def _said(tweet: Json) -> tuple[str, str, str]:
    """The whole text with full addresses for shortened ones; the first that leads out of X; the title of its page."""
    import html

    said = html.unescape(text(tweet, "note_tweet", "text") or text(tweet, "text"))
    target, card = "", ""
    for link in [*rows(tweet, "entities", "urls"), *rows(tweet, "note_tweet", "entities", "urls")]:
        short = text(link, "url")
        real = text(link, "unwound_url") or text(link, "expanded_url")
        inside = posts.host_of(real) in {*hosts_of(KIND), "pic.x.com", "t.co"}
        if short and real:
            said = said.replace(short, "" if inside else real)
        if not target and not inside and posts.leads_elsewhere(real, "x.com"):
            target, card = real, text(link, "title")
    return said.strip(), target, card


source = X()
