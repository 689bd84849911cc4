"""The terms of an item: words of its title and of the beginning of its text.

A term is a lower-case word without its plural or verb ending, a number as written, or two neighbouring characters of
a script without spaces. Stop words are not terms. How frequent the others are in news at large is in a table of the main
European languages, made by `bench/words.py`."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from newsfeed.text.dates import MONTHS, WEEKDAYS
from newsfeed.text.prose import UNSPACED, singular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORD = re.compile(r"\d+(?:[.,:]\d+)+|[^\W_]+(?:[’'][^\W_]+)?")
_UNSPACED = re.compile(f"[{UNSPACED}]")
STOP = frozenset(
    WORD.findall(
        " ".join((*WEEKDAYS, *MONTHS)).lower()
        + """
        a about above after again against ago all almost along already also although always am among an and another
        any anything are around as ask asked at away back be became because become been before behind being below
        best better between big biggest both but by came can can't cannot come comes coming could couldn't day days
        did didn't do does doesn't doing don't done down during each either else enough even ever every everything
        few find finds first for former found four from full further get gets getting give given gives go goes going
        gone good got had has hasn't have haven't having he he's her here here's hers herself him himself his how
        however i i'm i've if in inside instead into is isn't it it's its itself just keep know known knows last late
        later latest least less let let's like likely little live long look looking lot made major make makes making
        man many may maybe me might month months more most much must my myself near nearly need needs never new
        news next no nor not nothing now of off often old on once one only onto or other others our ours out outside
        over own part people per perhaps please put rather read really report reported reportedly reports right said
        same saw say saying says see seems seen set several shall she should since so some something soon still such
        take taken takes taking tell tells ten than that that's the their theirs them themselves then there there's
        these they they're thing things think this those though three through time times to today together
        told tomorrow too took toward towards two under until up update updated updates upon us use used
        uses using very video want wants was watch way ways we we're week weekly weeks well went were what
        what's when where whether which while who who's whom whose why will with within without won't would year
        years yes yesterday yet you you're your yours
        amid according including image photo photos exclusive
        breaking analysis opinion newsletter podcast via

        aber alle als am an auch auf aus bei beim bis da damit dann das dass dem den denn der des die dies diese
        dieser dieses doch dort durch ein eine einem einen einer eines er es für gegen gibt habe haben hatte hier
        ich ihr ihre im ist jetzt kann kein keine können man mehr mit nach neu neue neuen nicht noch nun nur ob oder
        ohne rund sagt schon sehr sein seine sich sie sind so soll sollen über um und uns unter vom von vor was
        wegen weil wenn werden wie wieder will wir wird worden wurde wurden zu zum zur zwei zwischen uhr jahr jahre

        à alors après au aussi autre aux avant avec avoir ce cela ces cet cette comme contre dans de depuis des deux
        dont du elle elles en encore entre est et été être eu fait faire fois il ils jusqu la le les leur leurs lors
        lui mais mais même moins ne nos notre nous on ont ou où par pas pendant peu plus pour pourquoi près qu que
        quel quelle qui sa sans se selon ses si son sont sous sur tous tout toute toutes très un une vers vos votre
        vous ans année années jour jours c'est d'un d'une n'est qu'il

        al algo ante antes así aún cada como cómo con contra cual cuando de del desde donde dos durante el ella ellos
        en entre es esa ese eso esta está están este esto estos fue ha han hasta hay la las le les lo los más me
        mi muy nada ni nos o otra otro para pero por porque primer primera puede qué que quien se según ser si sido
        sobre son su sus también tan tiene todo todos tras tres un una uno unos y ya año años hoy

        agli ai al alla alle anche ancora che chi ci col come con cosa così cui da dagli dai dal dalla dalle degli
        dei del della delle di dopo dove due e ecco fa fino fra gli ha hanno i il in io la le lei lo loro ma
        meno mi molto nei nel nella nelle no noi non o ogni oggi per perché però più poi prima può quando quasi
        quella quello questa queste questi questo se sei senza si sia solo sono stata stato su sua sue sui sul sulla
        suo tra tutti tutto un una uno anni anno dell'anno

        aan al als ben bij daar dan dat de deze die dit doen dus een er geen had heb hebben heeft het hier hij
        hoe hun ik in is ja jaar je kan komt kunnen maar mag meer met mij moet moeten na naar niet nieuwe nog nu of
        om omdat onder ons ook op over pas te tegen toch toen tot tussen twee uit uw van veel voor waar wat
        weer wel werd wie wij wil worden wordt zal ze zei zeg zich zij zijn zo zonder zou
        """
    )
)
TITLE_WEIGHT = 2.0  # `bench/ablate.py stories`, as all numbers of this room
TEXT_WORDS = 60  # later words of a text say less about its event
TEXT_SIGNS = 500  # where to stop looking for them
TABLE = "words.txt.gz"  # lines of a count and the terms that so many of a MILLION texts have
MILLION = 1_000_000  # texts, of which the table counts
TEXTS = 8_000  # of news at large, which are counted with those of a window


@cache
def table() -> Mapping[str, int]:
    """In how many of a million short texts each term is."""
    text = gzip.decompress(files(__package__).joinpath("data", TABLE).read_bytes()).decode()
    counts: dict[str, int] = {}
    for line in text.splitlines():
        times, *terms = line.split(" ")
        counts.update(dict.fromkeys(terms, int(times)))
    return counts


def common(terms: Mapping[str, int]) -> NDArray[np.float64]:
    """In how many of TEXTS texts of news at large each term is, by the number that it has in `terms`."""
    import numpy as np

    known = table()
    found = np.zeros(max(1, len(terms)))
    found[list(terms.values())] = [known.get(term, 0) for term in terms]
    return found * (TEXTS / MILLION)


def rarity(told: NDArray[np.int64], items: int, terms: Mapping[str, int]) -> NDArray[np.float64]:
    """The rarity of each term, from the number of items that have it (`told`) and from news at large."""
    import numpy as np

    known = told + common(terms)
    return np.maximum(np.log((TEXTS + items) / np.maximum(known, 1)), 0.0)


class Read(NamedTuple):
    """What was read of some texts: the text of each term and the term, in order."""

    text: NDArray[np.int64]
    term: NDArray[np.int64]


class Vocabulary:
    """Words as written -> the numbers of their terms.

    Texts are read all at once: what stands between spaces is looked up with its marks, for texts repeat that too, is
    worked on once only, and the rest is done on whole arrays.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}  # of terms
        self._chunks = _Chunks(self.numbers)

    def read(self, texts: Sequence[str], most: int = -1) -> Read:
        """The terms of each text, in order; of its first words, at `most` so many."""
        import numpy as np

        split = (
            [text.split(None, most)[:most] for text in texts]
            if most >= 0
            else [text.split() for text in texts]
        )
        sizes = np.fromiter(map(len, split), np.int64, len(split))
        words = np.fromiter(
            map(self._chunks.__getitem__, chain.from_iterable(split)), np.int64, int(sizes.sum())
        )
        ends = np.array(self._chunks.ends, dtype=np.int64)
        many = ends[words + 1] - ends[words]
        place = np.arange(int(many.sum())) + np.repeat(ends[words + 1] - np.cumsum(many), many)
        text = np.repeat(np.repeat(np.arange(len(texts)), sizes), many)
        return Read(text, np.array(self._chunks.terms, dtype=np.int64)[place])


