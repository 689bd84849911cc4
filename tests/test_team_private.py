"""Private feeds of one reader: asked with their secret, shown to that reader, and unknown to all others."""

from __future__ import annotations

from datetime import timedelta

import homes
import pytest
from homes import Entry, rss
from serving import Server
from teams import TestTeam

from newsfeed.errors import SettingsError
from newsfeed.model import Subscription
from newsfeed.team.private_feeds import KEY_FILE, Seal, is_private
from newsfeed.team.readers import Reader
from newsfeed.team.shared_store import SharedStore

TOKEN = "k7Qx93vLw02Zp5"
MORNING = homes.NOON - timedelta(minutes=55)


def page(server: Server, path: str, title: str, text: str) -> str:
    return server.feed(path, rss(path, [Entry(title, text)], base=f"https://{path[1:2]}.example"))


def everything(team: TestTeam) -> str:
    """All text of the whole database, as its superuser reads it."""
    tables = team.rows(
        "select schemaname, tablename from pg_tables where schemaname in ('shared', 'reader', 'procrastinate')"
    )
    return "\n".join(
        str(row) for schema, table in tables for row in team.rows(f"select * from {schema}.{table}")
    )


def titles(team: TestTeam, reader: Reader) -> set[str]:
    with team.store(reader) as store:
        return {c.item.item.title for c in store.pool(homes.NOON.date(), homes.NOON).candidates}


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://news.example/feed.xml", False),
        ("https://news.example/2024/world/rss", False),
        (f"https://news.example/feed/{TOKEN}.xml", True),
        ("https://news.example/feed?token=abcdef", True),
        ("https://ada:secret@news.example/feed.xml", True),
        ("imaps://ada@mail.example/INBOX", True),
    ],
)
def test_a_feed_is_private_by_its_address(url: str, private: bool) -> None:
    assert is_private(Subscription(url=url), {}) is private


def test_a_token_in_an_address_is_asked_with_and_told_to_nobody(team: TestTeam, server: Server) -> None:
    team.allow(server.place)
    secret = page(server, f"/feed/{TOKEN}.xml", "Ada's bank has news for Ada", "Her account is new.")
    shared = page(server, "/b.xml", "The moon has a new crater", "It was seen in May.")
    ada = team.add("ada", f"Bank {secret}", f"World {shared}")
    bob = team.add("bob", f"World {shared}")
    eve = team.add(
        "eve", f"Mine {secret}"
    )  # somebody who knows the address gets a feed of her own, not Ada's
    team.at(MORNING)
    team.work("fetch")
    assert len(server.asked(f"/feed/{TOKEN}.xml")) == 2
    assert titles(team, ada) == {"Ada's bank has news for Ada", "The moon has a new crater"}
    assert titles(team, bob) == {"The moon has a new crater"}
    assert titles(team, eve) == {"Ada's bank has news for Ada"}
    text = everything(team)
    assert TOKEN not in text
    assert "crater" in text
    with team.store(ada) as store:
        assert {s.subscription.url for s in store.states()} == {secret, shared}
        assert store.states()[0].last_good is not None
    stories = team.rows(
        "select item from shared.member m join shared.item i on i.id = m.item where i.title like 'Ada%%'"
    )
    assert stories == []
    owners = dict(team.rows("select owner, followers from shared.feed where sealed is not null"))
    assert owners == {ada.id: 1, eve.id: 1}


def test_a_secret_of_a_host_goes_with_its_readers_feed_alone(team: TestTeam) -> None:
    mailbox = "imaps://letters@mail.example/INBOX"
    ada, bob = team.add("ada"), team.add("bob")
    with team.store(ada) as store:
        store.keep_secret("Mail.example", TOKEN)
        store.keep_secret("other.example", "not of this feed")
    team.follow(ada, f"Work {mailbox}")
    team.follow(bob, f"Work {mailbox}")
    with SharedStore.connect(team.place) as shared:
        public, private = shared.leased(
            [row[0] for row in team.rows("select id from shared.feed order by owner")]
        )
    assert public == []
    assert [(state.subscription.url, dict(sealed.secrets)) for state, sealed in private] == [
        (mailbox, {"mail.example": TOKEN}),
        (mailbox, {}),
    ]
    assert TOKEN not in everything(team)
    with team.store(ada) as store:
        assert store.secret_hosts() == ["mail.example", "other.example"]
        store.keep_secret("mail.example", None)
        assert store.secret_hosts() == ["other.example"]


def test_without_its_key_nothing_sealed_can_be_read(team: TestTeam) -> None:
    ada = team.add("ada", f"Bank https://bank.example/{TOKEN}.xml")
    path = team.place.inner / KEY_FILE
    kept = path.read_bytes()
    path.unlink()
    with (
        pytest.raises(SettingsError, match=r"the key of the feeds' secrets can't be read"),
        team.store(ada) as store,
    ):
        store.states()
    path.write_bytes(b"m" * 43 + b"=")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="is not the key"), team.store(ada) as store:
        store.states()
    path.write_bytes(kept)
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="others can read the key"):
        Seal(team.place).close("x")


def test_who_leaves_leaves_no_private_feed_behind(team: TestTeam, server: Server) -> None:
    team.allow(server.place)
    secret = page(server, f"/feed/{TOKEN}.xml", "Ada's bank has news for Ada", "Her account is new.")
    ada = team.add("ada", f"Bank {secret}")
    team.at(MORNING)
    team.work("fetch")
    assert team.count("shared.item") == 1
    team.readers.remove(ada)
    for table in ("feed", "item", "body", "tagging", "search", "tally"):
        assert team.count(f"shared.{table}") == 0, table
