"""Edits of a list in place: what isn't touched stays as it is, byte for byte.

Every edit scans the list, works out which stretches of its text to replace, and writes the rest back through the
codec that it was read with: comments, order, indentation, line ends and unknown attributes survive by not being
looked at. A list that can't be read, or whose structure is damaged, is not edited: each of these functions raises a
ListError that says which line to fix first; NotFoundError where nothing of the list has the address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from newsfeed.errors import ListError, NotFoundError, SettingsError
from newsfeed.model import Folder, Problem, Record, Subscription, SubscriptionList
from newsfeed.opml.attributes import Refusal, accept, address, key, option
from newsfeed.opml.coding import Coded, encode, fitting
from newsfeed.opml.list_reading import (
    LIST,
    commented_out,
    folder_paths,
    label,
    namespaces,
    open_list,
    read,
    unreadable,
)
from newsfeed.opml.list_writing import Branch, ListLayout, attributes, escape, folder_attributes, written
from newsfeed.opml.scan import Attribute, Outline, ScannedList, descendants
from newsfeed.text import clean_line

_OPTION_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


class Merged(Record, frozen=True, kw_only=True):
    """What an import did."""

    added: tuple[Subscription, ...] = ()
    present: tuple[
        Subscription, ...
    ] = ()  # already in the list, under this or another spelling of its address
    problems: tuple[Problem, ...] = ()  # of the imported list


class _Replacement(NamedTuple):
    start: int
    end: int
    text: str


_Folders = dict[str, tuple[str, ...]]  # key of an address -> the folder it is in


class _List:
    """A list that is sound enough to be edited."""

    def __init__(self, data: bytes) -> None:
        self.coded: Coded
        self.document: ScannedList
        self.coded, self.document = open_list(data)
        if any(d.structural for d in self.document.damages):
            raise unreadable(self.document)
        if encode(self.coded, self.coded.text) != data:
            raise ListError(LIST, "some letters of it are damaged, so that it can't be edited without loss",
                            "Save it as UTF-8 first.")  # fmt: skip
        self.text = self.document.text
        self.paths = folder_paths(self.document)
        self.skipped = commented_out(self.document)
        self.folders = self._named_folders()
        self.layout = ListLayout(self.document)

    def holding(self, url: str) -> list[Outline]:
        """The outlines that subscribe to `url`, in any spelling.

        Raises:
            NotFoundError: there is none.
        """
        wanted = key(url)
        found = []
        for outline in self.document.outlines:
            held = address(outline)
            if held and id(outline) not in self.skipped and key(held.value) == wanted:
                found.append(outline)
        if not found:
            raise NotFoundError(url, "is not in the list", "See `newsfeed feeds list` for what is.")
        return found

    def folder(self, path: tuple[str, ...]) -> tuple[Outline | None, tuple[str, ...]]:
        """The deepest folder of the list on the way to `path` (None: the list itself), and what is missing of it."""
        here: Outline | None = None
        for depth, name in enumerate(path):
            found = self.folders.get((id(here), name.casefold()))
            if not found:
                return here, path[depth:]
            here = found
        return here, ()

    def _named_folders(self) -> dict[tuple[int, str], Outline]:
        folders: dict[tuple[int, str], Outline] = {}
        for outline in self.document.outlines:
            if id(outline) not in self.skipped and address(outline) is None:
                folders.setdefault((id(outline.parent), label(outline).casefold()), outline)
        return folders

    def insertion(self, folder: Outline | None, branch: Branch) -> _Replacement:
        """Put what `branch` holds at the end of `folder`, laid out as its neighbours are."""
        return _Replacement(*self.layout.insertion(folder, branch))

    def without(self, outline: Outline) -> list[_Replacement]:
        """Take out an outline, not those in it."""
        spans = [(outline.start, outline.end)]
        if outline.children:
            spans = [(outline.start, outline.open_end), (outline.close_start, outline.end)]
        return [_Replacement(*self.layout.whole_line(*span), "") for span in spans]

    def root_declaration(self, missing: dict[str, str]) -> list[_Replacement]:
        root = self.document.first("opml")
        if not missing or not root:
            return []
        at = root.attributes[-1].end if root.attributes else root.start + len("<opml")
        return [_Replacement(at, at, written((f"xmlns:{p}", uri) for p, uri in missing.items()))]

    def apply(self, replacements: list[_Replacement], expected: _Folders) -> bytes:
        """The list with some stretches of its text replaced.

        Raises:
            ListError: the list is damaged in such a way that something else would change as well: `expected` is not
                what a new reading finds.
        """
        pieces, position = [], 0
        for start, end, new in sorted(replacements):
            pieces += [self.text[position:start], fitting(new, self.coded.codec)]
            position = end
        changed = encode(self.coded, "".join([*pieces, self.text[position:]]))
        if self.document.damages:
            # What was guessed may be guessed otherwise beside the new text; nobody's feeds are put at risk for that.
            found = open_list(changed)
            if _where(read(*found)) != {k: _folded(path) for k, path in expected.items()}:
                raise unreadable(self.document)
        return changed

    def where(self) -> _Folders:
        """The folder of each subscription of the list."""
        return _where(read(self.coded, self.document))


def add(data: bytes, subscription: Subscription) -> bytes:
    """The list with `subscription` at the end of its folder, which is made where it is missing.

    A subscription that the list has already, in any spelling of its address, leaves it as it is.

    Raises:
        SettingsError: the address can't be subscribed to.
    """
    subscription = msgspec.structs.replace(subscription, url=_accepted(subscription.url))
    return _add(_List(data), (subscription,), {})[0]


def merge(data: bytes, other: SubscriptionList) -> tuple[bytes, Merged]:
    """The list with all subscriptions of `other` that it lacks, each in its folder; and what was done.

    A new folder keeps its attributes; one that is empty there is made here too.
    """
    changed, added, present = _add(
        _List(data), other.subscriptions, dict(other.namespaces), other.folders, other.doubles
    )
    open_list(changed)  # both together may be beyond the limits
    return changed, Merged(added=added, present=present, problems=other.problems)


def remove(data: bytes, url: str) -> bytes:
    """The list without the outlines of `url`, all of them if it is listed twice. Outlines inside them stay."""
    edited = _List(data)
    replacements = [r for outline in edited.holding(url) for r in edited.without(outline)]
    expected = edited.where()
    expected.pop(key(url), None)
    return edited.apply(replacements, expected)


def move(data: bytes, url: str, folders: tuple[str, ...]) -> bytes:
    """The list with the outline of `url` at the end of another folder (`()`: of the list), otherwise as it was.

    It takes along its attributes, what is inside it, and a comment behind it on its line. Where it is listed twice,
    the first goes there and the others are taken out.
    """
    edited = _List(data)
    outline, *others = edited.holding(url)
    if others:
        data = edited.apply([r for other in others for r in edited.without(other)], edited.where())
        return move(data, url, folders)
    path, left = _folders(folders), edited.paths[id(outline)]
    if _folded(left) == _folded(path):
        return data
    expected = edited.where()
    for inside in descendants(outline):
        if (held := address(inside)) and key(held.value) in expected:
            expected[key(held.value)] = path + edited.paths[id(inside)][len(left) :]
    folder, missing = edited.folder(path)
    start, end = edited.layout.whole_line(outline.start, outline.end)
    branch = Branch()
    branch.at(missing).entries.append(edited.layout.taken_out(outline))
    insertion = edited.insertion(folder, branch)
    if start < insertion.start < end:
        # It is the last one there already, or the only one: its old line makes room for the new lines.
        line_end = edited.layout.line_end
        there = _Replacement(start, end, insertion.text.removeprefix(line_end) + line_end)
        return edited.apply([there], expected)
    return edited.apply([_Replacement(start, end, ""), insertion], expected)


def set_url(data: bytes, old: str, new: str) -> bytes:
    """The list with the address `old` replaced by `new`, wherever it stands; all else as it was.

    Raises:
        SettingsError: `new` can't be subscribed to.
    """
    accepted = _accepted(new)
    edited = _List(data)
    held = [attribute for o in edited.holding(old) if (attribute := address(o))]
    expected = edited.where()
    expected[key(accepted)] = expected.pop(key(old), ())
    return edited.apply([_value(attribute, accepted) for attribute in held], expected)


def set_title(data: bytes, url: str, title: str) -> bytes:
    """The list with another name for a subscription, wherever it stands; all else as it was.

    Raises:
        SettingsError: that is no name.
    """
    if not title.strip():
        raise SettingsError("The name", "is empty", "Write one.")
    edited = _List(data)
    replacements = []
    for outline in edited.holding(url):
        here = [a for a in outline.attributes if a.name.lower() in {"text", "title"}]
        replacements += [_value(a, title) for a in here]
        if not here:
            at = outline.attributes[-1].end
            replacements.append(_Replacement(at, at, written([("text", title)])))
    return edited.apply(replacements, edited.where())


def set_option(data: bytes, url: str, option_name: str, value: str | None) -> bytes:
    """The list with one option of a subscription set, or taken away with None.

    An option that stands there under another prefix (`br:boosts`) keeps it.

    Raises:
        SettingsError: that is no name of an option.
    """
    if not _OPTION_NAME.fullmatch(option_name):
        raise SettingsError(option_name, "is no name of an option", "Use small letters, digits and hyphens.")
    edited = _List(data)
    replacements = []
    for outline in edited.holding(url):
        here = [a for a in outline.attributes if option(a.name) == option_name]
        if value is None:
            replacements += [_Replacement(_space_before(edited.text, a.start), a.end, "") for a in here]
        elif here:
            replacements += [_value(a, value) for a in here]
        else:
            at = outline.attributes[-1].end
            replacements.append(_Replacement(at, at, written([(f"newsfeed-{option_name}", value)])))
    return edited.apply(replacements, edited.where())


def _add(
    edited: _List,
    subscriptions: tuple[Subscription, ...],
    source: dict[str, str],
    folders: tuple[Folder, ...] = (),
    doubles: tuple[Subscription, ...] = (),
) -> tuple[bytes, tuple[Subscription, ...], tuple[Subscription, ...]]:
    known = edited.where()
    declared = dict(namespaces(edited.document))
    before = dict(declared)
    branches: dict[int, tuple[Outline | None, Branch]] = {}
    added, present = [], []
    for subscription in subscriptions:
        identity = key(subscription.url)
        if identity in known:
            present.append(subscription)
            continue
        added.append(subscription)
        known[identity] = path = _folders(subscription.folders)
        folder, missing = edited.folder(path)
        branch = branches.setdefault(id(folder), (folder, Branch()))[1]
        pairs = attributes(subscription, source, declared)
        branch.at(missing).entries.append(edited.layout.outline(folder, pairs))
    fresh = {key(s.url) for s in added}
    for again in doubles:
        if key(again.url) in fresh and again.folders:
            folder, missing = edited.folder(_folders(again.folders))
            branch = branches.setdefault(id(folder), (folder, Branch()))[1]
            branch.at(missing).entries.append(
                edited.layout.outline(folder, attributes(again, source, declared))
            )
    filled = _around(subscriptions) - _around(added)  # folders of feeds that the list has already, elsewhere
    for new_folder in folders:
        path = _folders(new_folder.path)
        folder, missing = edited.folder(path)
        if missing and _folded(path) not in filled:
            branch = branches.setdefault(id(folder), (folder, Branch()))[1]
            branch.at(missing).pairs = folder_attributes(new_folder, source, declared)
    replacements = [edited.insertion(folder, branch) for folder, branch in branches.values()]
    new = {prefix: uri for prefix, uri in declared.items() if prefix not in before}
    changed = edited.apply(replacements + edited.root_declaration(new), known)
    return changed, tuple(added), tuple(present)


def _accepted(url: str) -> str:
    accepted = accept(url)
    if isinstance(accepted, Refusal):
        raise SettingsError(clean_line(url, 80) or "The address", accepted.cause, f"{accepted.repair}.")
    return accepted


def _folders(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, (clean_line(name, 300) for name in path)))


def _folded(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.casefold() for name in path)


def _around(subscriptions: Iterable[Subscription]) -> set[tuple[str, ...]]:
    """All folders that feeds lie in, at any depth."""
    paths = {_folded(_folders(s.folders)) for s in subscriptions}
    return {path[:depth] for path in paths for depth in range(1, len(path) + 1)}


def _where(found: SubscriptionList) -> _Folders:
    return {key(s.url): _folded(s.folders) for s in found.subscriptions}


def _value(attribute: Attribute, value: str) -> _Replacement:
    escaped = escape(value).replace("'", "&#39;") if attribute.quote == "'" else escape(value)
    if not attribute.quote:
        escaped = f'"{escaped}"'
    return _Replacement(attribute.value_start, attribute.value_end, escaped)


def _space_before(text: str, at: int) -> int:
    while text[at - 1] in " \t\r\n":
        at -= 1
    return at
