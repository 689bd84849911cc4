"""The lexicon: words and phrases that speak for or against a topic, found in many texts at once.

Each topic has its own table, written and read apart from the others. Within one topic the longest match counts
("interest rate" takes the place of "interest"), and of several entries for one word the most specific does
("marketing" before "market*"); a language that builds compounds has entries that begin with the star too ("*bank").
A negative entry is a trap: it too takes the place of its words ("apple pie" is no
apple), and a part of its weight speaks against the topic. A plural finds the entry of its singular.

All entries form one tree of words, kept as sorted arrays; a batch of texts walks it in step, a level a pass.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from newsfeed.errors import SettingsError
from newsfeed.model import DEFAULT_TOPICS, TopicSetting

from .documents import OTHER, TOPICS
from .vocabulary import ENGLISH, MARK, bare, coded, folder, is_little, languages, surface, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

#: A word in the title counts as much as this many in the text.
TITLE_WEIGHT = 2.0

#: Weight of a word that the reader gives a topic in the settings: it says the topic alone, as 2 to 3 do.
READER_WEIGHT = 2.5

#: So much of a trap's weight speaks against its topic: one look-alike in a text on the topic is no harm.
TRAP_SHARE = 1 / 3

#: Words of an example title say less of a new topic than words that the reader chose.
EXAMPLE_WEIGHT = 0.6

#: A publisher's own category or section says much, but sections are wide.
MARK_WEIGHT = 1.5

MAX_WORDS = 4  # of a phrase

_Terms = Mapping[str, float]


class _Written(NamedTuple):
    """What the file of one topic in one language says."""

    terms: dict[str, float]
    folders: tuple[str, ...] = ()  # names of folders that mean the topic
    parent: float = 0.0  # how probably what has the topic has its parent too


@cache
def _written(code: str) -> dict[str, _Written]:
    found = {}
    for topic in (*TOPICS, OTHER):
        file = folder(code).joinpath("lexicon", f"{topic}.toml")
        if file.is_file():
            found[topic] = parse(file.read_text(encoding="utf-8"), topic)
    return found


def shipped(code: str = ENGLISH) -> dict[str, dict[str, float]]:
    """The lexicon of every topic for everyone and of `other` in one language, as it ships with the package."""
    return {topic: written.terms for topic, written in _written(code).items()}


def folder_names() -> dict[str, tuple[str, ...]]:
    """The names of folders that mean a topic, in all languages."""
    return {
        topic: tuple(name for code in languages() for name in _written(code).get(topic, _NOTHING).folders)
        for topic in (*TOPICS, OTHER)
    }


@cache
def implied() -> Mapping[str, tuple[str, float]]:
    """Topics that are mostly also another one, their parent: P(parent | topic). Joined by noisy-or."""
    return {
        topic: (DEFAULT_TOPICS[topic].parent, written.parent)
        for topic, written in _written(ENGLISH).items()
        if written.parent
    }


def parse(text: str, topic: str) -> _Written:
    """The file of one topic. Raises SettingsError on anything but a table of terms with their weights."""
    try:
        table = tomllib.loads(text)
        terms = {str(term): float(weight) for term, weight in dict(table.get("terms", {})).items()}
        names = " ".join(table.get("folders", "").split())
        return _Written(terms, tuple(filter(None, names.split(", "))), float(table.get("parent", 0)))
    except (tomllib.TOMLDecodeError, AttributeError, TypeError, ValueError) as error:
        raise SettingsError(
            f"lexicon of {topic}", str(error), 'Entries look like "word or phrase" = 2.0'
        ) from None


_NOTHING = _Written({})


def with_reader(
    lexicon: Mapping[str, _Terms], topics: Mapping[str, TopicSetting]
) -> dict[str, dict[str, float]]:
    """The lexicon with the words that the reader gives topics in the settings, new topics included."""
    merged = {topic: dict(terms) for topic, terms in lexicon.items()}
    for topic, setting in topics.items():
        terms = merged.setdefault(topic, {})
        for word in setting.words:
            terms[word.lower()] = READER_WEIGHT
    return merged


class Matches(NamedTuple):
    """What the lexicon found: parallel arrays, one row a document, topic and term, sorted by document."""

    document: Ints
    topic: Ints
    term: Ints  # index into `Lexicon.names`
    weight: NDArray[np.float64]  # the entry's weight times the root of its count


class _Node:
    __slots__ = ("children", "ends")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.ends: dict[int, tuple[float, str]] = {}  # topic -> weight, the entry as written

    def plant(self, terms: _Terms, code: str, topic: int) -> None:
        """Add the entries of one topic in one language."""
        for entry, weight in terms.items():
            path = [coded(unit, code) for unit in _units(entry)]
            if not path or len(path) > MAX_WORDS:
                continue
            node = self
            for unit in path:
                node = node.children.setdefault(unit, _Node())
            node.ends[topic] = (weight if weight >= 0 else TRAP_SHARE * weight, entry)

    def units(self) -> set[str]:
        """The units on all paths."""
        return set(self.children).union(*(child.units() for child in self.children.values()))

    def specialise(self, covered: Mapping[str, list[str]]) -> None:
        """Let specific units also lead where the general ones beside them lead; exact before long before short."""
        order = sorted(self.children, key=lambda unit: ("*" in unit, -len(unit), unit))
        for general in order:
            for specific in covered.get(general, ()):
                self.children.setdefault(specific, _Node()).take(self.children[general])
        for child in self.children.values():
            child.specialise(covered)

    def take(self, other: _Node) -> None:
        """Add from a more general entry what this more specific one does not say itself."""
        for topic, end in other.ends.items():
            self.ends.setdefault(topic, end)
        for unit, child in other.children.items():
            self.children.setdefault(unit, _Node()).take(child)


_ARRAYS = ("first", "keys", "targets", "offsets", "end_topic", "end_weight", "end_name", "leaf")


class Lexicon:
    """A compiled lexicon. `topics` fixes the order of the topics in every array."""

    def __init__(
        self,
        lexicon: Mapping[str, _Terms],
        topics: Iterable[str],
        others: Mapping[str, Mapping[str, _Terms]] = MappingProxyType({}),
    ) -> None:
        """`lexicon` is the English one, `others` those of other languages by code."""
        self.topics = tuple(topics)
        self.languages = frozenset(others)
        self.names: list[str] = []
        root = _Node()
        for code, terms in {ENGLISH: lexicon, **others}.items():
            for number, topic in enumerate(self.topics):
                root.plant(terms.get(topic, {}), code, number)
        units = sorted(root.units())
        root.specialise(_coverage(units))
        self._know(units)
        self._freeze(root)

    @classmethod
    def of_packed(cls, head: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Lexicon:
        """The lexicon that was `packed`."""
        made = cls.__new__(cls)
        made.topics, made.languages = tuple(head["topics"]), frozenset(head["languages"])
        made._know(head["units"])
        made.names, made._wide = head["names"], head["wide"]
        for name in _ARRAYS:
            setattr(made, f"_{name}", arrays[name])
        return made

    def packed(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The data of a lexicon, for storing."""
        head = {"topics": self.topics, "languages": sorted(self.languages), "units": list(self._unit)}
        return {**head, "names": self.names, "wide": self._wide}, {
            name: getattr(self, f"_{name}") for name in _ARRAYS
        }

    def _know(self, units: Sequence[str]) -> None:
        self._unit = {unit: number for number, unit in enumerate(units)}
        self._sizes: dict[str, tuple[list[int], list[int]]] = {}  # of beginnings and of ends, longest first
        starred = [unit for unit in units if unit.endswith("*") or bare(unit).startswith("*")]
        for code in (ENGLISH, *self.languages):
            own = [bare(unit) for unit in starred if unit.startswith(coded("", code))]
            begins = {len(unit) - 1 for unit in own if unit.endswith("*")}
            ends = {len(unit) - 1 for unit in own if unit.startswith("*")}
            self._sizes[code] = (sorted(begins, reverse=True), sorted(ends, reverse=True))

    def _freeze(self, root: _Node) -> None:
        import numpy as np

        edges: list[tuple[int, int]] = []  # node * units + unit -> node
        offsets = [0]
        ends: list[tuple[int, float, int]] = []  # topic, weight, name
        names: dict[str, int] = {}
        nodes = [root]
        wide = max(len(self._unit), 1)
        for number, node in enumerate(nodes):  # grows while walking: breadth first
            for unit, child in sorted(node.children.items()):
                edges.append((number * wide + self._unit[unit], len(nodes)))
                nodes.append(child)
            for topic, (weight, entry) in sorted(node.ends.items()):
                ends.append((topic, weight, names.setdefault(entry, len(names))))
            offsets.append(len(ends))
        edges.sort()
        self.names = list(names)
        self._wide = wide
        self._first = np.full(wide + 1, -1, np.int64)  # the last place answers for "no unit" (-1)
        for key, target in edges:
            if key < wide:
                self._first[key] = target
        self._keys = np.array([key for key, _ in edges] or [-1], np.int64)
        self._targets = np.array([target for _, target in edges] or [-1], np.int64)
        self._offsets = np.array(offsets, np.int64)
        self._end_topic = np.array([end[0] for end in ends], np.int64)
        self._end_weight = np.array([end[1] for end in ends], np.float64)
        self._end_name = np.array([end[2] for end in ends], np.int64)
        self._leaf = np.array([not node.children for node in nodes], np.bool_)

    def unit(self, word: str, code: str = ENGLISH) -> int:
        """The number of a word's unit in the lexicon; -1 for none.

        It is itself, else its base form, else the longest of its ends and beginnings that stand there with a star.
        """
        word = surface(word)
        forms = (word, *_bases(word, code))
        for form in forms:
            found = self._unit.get(coded(form, code))
            if found is not None:
                return found
        begins, ends = self._sizes.get(code, ((), ()))
        starred = [(size, f"*{form[-size:]}") for form in forms for size in ends if size <= len(form)]
        starred += [(size, f"{word[:size]}*") for size in begins if size <= len(word)]
        # Of an end and a beginning of one length the end counts, of two ends the one of the earlier form.
        known = [
            (size, self._unit[unit]) for size, part in starred if (unit := coded(part, code)) in self._unit
        ]
        return max(known, key=lambda one: one[0], default=(0, -1))[1]

    def match(self, units: Ints, document: Ints, in_title: NDArray[np.bool_]) -> Matches:
        """Find all entries in texts given as one array of units (-1 between texts and for unknown words)."""
        start, end = self._longest(self._reached(units), units.size)
        return self._counted(start, end, document, in_title)

    def _reached(self, units: Ints) -> list[tuple[Ints, Ints]]:
        """All ways into the tree: for each length, where those begin that are so long, and the nodes that they lead to."""
        import numpy as np

        ways = []
        position = np.flatnonzero(units >= 0)
        node = self._first[units[position]]
        position, node = position[node >= 0], node[node >= 0]
        while position.size:
            ways.append((position, node))
            inner = ~self._leaf[node] & (position + len(ways) < units.size)
            position, node = position[inner], node[inner]
            following = units[position + len(ways)]
            key = np.where(following >= 0, node * self._wide + following, -1)
            place = np.minimum(np.searchsorted(self._keys, key), self._keys.size - 1)
            hit = self._keys[place] == key
            position, node = position[hit], self._targets[place[hit]]
        return ways

    def _longest(self, ways: Sequence[tuple[Ints, Ints]], size: int) -> tuple[Ints, Ints]:
        """Where entries begin, and which; without those inside of a longer one of the same topic."""
        import numpy as np

        many = len(self.topics)
        taken = np.zeros(size * many, np.bool_)
        starts, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for length in range(len(ways), 0, -1):
            position, node = ways[length - 1]
            sizes = self._offsets[node + 1] - self._offsets[node]
            end = _ranges(self._offsets[node], sizes)
            start = np.repeat(position, sizes)
            topic = self._end_topic[end]
            inside = taken[start * many + topic] & taken[(start + length - 1) * many + topic]
            end, start, topic = end[~inside], start[~inside], topic[~inside]
            starts.append(start)
            found.append(end)
            for step in range(length):
                taken[(start + step) * many + topic] = True
        return np.concatenate(starts), np.concatenate(found)

    def _counted(self, start: Ints, end: Ints, document: Ints, in_title: NDArray[np.bool_]) -> Matches:
        """One row a document, topic and entry, wherever in the tree the entry was found."""
        import numpy as np

        count = np.where(in_title[start], TITLE_WEIGHT, 1.0)
        key = document[start] * len(self.topics) + self._end_topic[end]
        key = key * max(len(self.names), 1) + self._end_name[end]
        unique, first, place = np.unique(key, return_index=True, return_inverse=True)
        counts = np.bincount(place, weights=count, minlength=unique.size)
        end = end[first]
        return Matches(
            document[start[first]],
            self._end_topic[end],
            self._end_name[end],
            self._end_weight[end] * np.sqrt(counts),
        )


