"""A scanned list as subscriptions, what is wrong with the rest in words for its owner, and two readings compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from newsfeed.errors import ListError
from newsfeed.model import Folder, Problem, Subscription, SubscriptionList
from newsfeed.opml.attributes import (
    Refusal,
    accept,
    address,
    is_pointer,
    key,
    named,
    option,
    page,
)
from newsfeed.opml.coding import Coded, decode
from newsfeed.opml.scan import MAX_DEPTH, Outline, ScannedList, is_name, scan
from newsfeed.text import clean_line
from newsfeed.text.outline_options import misspelt, mistake
from newsfeed.text.spoken import language, say, whole

LIST = "feeds.opml"
MAX_BYTES = 5_000_000  # as many outlines as are read, of 500 bytes
_MAX_PROBLEMS = 500  # told one by one; nobody reads more
_PLAIN = {"folder", "group", "text", "outline"}  # types of outlines that hold no feed
_KNOWN = {"text", "title", "type", "xmlurl", "htmlurl"}

# Kind of damage -> what happened, what to do. Each is told once, with the lines where it stands.
_DAMAGES = {
    "bare &": ("A bare “&” was read as it stands", "Write &amp; instead"),
    "bare <": ("A bare “<” was read as it stands", "Write &lt; instead"),
    "name of HTML": ("A name of HTML such as &nbsp; was read as its letter", "Write the letter itself"),
    "unknown entity": ("An entity was left as it stands: none but those of XML are known", "Write what it means"),
    "entities declared": ("Entities are declared, which is ignored", "Delete the <!DOCTYPE …>"),
    "character that XML forbids": ("An invisible sign that XML forbids was left out", "Delete it"),
    "attribute given twice": ("An attribute is given twice; the first counts", "Delete the second"),
    "stray sign in a tag": ("A sign that doesn't belong in a tag was passed over", "Delete it"),
    "attribute without a value": ("An attribute without a value was passed over", "Delete it"),
    "value without quotes": ("A value without quotes was read as far as it goes", "Put quotes around it"),
    "quote not closed": ("A value's closing quote is missing; its end was guessed", "Add the quote"),
    "quote inside a value": ("A quote inside a value was read as it stands", "Write &quot; instead"),
    "document type not closed": ("The <!DOCTYPE …> never ends and was passed over", "Delete it"),
    "tag not readable": ("An outline can't be read and is left out", "Write it anew"),
    "end tag not readable": ("An end tag can't be read and was passed over", "Write </outline>"),
    "end tag without a start": ("An end tag has no start and was passed over", "Delete it"),
    "end tag missing": ("An end tag is missing; where it belongs was guessed", "Add the end tag"),
    "ends early": ("The list ends early: what stood behind may be missing", "Add the missing end of the file"),
    "tag not closed": ("The list ends inside a tag: what stood behind is missing", "Add the missing end of the file"),
    "comment not closed": ("A comment never ends and hides the rest of the list", "End it with -->"),
    "CDATA section not closed": ("A CDATA section never ends and hides the rest of the list", "End it with ]]>"),
    "instruction not closed": ("An instruction never ends and hides the rest of the list", "End it with ?>"),
}  # fmt: skip

# What other documents begin with -> what they are.
_OTHERS = {
    "rss": "a feed, not a list of feeds", "feed": "a feed, not a list of feeds", "rdf": "a feed, not a list of feeds",
    "html": "a web page, not a list of feeds",
}  # fmt: skip


def parse(data: bytes, name: str = LIST) -> SubscriptionList:
    """Read a subscription list: OPML 1.0, 1.1 or 2.0, in any encoding, damaged or not.

    An outline that can't be used costs that outline only. `complete` is False where the text ends early: what is
    missing from such a list was not taken out by its owner.

    Raises:
        ListError: nothing of it can be read, or it is beyond the limits (5 MB, 10,000 outlines, 10,000 damages). `name` is what
            the error calls the list.
    """
    return _parse(data, name, language())


@lru_cache(maxsize=4)  # the list as it stands, asked for again and again
def _parse(data: bytes, name: str, spoken: str) -> SubscriptionList:
    coded, document = open_list(data, name)
    return read(coded, document, name)


def open_list(data: bytes, name: str = LIST) -> tuple[Coded, ScannedList]:
    """Decode and scan a list.

    Raises:
        ListError: it is no list, or too large.
    """
    if len(data) > MAX_BYTES:
        cause = (
            f"it holds {len(data) / 1e6:,.1f} MB, more than a list of feeds may ({MAX_BYTES / 1e6:.0f} MB)"
        )
        raise ListError(name, cause, "Split it into smaller lists.")
    coded = decode(data)
    if not coded.text.strip("\ufeff \t\r\n\0"):
        raise ListError(
            name, "it is empty", 'The least that a list needs is <opml version="2.0"><body/></opml>.'
        )
    document = scan(coded.text)
    if document.beyond:
        raise ListError(name, f"it {document.beyond}", "Split it into smaller lists, or export it anew.")
    if not document.outlines and document.root_name != "opml":
        what = _OTHERS.get(document.root_name, "no list of feeds (OPML)")
        line, column = document.place(len(coded.text) - len(coded.text.lstrip()))
        raise ListError(name, f"it is {what}; line {line}, column {column}: {shown_line(document, 0)}",
                        "Export your subscriptions as OPML and use that file." if "feed," not in what
                        else "Add its address with `newsfeed feeds add`.", line=line, column=column)  # fmt: skip
    return coded, document


def read(coded: Coded, document: ScannedList, name: str = LIST) -> SubscriptionList:
    """The subscriptions of a scanned list."""
    reading = _ListReading(document)
    for outline in document.outlines:
        reading.outline(outline)
    if document.cut >= 0 and not reading.found:
        raise unreadable(document, name)
    problems = [*reading.damages(coded), *reading.problems]
    problems.sort(key=lambda p: p.line)
    if len(problems) > _MAX_PROBLEMS:
        more = Problem(text=f"{len(problems) - _MAX_PROBLEMS:,} more problems are not listed here.")
        problems = [*problems[:_MAX_PROBLEMS], more]
    return SubscriptionList(
        subscriptions=tuple(reading.found.values()),
        doubles=tuple(reading.doubles),
        folders=tuple(reading.folders.values()),
        problems=tuple(problems),
        title=clean_line(document.title),
        namespaces=namespaces(document),
        complete=document.cut < 0,
    )


def cut_off(data: bytes) -> str:
    """Where a list ends too early, with its last line; "" for one that is whole.

    Raises:
        ListError: as `parse`.
    """
    _, document = open_list(data)
    if document.cut < 0:
        return ""
    return unreadable(document, "").cause


def unreadable(document: ScannedList, name: str = LIST) -> ListError:
    """The error for a list that must be fixed first: it names the worst place and shows its line."""
    worst = [d for d in document.damages if d.structural] or document.damages
    damage = next((d for d in worst if d.offset == document.cut), worst[0])
    line, column = document.place(damage.offset)
    text, repair = _DAMAGES[damage.kind]
    cause = (
        f"line {line}, column {column}: {text[0].lower()}{text[1:]}: {shown_line(document, damage.offset)}"
    )
    return ListError(name, cause, f"{repair}: fix line {line} first.", line=line, column=column)


def shown_line(document: ScannedList, offset: int) -> str:
    """The line of an offset, safe to print and not too long."""
    start = offset - document.place(offset)[1] + 1
    # One more escape, for cleaning takes one off: the line is to be shown as it was typed.
    return clean_line(
        document.text[start : start + 1000].lstrip().partition("\n")[0].replace("&", "&amp;"), 120
    )


def namespaces(document: ScannedList) -> Mapping[str, str]:
    """Prefixes that the list declares around its outlines, and what they stand for."""
    return {a.name[6:]: a.value for e in document.roots for a in e.attributes if a.name.startswith("xmlns:")}


def label(outline: Outline) -> str:
    """What an outline is called: `text`, else `title`, cleaned; "" where it has neither."""
    found = named(outline, "text", "title")
    return clean_line(found.value) if found else ""


def folder_paths(document: ScannedList) -> dict[int, tuple[str, ...]]:
    """For each outline, by its `id()`, the names of the folders that those in it lie in, outermost first.

    A feed is no folder, nor is an outline without a name; below 50 levels the path grows no further.
    """
    paths: dict[int, tuple[str, ...]] = {}
    for outline in document.outlines:  # those around come before those inside
        around = paths[id(outline.parent)] if outline.parent else ()
        name = "" if address(outline) or len(around) >= MAX_DEPTH else label(outline)
        paths[id(outline)] = (*around, name) if name else around
    return paths


def commented_out(document: ScannedList) -> set[int]:
    """The outlines, by their `id()`, that are marked as comments, or lie in one that is."""
    found: set[int] = set()
    for outline in document.outlines:
        mark = named(outline, "iscomment")
        if id(outline.parent) in found or (mark and mark.value.strip().lower() == "true"):
            found.add(id(outline))
    return found


def categories(raw: str) -> tuple[str, ...]:
    """The categories of a `category` attribute: separated by commas, levels by slashes, each once."""
    cleaned = (
        "/".join(filter(None, (clean_line(level, 100) for level in part.split("/"))))
        for part in raw.split(",")
    )
    return tuple(dict.fromkeys(c for c in cleaned if c))


def _called(name: str) -> str:
    return f"“{name[:80]}”" if name else say("An outline without a name")


def _expects_address(outline: Outline) -> bool:
    kind = named(outline, "type")
    return kind is not None and kind.value.strip().lower() not in _PLAIN


class _ListReading:
    def __init__(self, document: ScannedList) -> None:
        self.document = document
        self.found: dict[str, Subscription] = {}
        self.doubles: list[Subscription] = []
        self.folders: dict[tuple[str, ...], Folder] = {}
        self.problems: list[Problem] = []
        self.paths = folder_paths(document)
        self.commented_out = commented_out(document)
        self.deep = False

    def problem(self, text: str, line: int, repair: str, *, harmless: bool = False) -> None:
        self.problems.append(Problem(text=text, line=line, repair=repair, harmless=harmless))

    def outline(self, outline: Outline) -> None:
        line = self.document.line(outline.start)
        if outline.depth == MAX_DEPTH and not self.deep:
            self.deep = True
            self.problem(say("Folders lie more than {max_depth} deep; what lies deeper is read as if it lay there.", max_depth=MAX_DEPTH),
                         line, "Put the feeds into fewer folders.")  # fmt: skip
        held = address(outline)
        if id(outline) in self.commented_out:
            return
        name = label(outline)
        called = _called(name)
        if not held:
            if is_pointer(outline):
                self.problem(say("{called} points to another list, which is not fetched.", called=called), line,
                             "Save that list and run `newsfeed feeds import` on it.")  # fmt: skip
            elif not outline.children and _expects_address(outline):
                self.problem(
                    say("{called} has no address.", called=called),
                    line,
                    say("Give it an xmlUrl, or delete line {line}.", line=line),
                )
            else:
                self.folder(outline)
            return
        url = accept(held.value)
        if isinstance(url, Refusal):
            self.problem(
                say("{called} {cause}.", called=called, cause=say(url.cause)),
                line,
                say("{repair}, or delete line {line}.", repair=say(url.repair), line=line),
            )
            return
        identity = key(url)
        first = self.found.get(identity)
        if first:
            again = self.subscription(outline, url, held.name, name, line)
            before, counts = first.line, say("the first counts")
            if again.folders and not first.folders:
                # Some readers list every feed at the root first, and once more in each of its folders.
                counts = say("the one in a folder counts")
                self.found[identity], again, first = again, first, again
            elif again.folders != first.folders and again.folders:
                counts += say(", the other folder as a hint")
                hints = (*first.categories, *again.categories, "/".join(again.folders))
                self.found[identity] = msgspec.structs.replace(first, categories=tuple(dict.fromkeys(hints)))
            self.problem(say("{called} is listed twice, in line {before} and line {line}; {counts}.", called=called, before=before, line=line, counts=counts), line,
                         say("Delete line {line}.", line=again.line), harmless=True)  # fmt: skip
            listed = [first, *(s for s in self.doubles if key(s.url) == identity)]
            if again.folders not in {s.folders for s in listed}:
                self.doubles.append(again)
            return
        self.found[identity] = self.subscription(outline, url, held.name, name, line)

    def folder(self, outline: Outline) -> None:
        path = self.paths[id(outline)]
        around = self.paths[id(outline.parent)] if outline.parent else ()
        if path == around:
            return  # it has no name, or lies too deep to be one
        attributes = {
            a.name: a.value for a in outline.attributes if a.name.lower() != "text" and is_name(a.name)
        }
        self.folders.setdefault(
            tuple(part.casefold() for part in path),
            Folder(path=path, attributes=attributes, line=self.document.line(outline.start)),
        )

    def subscription(self, outline: Outline, url: str, held: str, name: str, line: int) -> Subscription:
        kind = named(outline, "type")
        site = named(outline, "htmlurl")
        category = named(outline, "category")
        options: dict[str, str] = {}
        rest: dict[str, str] = {}
        for attribute in outline.attributes:
            chosen = option(attribute.name)
            if chosen and (chosen not in options or attribute.name.lower().startswith("newsfeed-")):
                options[chosen] = clean_line(attribute.value)
            lower = attribute.name.lower()
            ours = chosen and lower.startswith("newsfeed-")
            wrong = mistake(chosen, attribute.value) if ours else misspelt(attribute.name)
            if wrong:
                self.problem(f"{_called(name)}: {wrong[0]}.", line, wrong[1])
            represented = (
                lower in _KNOWN
                or attribute.name == held
                or lower == f"newsfeed-{chosen}"
                or (lower == "category" and attribute.value == ",".join(categories(attribute.value)))
            )
            if not represented and attribute.name not in rest and is_name(attribute.name):
                rest[attribute.name] = attribute.value
        title = named(outline, "title")
        if title and clean_line(title.value) != name:
            rest["title"] = title.value
        return Subscription(
            url=url,
            title=name,
            folders=self.paths[id(outline)],
            categories=categories(category.value) if category else (),
            html_url=page(site.value) if site else "",
            kind=clean_line(kind.value, 40) if kind else "",
            options=options,
            attributes=rest,
            line=line,
        )

    def damages(self, coded: Coded) -> list[Problem]:
        lines: dict[str, list[int]] = {}
        for damage in self.document.damages:
            lines.setdefault(damage.kind, []).append(self.document.line(damage.offset))
        said = [_told(kind, sorted(set(at))) for kind, at in lines.items()]
        if coded.note:
            said.append(Problem(text=coded.note, line=1, repair=coded.repair))
        return said


def _told(kind: str, lines: list[int]) -> Problem:
    text, repair = _DAMAGES[kind]
    shown = ", ".join(map(str, lines[:5]))
    more = say(" and {n} more", n=whole(len(lines) - 5)) if len(lines) > 5 else ""
    # One line is told by whoever shows the problem.
    where = say(" (lines {lines})", lines=f"{shown}{more}") if len(lines) > 1 else ""
    return Problem(text=f"{say(text)}{where}.", line=lines[0], repair=f"{say(repair)}.")


def in_force(old: SubscriptionList, new: SubscriptionList) -> SubscriptionList:
    """The list to go by after `new` was read over `old`: `new`, unless it ends early and so lacks the rest of `old`."""
    if new.complete:
        return new
    here = {key(s.url) for s in new.subscriptions}
    kept = tuple(s for s in old.subscriptions if key(s.url) not in here)
    return msgspec.structs.replace(new, subscriptions=new.subscriptions + kept)
