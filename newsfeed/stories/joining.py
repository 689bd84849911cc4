"""Centroid-link joining of items over a sparse graph of likeness, starting from the stories that stand.

Items that share a page are one group from the start. Then, best first, two groups join when the cosine of their
centroids passes a bar. The bar is higher where there is little to go by: it falls with the harmonic mean of the
groups' evidence (words told, those of titles twice), so that two bare headlines need more in common than two
summaries, and a headline more than a big story does. Time between groups lowers their likeness.

After each pass terms are weighed anew by the groups there are, and groups compared again, until few join.
`bench/stories.py --plateau` shows how scores change around the constants below.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from newsfeed.model import StoredItem, Story
from newsfeed.stories.apart import kept_apart, round_ups, standing_texts, standing_titles
from newsfeed.stories.forms import Forms
from newsfeed.stories.links import same_page
from newsfeed.stories.telling import best, moment
from newsfeed.stories.vectors import Terms

BAR = 0.25  # likeness of two groups that tell one story, when they tell much
THIN = 6.0  # evidence at which the bar is twice as high
SPAN = 72.0  # hours; what lies further apart tells different events
FADE = 96.0  # hours after which likeness is halved
ONE_FEED = 0.75  # a feed seldom tells one event twice, and often tells its next one in the same words
COMPARED = 3  # tellings of two groups together, up to which their titles are compared
TEMPLATE = 0.5  # of the plainer title's words in common: so far one headline is written like the other
BRAKES = (0.9, 0.8, 0.7, 0.6)  # by how many names each of two has, when they share none: 1, 2, 3, 4 or more
LOOKED = 6  # tellings of each of two groups whose wording is compared
FORM = 0.5  # of a text's opening words in the same order: one form
OWN = 0.2  # of a title's weight that the other group nowhere tells, and
TWO = 0.7  # sum of form and own contents, less what is shared by name, from which one form tells two events
ONE_ACTOR = 0.75  # brake where two groups share a name and little else:
LITTLE = 0.2  # of the weight of what they say, names aside,
AFFAIR = 0.4  # and each title has at least so much of its own;
FEW_NAMES = 4  # terms that one name may have
FEW = 6  # tellings of two groups together, up to which a name may be all they share
PASSES = 3
GAINED = 0.02  # a pass that joins a smaller share of the groups is the last one: words weigh as before


def join_items(
    new: Sequence[StoredItem],
    window: Sequence[StoredItem],
    stories: Sequence[Story],
    outlets: Mapping[int, str],
    paywalled: Set[int] = frozenset(),
) -> list[Story]:
    """See `stories.join`."""
    fresh = {i.id for i in new}
    everything = {i.id: i for i in (*window, *new)}
    items = [everything[key] for key in sorted(everything)]
    if not fresh:
        return []
    groups = _start(items, stories, fresh)
    _join_pages(groups, items, fresh)
    changed = {g.key for g in groups.values() if any(items[m].id in fresh for m in g.members)}
    apart = kept_apart(items)
    terms = Terms(items, outlets, standing_titles(items), standing_texts(items))
    terms.evidence[list(round_ups(items))] = 0.0  # only a shared page joins them
    evidence: list[float] = terms.evidence.tolist()
    for g in groups.values():
        if len(g.members) == 1:
            g.evidence = evidence[g.members[0]]
        else:
            g.evidence = float(terms.evidence[g.members].sum())
        for m in g.members:
            if m in apart:
                g.apart |= apart[m]
    forms = Forms(items, terms)
    for _ in range(PASSES):
        before = len(groups)
        _pass(groups, changed, terms, forms)
        if before - len(groups) <= GAINED * before:
            break
    return _stories(groups, items, {s.id: s for s in stories}, fresh, paywalled, terms)


@dataclass(slots=True)
class _Group:
    """Items told as one story so far. `key` is its number, `start` and `end` in hours."""

    key: int
    members: list[int]
    start: float
    end: float
    feeds: set[int]
    evidence: float = 0.0
    apart: set[int] = field(default_factory=set)
    said: set[int] | None = None  # all its terms, and
    names: set[int] = field(default_factory=set)  # those that are names; once asked for
    taken: list[int] = field(default_factory=list)  # numbers of the groups that went into it

    def take(self, other: _Group) -> None:
        self.members += other.members
        self.taken += [other.key, *other.taken]
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.feeds |= other.feeds
        self.evidence += other.evidence
        self.apart |= other.apart
        self.said = None


def _start(items: Sequence[StoredItem], stories: Sequence[Story], fresh: Set[int]) -> dict[int, _Group]:
    """The groups to begin with, by number: standing stories, and every new item for itself."""
    place = {item.id: n for n, item in enumerate(items)}
    hours = [moment(item).timestamp() / 3600 for item in items]
    taken = set(fresh)
    groups: dict[int, _Group] = {}
    for story in sorted(stories, key=lambda s: s.id):
        inside = [i for i in story.items if i in place and i not in taken]
        if inside:
            groups[story.id] = _group(story.id, [place[i] for i in inside], items, hours)
            taken.update(inside)
    for n, item in enumerate(items):
        if item.id in fresh:
            groups[_free(item.id, groups)] = _group(_free(item.id, groups), [n], items, hours)
    return groups


def _free(number: int, groups: Mapping[int, _Group]) -> int:
    """The number itself; if a standing story bears it that this item has left, a negative stand-in for a new one."""
    return number if number not in groups else -number


def _group(key: int, members: list[int], items: Sequence[StoredItem], hours: Sequence[float]) -> _Group:
    if len(members) == 1:
        (m,) = members
        return _Group(key, members, hours[m], hours[m], {items[m].feed})
    when = [hours[m] for m in members]
    return _Group(key, members, min(when), max(when), {items[m].feed for m in members})


def _join_pages(groups: dict[int, _Group], items: Sequence[StoredItem], fresh: Set[int]) -> None:
    """Join groups that share a page, whatever they say; standing ones only through a new item."""
    of = {m: key for key, g in groups.items() for m in g.members}
    for same in same_page(items):
        keys = sorted({of[n] for n in same if n in of}, key=_oldest)
        if len(keys) < 2 or not any(items[n].id in fresh for n in same):
            continue
        for key in keys[1:]:
            for m in groups[key].members:
                of[m] = keys[0]
            groups[keys[0]].take(groups.pop(key))


def _oldest(key: int) -> tuple[bool, int]:
    return (key < 0, abs(key))


def _pass(groups: dict[int, _Group], changed: set[int], terms: Terms, forms: Forms) -> None:
    """One round of joining, best first; `changed` are the groups that may join others, kept up to date."""
    keys = sorted(groups, key=_oldest)
    number = {key: n for n, key in enumerate(keys)}
    inside = [m for key in keys for m in groups[key].members]
    group = np.full(terms.items, -1, dtype=np.int64)
    group[inside] = [number[key] for key in keys for _ in groups[key].members]
    # Items that are in no story and shall be in none still tell what is common.
    others = np.flatnonzero(group < 0)
    group[others] = len(keys) + np.arange(len(others))
    vectors = terms.groups(group, len(keys) + len(others))
    products = vectors.alike([number[key] for key in changed if key in number], len(keys))
    square: list[float] = (vectors.norm**2).tolist()
    version: dict[int, int] = defaultdict(int)
    heap: list[tuple[float, int, int, int, int]] = []

    def offer(x: int, y: int) -> None:
        low, high = min(x, y), max(x, y)
        product = products[low].get(high, 0.0)
        cosine = product / (square[low] * square[high]) ** 0.5
        ratio = _ratio(cosine, groups[keys[low]], groups[keys[high]]) if cosine >= BAR else 0.0
        if ratio >= 1.0:
            ratio *= _brake(groups[keys[low]], groups[keys[high]], terms, forms)
        if ratio >= 1.0:
            heapq.heappush(heap, (-ratio, low, high, version[low], version[high]))

    for x in sorted(products):
        for y in products[x]:
            if x < y:
                offer(x, y)
    while heap:
        _, x, y, seen_x, seen_y = heapq.heappop(heap)
        if version[x] != seen_x or version[y] != seen_y:
            continue
        one, other = groups[keys[x]], groups[keys[y]]
        if not one.apart.isdisjoint(other.members):
            continue
        one.take(groups.pop(keys[y]))
        changed.discard(keys[y])
        changed.add(keys[x])
        square[x] += square[y] + 2 * products[x][y]
        version[x] += 1
        version[y] = -1
        mine = products[x]
        del mine[y]
        for z, product in products.pop(y).items():
            if z != x:
                del products[z][y]
                mine[z] = products[z][x] = mine.get(z, 0.0) + product
        for z in mine:
            offer(x, z)


def _ratio(cosine: float, a: _Group, b: _Group) -> float:
    """Likeness of two groups by the bar that they have to pass."""
    gap = max(a.start - b.end, b.start - a.end, 0.0)
    if gap > SPAN or not (a.evidence and b.evidence):
        return 0.0
    evidence = 2 * a.evidence * b.evidence / (a.evidence + b.evidence)
    bar = BAR * (1 + THIN / evidence)
    if len(a.feeds) == 1 and a.feeds == b.feeds:
        bar /= ONE_FEED
    return cosine * float(0.5 ** (gap / FADE)) / bar


def _brake(a: _Group, b: _Group, terms: Terms, forms: Forms) -> float:
    """Below 1 where both name people, places, things or figures, but none in common, or one and little else.
    0 where one form of words tells of two events: their titles or texts are written alike, and each tells what the
    other doesn't."""
    for g in (a, b):
        if g.said is None:
            g.said = set().union(*(terms.all(m) for m in g.members))
            g.names = g.said - terms.ordinary
    if len(a.members) + len(b.members) <= COMPARED and _of_one_template(a.members, b.members, terms):
        return 0.0
    if _of_one_form(a, b, terms, forms):
        return 0.0
    if not a.names or not b.names:
        return 1.0
    if not a.names.isdisjoint(b.names):
        return ONE_ACTOR if _of_one_actor(a, b, terms, forms) else 1.0
    return BRAKES[min(len(a.names), len(b.names), len(BRAKES)) - 1]


