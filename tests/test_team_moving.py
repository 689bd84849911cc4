"""Moving: a home with history becomes a reader and a home again, beside others; and a removed reader leaves no row behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import homes
import msgspec
import psycopg
import pytest
from homes import Entry, TestHome, rss
from serving import Server
from teams import TestTeam

from newsfeed.errors import SettingsError, StoreError
from newsfeed.model import Correction, Kept, Passed
from newsfeed.store import Store
from newsfeed.team.moving import give_out, take_in
from newsfeed.team.sessions import Sessions
from newsfeed.team.site import SessionSetting
from newsfeed.team.tables import POLICED

STEPS = timedelta(days=1)


NEWS = (
    ("Bank of England raises rates to 4 percent", "Seven of nine members of its committee voted for it."),
    ("Apple unveils a chip for data centres", "It holds 80 billion transistors on one die."),
    ("New telescope finds water on a far planet", "Astronomers saw it in the light of its star."),
    ("Parliament passes the law on rented flats", "Landlords must now register each contract."),
    ("Volcano in Iceland erupts near a fishing town", "Four thousand people were brought to safety."),
    ("Vaccine against malaria works in children", "A trial in Kenya followed them for two years."),
    ("Carmaker recalls a million vehicles for brakes", "A valve may stick in the cold, it says."),
    ("Court lets the merger of two airlines go on", "Judges saw no harm to passengers."),
    ("Wheat harvest is the largest in twenty years", "Farmers expect lower prices for bread."),
)


def entries(day: int, n: int) -> list[Entry]:
    return [Entry(*NEWS[3 * day + n], hours=4 - 24 * day)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with three mornings, corrections, thumbs and kept items."""
    with pytest.MonkeyPatch.context() as monkeypatch, Server() as server:
        folder = tmp_path_factory.mktemp("lived") / "ada"
        live(homes.make(folder, monkeypatch, [server.port]), server)
        yield folder


