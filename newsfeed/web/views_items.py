"""Views of items: the morning page with its controls, search, and kept items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsfeed import config
from newsfeed.errors import NewsfeedError, NotFoundError
from newsfeed.model import Edition, Record, StoredItem, TopicScore, picks
from newsfeed.pipeline.answers import keep, teach
from newsfeed.pipeline.answers import search as searching
from newsfeed.pipeline.answers.why import explain, resolve, to_weigh
from newsfeed.pipeline.care import begin
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.morning.digest import weighed_then
from newsfeed.pipeline.morning.draw import commands
from newsfeed.pipeline.morning.understand import asked_for
from newsfeed.pipeline.subscriptions.add import export_list as listed
from newsfeed.pipeline.subscriptions.edit import key_of
from newsfeed.render.alternates import DRAWN, MEDIA_TYPES
from newsfeed.render.pages import archive_path
from newsfeed.text import clean_line
from newsfeed.text.spoken import count, say, topic_labels
from newsfeed.web import views_sources
from newsfeed.web.local_app import PATIENCE, ViewApp, is_live

ARCHIVE = re.compile(r"archive/(?:\d{4}/\d\d/\d\d|index)\.html")
SITE_FILES = (*DRAWN, "links.xml", "links.json")
# A page of the site has its own policy in its head; it may be no part of anything else.
SITE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Words with letters, without signs that stand for something.
MEANT = re.compile(r"(?=.*[^\W\d_]{2})[^§#$*]+")
SAID = 60  # letters of a title in what is said: it lies over the page
TERMS = 6  # deciding words of a topic, as many as fit on a line


class ItemMarks(Record, frozen=True, kw_only=True):
    """The reader's marks on one item."""

    ref: str
    kept: bool = False
    note: str = ""
    thumb: int = 0


def today(app: ViewApp, request: Request) -> Response:
    """The newest edition; without one, the offer to build it."""
    home = app.home()
    edition = app.store.latest_edition()
    if edition is None and begin.is_new(home, app.store):
        topics = [
            (n, label)
            for n, label in topic_labels(home.settings.topics).items()
            if not home.settings.topics[n].parent
        ]
        return app.view(
            request,
            "begin.html",
            s=home.settings,
            topics=topics,
            regions=config.STARTERS,
            asked_first=True,  # before that a refresh would ask sources that nobody chose
        )
    if edition is None:
        return app.view(request, "first.html", feeds=len(app.store.states()), zone=home.settings.timezone)
    answer = morning(app, request, home, edition)
    # What its reader may look at next, and would wait for.
    app.prepare("sources", partial(views_sources.source_rows, app))
    app.prepare("questions", partial(_questions, app))
    return answer


def morning(app: ViewApp, request: Request, home: Home, edition: Edition, **more: Any) -> Response:
    """The page of an edition with its controls."""
    return app.view(
        request,
        more.pop("template", "today.html"),
        lang=edition.lang,
        edition=edition,
        previous=None,
        unsaid=commands(edition),
        earlier=archive_path(edition.previous) if edition.previous else "",
        ways=(),
        marks=_marks(
            app, {p.item: p.ref for p in picks(edition)} | {line.item: line.ref for line in edition.lines}
        ),
        old=edition.date != home.today,
        kept=app.store.kept()[:3],
        people=keep.for_whom(home, app.store, edition) if home.settings.people else {},
        passed=keep.account(home, app.store, edition) if edition.breadth else "",
        **more,
    )


def _marks(app: ViewApp, shown: Mapping[int, str]) -> dict[str, ItemMarks]:
    """The reader's marks on each of these items, by short id."""
    kept = {k.item: k for k in app.store.kept(ids=shown)}
    likes = app.store.likes(shown)
    return {
        ref: ItemMarks(
            ref=ref, kept=item in kept, note=kept[item].note if item in kept else "", thumb=likes.get(item, 0)
        )
        for item, ref in shown.items()
    }


def _item(app: ViewApp, home: Home, name: str) -> StoredItem:
    return resolve(home, app.store, f"#{name}" if not name.isdigit() else name)[0]


_COUNTED = {
    1: "What {source} tells under {topic} counts for more from the next page on.",
    -1: "What {source} tells under {topic} counts for less from the next page on.",
    0: "What {source} tells under {topic} counts as before from the next page on.",
}


