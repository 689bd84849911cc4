"""Join items into stories by average similarity, and stories into affairs, starting from the existing ones.

Items that share a page are one group from the start. Then, best first, two groups join when the mean similarity of
their items, divided by the root of both groups' own, passes a threshold. With the mean, no single hub
can carry a group. A group's own similarity counts at least as much as a usual pair's (FLOOR): a loose group is no easier
to join than a single item, and a tight one is harder. The threshold is higher for short texts: it falls with the number
of words per item (those of titles count twice), so two bare headlines need more in common than two summaries.

The similarity of two items is the cosine of their terms without the part of the two strongest: a shared name doesn't
mean a common event. A term shared by items that are otherwise unlike, such as a person or firm in many events, weighs
less (`Terms.weigh`).

A story's representative is the item most central to what its items say now.

The constants were chosen together on four sets of stories, each left out once (`bench/stories.py --left-out`). What each
rule gains is printed by `bench/ablate.py stories` and recorded in `bench/RESULTS.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from newsfeed.model import StoredItem, Story
from newsfeed.stories.clues import same_page
from newsfeed.stories.merging import Cluster, Ratio, Table, link
from newsfeed.stories.recurring_title import kept_apart, recurring_texts, recurring_titles, round_ups
from newsfeed.stories.similarity import Floats, Forms, Ints, Pairs, Terms

THRESHOLD = 0.32  # threshold of similarity for two groups with long texts
THIN = 2.0  # words of an item at which the threshold is twice as high
USUAL = 0.25  # similarity of two items on one event
FLOOR = 0.8  # times USUAL; a group's own similarity is never taken to be less, so that none is easier to join than an item
EDGE = 0.02  # lower similarities count as 0
NAMED = 0.5  # this part of what a name adds counts for the similarity of two affairs
AFFAIR = 0.16  # similarity of the centroids of stories of one affair
FADE = 48.0  # hours between two groups that halve their similarity
# Factor on the threshold of stories: an outlet seldom reports one event twice, and often the next one in the same words.
# Not on that of affairs: one newsroom alone can have eight stories of one occasion, and the page has room for two.
ONE_OUTLET = 3.5


def join_items(
    new: Sequence[StoredItem],
    window: Sequence[StoredItem],
    stories: Sequence[Story],
    outlets: Mapping[int, str],
    paywalled: Set[int] = frozenset(),
    values: Callable[[], Mapping[int, float]] | None = None,
) -> list[Story]:
    """See `stories.join`."""
    fresh = {i.id for i in new}
    everything = {i.id: i for i in (*window, *new)}
    items = [everything[key] for key in sorted(everything)]
    if not fresh:
        return []
    groups = _start(items, stories, fresh, _outlets(items, outlets))
    _join_pages(groups, items, fresh)
    terms = Terms(items, outlets, recurring_titles(items), recurring_texts(items))
    terms.evidence[list(round_ups(items))] = 0.0  # only a shared page joins them
    evidence: list[float] = terms.evidence.tolist()
    apart = kept_apart(items)
    for g in groups.values():
        g.evidence = sum(evidence[m] for m in g.members)
        for m in g.members:
            g.apart |= apart.get(m, set())
    before = {s.id: s for s in stories}
    _join_alike(groups, items, {n for n, item in enumerate(items) if item.id in fresh}, terms)
    affairs = _affairs(groups, before, items, {n for n, item in enumerate(items) if item.id in fresh}, terms)
    changed = _changed(groups, affairs, items, before, fresh)
    told = values() if values else None
    return [_story(groups[key], affairs[key], items, before, terms, paywalled, told) for key in changed]


def _outlets(items: Sequence[StoredItem], names: Mapping[int, str]) -> list[int]:
    """The outlet of each item, as the lowest number of its feeds: feeds of one name are of one outlet."""
    first: dict[str, int] = {}
    for feed in sorted({i.feed for i in items}):
        first.setdefault(names.get(feed, "").casefold() or f"{feed}", feed)
    of = {feed: first[names.get(feed, "").casefold() or f"{feed}"] for feed in {i.feed for i in items}}
    return [of[i.feed] for i in items]


def _start(
    items: Sequence[StoredItem], stories: Sequence[Story], fresh: Set[int], outlets: Sequence[int]
) -> dict[int, Cluster]:
    """The groups to begin with, by number: existing stories, and each new item by itself."""
    place = {item.id: n for n, item in enumerate(items)}
    hours = [moment(item).timestamp() / 3600 for item in items]
    taken = set(fresh)
    groups: dict[int, Cluster] = {}
    for story in sorted(stories, key=lambda s: s.id):
        inside = [i for i in story.items if i in place and i not in taken]
        if inside:
            groups[story.id] = _group(story.id, [place[i] for i in inside], outlets, hours)
            taken.update(inside)
    for n, item in enumerate(items):
        if item.id in fresh:
            key = _key_of_new(item.id, groups)
            groups[key] = _group(key, [n], outlets, hours)
    return groups


def _key_of_new(item: int, groups: Mapping[int, Cluster]) -> int:
    """The key of a group of one new item, after which its story is numbered. Where a story has that number already, which
    the item began and has left since, it is the negative one: the store finds a number for it."""
    return item if item not in groups else -item


def _group(key: int, members: list[int], outlets: Sequence[int], hours: Sequence[float]) -> Cluster:
    when = [hours[m] for m in members]
    return Cluster(key, members, min(when), max(when), {outlets[m] for m in members})


def _join_pages(groups: dict[int, Cluster], items: Sequence[StoredItem], fresh: Set[int]) -> None:
    """Join groups that share a page, whatever their texts; existing stories only by a new item."""
    of = {m: key for key, g in groups.items() for m in g.members}
    for same in same_page(items):
        keys = sorted({of[n] for n in same if n in of}, key=_by_age)
        if len(keys) < 2 or not any(items[n].id in fresh for n in same):
            continue
        for key in keys[1:]:
            for m in groups[key].members:
                of[m] = keys[0]
            groups[keys[0]].take(groups.pop(key))


def _by_age(key: int) -> tuple[bool, int]:
    """Sort key of groups' keys: the oldest first, those without a number of their own last."""
    return key < 0, abs(key)