@pytest.fixture
def lived_in(lived: Path, team: TestTeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestHome:
    """A copy of that home, an hour after its last morning."""
    team.at(homes.NOON + 2 * STEPS + timedelta(hours=1))
    shutil.copytree(lived, tmp_path / "ada")
    return TestHome(tmp_path / "ada", monkeypatch)


def live(home: TestHome, server: Server) -> None:
    urls = [server.url(f"/{n}.xml") for n in (1, 2, 3)]
    home.list(homes.opml(*((f"Folder {n}", f"Feed {n}", url) for n, url in enumerate(urls))))
    for day in range(3):
        for n in range(3):
            some = [e for d in range(day + 1) for e in entries(d, n)]
            server.feed(f"/{n + 1}.xml", rss(f"Feed {n}", some, base=f"https://f{n}.example"))
        home.at(homes.NOON + day * STEPS)
        assert home.run("digest") in {0, 1}
    with Store.open(home.folder / ".newsfeed" / "newsfeed.db", now=homes.NOON + 2 * STEPS) as store:
        picks = [p for s in store.latest_edition().sections for p in s.picks]  # type: ignore[union-attr]
        store.correct(Correction(item=picks[0].item, topics=("science",), made=homes.NOON))
        store.like(picks[0].item, 1, homes.NOON)
        store.opened(picks[-1].item, homes.NOON)
        store.keep(Kept(item=picks[0].item, ref=picks[0].ref, kept=homes.NOON, title="kept", note="mine"))
        store.pass_on(Passed(person="bob", item=picks[0].item, at=homes.NOON))
        store.decline("proposal")
    home.list(homes.opml(*((f"Folder {n}", f"Feed {n}", url) for n, url in enumerate(urls[:2]))))


def facts(store: Store) -> dict[str, Any]:
    """A home's data, by names instead of numbers."""
    day = (homes.NOON + 3 * STEPS).date()
    refs = {i.id: i.ref for i in store.window(homes.NOON - 90 * STEPS)}
    feeds = {s.feed: s.subscription.url for s in (*store.states(), *store.states(listed=False))}
    dates = store.editions()
    history = store.history(day)
    return {
        "list": [(s.subscription.url, s.subscription.folders, s.subscription.title) for s in store.states()],
        "former": [s.subscription.url for s in store.states(listed=False)],
        "items": sorted(
            (i.ref, i.item.title, i.first_seen, i.before, feeds[i.feed]) for i in store.items(refs)
        ),
        "bodies": sorted(i.item.text for i in store.items(refs)),
        "editions": dates,
        "picks": [
            (d, p.title, p.ref, refs.get(p.item), feeds[p.feed], p.minutes)
            for d in dates
            for s in store.edition(d).sections  # type: ignore[union-attr]
            for p in s.picks
        ],
        "ledger": [
            (d, refs.get(e.item), e.ref, e.title, e.cause)
            for d in dates
            for e in store.edition(d).ledger  # type: ignore[union-attr]
        ],
        "shown": [(s.date, refs.get(s.item), feeds[s.feed], s.section, s.sentence) for s in history.shown],
        "days": {d: msgspec.structs.replace(one, seldom=()) for d, one in history.days.items()},
        "stories": sorted(sorted(refs[n] for n in s.items) for s in store.stories(homes.NOON - 90 * STEPS)),
        "corrections": [(refs[c.item], c.topics) for c in store.corrections()],
        "thumbs": [(refs[n], liked) for n, liked in store.thumbs(10)],
        "kept": [(k.ref, k.note) for k in store.kept()],
        "passed": [(p.person, refs[p.item]) for p in store.passed(homes.NOON - STEPS)],
        "declined": store.declined(),
        "found": sorted(i.ref for i in store.search("bank")),
    }


def test_a_home_moves_in_beside_others_and_out_again_with_all_it_knows(
    team: TestTeam, lived_in: TestHome, tmp_path: Path
) -> None:
    with Store.open(lived_in.folder / ".newsfeed" / "newsfeed.db", now=team.moment) as store:
        before = facts(store)
    take_in(team.place, lived_in.folder, "first", team.clock)
    reader, _ = take_in(team.place, lived_in.folder, "ada", team.clock, mail="ada@example.org")
    with team.store(reader) as store:
        inside = facts(store)
    dropped = before["list"][2]
    before["list"].remove(dropped)
    before["former"].append(dropped[0])
    assert inside == before
    assert team.count("shared.item") == len(before["items"])
    give_out(team.place, reader, tmp_path / "out", team.clock)
    with Store.open(tmp_path / "out" / ".newsfeed" / "newsfeed.db", now=team.moment) as store:
        assert facts(store) == before
    out = TestHome(tmp_path / "out", lived_in.monkeypatch)
    out.at(homes.NOON + 3 * STEPS)
    assert out.run("digest") in {0, 1}


def test_who_moves_in_finds_nothing_of_who_was_there(team: TestTeam, lived_in: TestHome) -> None:
    take_in(team.place, lived_in.folder, "ada", team.clock)
    bob = team.add("bob", *(f"Towns {url}" for (url,) in team.rows("select url from shared.feed")))
    with team.store(bob) as store:
        known = facts(store)
    assert {name for name, value in known.items() if value} <= {"list", "items", "bodies", "stories", "found"}


def test_a_home_that_cannot_move_in_leaves_nothing(team: TestTeam, lived_in: TestHome) -> None:
    take_in(team.place, lived_in.folder, "ada", team.clock)
    with pytest.raises(SettingsError, match="there is a reader of that name"):
        take_in(team.place, lived_in.folder, "ada", team.clock)
    (lived_in.folder / ".newsfeed" / "newsfeed.db").write_bytes(b"no database")
    with pytest.raises(StoreError):
        take_in(team.place, lived_in.folder, "bob", team.clock)
    assert [one.name for one in team.readers.all()] == ["ada"]


def test_removing_a_reader_deletes_every_row_of_theirs_and_no_other(
    team: TestTeam, lived_in: TestHome
) -> None:
    ada, _ = take_in(team.place, lived_in.folder, "ada", team.clock, mail="ada@example.org")
    bob, _ = take_in(team.place, lived_in.folder, "bob", team.clock)
    for reader in (ada, bob):
        Sessions(team.place, team.clock, SessionSetting()).begin(reader, "test")
        (number,) = team.rows(
            "insert into reader.team_list (name) values ('a list of the team') returning id"
        )[0]
        team.rows("insert into reader.following (reader, list) values (%s, %s)", reader.id, number)
        team.readers.invite(reader)
        team.readers.add_credential(reader, "oidc", reader.name)
        with team.store(reader) as store:
            store.keep_secret("mail.example", reader.name)
            store.claim_mail(homes.NOON.date(), "x", homes.NOON)
            store.mark_done(homes.NOON.date(), "UTC", homes.NOON)
            store.save_list(b"list")
    tables = [
        (schema, table)
        for schema, table in team.rows(
            "select table_schema, table_name from information_schema.columns c join pg_tables t on schemaname = table_schema"
            " and tablename = table_name where column_name = 'reader'"
        )
    ]
    assert {table for _, table in tables} == {*POLICED, "morning"}

    def rows(reader: int) -> dict[str, int]:
        return {table: team.count(f"{name}.{table}", f"reader = {reader}") for name, table in tables}

    his = rows(bob.id)
    assert all(his.values()), his
    assert rows(ada.id) == his
    assert team.run("remove", "ada", "--yes") == 0
    assert not any(rows(ada.id).values())
    assert rows(bob.id) == his
    assert team.count("shared.item") > 0
    assert set(team.rows("select followers from shared.feed where listed")) == {(1,)}
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        team.rows("insert into reader.mark (reader, item) values (%s, 1)", ada.id)