def _units(entry: str) -> list[str]:
    """An entry as the words that the reader of texts would make of it; a star stays with its word."""
    path: list[str] = []
    for part in entry.lower().split():
        found = [surface(word) for word in words(part.strip("*"))]
        if part.endswith("*") and found:
            found[-1] += "*"
        if part.startswith("*") and found:
            found[0] = "*" + found[0]
        path += found
    return path


def _bases(word: str, code: str) -> tuple[str, ...]:
    """The words that a word may be a form of."""
    if code:
        language = languages().get(code)
        return language.bases(word) if language else ()
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return ()
    if word.endswith("ies"):
        return (word[:-3] + "y", word[:-1])
    if word.endswith("es"):
        return (word[:-1], word[:-2])
    return (word[:-1],)


def _coverage(units: list[str]) -> dict[str, list[str]]:
    """For each unit the more specific units that it also answers for."""
    covered: dict[str, list[str]] = {}
    known = set(units)
    for unit in units:
        code, _, word = unit.rpartition(":")
        whole = word.strip("*")
        forms = (whole, *_bases(whole, code)) if word == whole else (whole,)
        general = [coded(form, code) for form in forms[1:]]
        if not word.startswith("*"):
            sizes = range(1, len(whole) + (word == whole))
            general += [coded(whole[:size] + "*", code) for size in sizes]
        if code and not word.endswith("*"):
            general += [
                coded("*" + form[-size:], code)
                for form in forms
                for size in range(1, len(form) + (word == whole))
            ]
        for one in dict.fromkeys(general):
            if one in known:
                covered.setdefault(one, []).append(unit)
    return covered