def _join_alike(
    groups: dict[int, Cluster], items: Sequence[StoredItem], fresh: Set[int], terms: Terms
) -> None:
    """Join groups with a new item to those similar to them."""
    terms.weigh(fresh)
    vectors = terms.vectors()
    order = sorted(groups, key=_by_age)
    of = np.full(terms.items, -1, dtype=np.int64)
    for place, key in enumerate(order):
        of[groups[key].members] = place
    new = np.zeros(terms.items, dtype=bool)
    new[list(fresh)] = True
    alike = vectors.alike(fresh, EDGE, named=0.0)
    # An existing story that a new item may join is compared as a whole, with its neighbours too.
    least = THRESHOLD * USUAL
    near = alike.value >= least
    met = set(of[np.concatenate([alike.some[near], alike.other[near], np.flatnonzero(new)])].tolist()) - {-1}
    more = {m for place in met for m in groups[order[place]].members} - fresh
    alike = vectors.alike(more, EDGE, named=0.0).beside(alike)
    sums = Forms(items, terms).part(alike, least).summed_by(of, len(order))
    for place in set(sums.some.tolist()).union(sums.other.tolist()):
        group = groups[order[place]]
        if len(group.members) > 1:
            group.inner = terms.inner(group.members)
    _link(groups, order, sums, _own, _ratio)


def _link(
    groups: dict[int, Cluster],
    order: Sequence[int],
    sums: Pairs,
    own: Callable[[Cluster], float],
    ratio: Ratio,
) -> None:
    """Merge groups, which stand in this order; `groups` keeps those that are left."""
    inside = [groups[key] for key in order]
    left = link(inside, sums, Table(inside, own), ratio)
    groups.clear()
    groups.update((group.key, group) for group in left)


def _own(group: Cluster) -> float:
    """How alike a group's items are with each other: the mean over all pairs of its n items, each item beside itself
    counted as USUAL. That is (2 · inner / n + USUAL) / n; never less than FLOOR · USUAL."""
    many = len(group.members)
    return max(FLOOR * USUAL, (2 * group.inner / many + USUAL) / many)


def _ratio(table: Table, a: Any, b: Ints, similarity: Floats) -> Floats:
    """Similarity of two groups divided by the threshold for them."""
    mean = similarity / (table.size[a] * table.size[b])
    told, other = table.told[a], table.told[b]
    threshold = THRESHOLD * (1 + THIN * (told + other) / (2 * told * other))
    same = (table.outlet[a] == table.outlet[b]) & (table.outlet[b] >= 0)
    threshold = np.where(same, threshold * ONE_OUTLET, threshold)
    passed: Floats = mean / np.sqrt(table.own[a] * table.own[b]) * _faded(table, a, b) / threshold
    return passed


