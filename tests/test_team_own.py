"""What makes a reader's page their own: whose feeds count, whose corrections move it, whose settings hold."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import timedelta

import homes
import msgspec
import pytest
from homes import Entry, rss
from serving import Server
from teams import TestTeam

from newsfeed.model import Correction, Edition, Line, Pick
from newsfeed.team.desk import config_of, home_of
from newsfeed.team.readers import Reader

MORNING = homes.NOON - timedelta(minutes=55)
EVENT = "Court halts the merger of Alder Bank and Brisk Foods over competition"
TEXT = (
    "The judges said on Monday that the merger of Alder Bank and Brisk Foods would harm customers in {place}."
)


def feeds(server: Server, team: TestTeam) -> dict[str, str]:
    """Three outlets that tell of one event, and each of something else."""
    team.allow(server.place)
    found = {}
    for n, (name, place) in enumerate({"a": "Leeds", "b": "Leeds", "c": "Leeds"}.items()):
        entries = [
            Entry(EVENT, TEXT.format(place=place), 3 + n),
            Entry(f"Volcano {n} closes the airport of island {n}", "Flights were cancelled until Friday.", 5),
        ]
        found[name] = (
            f"World {server.feed(f'/{name}.xml', rss(name, entries, base=f'https://{name}.example'))}"
        )
    return found


def built(team: TestTeam, reader: Reader) -> Edition:
    made = team.desk().one(reader.id)
    assert isinstance(made, Edition)
    return made


def told(edition: Edition) -> Iterator[Pick | Line]:
    for section in edition.sections:
        yield from section.picks
    yield from edition.lines


def test_a_story_is_told_by_the_feeds_that_its_reader_follows(team: TestTeam, server: Server) -> None:
    of = feeds(server, team)
    ada, bob = team.add("ada", of["a"], of["b"], of["c"]), team.add("bob", of["b"])
    team.at(MORNING)
    team.work("fetch")
    assert team.rows("select count(*) from shared.member group by story order by 1 desc limit 1") == [(3,)]
    pages = {name: built(team, reader) for name, reader in (("ada", ada), ("bob", bob))}
    merger = {
        name: next(p for p in told(page) if isinstance(p, Pick) and "merger" in p.title)
        for name, page in pages.items()
    }
    assert len(merger["ada"].others) == 2
    assert merger["bob"].others == ()
    assert merger["bob"].feed == team.rows("select id from shared.feed where url like '%%/b.xml'")[0][0]


def test_what_one_reader_corrects_and_likes_moves_no_other_page(team: TestTeam, server: Server) -> None:
    of = feeds(server, team)
    ada, bob = team.add("ada", *of.values()), team.add("bob", *of.values())
    team.at(MORNING)
    team.work("fetch")
    before = built(team, bob)
    team.rows("delete from reader.edition")
    team.rows("delete from reader.shown")
    with team.store(ada) as store:
        for item in team.rows("select id from shared.item"):
            store.correct(Correction(item=item[0], topics=("science",), made=team.moment))
            store.like(item[0], -1, team.moment)
    moved = built(team, ada)
    assert [one.item for one in told(moved)] != [one.item for one in told(before)] or {
        one.topic for one in told(moved)
    } != {one.topic for one in told(before)}
    assert msgspec.json.encode(built(team, bob)) == msgspec.json.encode(before)


def test_a_kept_edition_names_what_it_left_out_by_number_alone(team: TestTeam, server: Server) -> None:
    of = feeds(server, team)
    ada = team.add("ada", *of.values(), settings='timezone = "Europe/Berlin"\n[edition]\nmax_items = 1\n')
    team.at(MORNING)
    team.work("fetch")
    ledger = built(team, ada).ledger
    kept = json.loads(zlib.decompress(team.rows("select data from reader.edition")[0][0]))["ledger"]
    assert len(kept) == len(ledger) > 1
    assert not any(one.get(name) for one in kept for name in ("title", "link", "source", "ref"))
    with team.store(ada) as store:
        edition = store.latest_edition()
    assert edition is not None
    assert all(one.title and one.link and one.source for one in edition.ledger)


@pytest.mark.parametrize(
    "own",
    [
        '[fetch]\nallow_private = ["127.0.0.0/8:8080"]\n',
        '[mail]\nhost = "mail.evil.example"\nto = "x@evil.example"\n',
        '[publish]\nfolder = "/tmp/elsewhere"\n',
        "[keep]\nitems = 31\n",
    ],
)
def test_network_mail_server_and_what_is_kept_are_the_admins(team: TestTeam, own: str) -> None:
    machine = team.desk().machine
    ada = team.readers.add("ada", settings='timezone = "Europe/Berlin"\n' + own, mail="")
    home = home_of(team.place, ada, machine, config_of(team.place, ada), team.clock)
    for part in ("fetch", "keep", "publish"):
        assert getattr(home.settings, part) == getattr(machine, part)
    assert (home.settings.mail.host, home.settings.mail.to) == (machine.mail.host, "")
    (team.folder / "my-templates").mkdir()
    assert home.templates == team.folder / "my-templates"
