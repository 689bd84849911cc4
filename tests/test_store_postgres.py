"""PostgreSQL in particular: one writer at a time, its errors in words, a home's whole morning in it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import homes
import psycopg
import pytest
import stored
from homes import Entry
from postgres import Cluster
from serving import Server
from stored import NOW, feeds, item, keep, titles, update

from newsfeed.errors import BusyError, NewerStoreError, SettingsError, StoreError
from newsfeed.store import Store, schema
from newsfeed.store import postgres as own
from newsfeed.store.lock import Lock


@pytest.fixture
def url(postgres: Cluster, tmp_path: Path) -> str:
    """The address of an empty database."""
    return stored.in_postgres(postgres)(tmp_path)


def test_it_is_made_once_and_kept(url: str) -> None:
    with Store.open(url, now=NOW) as store:
        keep(store, item("1", "Kept"))
        assert store.counts().bytes > 0
        assert store.backup(NOW, force=True) is None
    with Store.open(url, now=NOW) as store:
        assert titles(store.search("kept")) == ["Kept"]


def test_several_may_make_it_at_once(url: str) -> None:
    found: list[object] = []

    def make() -> None:
        try:
            Store.open(url, now=NOW).close()
            found.append("made")
        except StoreError as error:
            found.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["made"] * 4


def test_a_newer_one_and_another_programs_are_refused(url: str) -> None:
    with psycopg.connect(url) as raw:
        raw.execute("CREATE TABLE letters (body text)")
    with pytest.raises(StoreError, match="another program"):
        Store.open(url, now=NOW)
    with psycopg.connect(url) as raw:
        raw.execute("DROP TABLE letters")
    Store.open(url, now=NOW).close()
    with psycopg.connect(url) as raw:
        raw.execute("UPDATE newsfeed_version SET version = %s", (schema.VERSION + 1,))
    with pytest.raises(NewerStoreError, match="a newer newsfeed wrote it"):
        Store.open(url, now=NOW)


def test_who_waits_too_long_for_another_writer_is_told_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "BUSY_SECONDS", 1)
    with Store.open(url, now=NOW) as store, Store.open(url, now=NOW) as other:
        (state,) = feeds(store)
        with other._writing():
            with pytest.raises(StoreError, match="another newsfeed is writing"):
                store.apply(update(state, [item("1")]), NOW)
            assert store.states() == [state], "who only reads need not wait"
        assert len(store.apply(update(state, [item("1")]), NOW).new) == 1


def test_a_connection_that_the_server_ended_is_made_anew(url: str) -> None:
    with Store.open(url, now=NOW) as store:
        keep(store, item("1"))
        with psycopg.connect(url, autocommit=True) as raw:
            raw.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        with pytest.raises(StoreError, match=r"ended the connection|can't be reached"):
            store.states()
        assert keep(store, item("1")) == []
        assert store.counts().items == 1


def test_two_homes_of_one_database_work_one_after_the_other(url: str, tmp_path: Path) -> None:
    Store.open(url, now=NOW).close()
    here, there = (Lock(tmp_path / name, name, database=url) for name in ("refresh", "digest"))
    for _ in range(2):
        with here:
            with pytest.raises(BusyError, match="at work in this database: refresh"), there:
                pass
            assert there.holder() is None
        with there, pytest.raises(BusyError, match="at work in this database: digest"), here:
            pass
    elsewhere = Lock(tmp_path / "none", "x", database="postgresql://me:s3cret@127.0.0.1:1/news")
    with pytest.raises(StoreError, match="can't be reached"), elsewhere:
        pass
    assert elsewhere.holder() is None


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("postgresql://me:s3cret@127.0.0.1:1/news", "can't be reached"),
        ("postgresql+psycopg://me:s3cret@127.0.0.1:1/news?connect_timeout=2", "can't be reached"),
        ("postgresql://me:s3cret@host:port/news", "can't be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_secret(address: str, cause: str) -> None:
    with pytest.raises((StoreError, SettingsError)) as caught:
        Store.open(address, now=NOW)
    assert cause in caught.value.cause
    assert caught.value.repair
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value)


def test_a_database_that_is_not_there_is_told(postgres: Cluster) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        Store.open(postgres.url("nowhere"), now=NOW)


def test_what_the_server_says_of_a_row_is_not_told(url: str) -> None:
    with Store.open(url, now=NOW) as store:
        feeds(store)
        with pytest.raises(StoreError) as caught, store._writing() as db:
            db.execute(
                schema.feed.insert().values(
                    url="https://a.example/feed", outline="", place=0, listed=True, since=NOW
                )
            )
    assert "a.example" not in str(caught.value)


def test_numbers_of_two_writers_never_meet(url: str) -> None:
    with Store.open(url, now=NOW) as store, store._writing() as db:
        numbers = [
            *db.new_numbers(schema.item, 3),
            *db.new_numbers(schema.item, 2),
            *db.new_numbers(schema.item, 0),
        ]
    assert len(set(numbers)) == 5


def test_a_morning_is_the_same_page_as_from_sqlite(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    server.feed(
        "/a", homes.rss("Paper A", [Entry(f"Something happened in town {n}", hours=n + 1) for n in range(6)])
    )
    server.feed(
        "/b", homes.rss("Paper B", [Entry(f"A report on rivers, part {n}", hours=n + 1) for n in range(6)])
    )
    pages = []
    for name, database in (("one", ""), ("two", url)):
        home = homes.make(tmp_path / name, monkeypatch, [server.port])
        home.list(homes.opml(("News", "Paper A", server.url("/a")), ("Science", "Paper B", server.url("/b"))))
        if database:
            monkeypatch.setenv("NEWSFEED_DATABASE", database)
        assert home.run("digest") == 0
        pages.append(home.page())
        assert home.run("why", "1") == 0
        assert home.run("search", "rivers") == 0
        assert home.run("doctor") in {0, 1}
    assert pages[0] == pages[1]
    assert not (tmp_path / "two" / ".newsfeed" / "newsfeed.db").exists()
    assert home.run("backup") != 0
    assert home.run("restore") != 0
    with sqlite3.connect(tmp_path / "one" / ".newsfeed" / "newsfeed.db") as raw:
        assert raw.execute("SELECT count(*) FROM edition").fetchone() == (1,)
