"""Subscriptions as outlines: one a line, in their folders, readable by every other reader."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from newsfeed.model import Folder, Subscription, SubscriptionList

from .addresses import option
from .reading import categories
from .scan import is_name

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
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
    return _ESCAPED.sub(lambda m: _ESCAPES[m[0]], _ILLEGAL.sub("", value))
