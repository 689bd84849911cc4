"""The other forms of an edition: each is a file of the site, and every page links to it in its head."""

from __future__ import annotations

from pathlib import PurePosixPath

from newsfeed.model import Record


class Alternate(Record, frozen=True, kw_only=True):
    """A file that holds the edition, or its stories, in another form."""

    path: str
    title: str  # as a phrase
    media_type: str


ALTERNATES = (
    Alternate(path="digest.xml", title="Editions", media_type="application/atom+xml"),
    Alternate(path="feed.json", title="Stories", media_type="application/feed+json"),
)
# By the endings of their names, the kinds of files of the site: only these are linked to, mirrored and handed out.
MEDIA_TYPES = {".html": "text/html", **{PurePosixPath(a.path).suffix: a.media_type for a in ALTERNATES}}
DRAWN = ("ledger.html", *(a.path for a in ALTERNATES))  # that the local app hands out as they are
