"""A page that was built before there was any feed makes room for the first one."""

from __future__ import annotations

from pathlib import Path

import homes
import pytest
from homes import Entry
from serving import Server


@pytest.mark.parametrize(
    ("titles", "headline"),
    [
        (("#376: How a bank fell down", "#375: Two promises broken", "#374: Ships lost at sea"), "How a bank fell down"),
        (("41 - Trust at work pays", "40 - Why teams fail now", "39 - Pay and praise"), "Trust at work pays"),
        (("IsleCast 12: Who owns the tide", "IsleCast 11: Gulls at war", "IsleCast 10: Fares rise"), "Who owns the tide"),
    ],
)  # fmt: skip
def test_the_running_number_of_a_show_leaves_its_headline_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, titles: tuple[str, ...], headline: str
) -> None:
    with Server() as server:
        home = homes.make(tmp_path, monkeypatch, [server.port])
        document = homes.rss("Isle Radio", [Entry(title, hours=3 + n) for n, title in enumerate(titles)])
        home.list(homes.opml(("Finance", "Isle Radio", server.feed("/radio", document))))
        assert home.run("digest", "--no-open") == 0
        told = home.digest()
        assert headline in {one["title"] for one in (*told["picks"], *told["lines"])}


def test_a_page_of_an_empty_list_is_built_anew_once_a_feed_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path, monkeypatch, [server.port])
        home.list(homes.opml())
        assert home.run("digest", "--no-open") == 0
        assert home.run("why", "1") != 0
        assert "no stories" in capsys.readouterr().err
        document = homes.rss("Harbour Post", [Entry("Parliament adopts the budget of the port of Velmora")])
        home.list(homes.opml(("", "Harbour Post", server.feed("/harbour", document))))
        assert home.run("digest", "--no-open") == 0
        assert "no feeds yet" not in home.page()
        assert "budget of the port" in home.page()