def _ranges(starts: Ints, sizes: Ints) -> Ints:
    """Concatenated `range(start, start + size)`."""
    import numpy as np

    total = int(sizes.sum())
    before = np.cumsum(sizes) - sizes
    found: Ints = np.arange(total, dtype=np.int64) + np.repeat(starts - before, sizes)
    return found


def topics_or_default(topics: Mapping[str, TopicSetting]) -> Mapping[str, TopicSetting]:
    """The reader's topics; the default ones where none are given."""
    return topics or DEFAULT_TOPICS


def columns(topics: Mapping[str, TopicSetting]) -> tuple[str, ...]:
    """All topics that are computed: the default ones, the reader's own, `other`.

    Topics that the reader dropped are still computed: they keep their items out of the ones that are left.
    """
    return (*TOPICS, *(topic for topic in topics if topic not in TOPICS and topic != OTHER), OTHER)


def compiled(topics: Mapping[str, TopicSetting]) -> Lexicon:
    """The lexicon with the reader's words; the example titles of a new topic lend it their words."""
    return _compiled(msgspec.json.encode(topics))


@lru_cache(maxsize=4)
def _compiled(settings: bytes) -> Lexicon:
    topics = msgspec.json.decode(settings, type=dict[str, TopicSetting])
    merged = with_reader(shipped(), topics)
    own = with_reader({}, topics)
    for topic in (*TOPICS, OTHER):
        merged.setdefault(topic, {})[f"{MARK}{topic}"] = MARK_WEIGHT
    for topic, setting in topics.items():
        if topic not in TOPICS:
            for entry, weight in _of_examples(setting.examples).items():
                merged[topic].setdefault(entry, weight)
                own[topic].setdefault(entry, weight)
    # The reader's own words count in every language.
    others = {
        code: {
            topic: {**terms.get(topic, {}), f"{MARK}{topic}": MARK_WEIGHT, **own.get(topic, {})}
            for topic in merged
        }
        for code, terms in ((code, shipped(code)) for code in languages() if code)
    }
    return Lexicon(merged, columns(topics), others)


def _of_examples(examples: Sequence[str]) -> dict[str, float]:
    """Words (and pairs of words) of example titles with a weight each; what several share weighs more."""
    found: dict[str, float] = {}
    for title in examples:
        kept = [surface(word) for word in words(title)]
        known = [w for w in kept if not is_little(w, ENGLISH) and not w[0].isdigit() and len(w) > 2]
        pairs = [f"{a} {b}" for a, b in itertools.pairwise(kept) if a in known and b in known]
        for entry in {*known, *pairs}:
            found[entry] = min(found.get(entry, 0.0) + EXAMPLE_WEIGHT, READER_WEIGHT)
    return found
