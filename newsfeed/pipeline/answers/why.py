"""Why: the reasons behind one item, shown or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsfeed import edition, text
from newsfeed.errors import NotFoundError
from newsfeed.model import Day, Edition, Record, StoredItem, TopicScore, picks
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning import understand
from newsfeed.store import Store
from newsfeed.text.spoken import first_spoken, say, speaking, topic_labels

_COMMON = 8  # words that two items of a story share, to name


class Explanation(Record, frozen=True, kw_only=True):
    """Everything that explains one item."""

    ref: str
    title: str
    source: str
    link: str
    verdict: str
    rows: tuple[edition.WhyRow, ...] = ()
    lang: str = ""  # in which it is said: the page's
    topics: tuple[TopicScore, ...] = ()


def to_weigh(store: Store, item: StoredItem) -> Edition | None:
    """The edition that has to be weighed again to explain an item, which takes long the first time; None if what is stored
    says it all."""
    stored = _judged_by(store, item)
    told = stored is None or edition.is_told(stored, item.id) or not edition.why(stored, item.id)
    return None if told else stored


def explain(home: Home, store: Store, name: str) -> Explanation:
    """Explain the item that `name` means (see `resolve`), by the edition that judged it last.

    Raises:
        NotFoundError: no item, or more than one, answers to that name.
    """
    item, date = resolve(home, store, name)
    stored = store.edition(date) if date else _judged_by(store, item)
    understand.tag_asked(home, store, [item])
    taggings = store.taggings([item.id])
    lang = stored.lang if stored else first_spoken(home.settings.languages)
    with speaking(lang):
        verdict, rows = _judged(home, store, stored, item)
        rows = (*_thumbed(store, item), *rows, *_joined(store, item), *occasion(store, item))
    return Explanation(
        ref=item.ref,
        title=item.item.title,
        source=store.state(item.feed).name,
        link=item.item.link,
        verdict=verdict,
        rows=rows,
        lang=lang,
        topics=taggings[item.id].scores if item.id in taggings else (),
    )


def _judged(
    home: Home, store: Store, stored: Edition | None, item: StoredItem
) -> tuple[str, tuple[edition.WhyRow, ...]]:
    """What an edition made of an item, in a sentence and in rows."""
    if stored is None:
        return say("No edition has been built yet."), ()
    labels = topic_labels(home.settings.topics)
    rows = edition.why(stored, item.id, labels=labels)
    if not rows and item.before:
        return say("It came before you subscribed, so no edition had it to choose from."), ()
    if not rows:
        return say("The edition of {date} did not have it to choose from.", date=stored.date), ()
    verdict = say("By the edition of {date}:", date=stored.date)
    if edition.is_told(stored, item.id):
        return verdict, rows
    # For what was left out, only the cause is stored, so it is weighed again with today's knowledge.
    from newsfeed.pipeline.morning import digest

    of_today = stored.date == home.today
    on = digest.weighed_then(home, store, stored)
    again = edition.why(stored, item.id, pool=on.pool, settings=home.settings, weighed=on, labels=labels)
    if len(again) > len(rows) and not of_today:
        verdict = say("By the edition of {date}, with the numbers of today:", date=stored.date)
    return verdict, again


def _thumbed(store: Store, item: StoredItem) -> Iterator[edition.WhyRow]:
    """What the reader said of an item, which a page that was built before can't show."""
    if thumb := store.likes([item.id]).get(item.id):
        value = say("more like this") if thumb > 0 else say("less of it")
        yield edition.WhyRow(
            name=say("Your thumb"), value=value, note=say("it counts on each page that is built after it")
        )


def _joined(store: Store, item: StoredItem) -> Iterator[edition.WhyRow]:
    """Why an item is in one story with others."""
    for story in store.stories_of([item.id]):
        items = store.items(story.items, body="text")
        mine = next((one for one in items if one.id == item.id), item)
        from newsfeed import stories  # imports numpy, so only if there is something to compare

        found = stories.nearest(mine, items)
        if found is None:
            continue
        said = [
            *([say("they share a page")] if found.page else []),
            *([", ".join(found.words[:_COMMON])] if found.words else []),
        ]
        note = say("by {what}", what="; ".join(said) or say("what it shares with others of its story"))
        if len(items) > 2:
            note += say("; {n} items in all", n=len(items))
        title = text.clean_line(found.other.item.title, 80)
        yield edition.WhyRow(name=say("One story with"), value=say("“{title}”", title=title), note=note)


def occasion(store: Store, item: StoredItem) -> Iterator[edition.WhyRow]:
    """The other stories of the affair that an item's story belongs to."""
    own = store.stories_of([item.id])
    for story in own:
        others = [s for s in store.stories_of_affairs([story.affair or story.id]) if s.id != story.id]
        if not others:
            continue
        others.sort(key=lambda s: (-len(s.items), s.id))
        (representative,) = store.items([others[0].representative], body="text")
        yield edition.WhyRow(
            name=say("Of one affair with"),
            value=say("“{title}”", title=text.clean_line(representative.item.title, 80)),
            note=say(
                "{n} stories of one occasion; at most two are told, unless it is the day or many sources tell it",
                n=len(others) + 1,
            ),
        )


def _judged_by(store: Store, item: StoredItem) -> Edition | None:
    """The newest edition whose ledger has the item; if none has, the newest."""
    for day in reversed(store.editions()):
        stored = store.edition(day)
        if stored is None or stored.built < item.first_seen:
            break
        if edition.why(stored, item.id):
            return stored
    return store.latest_edition()


def resolve(home: Home, store: Store, name: str) -> tuple[StoredItem, Day | None]:
    """The item that a person means: its number on today's page, `DATE#4`, its short id, its link, or words of its title.

    Returns the item, and the date where the name holds one.

    Raises:
        NotFoundError: none, or more than one (then `matches` lists them).
    """
    name = name.strip()
    if numbered := re.fullmatch(r"(?:(\d{4}-\d{2}-\d{2})#|#)?(\d{1,3})", name):
        try:
            date = Day.fromisoformat(numbered[1]) if numbered[1] else None
        except ValueError:
            raise NotFoundError(name, "there is no such date", "Write it as 2026-03-18#4.") from None
        stored = store.edition(date) if date else store.edition(home.today) or store.latest_edition()
        if stored is None:
            days = store.editions()
            near = (
                f"There are editions from {days[0]} to {days[-1]}." if days else "Run newsfeed digest first."
            )
            raise NotFoundError(name, "there is no such edition", near)
        pick = next((p for p in picks(stored) if p.n == int(numbered[2])), None)
        if pick is None:
            raise NotFoundError(
                name,
                say("the page of {date} has no such number", date=stored.date),
                f"They go from 1 to {len(picks(stored))}"
                + (", the long read last." if stored.long_read and not stored.since else ".")
                if picks(stored)
                else "It has no stories: `newsfeed search` finds items that are not on a page.",
            )
        return store.item(pick.item), stored.date
    found = store.find(name)
    if len(found) == 1:
        return found[0], None
    if not found:
        raise NotFoundError(
            name,
            "fits no stored item",
            "Name its number on the page, its short id, its link or words of its title.",
        )
    names = {s.feed: s.name for s in store.states()}
    lines = [f"{i.ref}  {i.item.title} ({names.get(i.feed, '')})" for i in found]
    raise NotFoundError(name, say("fits {n} items", n=len(found)), "\n".join(lines[:12]), matches=lines)
