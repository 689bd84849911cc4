"""Two readings of the list side by side."""

from __future__ import annotations

import msgspec

from newsfeed.model import Record, Subscription, SubscriptionList

from .addresses import key


class Plan(Record, frozen=True, kw_only=True):
    """What a new reading of the list changes. `changed` are as they are now."""

    added: tuple[Subscription, ...] = ()
    removed: tuple[Subscription, ...] = ()
    changed: tuple[Subscription, ...] = ()

    def __str__(self) -> str:
        """The plan in short, such as "+2 −1 ~1"; "" where nothing changes."""
        counts = (("+", self.added), ("−", self.removed), ("~", self.changed))
        return " ".join(f"{sign}{len(these)}" for sign, these in counts if these)


def plan(old: SubscriptionList, new: SubscriptionList) -> Plan:
    """What changes when `new` takes the place of `old`: a new line number is no change, a new folder is.

    A list that ends early takes nothing away.
    """
    before = {key(s.url): s for s in old.subscriptions}
    after = {key(s.url): s for s in new.subscriptions}
    return Plan(
        added=tuple(s for k, s in after.items() if k not in before),
        removed=tuple(s for k, s in before.items() if k not in after) if new.complete else (),
        changed=tuple(s for k, s in after.items() if k in before and not _same(before[k], s)),
    )


def in_force(old: SubscriptionList, new: SubscriptionList) -> SubscriptionList:
    """The list to go by after `new` was read over `old`: `new`, unless it ends early and so lacks the rest of `old`."""
    if new.complete:
        return new
    here = {key(s.url) for s in new.subscriptions}
    kept = tuple(s for s in old.subscriptions if key(s.url) not in here)
    return msgspec.structs.replace(new, subscriptions=new.subscriptions + kept)


def _same(one: Subscription, other: Subscription) -> bool:
    return msgspec.structs.replace(one, line=0) == msgspec.structs.replace(other, line=0)