def _of_one_form(a: _Group, b: _Group, terms: Terms, forms: Forms) -> bool:
    """Whether a text of each of two groups opens in one form of words, no copies, and the title of each tells what
    the other group nowhere does: a name, or so much that little but the form is left.
    """
    if forms.tired:
        return False
    some, others = ([m for m in g.members[:LOOKED] if forms.has(m)] for g in (a, b))
    alike = [(x, y) for x in some for y in others if forms.alike(x, y) >= FORM]
    if not alike:
        return False
    here, there = a.said or set(), b.said or set()
    for x, y in alike:
        named = terms.title(x)[0] - there and terms.title(y)[0] - here
        own = min(forms.own(x, there), forms.own(y, here))
        apart = named or (own >= OWN and forms.alike(x, y) + own - forms.by_name(x, y) >= TWO)
        if apart and not forms.copied(x, y):
            return True
    return False


def _of_one_actor(a: _Group, b: _Group, terms: Terms, forms: Forms) -> bool:
    """Whether two groups that share names share one only and little else: two affairs of one person or firm."""
    here, there = a.said or set(), b.said or set()
    shared = a.names & b.names
    if len(shared) > FEW_NAMES or len(a.members) + len(b.members) > FEW or forms.tired:
        return False
    least = min(terms.weight(here), terms.weight(there))
    if terms.weight((here & there) - shared) >= LITTLE * least:
        return False
    titles = [(m, there) for m in a.members] + [(m, here) for m in b.members]
    if min(forms.own(m, told) for m, told in titles) < AFFAIR:
        return False
    return min(forms.actors(g.members, shared) for g in (a, b)) <= 1


