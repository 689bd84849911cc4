"""A scanner for OPML that notes where everything is, so that a list can be edited in place.

It reads well-formed XML as an XML parser would, and goes on where one would stop: at a bare `&`, a raw `<`, a stray
quote in an attribute, a tag that never ends. It notes each such place as a `Damage`. It expands the five entities of
XML, character references and HTML's names, but nothing that a document declares; it opens no file or address, and its
time is linear in the length of the text. Offsets count characters of the text.

`scan` walks from `<` to `<`. A tag that XML allows is read by two patterns (`_START`, `_ATTRIBUTE`); any other is read
attribute by attribute (`_Scanner.broken_tag`), at most up to the next landmark: a tag of outline, body or opml, where
reading can go on whatever came before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from newsfeed.lazy import expression
from newsfeed.opml.coding import resolve

# Bounds for hostile lists: far above any list of a person, and small enough to be scanned in a second.
MAX_OUTLINES, MAX_DEPTH = 10_000, 50
MAX_TAGS = 100_000  # of any kind, comments too
MAX_ATTRIBUTES = 64  # of one tag
MAX_DAMAGES = 10_000  # places
MAX_BROKEN = 50_000  # characters of a broken tag in which its end is looked for
MAX_DOCTYPE = 100_000  # characters in which its end is looked for

END = -1  # instead of an offset: there is nothing after it

# -- patterns of well-formed markup
# A negated class of what can't begin a name compiles ten times as fast as one of all that can.
_NAME = r"[^\x00-9;-@\[-\^`{-\xb6][\w:.\-\u00b7]*+"
_ATTRIBUTE_NAME = expression(r"[^\x00-@\[-\^`{-\xbf\ud800-\udfff][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_QUOTED = r"""(?:"[^<"]*+"|'[^<']*+')"""
_START = expression(rf"<({_NAME})((?:[ \t\r\n]++{_NAME}[ \t\r\n]*+=[ \t\r\n]*+{_QUOTED})*+)[ \t\r\n]*+(/?)>")
_ATTRIBUTE = expression(rf"[ \t\r\n]++({_NAME})[ \t\r\n]*+=[ \t\r\n]*+({_QUOTED})")
_END = expression(rf"</({_NAME})[^<>]*+>")
_OPENING = expression(rf"<({_NAME})")
_DOCTYPE_PART = expression(r"""["'\[\]>]|<!--""")
_LINE_END = expression(r"\r\n|\r|\n")

# -- patterns of broken markup
_LANDMARK = expression(r"</?(?:[\w.-]{1,40}:)?(?:outline|body|opml)(?=[\s/>])", re.IGNORECASE)
_LENIENT_NAME = expression(r"""[^\s=/>"'<]{1,200}""")
_EQUALS = expression(r"\s*+=\s*+")
_UNQUOTED = expression(r"[^\s>]*+")
# A tag is followed by another one or the end of the text, because outlines contain no text.
_FOLLOWING = r"\s*+(?:<(?:!--|/?(?:[\w.-]{1,40}:)?(?:outline|body|opml)(?=[\s/>]))|\Z)"
_TAG_END = expression(rf"/?>(?={_FOLLOWING})", re.IGNORECASE)
# The quote that closes a value is followed by the end of the tag or by another attribute.
_CLOSING = {
    q: expression(rf"{q}(?=\s*+/?>{_FOLLOWING}|\s*+[\w:.-]+\s*+=\s*+[\"'])", re.IGNORECASE)
    for q in ('"', "'")
}
# An attribute that a value without a closing quote has swallowed.
_SWALLOWED = expression(
    r"""\s(?:text|title|type|description|category|version|language|\w*url|newsfeed-[\w-]+|br:[\w-]+)\s*+=\s*+["']""",
    re.IGNORECASE,
)


class Attribute(NamedTuple):
    """One attribute: its name, its value as meant, and the offsets of its name, of its value (inside the quotes), and of
    its end."""

    name: str
    value: str
    start: int
    value_start: int
    value_end: int
    end: int
    quote: str


class Damage(NamedTuple):
    """A place where the text isn't XML. A `structural` one makes it unclear which outline is inside which."""

    kind: str
    offset: int
    structural: bool = False


