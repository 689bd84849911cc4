"""A scanner for OPML that knows where everything stands.

It reads well-formed XML as an XML parser would, and goes on where one would stop: at a bare `&`, a raw `<` or a
stray quote in an attribute, a tag that never ends. Each such place is noted as `Damage`. It expands the five
entities of XML, character references and the names of HTML, nothing that a document declares; it opens nothing,
and its time grows in line with the length of the text. Offsets count characters of the text that it was given.
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

# A class that names what does not begin a name is compiled ten times as fast as one that names all that does.
_NAME = r"[^\x00-9;-@\[-\^`{-\xb6][\w:.\-\u00b7]*+"
_ATTRIBUTE_NAME = expression(r"[^\x00-@\[-\^`{-\xbf\ud800-\udfff][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_QUOTED = r"""(?:"[^<"]*+"|'[^<']*+')"""
_START = expression(rf"<({_NAME})((?:[ \t\r\n]++{_NAME}[ \t\r\n]*+=[ \t\r\n]*+{_QUOTED})*+)[ \t\r\n]*+(/?)>")
_ATTRIBUTE = expression(rf"[ \t\r\n]++({_NAME})[ \t\r\n]*+=[ \t\r\n]*+({_QUOTED})")
_END = expression(rf"</({_NAME})[^<>]*+>")
_OPENING = expression(rf"<({_NAME})")
# Where reading can be taken up again after a tag that makes no sense.
_LANDMARK = expression(r"</?(?:[\w.-]{1,40}:)?(?:outline|body|opml)(?=[\s/>])", re.IGNORECASE)
_LENIENT_NAME = expression(r"""[^\s=/>"'<]{1,200}""")
_EQUALS = expression(r"\s*+=\s*+")
# What follows a tag in a list: outlines have no text in them.
_FOLLOWING = r"\s*+(?:<(?:!--|/?(?:[\w.-]{1,40}:)?(?:outline|body|opml)(?=[\s/>]))|\Z)"
_TAG_END = expression(rf"/?>(?={_FOLLOWING})", re.IGNORECASE)
# The quote that ends a value is followed by the end of the tag or by another attribute.
_CLOSING = {
    q: expression(rf"{q}(?=\s*+/?>{_FOLLOWING}|\s*+[\w:.-]+\s*+=\s*+[\"'])", re.IGNORECASE)
    for q in ('"', "'")
}
_SWALLOWED = expression(
    r"""\s(?:text|title|type|description|category|version|language|\w*url|newsfeed-[\w-]+|br:[\w-]+)\s*+=\s*+["']""",
    re.IGNORECASE,
)
_DOCTYPE_PART = expression(r"""["'\[\]>]|<!--""")
_LINE_END = expression(r"\r\n|\r|\n")


class Attribute(NamedTuple):
    """One attribute: its name and value as meant, and where its name, its value (inside the quotes) and it end."""

    name: str
    value: str
    start: int
    value_start: int
    value_end: int
    end: int
    quote: str


class Damage(NamedTuple):
    """A place where the text isn't XML. While a `structural` one stands, nobody can say which outline lies in which."""

    kind: str
    offset: int
    structural: bool = False


@dataclass(eq=False)
class Outline:
    """One element that matters: an outline, or the `opml`, `head` or `body` around it."""

    name: str
    start: int
    open_end: int  # behind its start tag
    attributes: tuple[Attribute, ...]
    parent: Outline | None
    depth: int  # outlines around it
    close_start: int = -1  # of its end tag; equal to `end` where it closes itself
    end: int = -1
    empty: bool = False  # <outline/>
    children: list[Outline] = field(default_factory=list)


@dataclass
class ScannedList:
    """All outlines of a text in their order, and what is wrong with it."""

    text: str
    roots: list[Outline] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    title: str = ""
    root_name: str = ""
    damages: list[Damage] = field(default_factory=list)
    cut: int = -1  # where the text ends too early, -1 where it is whole
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
    """Whether XML would take `name` for an attribute, with a prefix or without."""
    return bool(_ATTRIBUTE_NAME.fullmatch(name))