def _affairs(
    groups: Mapping[int, Cluster],
    before: Mapping[int, Story],
    items: Sequence[StoredItem],
    fresh: Set[int],
    terms: Terms,
) -> dict[int, int]:
    """The affair of each story, by their keys: stories with something new join those of one occasion.

    An affair is looser than a story: the similarity of the centroids of all that is told of it has to pass a lower threshold. What a name
    adds counts in part only, and two stories of two texts or more have to share more than who and where: a person with office
    and town, a company or a country in two matters are no affair. Bare headlines have little else.
    """
    of: dict[int, int] = {}
    affairs: dict[int, Cluster] = {}
    for key in sorted(groups, key=_by_age):
        g = groups[key]
        stood = [before[k].affair or k for k in (key, *g.taken) if k in before]
        joined = sorted({_end(of, n) for n in stood or [key]}, key=_by_age)
        part = Cluster(
            joined[0], list(g.members), g.start, g.end, set(g.outlets), g.evidence, apart=set(g.apart)
        )
        for number in joined:
            of[number] = joined[0]
            if number in affairs:
                part.take(affairs.pop(number))
        affairs[joined[0]] = part
        of[key] = joined[0]
    keys = sorted(affairs, key=_by_age)
    group = np.full(terms.items, len(keys), dtype=np.int64)
    for number, key in enumerate(keys):
        group[affairs[key].members] = number
    vectors = terms.groups(group, len(keys) + 1)  # the last: items of no story
    for key, square in zip(keys, (vectors.norm**2).tolist(), strict=False):
        affairs[key].inner = (square - len(affairs[key].members)) / 2
    asked = {n for n, key in enumerate(keys) if not fresh.isdisjoint(affairs[key].members)}
    told = {n for n, item in enumerate(items) if item.item.text or item.item.lead}
    weighty = {n for n, key in enumerate(keys) if len(told.intersection(affairs[key].members)) > 1}
    alike = vectors.alike(asked, AFFAIR / 4, named=NAMED, weighty=weighty)
    _link(affairs, keys, alike.kept(alike.other < len(keys)), _square, _occasion)
    for key, affair in affairs.items():
        for number in affair.taken:
            of[number] = key
    return {key: _end(of, key) for key in groups}


def _end(of: Mapping[int, int], key: int) -> int:
    """The last group in a chain of merges."""
    while of.get(key, key) != key:
        key = of[key]
    return key


def _square(group: Cluster) -> float:
    """The square of the length of an affair's vector."""
    return len(group.members) + 2 * group.inner


def _occasion(table: Table, a: Any, b: Ints, product: Floats) -> Floats:
    """Similarity of two affairs divided by the threshold for them."""
    passed: Floats = product / np.sqrt(table.own[a] * table.own[b]) * _faded(table, a, b) / AFFAIR
    return passed


def _faded(table: Table, a: Any, b: Ints) -> Floats:
    """What the time between two groups leaves of their similarity."""
    hours = np.maximum(table.start[a] - table.end[b], table.start[b] - table.end[a])
    left: Floats = 0.5 ** (np.maximum(hours, 0.0) / FADE)
    return left


def _changed(
    groups: Mapping[int, Cluster],
    affairs: Mapping[int, int],
    items: Sequence[StoredItem],
    before: Mapping[int, Story],
    fresh: Set[int],
) -> list[int]:
    """The groups that differ from the existing stories."""
    return [
        key
        for key in sorted(groups, key=_by_age)
        if key not in before
        or groups[key].taken
        or affairs[key] != (before[key].affair or key)
        or not fresh.isdisjoint(items[m].id for m in groups[key].members)
    ]


def _story(
    group: Cluster,
    affair: int,
    items: Sequence[StoredItem],
    before: Mapping[int, Story],
    terms: Terms,
    paywalled: Set[int],
    values: Mapping[int, float] | None,
) -> Story:
    """A group as a story."""
    members = sorted(group.members, key=lambda m: (moment(items[m]), items[m].id))
    inside = [items[m] for m in members]
    ids = {i.id for i in inside}
    near = dict(zip((i.id for i in inside), terms.centrality(members, weights(inside)), strict=True))
    stood = [before[k] for k in (group.key, *group.taken) if k in before]
    earlier = tuple(dict.fromkeys(i for s in stood for i in s.items if i not in ids))
    return Story(
        id=max(group.key, 0),
        representative=best(inside, paywalled, near, values).id,
        items=earlier + tuple(i.id for i in inside),
        first=min([moment(inside[0]), *(s.first for s in stood)]),
        last=max([moment(inside[-1]), *(s.last for s in stood)]),
        affair=max(affair, 0) if affair != group.key else 0,
    )


