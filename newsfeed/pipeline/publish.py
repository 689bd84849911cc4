"""The site mirrored into another folder: one that is synced to a phone, or a web root."""

from __future__ import annotations

from pathlib import Path

from newsfeed import config, deliver
from newsfeed.errors import DeliveryError
from newsfeed.model import Record
from newsfeed.pipeline.home import Home

WORLD = 0o644  # whoever may enter the folder may read: that is what it is for
KINDS = frozenset({".html", ".xml", ".json"})


class Mirrored(Record, frozen=True, kw_only=True):
    """What a mirroring did."""

    folder: str
    changed: int


def mirror(home: Home) -> Mirrored | None:
    """Put every page that differs into the published folder, index last; None where there is none.

    Nothing is ever taken away there.

    Raises:
        DeliveryError: the folder can't be written; the site itself is untouched.
    """
    folder = config.publish_folder(home.settings)
    if folder is None:
        return None
    files = {
        path.relative_to(home.site).as_posix(): _read(path)
        for path in sorted(home.site.rglob("*"))
        if path.suffix in KINDS and path.is_file() and not path.name.startswith(".")
    }
    return Mirrored(folder=str(folder), changed=len(deliver.write_site(folder, files, mode=WORLD)))


def told(folder: str) -> str:
    """Where the pages went, and what its owner must know of it."""
    return f"Published to {folder}. Whoever reads that folder reads your page."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DeliveryError(
            str(path), f"can't be read ({error.strerror})", "Mend its rights, then run the command again."
        ) from error
