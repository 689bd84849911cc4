"""Every verb of the store, run as the wrong reader: it reveals nothing of the right reader's data and changes nothing of
it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import homes
import pytest
from sqlalchemy.exc import DBAPIError
from teams import TestTeam

from newsfeed.errors import NewsfeedError, StoreError
from newsfeed.model import (
    Correction,
    Edition,
    FeedState,
    FeedUpdate,
    Item,
    Kept,
    Passed,
    Shown,
    Story,
    Subscription,
    Tagging,
    TopicScore,
)
from newsfeed.store.records import MailState
from newsfeed.team.connections import DOOR, EDITION, FETCH, WEB, connect
from newsfeed.team.readers import Reader
from newsfeed.team.sessions import Sessions
from newsfeed.team.shared_store import SharedStore
from newsfeed.team.site import SessionSetting
from newsfeed.team.stores import ReaderStore
from newsfeed.team.tables import IDENTITY, OWN, POLICED, VIEWS

# All of Ada's data has this word in its texts or one of these numbers.
WORD = "zanzibar"
FEED, ITEM, STORY = 990_000, 880_000, 770_000
DAY = homes.NOON.date()
BEFORE = homes.NOON - timedelta(days=30)
NUMBERS = re.compile(r"\b(99|88|77)000\d\b")


@dataclass
class Both:
    """Two readers, each with all that a reader can have, and no feed in common."""

    team: TestTeam
    ada: Reader
    bob: Reader

    def snapshot(self) -> dict[str, list[Any]]:
        """All rows of Ada's."""
        union = " union all ".join(
            f"select '{table}', t::text from reader.{table} t where reader = {self.ada.id}"
            for table in POLICED
        )
        found: dict[str, list[Any]] = {table: [] for table in POLICED}
        for table, row in self.team.rows(f"{union} order by 1, 2"):
            found[table].append(row)
        return found


def edition(word: str) -> Edition:
    return Edition(
        date=DAY, zone="UTC", built=homes.NOON, heading=word, promise="", minutes=1, budget_minutes=5
    )


def shown(word: str, numbers: int = 0) -> Shown:
    return Shown(
        story=STORY + numbers + 1,
        date=DAY,
        item=ITEM + numbers + 1,
        feed=FEED + numbers + 1,
        section="top",
        outlets=1,
        minutes=1,
        sentence=word,
    )


def fill(team: TestTeam, reader: Reader, word: str, numbers: int) -> None:
    """Give a reader one feed with an item in a story, and a row in every table."""
    for table, first in (("feed", FEED), ("item", ITEM), ("story", STORY)):
        team.rows(
            f"select setval(pg_get_serial_sequence('shared.{table}', 'id'), %s)",
            first + numbers,
        )
    url = f"https://{word}.example/feed.xml"
    with team.store(reader, EDITION) as store, SharedStore.connect(team.place) as shared:
        store.sync([Subscription(url=url, title=word, folders=(word,))], BEFORE)
        state = next(s for s in store.states() if s.subscription.url == url)
        item = Item(
            identity=word,
            link=f"https://{word}.example/1",
            title=f"{word} speaks",
            text=word,
            lang="en",
            published=homes.NOON - timedelta(hours=3),
            hash="1",
        )
        new = shared.apply(
            FeedUpdate(state=shared.state(state.feed), new=(item,)), homes.NOON - timedelta(hours=2)
        ).new[0]
        shared.save_taggings([Tagging(item=new, scores=(TopicScore(topic=word, p=0.9),))], word)
        shared.save_stories(
            [Story(id=0, representative=new, items=(new,), first=homes.NOON, last=homes.NOON)]
        )
        store.record(edition(word), [shown(word, numbers)])
        store.correct(Correction(item=new, topics=(word,), made=homes.NOON))
        store.like(new, 1, homes.NOON)
        store.opened(new, homes.NOON)
        store.keep(Kept(item=new, ref="r", kept=homes.NOON, title=word, note=word))
        store.pass_on(Passed(person=word, item=new, at=homes.NOON))
        store.mark_done(DAY if word == WORD else DAY - timedelta(days=1), "UTC", homes.NOON)
        store.claim_mail(DAY, word, homes.NOON)
        store.set_meta(word, word)
        store.decline(word)
        store.save_list(word.encode())
    Sessions(team.place, team.clock, SessionSetting()).begin(reader, word)
    team.rows("insert into reader.team_list (name) values ('all')")
    team.rows(
        "insert into reader.following (reader, list) select %s, max(id) from reader.team_list", reader.id
    )
    team.readers.invite(reader)
    team.readers.add_credential(reader, "oidc", word)
    with team.store(reader) as store:
        store.keep_secret(f"{word}.net", word)


