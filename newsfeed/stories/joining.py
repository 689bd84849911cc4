"""Average-link joining of items over a sparse graph of likeness, starting from the stories that stand.

Two items are compared when they share a link, or a word that is rare enough in the window. Likeness is the cosine
of their TF-IDF vectors. Average link (a story joins another when the mean likeness over all pairs passes the
bar) keeps chains from forming, and so keeps two events of one beat apart.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import numpy as np

from newsfeed.model import StoredItem, Story
from newsfeed.stories.words import terms

BAR = 0.2  # mean likeness of two groups that tell one story
EDGE = 0.10  # below it, a pair counts as unlike
COMMON = 0.10  # a word in more than this share of the window says nothing
SPAN = timedelta(hours=72)  # items further apart tell different events
COPY = 0.85  # cosine of one text told twice


def join_items(
    new: Sequence[StoredItem],
    window: Sequence[StoredItem],
    stories: Sequence[Story],
    outlets: Mapping[int, str],
) -> list[Story]:
    """See `stories.join`."""
    fresh = {i.id for i in new}
    everything = {i.id: i for i in (*window, *new)}
    items = [everything[key] for key in sorted(everything)]
    place = {item.id: n for n, item in enumerate(items)}
    groups = _start(items, place, stories, fresh)
    pairs = _likeness(items, outlets, only={place[i] for i in fresh})
    merged = _average_link(groups, pairs, items)
    return _stories(merged, items, {s.id: s for s in stories}, fresh)


def moment(item: StoredItem) -> datetime:
    """When an item tells its event: when it was published, else when we saw it."""
    return item.item.published or item.first_seen


def _start(
    items: Sequence[StoredItem], place: Mapping[int, int], stories: Sequence[Story], fresh: set[int]
) -> dict[int, list[int]]:
    """The groups to begin with: standing stories, and every other item for itself. Key: number of the story."""
    groups: dict[int, list[int]] = {}
    taken: set[int] = set()
    for story in sorted(stories, key=lambda s: s.id):
        members = [place[i] for i in story.items if i in place and i not in fresh and i not in taken]
        if members:
            groups[story.id] = members
            taken.update(items[m].id for m in members)
    for item in items:
        if item.id in fresh:
            groups[item.id] = [place[item.id]]
    return groups


def _is_page(link: str) -> bool:
    """Whether a link names one thing to read, not a front page."""
    parts = urlsplit(link)
    return bool(parts.path.strip("/") or parts.query)


def _likeness(
    items: Sequence[StoredItem], outlets: Mapping[int, str], only: set[int]
) -> dict[tuple[int, int], float]:
    """Likeness of every pair with at least one item of `only` that is worth a thought."""
    pairs: dict[tuple[int, int], float] = {}
    by_link: dict[str, list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        for link in {item.item.link, item.item.discussion} - {""}:
            if _is_page(link):
                by_link[link].append(n)
    for same in by_link.values():
        for a in same:
            for b in same:
                if a < b and (a in only or b in only):
                    pairs[a, b] = 1.0
    vectors = [terms(i.item.title, i.item.text or i.item.lead, outlets.get(i.feed, "")) for i in items]
    frequency: dict[str, int] = defaultdict(int)
    for vector in vectors:
        for term in vector:
            frequency[term] += 1
    total = len(items)
    limit = max(5.0, COMMON * total)
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    weighted: list[dict[str, float]] = []
    for n, vector in enumerate(vectors):
        weights = {
            t: (1 + np.log(c)) * np.log((1 + total) / frequency[t])
            for t, c in vector.items()
            if 1 < frequency[t] <= limit
        }
        rare = {t: (1 + np.log(c)) * np.log(1 + total) for t, c in vector.items() if frequency[t] == 1}
        norm = float(np.sqrt(sum(w * w for w in weights.values()) + sum(w * w for w in rare.values()))) or 1.0
        unit = {t: float(w) / norm for t, w in sorted(weights.items())}
        weighted.append(unit)
        for term, weight in unit.items():
            postings[term].append((n, weight))
    arrays = {t: (np.array([n for n, _ in p]), np.array([w for _, w in p])) for t, p in postings.items()}
    for n in sorted(only):
        unit = weighted[n]
        if not unit:
            continue
        where = np.concatenate([arrays[t][0] for t in unit])
        what = np.concatenate([arrays[t][1] * w for t, w in unit.items()])
        sums = np.bincount(where, weights=what, minlength=total)
        for other in np.flatnonzero(sums >= EDGE):
            if (b := int(other)) == n or (b in only and b < n):
                continue
            if abs(moment(items[n]) - moment(items[b])) > SPAN:
                continue
            score = _judged(items[n], items[b], float(sums[b]))
            if score >= EDGE:
                key = (min(n, b), max(n, b))
                pairs[key] = max(pairs.get(key, 0.0), score)
    return pairs


def _judged(a: StoredItem, b: StoredItem, score: float) -> float:
    """A feed's own standing titles ("Weekly links", "Episode 12") make no story of its different contents."""
    if a.feed == b.feed and score < COPY:
        same_title = a.item.title.casefold() == b.item.title.casefold()
        return 0.0 if same_title else score * 0.7
    return score


