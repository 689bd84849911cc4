"""Today: the morning page with what its reader may say to it."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsfeed import config
from newsfeed.errors import NotFoundError
from newsfeed.model import Edition, Record, StoredItem, TopicScore
from newsfeed.pipeline import beginning, keeping, sharing, teach, thumbs
from newsfeed.pipeline.digest import today as local_day
from newsfeed.pipeline.editing import key_of
from newsfeed.pipeline.explain import explain, picks, resolve
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.tagging import asked_for
from newsfeed.render.pages import archive_path
from newsfeed.web.desk import Desk, is_live

FILE = re.compile(
    r"/(?:archive/(?:\d{4}/\d\d/\d\d|index)\.html|ledger\.html|(?:digest|links)\.xml|(?:feed|links)\.json)"
)
KINDS = {".html": "text/html", ".xml": "application/atom+xml", ".json": "application/feed+json"}
# A page of the site has its own policy in its head; it may be no part of anything else.
SITE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TERMS = 6


class Marks(Record, frozen=True, kw_only=True):
    """What the reader said of one item."""

    ref: str
    kept: bool = False
    note: str = ""
    thumb: int = 0


def today(desk: Desk, request: Request) -> Response:
    """The newest edition; without one, the offer to build it."""
    home = desk.home()
    edition = desk.store.latest_edition()
    if edition is None and beginning.is_new(home, desk.store):
        topics = [(n, t.label or n) for n, t in home.settings.topics.items() if not t.parent]
        return desk.view(request, "begin.html", s=home.settings, topics=topics, regions=config.STARTERS)
    if edition is None:
        return desk.view(request, "first.html", feeds=len(desk.store.states()), zone=home.settings.timezone)
    return desk.view(
        request,
        "today.html",
        lang=edition.lang,
        edition=edition,
        previous=None,
        earlier=archive_path(edition.previous) if edition.previous else "",
        ways=(),
        marks=_marks(desk, edition),
        old=edition.date != local_day(home),
        kept=desk.store.kept()[:3],
        people=sharing.for_whom(home, desk.store, edition) if home.settings.people else {},
    )


def _marks(desk: Desk, edition: Edition) -> dict[str, Marks]:
    shown = {p.item: p.ref for p in picks(edition)}
    kept = {k.item: k for k in desk.store.kept(ids=shown)}
    likes = desk.store.likes(shown)
    return {
        ref: Marks(
            ref=ref, kept=item in kept, note=kept[item].note if item in kept else "", thumb=likes.get(item, 0)
        )
        for item, ref in shown.items()
    }


def _mark_of(desk: Desk, item: int, ref: str) -> Marks:
    kept = next(iter(desk.store.kept(ids=[item])), None)
    return Marks(
        ref=ref,
        kept=kept is not None,
        note=kept.note if kept else "",
        thumb=desk.store.likes([item]).get(item, 0),
    )


def _item(desk: Desk, home: Home, name: str) -> StoredItem:
    return resolve(home, desk.store, f"#{name}" if not name.isdigit() else name)[0]


def mark(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """Keep, like or dislike an item, or take that back."""
    home = desk.home()
    name, do = fields.get("item", ""), fields.get("do", "")
    if do in {"keep", "note"}:
        one = keeping.keep(home, desk.store, name, fields.get("note") if do == "note" else None)
        said = f"Kept: {one.title}" if do == "keep" else "Your note is kept."
        item, ref = one.item, one.ref
    elif do == "unkeep":
        one = keeping.let_go(home, desk.store, name)
        said, item, ref = f"No longer kept: {one.title}", one.item, one.ref
    elif do in {"like", "dislike", "unlike"}:
        value = {"like": 1, "dislike": -1, "unlike": 0}[do]
        done = thumbs.thumb(home, desk.store, name, value)
        more = {1: "counts for more", -1: "counts for less", 0: "counts as before"}[value]
        said = (
            f"What {done.source} tells under {done.topic} {more} from the next page on."
            if done.topic
            else {1: "Liked.", -1: "Disliked.", 0: "Taken back."}[value]
        )
        found = resolve(home, desk.store, done.ref)[0]
        item, ref = found.id, found.ref
    else:
        raise NotFoundError(do, "is nothing that can be done", "")
    if do in {"keep", "unkeep", "note"}:
        sharing.write_links(home, desk.store)
    if is_live(request):
        edition = desk.store.latest_edition()
        people = sharing.for_whom(home, desk.store, edition) if home.settings.people and edition else {}
        return desk.view(request, "bar.html", m=_mark_of(desk, item, ref), people=people, said=said)
    return desk.done(request, said, _back(desk, item, fields))


def _back(desk: Desk, item: int, fields: dict[str, str]) -> str:
    """Where a form without script leads: the story on the page, or the list of what is kept."""
    if fields.get("from") == "kept":
        return "/kept"
    edition = desk.store.latest_edition()
    at = next((p.n for p in picks(edition) if p.item == item), None) if edition else None
    return f"/#s{at}" if at else "/"


def opened(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """Count that an item was opened: a beacon, so nothing is answered."""
    desk.store.opened(_item(desk, desk.home(), fields.get("item", "")).id, desk.home().clock())
    return Response(status_code=204)


def why(desk: Desk, request: Request) -> Response:
    """The arithmetic behind one item."""
    home = desk.home()
    item = _item(desk, home, request.path_params["ref"])
    found = explain(home, desk.store, item.ref)
    return desk.view(request, "why.html", found=found, ref=item.ref, title=item.item.title)


class Said(Record, frozen=True, kw_only=True):
    """A topic of an item with the words that decided for it."""

    name: str
    label: str
    terms: tuple[str, ...]


def topic(desk: Desk, request: Request) -> Response:
    """The topics of one item, the words that decided, and one button for each correction."""
    home = desk.home()
    item = _item(desk, home, request.path_params["ref"])
    return _topic(desk, request, home, item, "")


def _topic(desk: Desk, request: Request, home: Home, item: StoredItem, said: str) -> Response:
    tagging = asked_for(home, desk.store, item)
    scores: list[TopicScore] = sorted(tagging.scores if tagging else (), key=lambda s: -s.p)
    topics = home.settings.topics
    has = [
        Said(
            name=s.topic,
            label=topics[s.topic].label or s.topic,
            terms=tuple(t.term for t in s.terms if t.weight > 0)[:TERMS],
        )
        for s in scores
        if s.p >= teach.HAS and s.topic in topics
    ]
    near = [s.topic for s in scores if s.topic in topics]
    others = [name for name in dict.fromkeys((*near, *topics)) if name not in {s.name for s in has}]
    corrected = any(c.item == item.id for c in desk.store.corrections())
    return desk.view(
        request,
        "topic.html",
        ref=item.ref,
        title=item.item.title,
        has=has,
        others=[(name, topics[name].label or name) for name in others],
        corrected=corrected,
        said=said,
    )


def correct(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """Correct the topics of an item, answer a question with it, or take a correction back."""
    home = desk.home()
    item = _item(desk, home, fields.get("item", ""))
    if fields.get("to") == "undo":
        done = teach.undo(home, desk.store, item.ref)
    else:
        changes = fields.get("to", "").split()
        done = teach.correct(home, desk.store, item.ref, changes, asked=fields.get("asked", ""))
    labels = {n: t.label or n for n, t in home.settings.topics.items()}
    now = ", ".join(labels.get(t, t) for t in done.after) or "no topic"
    moved = f" {done.moved} other item{'' if done.moved == 1 else 's'} moved with it." if done.moved else ""
    said = f"Now under {now}.{moved} It stays where it is until the page is rebuilt."
    if is_live(request):
        return _topic(desk, request, home, item, said)
    return desk.done(request, said, "/teach" if fields.get("asked") else _back(desk, item.id, fields))


def mute(desk: Desk, request: Request) -> Response:
    """What may be muted of an item; each leads to a preview first."""
    home = desk.home()
    item = _item(desk, home, request.path_params["ref"])
    state = desk.store.state(item.feed)
    tagging = asked_for(home, desk.store, item)
    labels = [
        (s.topic, home.settings.topics[s.topic].label or s.topic)
        for s in sorted(tagging.scores if tagging else (), key=lambda s: -s.p)
        if s.p >= teach.HAS and s.topic in home.settings.topics
    ]
    return desk.view(
        request,
        "mute.html",
        ref=item.ref,
        title=item.item.title,
        source=state.name,
        source_key=key_of(state.subscription.url),
        topics=labels,
    )


def note(desk: Desk, request: Request) -> Response:
    """A kept item's note, to be written."""
    ref = request.path_params["ref"]
    item = _item(desk, desk.home(), ref)
    return desk.view(
        request, "note.html", m=_mark_of(desk, item.id, item.ref), ref=item.ref, title=item.item.title
    )


def questions(desk: Desk, request: Request) -> Response:
    """Three questions a day, by which the tags are measured."""
    home = desk.home()
    labels = {n: t.label or n for n, t in home.settings.topics.items()}
    return desk.view(
        request,
        "teach.html",
        questions=teach.questions(home, desk.store, local_day(home).toordinal()),
        labels=labels,
    )


def site_file(desk: Desk, request: Request) -> Response:
    """A file of the site that was drawn and stays: earlier mornings, the ledger. By its name only."""
    path = request.url.path
    if not FILE.fullmatch(path):
        raise NotFoundError("", "There is no such page.", "")
    file = desk.home().site / path[1:]
    if not file.is_file():
        return RedirectResponse("/", 303)
    return Response(
        file.read_bytes(),
        media_type=KINDS[file.suffix],
        headers={"Content-Security-Policy": SITE_POLICY},
    )