@pytest.fixture
def both(team: TestTeam) -> Both:
    team.at(BEFORE)
    bob = team.readers.add("bob")
    ada = team.readers.add("ada", settings=f'muted = ["{WORD}"]', mail=f"{WORD}@example.org")
    fill(team, bob, "lisbon", -700_000)
    fill(team, ada, WORD, 0)
    team.at(homes.NOON)
    return Both(team, ada, bob)


# Each verb with an argument that names something of Ada's. `None`: a verb that accesses no stored data.
READING: dict[str, Callable[[ReaderStore], Any] | None] = {
    "close": None,
    "connect": None,
    "open": None,
    "together": None,
    "of": None,
    "working_for": None,
    "viewing": None,  # what is read inside it is tested below
    "while_unchanged": None,  # see below: one store may serve several readers in turn
    "corrections": lambda s: s.corrections(),
    "count_put_off": None,  # a number, and nothing of a team's feeds is put off
    "count_window": lambda s: s.count_window(BEFORE) > 1 and WORD,
    "counts": lambda s: (s.counts().feeds > 1 or s.counts().editions > 1) and WORD,
    "declined": lambda s: s.declined(),
    "days_done": lambda s: DAY in s.days_done(BEFORE.date()) and WORD,
    "done": lambda s: None,
    "due": lambda s: s.due(homes.NOON),
    "edition": lambda s: s.edition(DAY),
    "editions": lambda s: None,
    "feeds_of_window": lambda s: s.feeds_of_window(BEFORE),
    "find": lambda s: (s.find(WORD), s.find(f"https://{WORD}.example/1")),
    "first_since": lambda s: s.first_since(BEFORE) >= ITEM and WORD,
    "get_meta": lambda s: s.get_meta(WORD),
    "having": lambda s: s.having([1], 0),
    "headlines": lambda s: s.headlines(BEFORE, holds=WORD),
    "history": lambda s: s.history(DAY + timedelta(days=1)),
    "item": lambda s: s.item(ITEM + 1),
    "items": lambda s: s.items([ITEM + 1]),
    "kept": lambda s: s.kept(),
    "known": lambda s: s.known(FEED + 1),
    "last_list": lambda s: s.last_list(),
    "latest_edition": lambda s: s.latest_edition(),
    "likes": lambda s: s.likes([ITEM + 1]),
    "mails": lambda s: s.mails(),
    "members": lambda s: s.members(STORY + 1),
    "metas": lambda s: s.metas(""),
    "newest": lambda s: s.newest([FEED + 1], 10, 0),
    "passed": lambda s: s.passed(BEFORE),
    "pool": lambda s: s.pool(DAY, homes.NOON),
    "published_days": lambda s: s.published_days(),
    "quick_check": None,
    "reader": lambda s: s.reader(),
    "search": lambda s: s.search(WORD),
    "secret_hosts": lambda s: s.secret_hosts(),
    "state": lambda s: s.state(FEED + 1),
    "states_of": lambda s: s.states_of([FEED + 1]),
    "states": lambda s: (s.states(), s.states(listed=False)),
    "stories": lambda s: s.stories(BEFORE),
    "stories_of": lambda s: s.stories_of([ITEM + 1]),
    "stories_of_affairs": lambda s: s.stories_of_affairs([STORY + 1]),
    "tagged": lambda s: s.tagged([ITEM + 1]),
    "explained": lambda s: s.explained([ITEM + 1]),
    "tagged_otherwise": lambda s: s.tagged_otherwise("x", BEFORE),
    "taggings": lambda s: s.taggings([ITEM + 1]),
    "daily_counts": lambda s: s.daily_counts(date(2000, 1, 1)),
    "thumbs": lambda s: s.thumbs(100),
    "ungrouped": lambda s: s.ungrouped(),
    "unheard": lambda s: s.unheard(DAY, homes.NOON, 9),
    "untagged": lambda s: s.untagged(),
    "sharing": lambda s: s.sharing([WORD, "speaks"], 1, 0),
    "values": lambda s: s.values(BEFORE),
    "values_of": lambda s: s.values_of([ITEM, ITEM + 1]),
    "window": lambda s: s.window(BEFORE, body="all"),
    "spoken": lambda s: s.spoken(),
}
WRITING: dict[str, Callable[[ReaderStore], Any]] = {
    "apply": lambda s: s.apply(
        FeedUpdate(state=_state(), new=(Item(identity="mine", title="mine"),)), homes.NOON
    ),
    "apply_all": lambda s: s.apply_all(
        [FeedUpdate(state=_state(), new=(Item(identity="mine"),))], homes.NOON
    ),
    "apply_unchanged": lambda s: s.apply_unchanged([_state()]),
    "backup": lambda s: s.backup(homes.NOON, force=True),
    "claim_mail": lambda s: s.claim_mail(DAY, WORD, homes.NOON),
    "correct": lambda s: s.correct(Correction(item=ITEM + 1, topics=("mine",), made=homes.NOON)),
    "decline": lambda s: s.decline("mine"),
    "doubt_claims": lambda s: s.doubt_claims(homes.NOON),
    "enrich": lambda s: s.enrich(ITEM + 1, lead="mine", words=1),
    "keep": lambda s: s.keep(Kept(item=ITEM + 1, ref="r", kept=homes.NOON, title="mine", note="mine")),
    "let_go": lambda s: s.let_go(ITEM + 1),
    "keep_secret": lambda s: s.keep_secret("mine.net", "mine"),
    "like": lambda s: s.like(ITEM + 1, -1, homes.NOON),
    "mark_done": lambda s: s.mark_done(DAY - timedelta(days=2), "Mars", homes.NOON),
    "mark_mail": lambda s: s.mark_mail(DAY, WORD, MailState.SENT, homes.NOON),
    "opened": lambda s: s.opened(ITEM + 1, homes.NOON + timedelta(days=1)),
    "pass_on": lambda s: s.pass_on(Passed(person=WORD, item=ITEM + 1, at=homes.NOON)),
    "prune": lambda s: s.prune(homes.NOON + timedelta(days=50), items=1, bodies=1),
    "read_put_off": lambda s: s.read_put_off(9),
    "record": lambda s: s.record(edition("mine"), [shown("mine", -1000)]),
    "record_once": lambda s: s.record_once(edition("mine"), [shown("mine", -1000)]),
    "save_list": lambda s: s.save_list(b"mine"),
    "save_stories": lambda s: s.save_stories(
        [Story(id=STORY + 1, representative=ITEM + 1, items=(ITEM + 1,), first=homes.NOON, last=homes.NOON)]
    ),
    "save_taggings": lambda s: s.save_taggings([Tagging(item=ITEM + 1, not_news="mine")], "mine"),
    "served": lambda s: s.served(),
    "set_meta": lambda s: s.set_meta(WORD, None),
    "sync": lambda s: s.sync([], homes.NOON),
    "tidy": lambda s: s.tidy(),
    "was_here": lambda s: s.was_here(homes.NOON),
    "undo_correction": lambda s: s.undo_correction(ITEM + 1) or s.undo_correction(),
}


