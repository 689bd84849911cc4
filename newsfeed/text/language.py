"""Which language a text is in, as ISO 639-1; "" where nobody could know.

Scripts decide most of the world's languages, the commonest little words decide the big Latin ones, and only what
is left goes to the model of py3langid, which costs over a second to load and is therefore met by few.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

ENOUGH = 40  # letters below which nothing is said about a text in Latin or Cyrillic script
_SAMPLE = 2_000  # characters looked at
_GLANCE = 500  # characters that confirm what was declared,
_CONFIRMS = (
    0.25  # if so many of their words are little words of that language: no other reaches that by chance
)

_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x0900, 0x097F, "hi"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x1000, 0x109F, "my"),
    (0x10A0, 0x10FF, "ka"),
    (0x1100, 0x11FF, "ko"),
    (0x1200, 0x137F, "am"),
    (0x1780, 0x17FF, "km"),
    (0x1F00, 0x1FFF, "el"),
    (0x3040, 0x30FF, "ja"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xAC00, 0xD7AF, "ko"),
    (0xF900, 0xFAFF, "han"),
)
# Scripts that are one language's own, and what their commonest codes are when a feed declares one.
_DENSE = frozenset({"han", "ja", "ko", "th"})  # a few characters say much

_WORDS: dict[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the of and to in is that for with on was as are be this by from have has it at his an they not but "
        "their will its who how what why when you your we our can more about",
        "de": "der die das und ist nicht mit den dem von zu auf für ein eine einen im sich des auch als wird sind "
        "werden hat bei nach aus wie über noch oder einer durch zum zur dass kann nur",
        "fr": "le la les des est et une dans pour pas que qui sur du au avec par plus ce sont aux ou cette ses mais "
        "nous vous été être leur fait comme son ont deux sans",
        "es": "el la los las de y en que una por con para del se es un su al como más lo pero sus ha este entre está "
        "también fue son sobre hasta desde muy años",
        "it": "il di che la è per un una non con del si della dei le alla sono nel da anche più come gli lo al delle "
        "ma dal nella ha questo stato dalla degli",
        "pt": "o de que e do da em um para com não uma os no se na por mais as dos como mas ao das foi pelo pela "
        "até isso são também já à ou sua entre",
        "nl": "de het een van en is dat op te in zijn voor met niet aan er om ook als bij door naar uit maar wordt "
        "heeft nog dan deze over kan worden werd tot",
        "sv": "och att det i en som på är av för med den till ett inte har de om var sig så vi från men kan också "
        "när vid eller hade under",
        "da": "og at det i en er på til af for med der de ikke den har et som var vi fra sig kan men også eller "
        "efter ved hvor blev mere",
        "nb": "og i det er på en til som av for at med de ikke den har et om var fra han seg kan men også eller "
        "etter ved hvor ble mer",
        "fi": "ja on ei se että oli hän ovat mutta kun myös sekä joka kuin mukaan jo ole tai hänen vain olla voi "
        "niin vuoden sen",
        "pl": "i w na z do się nie że to jest o po za od jak dla przez są ale oraz przy jego już tym może został "
        "który która które",
        "cs": "a v se na je že s z do o to pro ve za jsou byl jako ale podle po které který jeho také již však "
        "bude od k i ze",
        "tr": "ve bir bu için ile da de olarak çok daha olan gibi kadar sonra ne ama en her var olduğu değil ise "
        "tarafından göre",
        "hu": "a az és hogy nem is egy ez meg volt van de csak már mint még el kell ha azt szerint lesz után vagy "
        "pedig mert",
        "ro": "și de în la a care cu pe nu din o un este pentru că sunt mai fost prin sau după ca au între fi se",
        "id": "yang dan di ini itu dengan untuk dari dalam tidak pada akan juga ke karena oleh saat kepada bisa "
        "adalah telah sebagai lebih",
        "vi": "và của là các có được cho trong không một với người những này đã khi từ đến về ra cũng nhiều tại",
        "ca": "el la els les de i que en un una per amb del és no al com més també són ha ser aquest entre fins "
        "des seva dels",
    }.items()
}
_BY_WORD: dict[str, list[str]] = {}
for _code, _known in _WORDS.items():
    for _word in _known:
        _BY_WORD.setdefault(_word, []).append(_code)
_SCRIPT_OF = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk"), "cyrillic"),
    **dict.fromkeys(("ar", "fa", "ur"), "arabic"),
    **{name: name for _, _, name in _RANGES if len(name) == 2},
    "zh": "han",
    "mr": "hi",
    "ne": "hi",
}
_DEFAULTS = {"cyrillic": "ru", "arabic": "ar", "han": "zh"}  # what a script says when its letters say no more
_NB = frozenset({"da", "nb"})
_CYRILLIC_ONLY: tuple[tuple[str, str], ...] = (
    ("uk", "іїєґІЇЄҐ"),
    ("be", "ўЎ"),
    ("sr", "јљњћђЈЉЊЋЂ"),
    ("mk", "ѓќѕЃЌЅ"),
    ("kk", "әғқңөұүһ"),
)
_MODEL_LANGUAGES = (
    "af ar be bg bn ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mr "
    "ms nl no pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur vi zh"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"^([a-z]{2,3})(?:[-_].*)?$")
_LONG_CODES = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "dut": "nl",
    "nld": "nl", "por": "pt", "rus": "ru", "jpn": "ja", "zho": "zh", "chi": "zh", "cmn": "zh", "kor": "ko",
    "in": "id", "iw": "he", "no": "nb", "nn": "nb", "cn": "zh", "jp": "ja", "gr": "el", "ua": "uk", "cz": "cs",
    "dk": "da", "se": "sv", "swe": "sv",
}  # fmt: skip
_FULL_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "spanish": "es",
    "dutch": "nl",
}


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

    Many feeds claim what their software claims by default, so a text may speak for itself: always by its script, in
    Latin letters by a clear majority of little words. What stays undecided is as declared.
    """
    if not declared:
        return detect_language(text)
    if known := _WORDS.get(declared):
        words = _LETTERS.findall(text[:_GLANCE].lower())
        if len(words) >= 12 and sum(map(known.__contains__, words)) > len(words) * _CONFIRMS:
            return declared
    sample = text[:_SAMPLE]
    script, share, letters = _script(sample)
    if not letters:
        return declared
    if script != "latin":
        found = _by_script(sample, script)
        if _SCRIPT_OF.get(declared, "latin") == script:
            return (
                found
                if found != declared and letters >= 4 * ENOUGH and found != _DEFAULTS.get(script)
                else declared
            )
        return found if share > 0.5 and (letters >= ENOUGH or script in _DENSE) else declared
    if declared in _SCRIPT_OF:  # its own script isn't used here
        return detect_language(text) if letters >= ENOUGH else ""
    votes, total = _votes(sample)
    first, code = votes[0]
    own = next((n for n, c in votes if c == declared), 0)
    if code == declared or (own >= 2 and own * 2 > first) or {code, declared} == _NB:
        return declared
    return code if first >= 5 and first >= total * 0.12 and first >= 2 * own else declared


