"""Repairs of feeds.opml that follow from how feeds answered: offered as a diff, applied when the reader says yes."""

from __future__ import annotations

import difflib

from newsfeed import deliver, opml, update
from newsfeed.errors import ListError, NewsfeedError
from newsfeed.fetch import redact
from newsfeed.model import Record
from newsfeed.pipeline import finding
from newsfeed.pipeline.home import Home
from newsfeed.store import Store


class Change(Record, frozen=True, kw_only=True):
    """One thing that a repair does to the list. Addresses are redacted."""

    feed: str
    does: str  # "moved", "gone", "named"
    sentence: str


class Repair(Record, frozen=True, kw_only=True):
    """A repair of the list: what it does, the bytes before and after, and their difference to show."""

    changes: tuple[Change, ...] = ()
    old: bytes = b""
    new: bytes = b""
    diff: str = ""
    left: tuple[str, ...] = ()  # what could not be done, and why


def propose(home: Home, store: Store) -> Repair:
    """What feeds.opml should say, as far as the feeds themselves have told.

    What a page in a feed's place names is offered too, and said to be no more than that. A feed that has moved for good (seen on three days) gets its new address; one that is gone for good (410) is taken
    out, its history stays.

    Raises:
        NotFoundError, ListError: there is no list that could be edited.
    """
    old = new = home.read_list()
    changes: list[Change] = []
    left: list[str] = []
    hidden: dict[str, str] = {}
    for state in store.states():
        url, target = state.subscription.url, update.offered_move(state)
        named = "" if target else finding.proposed(store, state)
        target = target or named
        if not state.gone and not target:
            continue
        try:
            if state.gone:
                new = opml.remove(new, url)
                change = Change(
                    feed=state.name,
                    does="gone",
                    sentence=f"{state.name} is gone for good: taken out of the list.",
                )
            else:
                listed = {opml.key(s.url) for s in opml.parse(new).subscriptions}
                if opml.key(target) in listed - {opml.key(url)}:
                    new = opml.remove(new, url)
                    said = "has moved to an address that you have already: its double is taken out."
                else:
                    new = opml.set_url(new, url, target)
                    said = f"has moved to {redact(target, url)}: its address is changed."
                if named:
                    said = (
                        f"answers with a web page that names {redact(target, url)}: its address is changed to that. "
                        "Look at it first, it may be another feed."
                    )
                change = Change(
                    feed=state.name, does="named" if named else "moved", sentence=f"{state.name} {said}"
                )
        except NewsfeedError as error:
            left.append(f"{state.name}: {error.cause} {error.repair}".strip())
            continue
        hidden |= {url: redact(url), target: redact(target, url)} if target else {url: redact(url)}
        changes.append(change)
    return Repair(changes=tuple(changes), old=old, new=new, diff=_diff(old, new, hidden), left=tuple(left))


def _diff(old: bytes, new: bytes, hidden: dict[str, str]) -> str:
    """The changed lines with two around them; tokens in the addresses that change are not shown."""

    def shown(data: bytes) -> list[str]:
        text = data.decode("utf-8", "replace")
        for url, said in hidden.items():
            text = text.replace(url, said).replace(url.replace("&", "&amp;"), said)
        return text.splitlines()

    lines = difflib.unified_diff(
        shown(old), shown(new), "feeds.opml", "feeds.opml, repaired", n=2, lineterm=""
    )
    return "\n".join(lines)


def apply(home: Home, repair: Repair) -> None:
    """Put the repaired list in the place of the old one, which stays beside it as feeds.opml.bak.

    Raises:
        ListError: somebody has edited the list since the repair was proposed; nothing was changed.
        DeliveryError: it can't be written.
    """
    if home.read_list() != repair.old:
        raise ListError(
            str(home.list_path),
            "was edited while you looked at the repair",
            "Nothing was changed: run newsfeed feeds repair again.",
        )
    if repair.new != repair.old:
        deliver.write(home.list_path.with_suffix(".opml.bak"), repair.old)
        deliver.write(home.list_path, repair.new)