def _state() -> FeedState:
    return FeedState(
        subscription=Subscription(url=f"https://{WORD}.example/feed.xml"), feed=FEED + 1, title="mine"
    )


def told(store: ReaderStore, verb: Callable[[ReaderStore], Any]) -> str:
    """A verb's result or error as text."""
    try:
        return repr(verb(store))
    except (NewsfeedError, DBAPIError) as error:
        # The error repeats the question; only something new in it would reveal anything.
        return "" if isinstance(error, NewsfeedError) else str(error.orig)


def leaks(both: Both, store: ReaderStore) -> list[str]:
    """The verbs that reveal Ada's data to somebody else, or change it."""
    found = []
    for name, verb in READING.items():
        if verb is not None:
            said = told(store, verb)
            if WORD in said.casefold() or NUMBERS.search(said):
                found.append(f"{name}: {said[:200]}")
    before = both.snapshot()
    shared = shared_rows(both.team)
    for name, write in WRITING.items():
        said = told(store, write)
        if WORD in said.casefold():
            found.append(f"{name}: {said[:200]}")
        after = both.snapshot()
        found += [f"{name} changes {table}" for table in POLICED if after[table] != before[table]]
        before = after
        if shared_rows(both.team) != shared:
            found.append(f"{name} changes what is shared")
    for name, verb in READING.items():  # nothing starred, kept or corrected can be read that way
        if verb is not None and WORD in told(store, verb).casefold().replace(f"='{WORD}'", ""):
            found.append(f"{name}, after the writing")
    with connect(both.team.place, WEB, both.bob.id) as c:
        for table in POLICED:
            seen = c.execute(f"select distinct reader from reader.{table}").fetchall()
            if {row[0] for row in seen} - {both.bob.id}:
                found.append(f"select from {table}")
    return found


