"""The title of an item without one, its language, and its lead.

What one entry doesn't show by itself is taken from its neighbours in the document: the language of a short title, the
length at which all texts were cut, a sentence that is in every entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsfeed.sources.source import Draft
from newsfeed.text import clean_line, count_words, lead, plausible_language, prose_text, sentences
from newsfeed.text.markup import without_footer
from newsfeed.text.prose import join_sentences, settle_language

_MADE_TITLE = 80  # characters of a title made of a text
_HEARD = 20  # items whose texts together show the language of a feed,
_OPENING = 60  # and characters of each
_NEIGHBOURS = 6  # entries that are compared,
_SAID_OFTEN = 2  # and the number of them with a sentence that makes it boilerplate
_LINES = 40  # of a text in which its lead begins
_LABEL = re.compile(r"[^:.!?]{3,60}:\s+(?=[A-ZÀ-ŽА-ЯІЇЄ])")
_LEAST_REST = 5  # words of a lead after its first sentence became the title
_LEAST_SUMMARY = 60  # characters; a shorter summary says less than the text does


@dataclass(slots=True)
class Entry:
    """A draft with cleaned texts, being turned into an item."""

    draft: Draft
    identity: str
    link: str  # to open
    page: str  # to compare
    discussion: str
    title: str
    made: bool  # whether the title was made from the text
    summary: str
    body: str
    text: str
    hash: str
    position: int = 0  # in the document
    language: str = ""
    summary_text: str = ""
    past: bool = False  # too old to ever be shown: it needs neither a lead nor its own language
    cut: set[str] = field(default_factory=set)  # "summary", "body": ends in the middle of a sentence


def settle_languages(entries: list[Entry], around: list[str], declared: str) -> str:
    """Set each entry's language; returns the feed's.

    What all items of the document say together (`around`, those that were read before too) stands in for what the
    feed should have declared, and for entries that are too short to tell.
    """
    step = max(1, len(around) // _HEARD)
    together = "\n".join(words[:_OPENING] for words in around[::step])
    common = settle_language(together, declared)
    for entry in entries:
        own = plausible_language(entry.draft.language) or common
        entry.language = own if entry.past else settle_language(f"{entry.title}\n{entry.text[:2_000]}", own)
    return common


_UNFINISHED = re.compile(r"[\w,’'\"”-]")
_CUT_SPREAD = 12  # characters by which a cut at a word may fall short of a cut at a length
# Lengths at which software cuts a summary.
_ROUND = frozenset(
    {100, 120, 140, 150, 160, 200, 250, 255, 256, 280, 300, 320, 400, 500, 512, 600, 1000, 1024}
)


def mark_cuts(entries: list[Entry]) -> None:
    """Mark summaries that the feed's software cut at a fixed length without a mark.

    They show by their company: most unfinished ones of a document end within a word of the same length, or several
    end at the very length that no text of the document exceeds.
    """
    for name in ("summary", "body"):
        texts = [(entry, entry.text if name == "body" else entry.summary_text) for entry in entries]
        lengths = {
            id(e): len(t)
            for e, t in texts
            if 60 <= len(t) <= 1_200 and _UNFINISHED.match(t[-1]) and "\n" not in t
        }
        if not lengths:
            continue
        limit = max(lengths.values())
        exact = {key for key, length in lengths.items() if length == limit}
        near = {key for key, length in lengths.items() if length >= limit - _CUT_SPREAD}
        cut: set[int] = set()
        if len(near) >= 4 and len(near) >= 0.6 * len(lengths):
            cut = near
        elif len(exact) >= (2 if limit in _ROUND else 3) and limit == max(len(t) for _, t in texts):
            cut = exact
        for entry, _ in texts:
            if id(entry) in cut:
                entry.cut.add(name)


def neighbours(texts: list[str], position: int) -> list[str]:
    """The texts of up to six other entries, to find what all entries say."""
    around = [texts[(position + step) % len(texts)] for step in range(1, min(_NEIGHBOURS + 1, len(texts)))]
    return [text for text in around if text]


def its_own(prose: str, lang: str, others: list[str]) -> str:
    """A text without what every entry of the feed says: a slogan, a sponsor, music."""
    if len(others) < _SAID_OFTEN:
        return prose

    together = "\x00".join(others)

    def common(words: str) -> bool:
        return words in together and sum(words in other for other in others) >= _SAID_OFTEN

    def own(line: str) -> str:
        if common(line):
            return ""
        kept = [sentence for sentence in sentences(line, lang) if not common(sentence)]
        label = _LABEL.match(kept[0]) if kept else None
        if label and len(kept[0]) > 2 * label.end() and common(label.group().strip()):
            kept[0] = kept[0][label.end() :]
        return join_sentences(kept)

    lines = prose.split("\n", _LINES)
    return "\n".join(filter(None, (*(own(line) for line in lines[:_LINES]), *lines[_LINES:])))


_PLACEHOLDERS = frozenset({
    "untitled", "(untitled)", "no title", "(no title)", "[no title]", "ohne titel", "sans titre", "sin título",
    "none", "null", "undefined", "[object object]", "-", ".",
})  # fmt: skip


def no_title(title: str) -> bool:
    return title.casefold() in _PLACEHOLDERS or not any(c.isalnum() for c in title)


def made_title(draft: Draft, text: str, link: str) -> str:
    """A title for a post without one: its first sentence without addresses, mentions and trailing hashtags."""
    if draft.warning:
        return clean_line(f"CW: {draft.warning}", 110)
    plain = re.sub(r"https?://\S+|\b[\w.-]+\.[a-z]{2,6}/\S*", "", text)
    plain = re.sub(r"^(?:\s*[@.]@?[\w.@-]+)+\s+", "", plain)
    lines = [
        re.sub(r"(?:\s*[#＃][\w-]+)+\s*$", "", written).strip(" -–—:|·•") for written in plain.split("\n")
    ]
    # Two letters can be a whole post; beside longer lines they are a number or a symbol.
    longest = max((sum(c.isalnum() for c in line) for line in lines), default=0)
    for line in lines:
        if sum(c.isalnum() for c in line) < min(3, max(longest, 1)):
            continue
        parts = sentences(line)
        first = parts[0]
        if len(first) < 30 and len(parts) > 1 and len(first) + len(parts[1]) < 100:
            first = f"{first} {parts[1]}"
        return clean_line(first, 110 if len(first) <= 110 else _MADE_TITLE)
    if draft.picture:
        return clean_line(f"Photo: {draft.picture}", 110)
    words = re.sub(r"^.*/", "", link.split("?", 1)[0].rstrip("/"))
    words = re.sub(r"\.\w{2,5}$", "", words)
    readable = re.sub(r"[-_+]+|%20", " ", words).strip()
    if readable.count(" ") >= 2 and not re.search(r"\d{5,}|[0-9a-f]{12,}", readable):
        return clean_line(readable[:1].upper() + readable[1:], 110)
    return clean_line(re.sub(r"^https?://(?:www\.)?", "", link) or text, 110)


def opening_of(entry: Entry, lang: str, others: list[str]) -> str:
    """From the summary if it says enough and isn't the title again, else from the text; without what `others`, the
    texts of other entries, say too."""
    title = "" if entry.made else entry.title
    end = {name: " …" if name in entry.cut else "" for name in ("summary", "body")}

    def told(html: str, name: str) -> str:
        prose = its_own(prose_text(without_footer(html, entry.link)), lang, others)
        opening = lead(prose + end[name], title, lang=lang)
        return opening if count_words(opening) >= _LEAST_REST else ""

    opening = told(entry.summary, "summary") if entry.summary else ""
    if len(opening) < _LEAST_SUMMARY:
        opening = max(opening, told(entry.body, "body"), key=len)
    if entry.made and opening.startswith(entry.title.rstrip("…")) and not entry.title.endswith("…"):
        rest = opening[len(entry.title) :].strip()
        return rest if count_words(rest) >= _LEAST_REST else ""
    return opening


_CLOCK = r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)"
_TITLE_LENGTH = re.compile(rf"[(\[]\s*{_CLOCK}\s*(?:min(?:utes?|uten)?)?\s*[)\]]\s*$")
_TOLD_LENGTH = re.compile(
    rf"\b(?:running time|run ?time|duration|length|länge|dauer|laufzeit|spieldauer|durée|duración|durata)\W{{1,3}}"
    rf"(?:{_CLOCK}|(\d{{1,3}})\s?min)|\b(\d{{1,3}})[- ](?:minutes?|min)[- ](?:long )?(?:audio |video )?(?:podcast|interview|episode|"
    r"conversation|video|recording|talk|show)\b",
    re.IGNORECASE,
)
_FIRST_WORDS = 400  # characters in which a show tells its length


def length_told(title: str, text: str) -> int:
    """The length of a recording in seconds, as its text states; 0 if it doesn't."""
    match = _TITLE_LENGTH.search(title) or _TOLD_LENGTH.search(text[:_FIRST_WORDS])
    if match is None:
        return 0
    hours, minutes, seconds, *whole = (int(part or 0) for part in match.groups())
    return hours * 3600 + (minutes + sum(whole)) * 60 + seconds