# ------------------------------------------------------------------------- the representative of a story

REAL_LEAD = 12  # words; a shorter lead tells too little under a headline
LONG_TITLE = 110  # signs
# What follows was chosen on three sets: by reading the headlines of the 52 stories of three items or more on two days
# (rss-2026, rss-2026-08-16; beside the rule before 33 changed, some 28 for the better by one reader; half or twice as
# much of FADING changes two), and by the grades of seven mornings (VALUE 0, .3, .6, 1: first three 2.45, 2.45, 2.52, 2.52).
FADING = timedelta(hours=6)  # after which an item's weight for what its story says now is half
VALUE = 0.6  # weight of three points of news value, compared with being the most central item
RUNNING = re.compile(
    r"\b(?:live|latest|updates?)\s*[:–—|]|\blive (?:blog|updates?|coverage)\b|\bas it happened\b",
    re.IGNORECASE,
)
# Accompaniments of an event: pictures, films, live pages, service for readers, reactions.
BESIDE = re.compile(
    r"^(?:watch|video|listen|podcast|gallery|photos?|pictures|in (?:pictures|photos)|live|opinion|analysis|explainer|"
    r"fact[- ]check|quiz|reactions?|how to (?:watch|follow|stream)|what (?:we know|to know)|bilder|fotos|kommentar|"
    r"en (?:images|direct)|avis|análisis|galería)\b|"
    r"\b(?:in (?:pictures|photos)|photo gallery|what we know|what to know|how to watch|reactions? to|reacts? to|"
    r"live (?:updates?|blog|coverage|stream)|as it happened|in bildern|en images|en imágenes|im liveticker|en direct)\b",
    re.IGNORECASE,
)
KINDS = {"article": 0, "release": 0, "mail": 1, "video": 1, "episode": 1, "question": 2, "post": 3}


def moment(item: StoredItem) -> datetime:
    """The time of an item: when it was published, else when we first saw it."""
    return item.item.published or item.first_seen


def weights(inside: Sequence[StoredItem]) -> list[float]:
    """The weight of each item for what the story says now: half for each FADING before the last item."""
    last = max(moment(i) for i in inside)
    return [0.5 ** ((last - moment(i)) / FADING) for i in inside]


def best(
    inside: Sequence[StoredItem],
    paywalled: Set[int],
    centrality: Mapping[int, float] | None = None,
    values: Mapping[int, float] | None = None,
) -> StoredItem:
    """The representative of a story: an article before a post, with a real lead, that says what happened, open before
    paywalled, with a clean title; of those the most central and newsworthy; break ties by time.

    Args:
        centrality: how near each item (by id) is to what the others say now (`Terms.centrality` with `weights`).
        values: news value of items (by id), 0..3.
    """
    if len(inside) == 1:
        return inside[0]
    near, value = centrality or {}, values or {}
    most = max(near.values(), default=0.0) or 1.0

    def rank(item: StoredItem) -> tuple[object, ...]:
        score = near.get(item.id, 0.0) / most + VALUE * value.get(item.id, 0.0) / 3
        return (
            KINDS.get(item.item.kind, 1),
            len((item.item.lead or item.item.text).split()) < REAL_LEAD,
            BESIDE.search(item.item.title) is not None,
            item.feed in paywalled,
            not clean_title(item.item.title),
            -round(score, 1),
            moment(item),
            item.id,
        )

    return min(inside, key=rank)


def clean_title(title: str) -> bool:
    """Whether a title reads as one line of a page: not empty, shouted, cut short, over long, dressed up or that of a
    page that is kept up to date."""
    letters = [c for c in title if c.isalpha()]
    shouted = len(letters) > 8 and sum(c.isupper() for c in letters) > 0.7 * len(letters)
    cut = title.rstrip().endswith(("...", "…"))
    dressed = title.lstrip()[:1] in "[(#@|*" or "!!" in title or "??" in title
    running = RUNNING.search(title) is not None
    return bool(letters) and not (shouted or cut or dressed or running) and len(title) <= LONG_TITLE
