"""An item that was old when its feed was first read can be found, kept and shown like any other."""

from __future__ import annotations

from pathlib import Path

import homes
import pytest
from homes import Entry
from serving import Server


def test_an_old_item_that_is_kept_says_what_it_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Server() as server:
        home = homes.make(tmp_path, monkeypatch, [server.port])
        told = "The harbour of Velmora was dredged for the first time in a century, the port said."
        entries = [Entry("Harbour dredged", told, hours=24 * 40), Entry("Ferry back in service")]
        home.list(
            homes.opml(("", "Harbour Post", server.feed("/harbour", homes.rss("Harbour Post", entries))))
        )
        assert home.run("refresh", "--fetch-only") == 0
        capsys.readouterr()
        assert home.run("search", "dredged", "--json") == 0
        found = capsys.readouterr().out
        assert "first time in a century" in found
        ref = found.split('"ref":')[1].split('"')[1]
        assert home.run("keep", ref) == 0
        capsys.readouterr()
        assert home.run("kept", "--json") == 0
        assert told in capsys.readouterr().out
