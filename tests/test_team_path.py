"""A team from end to end: a home moves in, workers ask its feeds and make its reader's page at the reader's hour."""

from __future__ import annotations

from datetime import timedelta

import homes
from homes import Entry, rss
from serving import Server
from teams import TestTeam

from newsfeed.team.desk import config_of, home_of, page


def two_feeds(server: Server) -> tuple[str, str]:
    a = server.feed(
        "/a.xml",
        rss(
            "A",
            [
                Entry("Apple unveils a new chip for data centres", "It holds 80 billion transistors.", 5),
                Entry("Bank of England raises rates to 4 percent", "The vote was seven to two.", 9),
            ],
            base="https://a.example",
        ),
    )
    b = server.feed(
        "/b.xml",
        rss(
            "B",
            [Entry("New telescope finds water on a far planet", "It lies 120 light years away.", 12)],
            base="https://b.example",
        ),
    )
    return a, b


def test_a_home_moves_in_and_its_page_is_there_at_its_hour(team: TestTeam, server: Server) -> None:
    a, b = two_feeds(server)
    team.allow(server.place)
    home = team.folder.parent / "ada"
    home.mkdir()
    (home / "feeds.opml").write_text(homes.opml(("Tech", "A", a), ("Science", "B", b)), encoding="utf-8")
    (home / "newsfeed.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    assert team.run("import", str(home)) == 0
    team.at(homes.NOON - timedelta(hours=1, minutes=10))  # 06:20 in Berlin
    with team.process("worker", "--once") as worker:
        said, _ = worker.communicate(timeout=180)
    assert worker.returncode == 0, said
    assert "1 bucket" in said
    assert team.count("shared.item") == 3
    assert team.count("reader.edition") == 0
    team.at(homes.NOON - timedelta(minutes=55))
    team.work()
    assert team.count("reader.edition") == 1
    ada = team.readers.named("ada")
    with team.store(ada) as store:
        made = home_of(team.place, ada, team.desk().machine, config_of(team.place, ada), team.clock)
        drawn = page(made, store).decode()
        kept = store.latest_edition()
    assert "Bank of England raises rates to 4 percent" in drawn
    assert "New telescope finds water on a far planet" in drawn
    assert kept is not None
    assert {entry.title for entry in kept.ledger} == {
        "Apple unveils a new chip for data centres",
        "Bank of England raises rates to 4 percent",
        "New telescope finds water on a far planet",
    }
    assert team.rows("select at from shared.morning")[0][0].isoformat().startswith("2026-03-19T05:30")