@dataclass(eq=False)
class Outline:
    """One element that matters: an outline, or the `opml`, `head` or `body` around it."""

    name: str
    start: int
    open_end: int  # after its start tag
    attributes: tuple[Attribute, ...]
    parent: Outline | None
    depth: int  # outlines around it
    close_start: int = -1  # of its end tag; equal to `end` if it closes itself
    end: int = -1
    empty: bool = False  # <outline/>
    children: list[Outline] = field(default_factory=list)


@dataclass
class ScannedList:
    """All outlines of a text in order, and what is wrong with the text."""

    text: str
    roots: list[Outline] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    title: str = ""
    root_name: str = ""
    damages: list[Damage] = field(default_factory=list)
    cut: int = -1  # where the text ends too early; -1 if it is complete
    beyond: str = ""  # the limit that stopped the scan, in words
    _lines: list[int] = field(default_factory=list)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        if not self._lines:
            self._lines = [0, *(m.end() for m in _LINE_END.finditer(self.text))]
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def line(self, offset: int) -> int:
        """The line of an offset, counted from 1."""
        return self.place(offset)[0]

    def first(self, name: str) -> Outline | None:
        """The first `opml`, `head` or `body`."""
        return next((e for e in self.roots if e.name == name), None)


def descendants(outline: Outline) -> Iterator[Outline]:
    """The outline and all those in it."""
    waiting = [outline]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += here.children


def is_name(name: str) -> bool:
    """Whether XML allows `name` for an attribute, with a prefix or without."""
    return bool(_ATTRIBUTE_NAME.fullmatch(name))


def scan(text: str) -> ScannedList:
    """Find every outline of `text`."""
    return _Scanner(text).run()