def scan(text: str) -> ScannedList:
    """Find every outline of `text`."""
    return _Scan(text).run()


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.document = ScannedList(text)
        self.stack: list[tuple[str, Outline | None]] = []
        self.open: Counter[str] = Counter()
        self.around: list[Outline] = []  # the open outlines
        self.tags = 0
        self.next_landmark = -1

    def damage(self, kind: str, offset: int, *, structural: bool = False) -> None:
        self.document.damages.append(Damage(kind, offset, structural))
        if len(self.document.damages) > MAX_DAMAGES:
            self.document.beyond = f"is damaged in more than {MAX_DAMAGES:,} places"

    def run(self) -> ScannedList:
        text, position = self.text, 0
        while not self.document.beyond:
            at = text.find("<", position)
            self.characters(position, at if at >= 0 else len(text))
            if at < 0:
                break
            position = self.markup(at)
            if position < 0:
                break
        if self.document.cut < 0 and any(e is not None for _, e in self.stack):
            self.document.cut = len(text.rstrip())
            self.damage("ends early", self.document.cut, structural=True)
        while self.stack:
            self.close(len(text), len(text))
        return self.document

    def characters(self, start: int, end: int) -> None:
        if self.text.find("&", start, end) >= 0:
            self.resolve(start, end)

    def markup(self, at: int) -> int:
        """Read what begins with the `<` at `at`; return where it ends, -1 where it never does."""
        text = self.text
        self.tags += 1
        if self.tags > MAX_TAGS:
            self.document.beyond = f"holds more than {MAX_TAGS:,} tags"
            return -1
        if text.startswith("<!--", at):
            return self.until("-->", at, 4, "comment")
        if text.startswith("<![CDATA[", at):
            return self.until("]]>", at, 9, "CDATA section")
        if text.startswith("<?", at):
            return self.until("?>", at, 2, "instruction")
        if text.startswith("<!", at):
            return self.doctype(at)
        if text.startswith("</", at):
            return self.end_tag(at)
        found = _START.match(text, at)
        if found:
            matches = islice(_ATTRIBUTE.finditer(text, found.start(2), found.end(2)), MAX_ATTRIBUTES + 1)
            attributes = tuple(self.attribute(m) for m in matches)
            self.element(found[1], at, found.end(), attributes, empty=bool(found[3]))
            return found.end()
        if _OPENING.match(text, at):
            return self.broken_tag(at)
        self.damage("bare <", at)
        return at + 1

    def until(self, closing: str, at: int, skip: int, what: str) -> int:
        end = self.text.find(closing, at + skip)
        if end >= 0:
            return end + len(closing)
        self.cut(at, f"{what} not closed")
        return -1

    def cut(self, at: int, kind: str) -> None:
        self.document.cut = at
        self.damage(kind, at, structural=True)

    def doctype(self, at: int) -> int:
        text, position, depth, quote = self.text, at + 2, 0, ""
        limit = at + MAX_DOCTYPE if self.document.root_name == "" else at
        while True:
            if quote:
                position = text.find(quote, position, limit) + 1
                quote = ""
                if position == 0:
                    break
            found = _DOCTYPE_PART.search(text, position, limit)
            if not found:
                break
            position = found.end()
            sign = found[0]
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
        # It has no end, or stands where none may.
        self.damage("document type not closed", at)
        self.document.root_name = self.document.root_name or "!doctype"
        return self.landmark(at + 2)

    def landmark(self, at: int) -> int:
        """Where the next tag of a list begins, or the text ends."""
        if self.next_landmark < at:
            found = _LANDMARK.search(self.text, at)
            self.next_landmark = found.start() if found else len(self.text)
        return self.next_landmark

    # -- tags

    def element(
        self, name: str, start: int, end: int, attributes: tuple[Attribute, ...], *, empty: bool
    ) -> None:
        local = name.rpartition(":")[2].lower()
        document = self.document
        if document.root_name in {"", "!doctype"}:
            document.root_name = local
        if len(attributes) > MAX_ATTRIBUTES:
            document.beyond = f"has a tag with more than {MAX_ATTRIBUTES} attributes"
            return
        seen = {a.name for a in attributes}
        if len(seen) < len(attributes):
            self.damage("attribute given twice", start)
        made: Outline | None = None
        if local == "outline":
            if len(document.outlines) >= MAX_OUTLINES:
                document.beyond = f"holds more than {MAX_OUTLINES:,} outlines"
                return
            parent = self.around[-1] if self.around else None
            made = Outline(local, start, end, attributes, parent, len(self.around))
            document.outlines.append(made)
            if parent:
                parent.children.append(made)
        elif local in {"opml", "head", "body"}:
            made = Outline(local, start, end, attributes, None, 0)
            document.roots.append(made)
        elif local == "title" and not document.title and not empty and not self.around:
            document.title = self.title(end)
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
        found = _END.match(self.text, at)
        if not found:
            following = self.text.find("<", at + 1)
            bracket = self.text.find(">", at, following if following >= 0 else len(self.text))
            if bracket < 0 and following < 0:
                self.cut(at, "tag not closed")
                return -1
            self.damage("end tag not readable", at, structural=True)
            return bracket + 1 if bracket >= 0 else following
        local = found[1].rpartition(":")[2].lower()
        if not self.open[local]:
            self.damage("end tag without a start", at, structural=True)
            return found.end()
        while self.stack[-1][0] != local:
            missing = self.stack[-1][1]
            self.damage("end tag missing", missing.start if missing else at, structural=True)
            self.close(at, at)
        self.close(at, found.end())
        return found.end()

    def close(self, start: int, end: int) -> None:
        local, made = self.stack.pop()
        self.open[local] -= 1
        if made:
            made.close_start, made.end = start, end
            if local == "outline":
                self.around.pop()

    def title(self, start: int) -> str:
        if self.text.startswith("<![CDATA[", start):
            end = self.text.find("]]>", start)
            return self.text[start + 9 : end] if end >= 0 else ""
        end = self.text.find("<", start)
        # What is wrong in it is noted when the walk comes by.
        return resolve(self.text[start:end])[0] if end >= 0 else ""

    def attribute(self, found: re.Match[str]) -> Attribute:
        start, end = found.span(2)
        value = self.resolve(start + 1, end - 1)
        return Attribute(found[1], value, found.start(1), start + 1, end - 1, end, self.text[start])

    def resolve(self, start: int, end: int) -> str:
        value, damages = resolve(self.text[start:end])
        for kind, offset in damages.items():
            self.damage(kind, start + offset)
        return value

    # -- tags that no XML parser would take

    def broken_tag(self, at: int) -> int:
        text = self.text
        opening = _OPENING.match(text, at)
        assert opening
        bound = min(self.landmark(opening.end()), at + MAX_BROKEN)
        attributes: list[Attribute] = []
        position, last_end = opening.end(), -1
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
                    if position < 0:
                        break
                else:
                    self.damage("attribute without a value", position)
                    position = name.end()
            else:
                last_end = position + 1 if sign == ">" else last_end
                self.damage("stray sign in a tag", position)
                position += 1
        if len(attributes) > MAX_ATTRIBUTES:
            self.element(opening[1], at, at, tuple(attributes), empty=True)
            return -1
        if last_end > 0 and bound < len(text):
            self.element(opening[1], at, last_end, tuple(attributes), empty=text[last_end - 2] == "/")
            return last_end
        if bound == len(text):
            self.cut(at, "tag not closed")
            return -1
        self.damage("tag not readable", at, structural=True)
        return bound

    def lenient_value(self, name: re.Match[str], start: int, bound: int, into: list[Attribute]) -> int:
        text, quote = self.text, self.text[start]
        if quote not in "\"'":
            found = re.compile(r"[^\s>]*+").match(text, start, bound)
            end = found.end() if found else start
            if text[end - 1 : end + 1] == "/>":
                end -= 1
            self.damage("value without quotes", start)
            into.append(Attribute(name[0], self.resolve(start, end), name.start(), start, end, end, ""))
            return end
        inside = start + 1
        found = _CLOSING[quote].search(text, inside, bound)
        if found:
            end, after = found.start(), found.end()
        else:
            # The quote never closes: the value goes on to the end of the tag.
            end = text.rfind(">", inside, bound)
            if end < 0:
                return -1
            after = end = end - 1 if text[end - 1] == "/" else end
            self.damage("quote not closed", start, structural=True)
        swallowed = _SWALLOWED.search(text, inside, end + 1)
        if swallowed and swallowed.start() > start:
            after = end = swallowed.start()
            self.damage("quote not closed", start, structural=True)
        elif text.find(quote, inside, end) >= 0:
            self.damage("quote inside a value", start)
        if text.find("<", inside, end) >= 0:
            self.damage("bare <", text.find("<", inside, end))
        into.append(Attribute(name[0], self.resolve(inside, end), name.start(), inside, end, after, quote))
        return after