def _average_link(
    groups: dict[int, list[int]], pairs: Mapping[tuple[int, int], float], items: Sequence[StoredItem]
) -> dict[int, list[int]]:
    """Join the two groups with the highest mean likeness until none passes the bar."""
    group_of = {member: key for key, members in groups.items() for member in members}
    sums: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    links: dict[int, set[int]] = defaultdict(set)
    for (a, b), score in sorted(pairs.items()):
        if a not in group_of or b not in group_of or group_of[a] == group_of[b]:
            continue
        x, y = group_of[a], group_of[b]
        sums[x][y] += score
        sums[y][x] += score
        if score >= 1.0:
            links[x].add(y)
            links[y].add(x)
    groups = {key: list(members) for key, members in groups.items()}
    version: dict[int, int] = defaultdict(int)
    heap: list[tuple[float, int, int, int, int]] = []

    def offer(x: int, y: int) -> None:
        mean = 1.0 if y in links[x] else sums[x][y] / (len(groups[x]) * len(groups[y]))
        if mean >= BAR:
            low, high = min(x, y), max(x, y)
            heapq.heappush(heap, (-mean, low, high, version[low], version[high]))

    for x in sorted(sums):
        for y in sums[x]:
            if x < y:
                offer(x, y)
    while heap:
        _, x, y, seen_x, seen_y = heapq.heappop(heap)
        if x not in groups or y not in groups or version[x] != seen_x or version[y] != seen_y:
            continue
        groups[x] += groups.pop(y)
        version[x] += 1
        for other, score in sums.pop(y).items():
            sums[other].pop(y, None)
            if other != x:
                sums[x][other] += score
                sums[other][x] += score
        for other in links.pop(y, set()):
            links[other].discard(y)
            if other != x:
                links[x].add(other)
                links[other].add(x)
        sums[x].pop(y, None)
        for other in sorted(sums[x]):
            if other in groups:
                offer(x, other)
    return groups


def _stories(
    groups: Mapping[int, list[int]], items: Sequence[StoredItem], before: Mapping[int, Story], fresh: set[int]
) -> list[Story]:
    changed = []
    for key, members in sorted(groups.items()):
        ids = {items[m].id for m in members}
        old = before.get(key)
        if not ids & fresh and old is not None and ids <= set(old.items):
            continue
        inside = sorted((items[m] for m in members), key=lambda i: (moment(i), i.id))
        earlier = tuple(i for i in (old.items if old else ()) if i not in ids)
        changed.append(
            Story(
                id=key,
                head=_head(inside).id,
                items=earlier + tuple(i.id for i in inside),
                first=min(moment(inside[0]), old.first) if old else moment(inside[0]),
                last=moment(inside[-1]),
            )
        )
    return changed


def _head(inside: Sequence[StoredItem]) -> StoredItem:
    """The best telling: an article before a post, with a lead before one without, the earliest among equals."""
    return min(
        inside, key=lambda i: (i.item.kind != "article", len(i.item.lead.split()) < 12, moment(i), i.id)
    )
