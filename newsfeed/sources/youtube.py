"""YouTube: channels, handles and playlists by their feeds. Shorts stay out unless the outline asks for them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote
from urllib.parse import quote as escaped

import msgspec

from newsfeed.model import Cause, Failure, FeedState, Parsed, Request, Response, Subscription
from newsfeed.sources import posts
from newsfeed.sources.source import Answer, Drafts, Source, parts_of, validated
from newsfeed.text.encodings import decode
from newsfeed.text.outline_options import options

KIND = "youtube"

WWW = "https://www.youtube.com"
_CHANNEL = r"UC[\w-]{22}"
_PATH = re.compile(
    rf"/(?:channel/({_CHANNEL})|(@[\w.·%-]+|c/[^/]+|user/[\w-]+))(?:/(?:videos|featured|streams|shorts|about|playlists))?/?"
)
_NAMED = re.compile(
    rf'"(?:externalId|channelId|externalChannelId)":"({_CHANNEL})"|feeds/videos\.xml\?channel_id=({_CHANNEL})'
)
_HEAD = 1_500_000  # characters of a page that are searched


class _Place(NamedTuple):
    """A channel or a playlist by id, or a channel's page."""

    channel: str = ""
    playlist: str = ""
    page: str = ""


class YouTube(Source):
    """YouTube."""

    kind = KIND

    def claims(self, subscription: Subscription) -> bool:
        """Addresses of channels, handles, playlists and their feeds."""
        return _place(subscription) is not None

    def request(self, state: FeedState) -> Request:
        """The feed; or, for a handle or name whose channel is unknown, its page."""
        place = _place(state.subscription) or _Place()
        server = posts.service(state.subscription, WWW)
        channel = place.channel or state.cursor.get("channel", "")
        if place.page and not channel:
            return Request(
                url=f"{server}{escaped(place.page, safe='/@')}",
                feed=state.feed,
                source=KIND,
                accept="text/html",
                context="page",
            )
        asked = _feed(
            state.subscription, channel, place.playlist, state.feed, everything=bool(state.cursor.get("all"))
        )
        return validated(asked, state)

    def again(self, state: FeedState, failure: Failure) -> FeedState | None:
        """The whole channel, if the playlist of its long videos can't be read."""
        place = _place(state.subscription) or _Place()
        if place.playlist or state.cursor.get("all") or options(state.subscription.options).shorts:
            return None
        if not (place.channel or state.cursor.get("channel")) or failure.status != 404:
            return None
        return msgspec.structs.replace(state, cursor={**state.cursor, "all": "yes"})

    def explain(self, state: FeedState, failure: Failure) -> Failure:
        """Failures, worded for YouTube: only a missing page means that a channel is gone, since feeds fail now and then."""
        place = _place(state.subscription) or _Place()
        if place.page and not state.cursor.get("channel") and failure.status == 404:
            return posts.reworded(
                failure,
                "YouTube has no channel at {path}.",
                "Look it up on youtube.com and put the address of its page into feeds.opml.",
                cause=Cause.NOT_FOUND,
                path=place.page,
            )
        return failure

    def portable(self, state: FeedState) -> str:
        """The feed of the channel or playlist, which every feed reader can fetch."""
        place = _place(state.subscription) or _Place()
        if place.playlist:
            return f"{WWW}/feeds/videos.xml?playlist_id={place.playlist}"
        channel = place.channel or state.cursor.get("channel", "")
        return f"{WWW}/feeds/videos.xml?channel_id={channel}" if channel else state.subscription.url

    def parse(self, response: Response, subscription: Subscription, now: datetime) -> Answer | None:
        """The videos of a feed, or the channel of a page."""

        if response.request.context == "page":
            page, _ = decode(response.body, response.content_type)
            found = _NAMED.search(page[:_HEAD])
            if not found:
                return posts.failed(
                    "The page does not say which channel it is.",
                    "Put the channel's own address (youtube.com/channel/UC…) into feeds.opml.",
                    cause=Cause.NOT_FOUND,
                )
            channel = found[1] or found[2]
            following = _feed(
                subscription, channel, "", response.request.feed, page=response.request.page + 1
            )
            return Parsed(cursor={"channel": channel}, next=following, step=True)
        return None

    def refine(self, drafts: Drafts, response: Response, subscription: Subscription) -> Drafts:
        """A channel's videos without its shorts, under the channel's name."""
        if not options(subscription.options).shorts:
            drafts.entries = [d for d in drafts.entries if "/shorts/" not in d.link]
        place = _place(subscription) or _Place()
        if place.channel:
            drafts.html_url = f"{WWW}/channel/{place.channel}"
        elif place.page:
            drafts.html_url = f"{WWW}{place.page}"
        if "playlist_id=UULF" in response.request.url:
            # That playlist is called "Videos" for every channel; its videos name the channel.
            drafts.title = next((d.author for d in drafts.entries if d.author), "")
        return drafts


def _place(subscription: Subscription) -> _Place | None:
    parts = parts_of(subscription.url)
    host = re.sub(r"^(?:www|m)\.", "", parts.hostname or "")
    if host != "youtube.com":
        return None
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if parts.path == "/feeds/videos.xml":
        channel, playlist = query.get("channel_id", ""), query.get("playlist_id", "")
        if re.fullmatch(_CHANNEL, channel):
            return _Place(channel=channel)
        return _Place(playlist=playlist) if re.fullmatch(r"[\w-]{10,60}", playlist) else None
    if parts.path.rstrip("/") == "/playlist" and re.fullmatch(r"[\w-]{10,60}", query.get("list", "")):
        return _Place(playlist=query["list"])
    found = _PATH.fullmatch(unquote(parts.path))
    if not found:
        return None
    return _Place(channel=found[1]) if found[1] else _Place(page=f"/{found[2]}")


def _feed(
    subscription: Subscription,
    channel: str,
    playlist: str,
    feed: int,
    *,
    everything: bool = False,
    page: int = 0,
) -> Request:
    if playlist:
        query = f"playlist_id={playlist}"
    elif everything or options(subscription.options).shorts:
        query = f"channel_id={channel}"
    else:
        query = f"playlist_id=UULF{channel[2:]}"  # the id of the playlist of its long videos
    return Request(
        url=f"{posts.service(subscription, WWW)}/feeds/videos.xml?{query}", feed=feed, source=KIND, page=page
    )


source = YouTube()
