"""Pools for tests of the edition: invented sources, items and stories, made of few distinct values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from newsfeed.model import (
    Candidate,
    EditionSetting,
    EditionSummary,
    Enclosure,
    FeedFacts,
    FeedReport,
    History,
    Item,
    NewsValue,
    Pool,
    Settings,
    StoredItem,
    Story,
    Tagging,
    TopicScore,
    TopicSetting,
    TopicSummary,
)
from newsfeed.text.outline_options import options

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
TOPICS = {
    "technology": TopicSetting(label="Technology"),
    "finance": TopicSetting(label="Finance"),
    "sales": TopicSetting(label="Sales"),
    "science": TopicSetting(label="Science"),
    "policy": TopicSetting(label="Policy"),
    "ai": TopicSetting(label="AI", parent="technology"),
}
WORDS = [
    "court",
    "bank",
    "chip",
    "model",
    "market",
    "study",
    "leader",
    "price",
    "law",
    "team",
    "cell",
    "brand",
    "budget",
    "city",
    "school",
    "grid",
    "solar",
    "rate",
    "cloud",
    "rule",
    "trade",
    "index",
    "drug",
    "harbour",
    "bridge",
    "tariff",
    "battery",
    "engine",
    "wage",
    "seller",
    "buyer",
    "lab",
    "vaccine",
    "orbit",
]


def settings(minutes: float = 5.0, **more: Any) -> Settings:
    """Settings of a reader in Berlin with five topics; each of `more` is a setting of the edition, or else a general one."""
    whole = {key: more.pop(key) for key in ("topics", "languages", "muted", "timezone") if key in more}
    return Settings(
        timezone=whole.get("timezone", "Europe/Berlin"),
        topics=whole.get("topics", TOPICS),
        languages=whole.get("languages", ("en",)),
        muted=whole.get("muted", ()),
        edition=EditionSetting(minutes=minutes, **more),
    )


def feed(number: int, **more: Any) -> FeedFacts:
    """A source that posts twice a day."""
    fields: dict[str, Any] = {
        "feed": number,
        "title": f"Paper {number}",
        "url": f"https://paper{number}.example/feed",
        "items_a_day": 2.0,
    }
    return FeedFacts(**(fields | more | {"options": options(more.get("options", {}))}))


def candidate(number: int, feed_number: int = 1, **more: Any) -> Candidate:
    """An important event in technology, two hours old, in a story of its own; `more` replaces fields."""
    hours = more.pop("hours", 2.0)
    topic = more.pop("topic", "technology")
    p = more.pop("p", 0.9)
    item: dict[str, Any] = {
        "identity": f"item-{number}",
        "link": f"https://paper{feed_number}.example/{number}",
        "title": f"Harbour number {number} opens its gates to larger ships",
        "lead": f"The gates of harbour {number} were widened in spring. Ships of every size may now pass.",
        "published": NOW - timedelta(hours=hours),
        "lang": "en",
        "words": 300,
    }
    whole = {
        key: more.pop(key) for key in ("story", "liked", "not_news", "before", "first_seen") if key in more
    }
    scores = more.pop("scores", (TopicScore(topic=topic, p=p),) if topic else ())
    news = NewsValue(value=more.pop("value", 2.4), kind=more.pop("text_kind", "event"), sure=0.9)
    made = Item(**(item | more))
    return Candidate(
        item=StoredItem(
            id=number,
            ref=f"k{number}",
            feed=feed_number,
            item=made,
            first_seen=whole.get("first_seen", made.published or NOW),
            before=whole.get("before", False),
        ),
        tagging=Tagging(item=number, scores=scores, not_news=whole.get("not_news", ""), news=news),
        story=whole.get("story", number),
        liked=whole.get("liked", 0),
    )


def pool(candidates: Sequence[Candidate], feeds: Sequence[FeedFacts] = (), **more: Any) -> Pool:
    """A pool of these items; feeds that are not given are ordinary ones."""
    named = {one.feed: one for one in feeds}
    for one in candidates:
        named.setdefault(one.item.feed, feed(one.item.feed))
    members: dict[int, list[Candidate]] = {}
    for one in candidates:
        members.setdefault(one.story, []).append(one)
    stories = more.pop("stories", None)
    if stories is None:
        stories = tuple(
            Story(
                id=key,
                representative=min(group, key=lambda one: one.item.first_seen).item.id,
                items=tuple(sorted(one.item.id for one in group)),
                first=min(one.item.first_seen for one in group),
                last=max(one.item.first_seen for one in group),
            )
            for key, group in members.items()
        )
    reports = more.pop("reports", None)
    if reports is None:
        reports = tuple(FeedReport(feed=f.feed, title=f.title, url=f.url) for f in named.values())
    return Pool(
        candidates=tuple(candidates),
        stories=tuple(stories),
        feeds=tuple(named[number] for number in sorted(named)),
        reports=reports,
        **more,
    )


OF_TOPIC = {"minutes": "minutes", "picks": "told", "good": "good", "thin": "why", "signs": "signs"}


def remembered(base: History | None = None, **given: Any) -> History:
    """`base` with what is given: `days`, and by day what its edition had of each topic (`minutes`, `picks`, `good`, `thin`,
    `signs`) or in all (`big`, `untold`, `voices`, `seldom`); `debts` are those of the last day."""
    base = base or History()
    days = {day: base.days.get(day, EditionSummary()) for day in given.pop("days", base.days)}
    for name, by_day in {n: given.pop(n) for n in tuple(given) if n in OF_TOPIC}.items():
        for day, one in days.items():
            topics = {key: _without(topic, OF_TOPIC[name]) for key, topic in one.topics.items()}
            for key, value in by_day.get(day, {}).items():
                known = topics.get(key, TopicSummary())
                topics[key] = msgspec.structs.replace(known, **{OF_TOPIC[name]: value})
            days[day] = msgspec.structs.replace(one, topics=topics)
    for name in [n for n in given if n in ("big", "untold", "voices", "seldom")]:
        by_day, usual = given.pop(name), getattr(EditionSummary(), name)
        days = {
            day: msgspec.structs.replace(one, **{name: by_day.get(day, usual)}) for day, one in days.items()
        }
    if debts := given.pop("debts", None):
        last = max(days)
        topics = {key: TopicSummary(debt=debt) for key, debt in debts.items()}
        days[last] = msgspec.structs.replace(days[last], topics={**days[last].topics, **topics})
    return msgspec.structs.replace(base, days=days, **given)


def _without(topic: TopicSummary, name: str) -> TopicSummary:
    return msgspec.structs.replace(topic, **{name: getattr(TopicSummary(), name)})


def random_pool(seed: int, items: int, *, feeds: int = 30, history: History | None = None) -> Pool:
    """A morning of invented items: several outlets per story, busy and quiet feeds, posts, adverts, other languages."""
    r = random.Random(seed)
    names = [name for name in TOPICS if name != "ai"]
    sources = [
        feed(
            n,
            title=r.choice(["The Paper", "Daily", "Notes"]) + f" {n}",
            items_a_day=r.choice([0.2, 1.0, 3.0, 20.0]),
            social=n > feeds - 4,
            topic_mix={names[n % len(names)]: 0.8, names[(n + 1) % len(names)]: 0.2},
            last_shown=r.choice([None, TODAY - timedelta(days=3)]),
            previous_post=NOW - timedelta(days=r.choice([3, 12])),
        )
        for n in range(1, feeds + 1)
    ]
    made = []
    for number in range(1, items + 1):
        source = r.choice(sources)
        told = [
            " ".join(r.choice(WORDS) for _ in range(r.randrange(6, 18))).capitalize() + "."
            for _ in range(r.randrange(6))
        ]
        made.append(
            candidate(
                number,
                source.feed,
                story=r.randrange(1, max(2, items * 2 // 3)),
                topic=r.choice([names[source.feed % len(names)], r.choice(names), "", "ai"]),
                p=r.choice([0.9, 0.6, 0.3]),
                hours=r.choice([1.0, 1.0, 5.0, 20.0, 60.0]),
                title=" ".join(r.choice(WORDS) for _ in range(r.randrange(3, 16))).capitalize(),
                lead=" ".join(told),
                lang=r.choice(["en", "en", "en", "en", "de", ""]),
                kind="post" if source.social else "article",
                author=r.choice(["", "Ada Bergström"]) if source.social else "",
                words=r.choice([120, 900, 2400]),
                score=r.choice([None, 3, 40]),
                not_news=r.choice([""] * 12 + ["deal"]),
                enclosures=r.choice([(), (Enclosure(url="https://e.example/a.mp3", seconds=1800),)]),
            )
        )
    more: dict[str, Any] = {"history": history} if history is not None else {}
    return pool(made, sources, **more)
