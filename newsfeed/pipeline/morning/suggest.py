"""People whom the reader does not follow, but whom those they follow shared, quoted or linked most.

Counted from posts that were fetched anyway; nobody is looked up, nothing leaves the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from newsfeed import breadth, opml, sources
from newsfeed.errors import NotFoundError
from newsfeed.model import (
    FeedState,
    Record,
    StoredItem,
    Subscription,
    SubscriptionList,
    SuggestedPost,
    Suggestion,
    Tagging,
)
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import understand
from newsfeed.sources.source import Voice, linked, voice
from newsfeed.store import Store
from newsfeed.topics import THRESHOLD

DAYS = 30  # as the README promises; people post too seldom for less
MOST = 3  # as the README promises
POSTS = 2  # shown of each
LEAST_EVENTS = 2  # once is chance
WANTED = 1.5  # factor for a person on a topic that gets less than its share


class Event(Record, frozen=True, kw_only=True):
    """One time that somebody's post was shared, quoted or linked."""

    voice: Voice
    by: str
    item: StoredItem
    name: str = ""
    title: str = ""
    link: str = ""


def suggestions(home: Home, store: Store) -> list[Suggestion]:
    """Up to three people of the last 30 days, best first."""
    now = home.clock()
    states = {s.feed: s for s in store.states()}
    found = [
        s for s in store.window(now - timedelta(days=DAYS), body="all") if s.feed in states and _social(s)
    ]
    events = _without_followed(list(_events(found, states)), found, states)
    declined = {v.key for profile in store.declined() if (v := voice(profile)) is not None}
    events = [event for event in events if event.voice.key not in declined]
    understand.tag_asked(home, store, [e.item for e in events])
    taggings = store.taggings({e.item.id for e in events})
    labels = {name: setting.label or name for name, setting in home.settings.topics.items()}
    account = breadth.breadth(store.history(now.date() + timedelta(days=1)), home.settings, until=now.date())
    thin = {row.topic for row in account.rows if row.got < row.asked}
    return choose(events, taggings, labels=labels, thin=thin)


def decline(home: Home, store: Store, name: str) -> Suggestion:
    """Never suggest a person again, given by the name or profile shown in the suggestion.

    Raises:
        NotFoundError: nobody of that name is suggested.
    """
    found = suggestions(home, store)
    wanted = name.strip().casefold()
    for one in found:
        if wanted in {one.name.casefold(), one.profile.casefold()}:
            store.decline(one.profile)
            return one
    names = ", ".join(one.name for one in found) or "nobody is, just now"
    raise NotFoundError(name, "is not suggested", f"Suggested: {names}.")


def _social(stored: StoredItem) -> bool:
    return stored.item.kind == "post" or bool(stored.item.via)


def _events(found: Iterable[StoredItem], states: Mapping[int, FeedState]) -> Iterable[Event]:
    for stored in found:
        item, state = stored.item, states[stored.feed]
        place = item.discussion or item.link
        if item.via and (boosted := voice(place)) is not None:
            for by in item.via:
                yield Event(voice=boosted, by=by, item=stored, name=item.author, title=item.title, link=place)
        for other, address in linked(item.html):
            own = voice(place)
            if own is None or other.key != own.key:
                yield Event(voice=other, by=item.author or state.name, item=stored, link=address)


def _without_followed(
    events: Sequence[Event], found: Iterable[StoredItem], states: Mapping[int, FeedState]
) -> list[Event]:
    """Events of people whom the reader follows neither as a source nor on a home or list."""
    followed = {v.key for s in states.values() if (v := voice(s.subscription.url)) is not None}
    followed |= {f"bsky:{s.cursor['did']}" for s in states.values() if s.cursor.get("did")}
    for stored in found:
        strangers = any(
            mark in states[stored.feed].subscription.url for mark in ("/tags/", "#", "/feed/", "search")
        )
        own = voice(stored.item.discussion or stored.item.link)
        if own is not None and not stored.item.via and not strangers:
            followed.add(own.key)
    return [e for e in events if e.voice.key not in followed]


def choose(
    events: Sequence[Event],
    taggings: Mapping[int, Tagging],
    *,
    labels: Mapping[str, str],
    thin: Iterable[str],
) -> list[Suggestion]:
    """The best three: shared by the most different people, then most often; topics below their share count more.

    Args:
        labels: of the reader's topics, by name.
        thin: topics that got less than their share lately.
    """
    wanted = set(thin)
    groups: dict[str, list[Event]] = {}
    for event in events:
        groups.setdefault(event.voice.key, []).append(event)
    ranked: list[tuple[float, str, Suggestion]] = []
    for key, group in groups.items():
        by = tuple(name for name, _ in Counter(e.by for e in group).most_common())
        if len(group) < LEAST_EVENTS:
            continue
        topics = Counter(
            score.topic
            for number in {e.item.id for e in group}
            if number in taggings
            for score in taggings[number].scores
            if score.p >= THRESHOLD and score.topic in labels
        )
        names = [name for name, _ in topics.most_common(3)]
        weight = (len(by) + len(group) / 10) * (WANTED if wanted & set(names) else 1.0)
        first = group[-1].voice
        name = next((e.name for e in group if e.name), "") or key.removeprefix("bsky:")
        suggestion = Suggestion(
            name=name,
            profile=first.profile,
            by=by,
            times=len(group),
            topics=tuple(labels[t] for t in names),
            posts=_posts(group),
            outline=outline(first.profile, name),
        )
        ranked.append((-weight, key, suggestion))
    return [suggestion for _, _, suggestion in sorted(ranked, key=lambda r: r[:2])[:MOST]]


def _posts(group: Sequence[Event]) -> tuple[SuggestedPost, ...]:
    """The two posts that were shared most; those whose text we have first."""
    often = Counter(e.link for e in group)
    titles = {e.link: e.title for e in group if e.title}
    order = sorted(often, key=lambda link: (link not in titles, -often[link], link))
    return tuple(SuggestedPost(title=titles.get(link, ""), link=link) for link in order[:POSTS])


def outline(profile: str, name: str) -> str:
    """The line of feeds.opml that follows somebody."""
    wanted = sources.portable(FeedState(subscription=Subscription(url=profile)))
    wanted = msgspec.structs.replace(wanted, title=name, html_url=profile)
    written = opml.write(SubscriptionList(subscriptions=(wanted,))).decode()
    return next(line.strip() for line in written.splitlines() if "htmlUrl" in line)