def _of_one_template(some: Sequence[int], others: Sequence[int], terms: Terms) -> bool:
    """Whether two groups have titles that differ by names only ("Acme profit beats forecasts"): no title of one
    names what a title of the other does, and two are written alike, each naming what the other item doesn't speak
    of at all, by none of its names."""
    titles = {m: terms.title(m) for m in (*some, *others)}
    pairs = [(a, b) for a in some for b in others]
    if any(not titles[a][0].isdisjoint(titles[b][0]) for a, b in pairs):
        return False
    return any(
        len(plain & plainer) >= max(2.0, TEMPLATE * min(len(plain), len(plainer)))
        and bool(names)
        and bool(named)
        and names.isdisjoint(terms.all(b))
        and named.isdisjoint(terms.all(a))
        for a, b in pairs
        for (names, plain), (named, plainer) in ((titles[a], titles[b]),)
    )


def _stories(
    groups: Mapping[int, _Group],
    items: Sequence[StoredItem],
    before: Mapping[int, Story],
    fresh: Set[int],
    paywalled: Set[int],
    terms: Terms,
) -> list[Story]:
    """The groups that differ from the stories that stood, as stories."""
    result = []
    for key in sorted(groups, key=_oldest):
        if (
            key in before
            and not groups[key].taken
            and fresh.isdisjoint(items[m].id for m in groups[key].members)
        ):
            continue
        members = sorted(groups[key].members, key=lambda m: (moment(items[m]), items[m].id))
        inside = [items[m] for m in members]
        ids = {i.id for i in inside}
        near = dict(zip((i.id for i in inside), terms.nearness(members), strict=True))
        stood = [before[k] for k in (key, *groups[key].taken) if k in before]
        earlier = tuple(dict.fromkeys(i for s in stood for i in s.items if i not in ids))
        result.append(
            Story(
                id=max(key, 0),
                head=best(inside, paywalled, near).id,
                items=earlier + tuple(i.id for i in inside),
                first=min(moment(inside[0]), *(s.first for s in stood)) if stood else moment(inside[0]),
                last=max(moment(inside[-1]), *(s.last for s in stood)) if stood else moment(inside[-1]),
            )
        )
    return result
