"""Subscriptions as outlines: a whole list for other readers, or new lines laid out as their neighbours in a list are."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from newsfeed.model import Folder, Subscription, SubscriptionList
from newsfeed.opml.attributes import address, option
from newsfeed.opml.coding import ILLEGAL
from newsfeed.opml.list_reading import categories
from newsfeed.opml.scan import Outline, ScannedList, descendants, is_name

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_ESCAPED = re.compile(r'[&<>"\t\n\r]')
_FEED_TYPES = {"", "rss", "atom", "feed", "rdf"}


@dataclass
class Branch:
    """A folder to be written: its name, its other attributes, the outlines and folders in it, in their order."""

    name: str = ""
    pairs: list[tuple[str, str]] = field(default_factory=list)
    entries: list[str | Branch] = field(default_factory=list)
    folders: dict[str, Branch] = field(default_factory=dict)

    def at(self, path: Iterable[str]) -> Branch:
        """The folder at `path` below this one, made where it is missing. Upper and lower case are one."""
        here = self
        for name in path:
            found = here.folders.get(name.casefold())
            if not found:
                found = here.folders[name.casefold()] = Branch(name)
                here.entries.append(found)
            here = found
        return here

    def lines(self, end: str = "/>", level: int = 0) -> Iterator[tuple[int, str]]:
        """Level and text of each line of what is in this folder."""
        for entry in self.entries:
            if isinstance(entry, str):
                yield level, entry
            elif not entry.entries:
                yield level, f"<outline{written([('text', entry.name), *entry.pairs])}{end}"
            else:
                yield level, f"<outline{written([('text', entry.name), *entry.pairs])}>"
                yield from entry.lines(end, level + 1)
                yield level, "</outline>"


def write(subscriptions: SubscriptionList) -> bytes:
    """The list as OPML 2.0 in UTF-8, for other readers: feeds in their folders, with all their attributes.

    A feed that is listed in several folders stays in each, and an empty folder stays.

    Attributes that readers don't know are kept; a prefix that nobody declared becomes part of the name.
    """
    declared = {p: uri for p, uri in subscriptions.namespaces.items() if is_name(p) and uri}
    top = Branch()
    listed: list[Folder | Subscription] = [*subscriptions.folders]
    listed += [*subscriptions.subscriptions, *subscriptions.doubles]
    for entry in sorted(listed, key=lambda entry: entry.line):
        if isinstance(entry, Folder):
            top.at(entry.path).pairs = folder_attributes(entry, declared, declared)
            continue
        pairs = attributes(entry, declared, declared)
        if not any(name == "title" for name, _ in pairs):
            pairs.insert(1, ("title", pairs[0][1]))  # newsboat and others read `title` alone
        if not any(name == "type" for name, _ in pairs):
            pairs.insert(0, ("type", "rss"))
        top.at(entry.folders).entries.append(f"<outline{written(pairs)}/>")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(
        f"<opml{written([('version', '2.0'), *((f'xmlns:{p}', uri) for p, uri in declared.items())])}>"
    )
    title = escape(subscriptions.title or "Subscriptions")
    lines += ["  <head>", f"    <title>{title}</title>", "  </head>", "  <body>"]
    lines += ["    " + "  " * level + text for level, text in top.lines()]
    lines += ["  </body>", "</opml>", ""]
    return "\n".join(lines).encode()


def attributes(
    subscription: Subscription, source: Mapping[str, str], target: dict[str, str]
) -> list[tuple[str, str]]:
    """Names and values of a subscription's outline, the common ones first.

    `source` are the prefixes declared where it comes from, `target` those where it goes; a prefix that is missing
    there is added to `target`, one that means something else there is declared on the outline itself.
    """
    pairs = [("text", subscription.title or subscription.url)]
    rest = dict(subscription.attributes)
    if "title" in rest:
        pairs.append(("title", rest.pop("title")))
    if subscription.kind:
        pairs.append(("type", subscription.kind))
    # What has no feed of its own gets no xmlUrl: other readers would try to read the page as one.
    if subscription.kind.lower() in _FEED_TYPES or subscription.url != subscription.html_url:
        pairs.append(("xmlUrl", subscription.url))
    if subscription.html_url:
        pairs.append(("htmlUrl", subscription.html_url))
    category = next((name for name in rest if name.lower() == "category"), "")
    if category and categories(rest[category]) == subscription.categories:
        pairs.append(("category", rest.pop(category)))
    elif subscription.categories:
        rest.pop(category, None)
        pairs.append(("category", ",".join(subscription.categories)))
    options = dict(subscription.options)
    # An option keeps another prefix than ours where that is declared.
    foreign = {
        option(name): name for name in rest if name.partition(":")[0] in source and option(name) in options
    }
    pairs += [(f"newsfeed-{name}", value) for name, value in options.items() if name not in foreign]
    prefixed = [(name, value) for name, value in rest.items() if option(name) not in options]
    prefixed += [(name, options[chosen]) for chosen, name in foreign.items()]
    local = {name[6:]: value for name, value in rest.items() if name.startswith("xmlns:")}
    for name, value in prefixed:
        for more, of_it in _declared(name, value, local, source, target):
            if more not in {known for known, _ in pairs} and is_name(more):
                pairs.append((more, of_it))
    return pairs


def folder_attributes(
    folder: Folder, source: Mapping[str, str], target: dict[str, str]
) -> list[tuple[str, str]]:
    """Names and values of a folder's outline but its name; `source` and `target` as for `attributes`."""
    local = {name[6:]: value for name, value in folder.attributes.items() if name.startswith("xmlns:")}
    pairs: list[tuple[str, str]] = []
    for name, value in folder.attributes.items():
        for more, of_it in _declared(name, value, local, source, target):
            if more not in {known for known, _ in pairs} | {"text"} and is_name(more):
                pairs.append((more, of_it))
    return pairs


def _declared(
    name: str, value: str, local: Mapping[str, str], source: Mapping[str, str], target: dict[str, str]
) -> Iterator[tuple[str, str]]:
    prefix, colon, plain = name.partition(":")
    if colon and prefix not in {"xml", "xmlns"} and prefix not in local:
        uri = source.get(prefix)
        if not uri:
            name = f"{prefix}-{plain}"
        elif target.setdefault(prefix, uri) != uri:
            yield f"xmlns:{prefix}", uri
    yield name, value


def written(pairs: Iterable[tuple[str, str]]) -> str:
    """Attributes as they stand in a tag, each with a space before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs)


def escape(value: str) -> str:
    """`value` as it stands between quotes or tags; what XML forbids is left out."""
    return _ESCAPED.sub(lambda m: _ESCAPES[m[0]], ILLEGAL.sub("", value))


_TRAIL = re.compile(r"(?:[ \t]*<!--[^\r\n]*?-->)*[ \t]*(?=[\r\n]|\Z)")
_TAG_NAME = re.compile(r"<([^\s/>]+)")
_LINE_END = re.compile(r"\r\n|\r|\n")
_BREAK = "\ud800"  # where a line of a moved outline breaks; no decoded text holds one


class ListLayout:
    """How one list is laid out (indentation, line ends, one outline a line or all in one). Positions are offsets of its text."""

    def __init__(self, document: ScannedList) -> None:
        self.document = document
        self.text = document.text
        ends = Counter(_LINE_END.findall(self.text))
        # A list in one line stays in one line
        self.line_end = max(ends, key=lambda end: ends[end], default="")
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