def shared_rows(team: TestTeam) -> list[Any]:
    """Ada's data in the shared pool."""
    return team.rows(
        f"select id, url, title, followers::text, listed, next_due from shared.feed where id > {FEED}"
        f" union all select id, title, lead, '', false, first_seen from shared.item where id > {ITEM}"
        f" union all select item, model, not_news, scores, false, null from shared.tagging where item > {ITEM}"
        f" union all select id, '', '', '', false, last from shared.story where id > {STORY}"
        f" union all select item, story::text, '', '', false, null from shared.member where item > {ITEM} order by 1, 2"
    )


def test_every_verb_is_in_the_matrix() -> None:
    verbs = {n for n, _ in inspect.getmembers(ReaderStore, inspect.isroutine) if not n.startswith("_")}
    assert verbs == READING.keys() | WRITING.keys()


def test_the_right_reader_is_told_all_of_it(both: Both) -> None:
    """Otherwise, the wrong reader's getting nothing would prove nothing."""
    with both.team.store(both.ada) as store:
        silent = {
            name
            for name, verb in READING.items()
            if verb is not None
            and not (WORD in (said := told(store, verb).casefold()) or NUMBERS.search(said))
        }
    assert silent <= {
        "values",
        "values_of",
        "done",
        "editions",
        "having",
        "count_window",
        "counts",
        "due",
        "ungrouped",
        "unheard",
        "untagged",
    }


def test_what_was_found_for_one_reader_is_not_given_to_another(both: Both) -> None:
    with both.team.store(None) as store:
        for reader, word in ((both.ada, WORD), (both.bob, "lisbon"), (both.ada, WORD)):
            with store.of(reader.id):
                found = store.while_unchanged("feeds", 0, lambda: [s.name for s in store.states()])
                assert found == [word]
                with store.viewing():
                    assert [s.name for s in store.states()] == [s.name for s in store.states()] == [word]
                    with pytest.raises(AssertionError), store.of(both.bob.id):
                        pass


@pytest.mark.parametrize("role", [WEB, EDITION])
def test_no_verb_tells_or_changes_anything_of_another_reader(both: Both, role: str) -> None:
    with both.team.store(both.bob, role) as store:
        assert leaks(both, store) == []


def test_without_a_reader_nothing_is_told(both: Both) -> None:
    with both.team.store(None) as store:
        assert leaks(both, store) == []
        assert store.states() == []
        assert store.editions() == []
    with connect(both.team.place, WEB) as c:
        for table in POLICED:
            assert c.execute(f"select count(*) from reader.{table}").fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.parametrize(
    "opened",
    [
        "drop policy own on reader.{t}; create policy own on reader.{t} using (true) with check (true)",
        "alter table reader.{t} disable row level security",
    ],
)
def test_the_matrix_fails_where_one_policy_is_gone(both: Both, opened: str) -> None:
    shut = (
        "drop policy own on reader.{t}; alter table reader.{t} enable row level security;"
        " create policy own on reader.{t} using (reader = reader.me()) with check (reader = reader.me())"
    )
    for table in POLICED:
        both.team.rows(opened.format(t=table))
        with both.team.store(both.bob) as store:
            assert leaks(both, store), table
        both.team.rows(shut.format(t=table))


def test_the_roles_own_nothing_and_go_past_no_policy(team: TestTeam) -> None:
    roles = team.rows(
        "select rolname, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb, "
        "(select count(*) from pg_class where relowner = r.oid) from pg_roles r where rolname like 'newsfeed_%%'"
        " and rolname <> 'newsfeed_owner'"
    )
    assert {row[0] for row in roles} == {FETCH, EDITION, WEB, DOOR}
    assert all(not beyond and not owned for _, beyond, owned in roles)
    forced = team.rows(
        "select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'reader'"
        " and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)"
    )
    assert forced == []


def test_each_role_has_a_right_on_its_own_part_only(both: Both) -> None:
    views = ("feed", "item", *VIEWS)
    pool = [f"shared.{table}" for table in views]
    kept = [f"reader.{table}" for table in POLICED if table not in IDENTITY] + [f"reader.{v}" for v in views]
    known = [f"reader.{table}" for table in IDENTITY]
    refused = {FETCH: kept + known, DOOR: kept + pool, WEB: pool, EDITION: pool + known[1:]}
    for role, tables in refused.items():
        for table in tables:
            with (
                pytest.raises(StoreError, match="permission denied"),
                connect(both.team.place, role, both.bob.id) as c,
            ):
                c.execute(f"select * from {table}")


def test_all_own_tables_of_a_home_are_policed() -> None:
    assert set(OWN) < set(POLICED)
