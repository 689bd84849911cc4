"""People whom the reader does not follow, counted from what was fetched anyway."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fakes.networks import Mastodon, status
from homes import make
from serving import Server

from newsfeed.model import Item, StoredItem, Tagging, TopicScore
from newsfeed.pipeline.morning.suggest import Event, choose
from newsfeed.sources.source import linked, voice

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "key", "post"),
    [
        ("https://social.example/@ada", "@ada@social.example", False),
        ("https://social.example/@ada.rss", "@ada@social.example", False),
        ("https://social.example/@Ada/113500000000000001", "@ada@social.example", True),
        ("https://social.example/@ada@other.example", "@ada@other.example", False),
        ("https://social.example/users/ada/statuses/113500000000000001", "@ada@social.example", True),
        ("@ada@social.example", "@ada@social.example", False),
        ("https://bsky.app/profile/bo.example/post/3kab", "bsky:bo.example", True),
        ("https://bsky.app/profile/bo.example/rss", "bsky:bo.example", False),
        ("did:plc:abc", "bsky:did:plc:abc", False),
    ],
)
def test_all_addresses_of_a_person_have_one_key(address: str, key: str, post: bool) -> None:
    found = voice(address)
    assert found
    assert (found.key, found.post) == (key, post)


@pytest.mark.parametrize(
    "address", ["https://press.example/a", "https://medium.com/@ada", "https://x.com/ada", "", "@ada"]
)
def test_what_is_nobodys(address: str) -> None:
    assert voice(address) is None


def test_a_link_to_a_post_counts_and_a_mention_does_not() -> None:
    markup = (
        '<p><a href="https://social.example/@bo">@bo</a> see '
        '<a href="https://bsky.app/profile/cy.example/post/3kab">this</a></p>'
    )
    assert [v.key for v, _ in linked(markup)] == ["bsky:cy.example"]


def event(who: str, by: str, number: int) -> Event:
    found = voice(f"https://social.example/@{who}/{110_000_000 + number}")
    assert found
    item = StoredItem(id=number, ref="r", feed=1, item=Item(identity=str(number)), first_seen=NOW)
    return Event(
        voice=found,
        by=by,
        item=item,
        name=who.title(),
        title=f"Post {number}",
        link=f"https://social.example/@{who}/{110_000_000 + number}",
    )


def tagged(number: int, topic: str) -> Tagging:
    return Tagging(item=number, scores=(TopicScore(topic=topic, p=0.9),))


LABELS = {"science": "Science", "sales": "Sales"}


def test_many_people_count_before_many_times_and_three_are_enough() -> None:
    events = [event("loud", "Ada", n) for n in range(1, 9)]
    events += [event("known", by, 20 + n) for n, by in enumerate(("Ada", "Bo", "Cy"))]
    events += [event(name, by, n) for name in ("one", "two") for n, by in ((30, "Ada"), (31, "Bo"))]
    events += [event("once", "Ada", 50)]
    found = choose(events, {}, labels=LABELS, thin=())
    assert [s.name for s in found] == ["Known", "One", "Two"]
    assert found[0].by == ("Ada", "Bo", "Cy")
    assert len(found[0].posts) == 2
    assert 'xmlUrl="https://social.example/@known.rss"' in found[0].outline
    assert 'htmlUrl="https://social.example/@known"' in found[0].outline


def test_a_topic_below_its_share_goes_before() -> None:
    events = [event("plenty", by, n) for n, by in ((1, "Ada"), (2, "Bo"))]
    events += [event("scarce", by, n) for n, by in ((3, "Ada"), (4, "Bo"))]
    taggings = {
        1: tagged(1, "sales"),
        2: tagged(2, "sales"),
        3: tagged(3, "science"),
        4: tagged(4, "science"),
    }
    assert [s.name for s in choose(events, taggings, labels=LABELS, thin=())] == ["Plenty", "Scarce"]
    found = choose(events, taggings, labels=LABELS, thin=("science",))
    assert [s.name for s in found] == ["Scarce", "Plenty"]
    assert found[0].topics == ("Science",)


def test_people_from_a_home_timeline_with_the_line_to_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def by(name: str) -> dict[str, object]:
        return {
            "id": name,
            "acct": name,
            "display_name": name.title(),
            "url": f"https://social.example/@{name}",
        }

    def boosted(number: int) -> dict[str, object]:
        url = f"https://far.example/@zoe/{113_500_000_000_000_000 + number}"
        return status(
            number,
            f"<p>Zoe's note {number}: what a harbour learns from its tides.</p>",
            url=url,
            uri=url,
            account=by("zoe"),
        )

    with Server() as server:
        network = Mastodon(server, token="t0ken")
        network.statuses = [
            status(1, account=by("ada")),
            status(2, content="", reblog=boosted(40), account=by("ada")),
            status(3, content="", reblog=boosted(41), account=by("bo")),
            status(4, account=by("bo")),
        ]
        home = make(tmp_path / "home", monkeypatch, [server.port])
        home.at(datetime(2026, 11, 23, 18, 0, tzinfo=UTC))
        with (home.folder / "newsfeed.toml").open("a") as settings:
            settings.write('[secrets."127.0.0.1"]\nenv = "NEWSFEED_SECRET_SOCIAL"\n')
        monkeypatch.setenv("NEWSFEED_SECRET_SOCIAL", "t0ken")
        home.list(
            f'<opml version="2.0"><body><outline text="Social"><outline type="mastodon" text="Home" '
            f'htmlUrl="https://social.example/home" newsfeed-api="{server.url("")}"/></outline></body></opml>'
        )
        assert home.run("refresh") == 0
        capsys.readouterr()
        assert home.run("people") == 0
        listed = capsys.readouterr().out
        monkeypatch.setenv("NEWSFEED_EDITION__BREADTH_DAY", "monday")
        assert home.run("digest", "--no-open", "--no-refresh") == 0
        page = home.page()
        assert "Worth following" in page
        assert "passed on 2 times by" in page
        assert "https://far.example/@zoe.rss" in page
        monkeypatch.setenv("NEWSFEED_EDITION__BREADTH_DAY", "tuesday")
        assert home.run("digest", "--no-open", "--no-refresh", "--rebuild") == 0
        assert "Worth following" not in home.page()
        listed += capsys.readouterr().out
        # A no is permanent, on the page too.
        assert home.run("people", "--no", "Bo") == 2
        assert "Suggested: Zoe" in capsys.readouterr().err
        assert home.run("people", "--no", "zoe") == 0
        monkeypatch.setenv("NEWSFEED_EDITION__BREADTH_DAY", "monday")
        assert home.run("digest", "--no-open", "--no-refresh", "--rebuild") == 0
        assert "Worth following" not in home.page()
        assert home.run("people") == 0
        assert "Nobody yet" in capsys.readouterr().out
    said = listed + capsys.readouterr().out
    assert "Zoe (https://far.example/@zoe)" in said
    assert "passed on 2 times by" in said
    assert 'xmlUrl="https://far.example/@zoe.rss"' in said
    assert "ada.rss" not in said
    assert "t0ken" not in said