def detect_language(text: str) -> str:
    """The language of a text, "" when it is too short or speaks for no language."""
    sample = text[:_SAMPLE]
    script, share, letters = _script(sample)
    if (
        script
        and script != "latin"
        and share > 0.4
        and (letters >= ENOUGH or (script in _DENSE and letters >= 6))
    ):
        return _by_script(sample, script)
    if letters < ENOUGH:
        return ""
    words = Counter(_LETTERS.findall(sample.lower())[:400])
    total = sum(words.values())
    votes = sorted(
        ((sum(n for w, n in words.items() if w in known), code) for code, known in _WORDS.items()),
        reverse=True,
    )
    (first, code), (second, other) = votes[0], votes[1]
    if {code, other} == _NB:
        second = votes[2][0]
    if first >= 3 and first >= total * 0.12 and first >= second * 1.3:
        return code
    if letters < 2 * ENOUGH and first < 3:
        return ""
    return _by_model(sample)


def _votes(sample: str) -> tuple[list[tuple[float, str]], int]:
    """How many of a text's words are little words of each language, most first, and the number of words.

    Single letters count half: they are initials, units and list marks as well.
    """
    words = Counter(_LETTERS.findall(sample.lower())[:400])
    votes: Counter[str] = Counter()
    for word, n in words.items():
        for code in _BY_WORD.get(word, ()):
            votes[code] += n if len(word) > 1 else n / 2  # type: ignore[assignment]
    ranked = sorted(((float(votes[code]), code) for code in _WORDS), reverse=True)
    return ranked, sum(words.values())


def _script(sample: str) -> tuple[str, float, int]:
    """The commonest script, its share of all letters, and the number of letters."""
    if sample.isascii():
        return "latin", 1.0, sum(map(str.isalpha, sample))
    counts: Counter[str] = Counter()
    for char, n in Counter(sample).items():
        if not char.isalpha():
            continue
        point = ord(char)
        if point < 0x0370:
            counts["latin"] += n
            continue
        for start, end, name in _RANGES:
            if start <= point <= end:
                counts[name] += n
                break
    total = sum(counts.values())
    if not total:
        return "", 0.0, 0
    if counts["ja"] and counts["ja"] >= 0.08 * (counts["ja"] + counts["han"]):
        counts["ja"] += counts.pop("han", 0)
    # A Han character says as much as several letters: names in Latin letters don't make a Chinese text English.
    weighed = Counter({name: n * (3 if name in _DENSE else 1) for name, n in counts.items()})
    name, weight = weighed.most_common(1)[0]
    return name, weight / sum(weighed.values()), total


def _by_script(sample: str, script: str) -> str:
    if script == "han":
        return "zh"
    if script == "cyrillic":
        for code, letters in _CYRILLIC_ONLY:
            if sum(sample.count(c) for c in letters) >= max(2, len(sample) / 200):
                return code
        # Bulgarian writes ъ as a vowel and has neither ы nor э.
        if not re.search(r"[ыэё]", sample) and sample.count("ъ") >= max(2, len(sample) / 250):
            return "bg"
        return "ru"
    if script == "arabic":
        if re.search(r"[ٹڈڑںے]", sample):
            return "ur"
        return "fa" if len(re.findall(r"[پچژگی]", sample)) >= max(2, len(sample) / 100) else "ar"
    return script


def _by_model(sample: str) -> str:
    code = str(_model()(sample)[0])
    return "nb" if code == "no" else code


@lru_cache(maxsize=1)
def _model() -> Callable[[str], tuple[str, float]]:
    """The model of py3langid, among the languages that feeds are written in: of 140 it would see too many."""
    from py3langid import langid

    langid.set_languages(_MODEL_LANGUAGES.split())
    classify: Callable[[str], tuple[str, float]] = langid.classify
    return classify
