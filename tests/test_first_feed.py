"""A page that was built before there was any feed makes room for the first one."""

from __future__ import annotations

from pathlib import Path

import homes
import pytest
from homes import Entry
from serving import Server


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
