"""Demo: a whole morning from sample sources on this machine, by the very same pipeline."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from newsfeed import demo
from newsfeed.model import Settings
from newsfeed.pipeline.digest import digest
from newsfeed.pipeline.home import Home, create
from newsfeed.pipeline.reports import Clock, DigestReport, Progress


def run(folder: Path, clock: Clock, settings: Settings, *, progress: Progress) -> DigestReport:
    """Serve the sample sources on loopback, pull them and build their page in `folder`.

    A demo that lies there from before is built anew.
    """
    if (folder / demo.MARK).exists():
        shutil.rmtree(folder)
    with demo.serve(clock()) as served:
        create(folder, starter=served.opml, settings_text=demo.SETTINGS.format(zone=settings.timezone))
        (folder / demo.MARK).write_text("Made by newsfeed demo; it may be removed.\n", encoding="utf-8")
        fetching = msgspec.structs.replace(settings.fetch, allow_private=(served.address,))
        home = Home(folder, msgspec.structs.replace(settings, home=str(folder), fetch=fetching), clock)
        with home.lock("demo"), home.open_store() as store:
            return digest(home, store, progress=progress)