class _Scanner:
    """One walk over a text. Methods that read something take the offset where it begins and give the one where it ends;
    END if the rest of the text belongs to it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = ScannedList(text)
        self.stack: list[tuple[str, Outline | None]] = []  # the open tags; None for those that don't matter
        self.open: Counter[str] = Counter()  # how many of each name are open
        self.around: list[Outline] = []  # the open outlines
        self.tags = 0
        self.landmark_at = -1

    def run(self) -> ScannedList:
        """Walk from tag to tag, then close what is still open."""
        text, position = self.text, 0
        while not self.found.beyond:
            at = text.find("<", position)
            self.check(position, at if at >= 0 else len(text))
            if at < 0:
                break
            position = self.markup(at)
            if position == END:
                break
        if self.found.cut < 0 and any(outline is not None for _, outline in self.stack):
            self.cut(len(text.rstrip()), "ends early")
        while self.stack:
            self.close(len(text), len(text))
        return self.found

    # -- what is noted

    def damage(self, kind: str, offset: int, *, structural: bool = False) -> None:
        """Note that the text isn't XML there."""
        self.found.damages.append(Damage(kind, offset, structural))
        if len(self.found.damages) > MAX_DAMAGES:
            self.found.beyond = f"is damaged in more than {MAX_DAMAGES:,} places"

    def cut(self, at: int, kind: str) -> None:
        """Note that the text ends in the middle of something that begins at `at`."""
        self.found.cut = at
        self.damage(kind, at, structural=True)

    def resolve(self, start: int, end: int) -> str:
        """The text between two offsets as meant; what is wrong with it is noted."""
        value, damages = resolve(self.text[start:end])
        for kind, offset in damages.items():
            self.damage(kind, start + offset)
        return value

    def check(self, start: int, end: int) -> None:
        """Note what is wrong with the text between two tags; nothing else is needed of it."""
        if self.text.find("&", start, end) >= 0:
            self.resolve(start, end)

    # -- markup

    def markup(self, at: int) -> int:
        """Read whatever begins with the `<` at `at`."""
        text = self.text
        self.tags += 1
        if self.tags > MAX_TAGS:
            self.found.beyond = f"holds more than {MAX_TAGS:,} tags"
            return END
        if text.startswith("<!--", at):
            return self.past("-->", at, 4, "comment")
        if text.startswith("<![CDATA[", at):
            return self.past("]]>", at, 9, "CDATA section")
        if text.startswith("<?", at):
            return self.past("?>", at, 2, "instruction")
        if text.startswith("<!", at):
            return self.doctype(at)
        if text.startswith("</", at):
            return self.end_tag(at)
        if tag := _START.match(text, at):
            matches = islice(_ATTRIBUTE.finditer(text, tag.start(2), tag.end(2)), MAX_ATTRIBUTES + 1)
            attributes = tuple(self.attribute(m) for m in matches)
            self.element(tag[1], at, tag.end(), attributes, empty=bool(tag[3]))
            return tag.end()
        if opening := _OPENING.match(text, at):
            return self.broken_tag(opening)
        self.damage("bare <", at)
        return at + 1

    def past(self, closing: str, at: int, skip: int, what: str) -> int:
        """Skip what begins at `at` with `skip` characters and ends with `closing`."""
        end = self.text.find(closing, at + skip)
        if end >= 0:
            return end + len(closing)
        self.cut(at, f"{what} not closed")
        return END

    def doctype(self, at: int) -> int:
        """Skip a document type, with the quotes, brackets and comments in it."""
        text, position, depth, quote = self.text, at + 2, 0, ""
        limit = at + MAX_DOCTYPE if self.found.root_name == "" else at
        while True:
            if quote:
                position = text.find(quote, position, limit) + 1
                quote = ""
                if position == 0:
                    break
            part = _DOCTYPE_PART.search(text, position, limit)
            if not part:
                break
            position = part.end()
            sign = part[0]
            if sign == "<!--":
                position = text.find("-->", position, limit) + 3
                if position == 2:
                    break
            elif sign in "\"'":
                quote = sign
            elif sign == "[":
                depth += 1
            elif sign == "]":
                depth -= 1
            elif depth <= 0:
                if text.find("<!ENTITY", at, position) >= 0:
                    self.damage("entities declared", at)
                return position
        # It has no end, or is where none may be.
        self.damage("document type not closed", at)
        self.found.root_name = self.found.root_name or "!doctype"
        return self.landmark(at + 2)

    def landmark(self, at: int) -> int:
        """Where the next tag of a list begins, or the text ends."""
        if self.landmark_at < at:
            tag = _LANDMARK.search(self.text, at)
            self.landmark_at = tag.start() if tag else len(self.text)
        return self.landmark_at

    # -- tags

    def element(
        self, name: str, start: int, end: int, attributes: tuple[Attribute, ...], *, empty: bool
    ) -> None:
        """Take in a start tag, or (`empty`) a tag that closes itself."""
        local = _local(name)
        found = self.found
        if found.root_name in {"", "!doctype"}:
            found.root_name = local
        if len(attributes) > MAX_ATTRIBUTES:
            found.beyond = f"has a tag with more than {MAX_ATTRIBUTES} attributes"
            return
        if len({a.name for a in attributes}) < len(attributes):
            self.damage("attribute given twice", start)
        made: Outline | None = None
        if local == "outline":
            if len(found.outlines) >= MAX_OUTLINES:
                found.beyond = f"holds more than {MAX_OUTLINES:,} outlines"
                return
            parent = self.around[-1] if self.around else None
            made = Outline(local, start, end, attributes, parent, len(self.around))
            found.outlines.append(made)
            if parent:
                parent.children.append(made)
        elif local in {"opml", "head", "body"}:
            made = Outline(local, start, end, attributes, None, 0)
            found.roots.append(made)
        elif local == "title" and not found.title and not empty and not self.around:
            found.title = self.title(end)
        if empty:
            if made:
                made.close_start = made.end = end
                made.empty = True
            return
        self.stack.append((local, made))
        self.open[local] += 1
        if local == "outline" and made:
            self.around.append(made)

    def end_tag(self, at: int) -> int:
        """Read an end tag and close its element, with those inside it whose end tags are missing."""
        tag = _END.match(self.text, at)
        if not tag:
            following = self.text.find("<", at + 1)
            bracket = self.text.find(">", at, following if following >= 0 else len(self.text))
            if bracket < 0 and following < 0:
                self.cut(at, "tag not closed")
                return END
            self.damage("end tag not readable", at, structural=True)
            return bracket + 1 if bracket >= 0 else following
        local = _local(tag[1])
        if not self.open[local]:
            self.damage("end tag without a start", at, structural=True)
            return tag.end()
        while self.stack[-1][0] != local:
            missing = self.stack[-1][1]
            self.damage("end tag missing", missing.start if missing else at, structural=True)
            self.close(at, at)
        self.close(at, tag.end())
        return tag.end()

    def close(self, start: int, end: int) -> None:
        """Close the innermost open element, with an end tag between two offsets."""
        local, outline = self.stack.pop()
        self.open[local] -= 1
        if outline:
            outline.close_start, outline.end = start, end
            if local == "outline":
                self.around.pop()

    def title(self, start: int) -> str:
        """The text of the title whose start tag ends at `start`."""
        if self.text.startswith("<![CDATA[", start):
            end = self.text.find("]]>", start)
            return self.text[start + 9 : end] if end >= 0 else ""
        end = self.text.find("<", start)
        # What is wrong with it is noted when the walk gets there.
        return resolve(self.text[start:end])[0] if end >= 0 else ""

    def attribute(self, match: re.Match[str]) -> Attribute:
        """A well-formed attribute."""
        start, end = match.span(2)
        value = self.resolve(start + 1, end - 1)
        return Attribute(match[1], value, match.start(1), start + 1, end - 1, end, self.text[start])

    # -- tags that no XML parser would accept

    def broken_tag(self, opening: re.Match[str]) -> int:
        """Read a tag sign by sign, with whatever can be understood of its attributes."""
        text, at = self.text, opening.start()
        bound = min(self.landmark(opening.end()), at + MAX_BROKEN)
        attributes: list[Attribute] = []
        position, bracket_end = opening.end(), -1  # the latter: after the last `>` that seemed stray
        while position < bound and len(attributes) <= MAX_ATTRIBUTES:
            sign = text[position]
            if sign.isspace():
                position += 1
            elif _TAG_END.match(text, position) or (sign == ">" and not opening[1].endswith("outline")):
                end = position + (2 if sign == "/" else 1)
                self.element(opening[1], at, end, tuple(attributes), empty=sign == "/")
                return end
            elif name := _LENIENT_NAME.match(text, position):
                equals = _EQUALS.match(text, name.end())
                if equals and equals.end() < bound:
                    position = self.lenient_value(name, equals.end(), bound, attributes)
                    if position == END:
                        break
                else:
                    self.damage("attribute without a value", position)
                    position = name.end()
            else:
                bracket_end = position + 1 if sign == ">" else bracket_end
                self.damage("stray sign in a tag", position)
                position += 1
        if len(attributes) > MAX_ATTRIBUTES:
            self.element(opening[1], at, at, tuple(attributes), empty=True)  # says that there are too many
            return END
        if bracket_end > 0 and bound < len(text):
            empty = text[bracket_end - 2] == "/"
            self.element(opening[1], at, bracket_end, tuple(attributes), empty=empty)
            return bracket_end
        if bound == len(text):
            self.cut(at, "tag not closed")
            return END
        self.damage("tag not readable", at, structural=True)
        return bound

    def lenient_value(self, name: re.Match[str], start: int, bound: int, into: list[Attribute]) -> int:
        """Read the value of a broken tag's attribute; END if it can't be said where it ends."""
        text, quote = self.text, self.text[start]
        if quote not in "\"'":
            unquoted = _UNQUOTED.match(text, start, bound)
            end = unquoted.end() if unquoted else start
            if text[end - 1 : end + 1] == "/>":
                end -= 1
            self.damage("value without quotes", start)
            into.append(Attribute(name[0], self.resolve(start, end), name.start(), start, end, end, ""))
            return end
        inside = start + 1
        if closing := _CLOSING[quote].search(text, inside, bound):
            end, after = closing.start(), closing.end()
        else:
            # The quote never closes: the value ends with the tag.
            end = text.rfind(">", inside, bound)
            if end < 0:
                return END
            after = end = end - 1 if text[end - 1] == "/" else end
            self.damage("quote not closed", start, structural=True)
        swallowed = _SWALLOWED.search(text, inside, end + 1)
        if swallowed and swallowed.start() > start:
            after = end = swallowed.start()
            self.damage("quote not closed", start, structural=True)
        elif text.find(quote, inside, end) >= 0:
            self.damage("quote inside a value", start)
        if (less := text.find("<", inside, end)) >= 0:
            self.damage("bare <", less)
        into.append(Attribute(name[0], self.resolve(inside, end), name.start(), inside, end, after, quote))
        return after


def _local(name: str) -> str:
    """A tag's name without its prefix."""
    return name.rpartition(":")[2].lower()