class _Chunks(dict[str, int]):
    """What stands between spaces -> its number; its terms are those from the end of the one before in `terms`."""

    def __init__(self, numbers: dict[str, int]) -> None:
        super().__init__()
        self.terms: list[int] = []
        self.ends: list[int] = [0]
        self._numbers = numbers

    def __missing__(self, written: str) -> int:
        numbers = self._numbers
        for word in (written,) if written.isalnum() else WORD.findall(written):
            for term in word_terms(word):
                self.terms.append(numbers.setdefault(term, len(numbers)))
        self.ends.append(len(self.terms))
        number = self[written] = len(self.ends) - 2
        return number


def word_terms(word: str) -> tuple[str, ...]:
    """The terms of one word: none for a stop word, pairs of signs where a script sets no spaces."""
    plain = word.lower()
    if not plain.isascii():
        plain = plain.replace("’", "'")
        if _UNSPACED.search(plain):
            return tuple(plain[i : i + 2] for i in range(max(1, len(plain) - 1)))
    if plain in STOP:
        return ()
    if "'" in plain:
        # "Lyon's" is Lyon, "l'Europe" is Europe, "d'Italia" Italia.
        plain = plain.removesuffix("'s").removesuffix("'")
        before, mark, after = plain.partition("'")
        if mark and len(before) <= 2 and len(after) > 2:
            plain = after
        if plain in STOP:
            return ()
    if len(plain) < 2 and not plain.isdigit():
        return ()
    return (stem(plain),)


def stem(word: str) -> str:
    """A word without plural and verb endings, so that "banks" equals "bank": enough for headlines, and cheap."""
    word = singular(word)
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