def mark(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Keep, like or dislike an item, or take that back."""
    home = app.home()
    name, do = fields.get("item", ""), fields.get("do", "")
    if do in {"keep", "note"}:
        one = keep.keep(home, app.store, name, fields.get("note") if do == "note" else None)
        title = clean_line(one.title, SAID)
        said = say("Kept: {title}", title=title) if do == "keep" else say("Your note is kept.")
        item, ref = one.item, one.ref
    elif do == "unkeep":
        one = keep.let_go(home, app.store, name)
        said = say("No longer kept: {title}", title=clean_line(one.title, SAID))
        item, ref = one.item, one.ref
    elif do in {"like", "dislike", "unlike"}:
        value = {"like": 1, "dislike": -1, "unlike": 0}[do]
        done = teach.thumb(home, app.store, name, value)
        said = (
            say(_COUNTED[value], source=done.source, topic=say(done.topic))
            if done.topic
            else say({1: "Liked.", -1: "Disliked.", 0: "Taken back."}[value])
        )
        found = resolve(home, app.store, done.ref)[0]
        item, ref = found.id, found.ref
    else:
        raise NotFoundError(do, "is nothing that can be done", "")
    if do in {"keep", "unkeep", "note"}:
        keep.write_links(home, app.store)
    if is_live(request):
        edition = app.store.latest_edition()
        people = keep.for_whom(home, app.store, edition) if home.settings.people and edition else {}
        return app.view(request, "bar.html", m=_marks(app, {item: ref})[ref], people=people, said=said)
    return app.done(request, said, _back(app, item, fields))


def _back(app: ViewApp, item: int, fields: dict[str, str]) -> str:
    """The target after a form without script: the story on the page, or the list of kept items."""
    if fields.get("from") == "kept":
        return "/kept"
    edition = app.store.latest_edition()
    places = {line.item: f"l-{line.ref}" for line in edition.lines} if edition else {}
    places |= {p.item: f"s{p.n}" for p in picks(edition)} if edition else {}
    return f"/#{places[item]}" if item in places else "/"


def opened(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Count that an item was opened: a beacon, so nothing is answered."""
    app.store.opened(_item(app, app.home(), fields.get("item", "")).id, app.home().clock())
    return Response(status_code=204)


def why(app: ViewApp, request: Request) -> Response:
    """The arithmetic behind one item."""
    home = app.home()
    item = _item(app, home, request.path_params["ref"])
    weighed = to_weigh(app.store, item)
    # Once only: while a refresh stores what it finds, it is never ready.
    if weighed is not None and not is_live(request) and "waited" not in request.query_params:
        find = partial(weighed_then, home, app.store, weighed)
        if not app.prepare("weighed", find, wait=PATIENCE):
            to = f"/why/{item.ref}?waited=1"
            return app.wait(request, "why.html", to, found=None, ref=item.ref, title=item.item.title)
    found = explain(home, app.store, item.ref)
    return app.view(request, "why.html", found=found, ref=item.ref, title=item.item.title)


class Said(Record, frozen=True, kw_only=True):
    """A topic of an item with the words that decided for it."""

    name: str
    label: str
    terms: tuple[str, ...]


def topic(app: ViewApp, request: Request) -> Response:
    """The topics of one item, the words that decided, and one button for each correction."""
    home = app.home()
    item = _item(app, home, request.path_params["ref"])
    return _topic(app, request, home, item, "")


def _topic(app: ViewApp, request: Request, home: Home, item: StoredItem, said: str) -> Response:
    tagging = asked_for(home, app.store, item)
    scores: list[TopicScore] = sorted(tagging.scores if tagging else (), key=lambda s: -s.p)
    topics, labels = home.settings.topics, topic_labels(home.settings.topics)
    has = [
        Said(
            name=s.topic,
            label=labels[s.topic],
            terms=_readable(t.term for t in s.terms if t.weight > 0),
        )
        for s in scores
        if s.p >= teach.HAS and s.topic in topics
    ]
    near = [s.topic for s in scores if s.topic in topics]
    others = [name for name in dict.fromkeys((*near, *topics)) if name not in {s.name for s in has}]
    corrected = any(c.item == item.id for c in app.store.corrections())
    return app.view(
        request,
        "topic.html",
        ref=item.ref,
        title=item.item.title,
        has=has,
        others=[(name, labels[name]) for name in others],
        corrected=corrected,
        said=said,
    )


def _readable(terms: Iterable[str]) -> tuple[str, ...]:
    """The deciding terms that mean something to people: no marks of categories, no shapes of numbers ("$ #m")."""
    plain = (term.removesuffix("*") for term in terms)
    return tuple(dict.fromkeys(t for t in plain if MEANT.fullmatch(t)))[:TERMS]


def correct(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Correct the topics of an item, answer a question with it, or take a correction back."""
    home = app.home()
    item = _item(app, home, fields.get("item", ""))
    if fields.get("to") == "undo":
        done = teach.undo(home, app.store, item.ref)
    else:
        changes = fields.get("to", "").split()
        done = teach.correct(home, app.store, item.ref, changes, asked=fields.get("asked", ""))
    labels = topic_labels(home.settings.topics)
    now = ", ".join(labels.get(t, t) for t in done.after) or say("no topic")
    moved = say("Others that moved with it: {items}.", items=count(done.moved, "item")) if done.moved else ""
    stays = say("It stays where it is until the page is rebuilt.")
    said = " ".join(filter(None, (say("Now under {topics}.", topics=now), moved, stays)))
    if is_live(request):
        return _topic(app, request, home, item, said)
    return app.done(request, said, "/teach" if fields.get("asked") else _back(app, item.id, fields))


def mute(app: ViewApp, request: Request) -> Response:
    """The choices of what to mute about an item; each leads to a preview first."""
    home = app.home()
    item = _item(app, home, request.path_params["ref"])
    state = app.store.state(item.feed)
    tagging = asked_for(home, app.store, item)
    labels = topic_labels(home.settings.topics)
    topics = [
        (s.topic, labels[s.topic])
        for s in sorted(tagging.scores if tagging else (), key=lambda s: -s.p)
        if s.p >= teach.HAS and s.topic in home.settings.topics
    ]
    return app.view(
        request,
        "mute.html",
        ref=item.ref,
        title=item.item.title,
        source=state.name,
        source_key=key_of(state.subscription.url),
        topics=topics,
    )


def note(app: ViewApp, request: Request) -> Response:
    """A kept item's note, to be written."""
    ref = request.path_params["ref"]
    item = _item(app, app.home(), ref)
    return app.view(
        request,
        "note.html",
        m=_marks(app, {item.id: item.ref})[item.ref],
        ref=item.ref,
        title=item.item.title,
    )


def questions(app: ViewApp, request: Request) -> Response:
    """Three questions a day, by which the tags are measured."""
    home = app.home()
    labels = topic_labels(home.settings.topics)
    return app.view(
        request,
        "question_list.html" if is_live(request) else "questions.html",
        questions=_questions(app),
        labels=labels,
    )


def _questions(app: ViewApp) -> list[teach.ItemQuestion]:
    home = app.home()
    return app.store.while_unchanged(
        "questions",
        (day := home.today.toordinal(), home.settings),
        lambda: teach.questions(home, app.store, day),
    )


def site_file(app: ViewApp, request: Request) -> Response:
    """A drawn file of the site: earlier mornings, the ledger. Only known names."""
    name = request.url.path[1:]
    if name not in SITE_FILES and not ARCHIVE.fullmatch(name):
        raise NotFoundError("", "There is no such page.", "")
    file = app.home().site / name
    if not file.is_file():
        return RedirectResponse("/", 303)
    return Response(
        file.read_bytes(),
        media_type=MEDIA_TYPES[file.suffix],
        headers={"Content-Security-Policy": SITE_POLICY},
    )


MOST = 60  # of a list on one page


def search(app: ViewApp, request: Request) -> Response:
    """Items by words, topic, source and date."""
    home, asked = app.home(), {k: v.strip() for k, v in request.query_params.items()}
    given = {k: asked.get(k, "") for k in ("topic", "source", "since", "until")}
    words = asked.get("q", "")
    hits, trouble = [], ""
    if words or any(given.values()):
        try:
            hits = searching.search(home, app.store, words, limit=MOST, patience=0.2, **given)
        except NewsfeedError as error:
            trouble = f"{error.subject} {say(error.cause)}. {say(error.repair)}".strip()
    kept = {k.ref for k in app.store.kept()}
    n = len(hits)
    return app.view(
        request,
        "hits.html" if is_live(request) else "search.html",
        hits=hits,
        words=words,
        given={**given, **{k: _day(given[k]) for k in ("since", "until")}},
        trouble=trouble,
        unread=searching.known_by_title(app.store),
        kept=kept,
        asked=bool(words or any(given.values())),
        topics=topic_labels(home.settings.topics).items(),
        sources=app.sources(),
        most=MOST,
        said=say("{n} found", n=n) if is_live(request) else "",
    )


def _day(written: str) -> str:
    """A date as a date field takes it; "" for what is none: a browser would drop it with a warning."""
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        return ""


def kept(app: ViewApp, request: Request) -> Response:
    """What is kept, with notes, to be found, shared and taken along."""
    words = request.query_params.get("q", "").strip()
    found = keep.kept(app.store, words)
    return app.view(
        request,
        "kept_list.html" if is_live(request) else "kept.html",
        kept=found[:MOST],
        total=len(found),
        words=words,
        links=len(keep.my_links(app.store)),
    )


def share(app: ViewApp, request: Request) -> Response:
    """One kept item, ready to be shared by the reader."""
    home, ref = app.home(), request.path_params["ref"]
    if not any(k.ref == ref for k in app.store.kept()):
        return app.done(request, say("Keep it first, then share it."), "/kept")
    one = keep.keep(home, app.store, ref)
    return app.view(
        request, "share.html", ref=one.ref, title=one.title, one=one, shared=keep.share(home.settings, one)
    )


def passed(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """Store that a story was passed on: a beacon sent when the mail opens."""
    home = app.home()
    found = app.store.find(fields.get("item", ""))
    if len(found) == 1:
        keep.pass_on(home, app.store, fields.get("person", ""), found[0].id)
    return Response(status_code=204)


def export(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """All of the reader's own data, in one file."""
    data = keep.everything(app.home(), app.store)
    headers = {"Content-Disposition": 'attachment; filename="newsfeed.zip"'}
    return Response(data, media_type="application/zip", headers=headers)


def export_list(app: ViewApp, request: Request, fields: dict[str, str]) -> Response:
    """The list for other feed readers."""
    headers = {"Content-Disposition": 'attachment; filename="feeds.opml"'}
    return Response(listed(app.home()), media_type="text/x-opml", headers=headers)
