"""How a list is laid out (indentation, line ends, one outline a line or all in one), and how to go on like that."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

from .addresses import address
from .scan import Document, Outline, descendants
from .writing import Branch, written

_TRAIL = re.compile(r"(?:[ \t]*<!--[^\r\n]*?-->)*[ \t]*(?=[\r\n]|\Z)")
_TAG_NAME = re.compile(r"<([^\s/>]+)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BREAK = "\ud800"  # where a line of a moved outline breaks; no decoded text holds one


class Layout:
    """The manners of one list. Positions are offsets of its text."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        ends = Counter(_LINE_END.findall(self.text))
        self.line_end = max(
            ends, key=lambda end: ends[end], default=""
        )  # a list in one line stays in one line
        self.unit = self._unit() if self.line_end else ""
        feed = next((o for o in reversed(document.outlines) if o.empty), None)
        spaced = feed is not None and self.text[feed.open_end - 4 : feed.open_end] in {'" />', "' />"}
        self.closing = " />" if spaced else "/>"

    def _unit(self) -> str:
        for outline in self.document.outlines:
            around = outline.parent or self.host(None)
            if around and self.begins_line(outline.start) and self.begins_line(around.start):
                inner, outer = self.indent(outline.start), self.indent(around.start)
                if inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "  "

    def host(self, folder: Outline | None) -> Outline | None:
        """The element that holds what is in `folder`; for the list itself its body."""
        return folder or self.document.first("body") or self.document.first("opml")

    def line_start(self, at: int) -> int:
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def indent(self, at: int) -> str:
        """The white space that the line of `at` begins with."""
        start = self.line_start(at)
        line = self.text[start:at]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def begins_line(self, at: int) -> bool:
        return not self.text[self.line_start(at) : at].strip(" \t")

    def behind(self, end: int) -> int:
        """The end of a line's outline with the comments behind it, if nothing else follows on its line."""
        trail = _TRAIL.match(self.text, end)
        return end + len(trail[0].rstrip(" \t")) if trail else end

    def whole_line(self, start: int, end: int) -> tuple[int, int]:
        """What to cut out with the element from `start` to `end`: its whole line if it stands there alone."""
        trail = _TRAIL.match(self.text, end)
        if not trail or not self.begins_line(start):
            return start, end
        line_end = _LINE_END.match(self.text, trail.end())
        return self.line_start(start), line_end.end() if line_end else trail.end()

    def taken_out(self, outline: Outline) -> str:
        """The text of an outline to be put elsewhere; where its lines break between attributes, they break anew."""
        alone = self.begins_line(outline.start)
        end = self.behind(outline.end) if alone else outline.end
        values = sorted((a.value_start, a.value_end) for o in descendants(outline) for a in o.attributes)
        indent = self.indent(outline.start)
        pieces, position = [], outline.start
        for found in _LINE_END.finditer(self.text, outline.start, end):
            before = bisect_right(values, (found.start(), end)) - 1
            if before >= 0 and found.start() < values[before][1]:
                continue  # inside a value, where every space counts
            pieces += [self.text[position : found.start()], _BREAK]
            position = found.end()
            if self.text.startswith(indent, position, end):
                position += len(indent)
        return "".join([*pieces, self.text[position:end]])

    def outline(self, folder: Outline | None, pairs: list[tuple[str, str]]) -> str:
        """The tag of a new outline in `folder`; it names its type where its neighbours do."""
        near = [o for o in self.children(folder) if address(o)]
        neighbours = near or [o for o in self.document.outlines if address(o)]
        typed = any(a.name == "type" for o in neighbours[-3:] for a in o.attributes)
        if typed and not any(name == "type" for name, _ in pairs):
            pairs = [("type", "rss"), *pairs]
        return f"<outline{written(pairs)}{self.closing}"

    def children(self, folder: Outline | None) -> list[Outline]:
        return folder.children if folder else [o for o in self.document.outlines if not o.parent]

    def insertion(self, folder: Outline | None, branch: Branch) -> tuple[int, int, str]:
        """Where to put what `branch` holds (start, end of what it replaces) and the text to put there."""
        host, children = self.host(folder), self.children(folder)
        if children:
            last = children[-1]
            at = self.behind(last.end)
            text = self._block(branch, self.indent(last.start))
            closes = host is not None and at == host.close_start
            return at, at, text + (self._new_line(host) if closes else "")
        assert host  # a list without any outline has a root, else it would not have been read
        inner = self.indent(host.start) + self.unit
        if host.name == "opml":
            # There is no body yet.
            lines = [
                (0, "<body>"),
                *((level + 1, line) for level, line in branch.lines(self.closing)),
                (0, "</body>"),
            ]
            text = self._lines(lines, inner)
        else:
            text = self._block(branch, inner)
        if host.empty:
            tag = self.text[host.start : host.open_end]
            name = _TAG_NAME.match(tag)
            at = host.open_end - (len(tag) - len(tag[:-2].rstrip()))
            return at, host.open_end, f">{text}{self._new_line(host)}</{name[1] if name else host.name}>"
        content = self.text[host.open_end : host.close_start]
        at = host.open_end + len(content.rstrip())
        if _LINE_END.search(self.text, at, host.close_start) or not self.line_end:
            return at, at, text
        return at, host.close_start, text + self._new_line(host)

    def _new_line(self, host: Outline | None) -> str:
        return self.line_end + (self.indent(host.start) if host and self.line_end else "")

    def _block(self, branch: Branch, indent: str) -> str:
        return self._lines(list(branch.lines(self.closing)), indent)

    def _lines(self, lines: list[tuple[int, str]], indent: str) -> str:
        if not self.line_end:
            return "".join(text for _, text in lines)
        made = []
        for level, text in lines:
            before = self.line_end + indent + self.unit * level
            made.append(before + text.replace(_BREAK, before))
        return "".join(made)
