"""How long the local app takes for each view and action with a home of 100,000 items, requested over HTTP as by a browser.

    python bench/app.py [--items 100000] [--home DIR] [--times 10] [--only WORD]

The home: 1,000 feeds with two items a day, every seventh of which other feeds tell too; tagged with the shipped weights,
with the pages of the last eight mornings and a clock that stands still, so that every run measures the same. With --home
it is made once and kept. Prints median and worst wall milliseconds of each, what the server's process took
of the processor at the median, and the size of the answer; *first* is asked once, of an app just started. Asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

import httpx
import msgspec
from corpus import Text, event

from newsfeed import config, edition
from newsfeed.model import FeedState, FeedUpdate, Item, StoredItem, Story
from newsfeed.pipeline import meta
from newsfeed.pipeline.home import Home
from newsfeed.pipeline.home import take_list as take
from newsfeed.pipeline.morning import digest, understand
from newsfeed.pipeline.morning.draw import draw
from newsfeed.render import Templates
from newsfeed.store import Store

NOW = datetime(2026, 11, 28, 6, 30, tzinfo=UTC)
FEEDS = 1_000
A_DAY = 2  # items of a feed
SHARED = 0.15  # of the items are about one of the day's common events
EVENTS = 60  # events a day that several feeds tell
MORNINGS = 8
FOLDERS = ("Technology", "Finance", "Science", "Policy", "Marketing")

# ------------------------------------------------------------------------- the home


def home_at(folder: Path, now: datetime = NOW) -> Home:
    return Home(folder, config.load(folder), lambda: now)


def make(folder: Path, items: int) -> None:
    """The home, day by day."""
    outlines = "".join(
        f'<outline text="{name}">\n'
        + "".join(
            f'<outline type="rss" text="Outlet {n}" xmlUrl="{escape(address(n))}"/>\n'
            for n in range(place, FEEDS, len(FOLDERS))
        )
        + "</outline>\n"
        for place, name in enumerate(FOLDERS)
    )
    (folder / "feeds.opml").write_text(
        f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8"
    )
    (folder / "newsfeed.toml").write_text('timezone = "UTC"\n', encoding="utf-8")
    days = max(MORNINGS, items // (FEEDS * A_DAY))
    begun = NOW - timedelta(days=days)
    home = home_at(folder, begun)
    with home.open_store() as store:
        take(home, store, begun)
        states = {s.feed: s for s in store.states()}
        model = understand.load_model(home, store)
        for day in range(days):
            a_day(home_at(folder, begun + timedelta(days=day + 1)), store, states, model, day, days)
        now = home_at(folder)
        meta.keep(store, meta.TAGGED_BY, understand.judged_by(now, store))
        store.tidy()


def a_day(
    home: Home, store: Store, states: dict[int, FeedState], model: understand.Model, day: int, days: int
) -> None:
    """Add one day's items, tagged and grouped; with its page, if it is one of the last days."""
    now = home.clock()
    stories: dict[int, list[str]] = {}
    updates = []
    for n, state in enumerate(states.values()):
        told = [one(n, day * A_DAY + k, now, stories) for k in range(A_DAY)]
        good = msgspec.structs.replace(
            state, first_good=now - timedelta(days=day), last_good=now, last_tried=now, last_changed=now
        )
        updates.append(FeedUpdate(state=good, new=tuple(told)))
    store.apply_all(updates, now - timedelta(hours=1))
    with_numbers: dict[str, StoredItem] = {}
    while some := store.untagged(1_000):
        taggings = model.tagger.tag([understand.document(i, states[i.feed]) for i in some])
        store.save_taggings(taggings, model.name)
        with_numbers |= {i.item.identity: i for i in some}
    store.save_stories(
        [
            Story(
                id=0,
                representative=min(numbers := [with_numbers[i].id for i in told]),
                items=tuple(sorted(numbers)),
                first=now - timedelta(hours=20),
                last=now - timedelta(hours=1),
            )
            for told in stories.values()
        ]
    )
    if day >= days - MORNINGS:
        pool = digest.pool_for(home, store, home.today)
        built = edition.build(pool, home.settings, date=home.today, now=now)
        store.record(built, edition.remember(built, pool))
        if day == days - 1:
            draw(home, store, built, Templates(None))


def address(feed: int) -> str:
    return f"https://outlet{feed}.example/feed.xml"


def one(feed: int, number: int, now: datetime, stories: dict[int, list[str]]) -> Item:
    """One item; the event that it tells is noted."""
    own = random.Random(f"{feed}/{number}")
    common = own.random() < SHARED
    which = number // A_DAY * EVENTS + own.randrange(EVENTS) if common else 1_000_000 + feed + number * FEEDS
    subject, headline = event(1, which)
    link = f"https://outlet{feed}.example/{number}"
    stories.setdefault(which, []).append(link)
    words = Text(own, subject).body(f"{headline}, according to a statement.")
    return Item(
        identity=link,
        link=link,
        title=headline if own.random() < 0.5 else f"{headline}, {own.choice(subject.split())} desk says",
        published=now - timedelta(hours=1 + own.random() * 20),
        lang="en",
        lead=words[:220].rpartition(" ")[0],
        text=words,
        html=f"<p>{words}</p>",
        words=words.count(" ") + 1,
        hash=f"{feed:08x}{number:08x}",
    )


# ------------------------------------------------------------------------- asking


class Asked:
    """An app, run as its reader runs it, and a browser that has its key."""

    def __init__(self, link: str, pid: int) -> None:
        self.base, self.pid = link.partition("/?k=")[0], pid
        self.client = httpx.Client(follow_redirects=True, timeout=120, trust_env=False)
        self.client.get(link)
        found = re.search(r'name="token" value="([^"]+)"', self.get("/settings").text)
        self.token = found[1] if found else ""

    def get(self, path: str, *, live: bool = False) -> httpx.Response:
        return self.client.get(self.base + path, headers={"x-live": "1"} if live else {})

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.client.post(
            self.base + path,
            data={"token": self.token, **fields},
            headers={"origin": self.base, "sec-fetch-site": "same-origin", "x-live": "1"},
        )

    def cpu(self) -> float:
        """CPU seconds that the app has used so far."""
        spent = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path) -> Iterator[Asked]:
    """`newsfeed serve` for a home, until the block ends."""
    environment = {**os.environ, "NEWSFEED_CLOCK": NOW.isoformat(), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "newsfeed", "--home", str(folder), "serve", "--port", "0", "--no-open"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            for line in process.stdout:
                if found := re.search(r"http://\S+/\?k=\S+", line):
                    yield Asked(found[0], process.pid)
                    break
        finally:
            process.terminate()


Way = Callable[[Asked, int], httpx.Response]


def ways(folder: Path) -> dict[str, Way]:
    """Each view and action by name, as requested the n-th time."""
    with home_at(folder).open_store() as store:
        latest = store.latest_edition()
        assert latest
        shown = [p.ref for section in latest.sections for p in section.picks]
        on_page = {p.item for section in latest.sections for p in section.picks}
        left = [e.item for e in latest.ledger if e.item not in on_page]
        unseen = [i.ref for i in store.items(left[:: max(1, len(left) // 60)], body="none")]
        feed = store.states()[7].subscription.url
    from newsfeed.pipeline.subscriptions.edit import key_of

    key = key_of(feed)
    minutes = (4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    words = (
        "browser",
        "telescope",
        "inflation",
        "tax",
        "brand",
        "flaw",
        "genome",
        "ruling",
        "dividend",
        "email",
        "orbit",
    )

    def marked(do: str, refs: list[str]) -> Way:
        return lambda app, n: app.post("/mark", item=refs[n % len(refs)], do=do)

    def wrote(app: Asked, n: int) -> None:
        app.post("/mark", item=unseen[n], do="note", note=f"A note at {time.time()}")

    def liked(app: Asked, n: int) -> None:
        app.post("/mark", item=shown[n % len(shown)], do="like" if n % 2 else "unlike")

    def whole(app: Asked, path: str) -> httpx.Response:
        while "refresh" in (answer := app.get(path)).headers:
            path = answer.headers["refresh"].partition("; url=")[2] or path
            time.sleep(0.3)
        return answer

    def preview(app: Asked) -> httpx.Response:
        return whole(app, "/rebuild")

    return {
        "today": lambda app, n: app.get("/"),
        "why, a pick": lambda app, n: app.get(f"/why/{shown[n % len(shown)]}", live=True),
        "why, an unseen item": lambda app, n: app.get(f"/why/{unseen[n]}"),
        "why, unseen, whole": lambda app, n: whole(app, f"/why/{unseen[n]}"),
        "topic of a pick": lambda app, n: app.get(f"/topic/{shown[n % len(shown)]}", live=True),
        "what may be muted": lambda app, n: app.get(f"/mute/{shown[n % len(shown)]}", live=True),
        "teach": lambda app, n: app.get("/teach"),
        "search, one word": lambda app, n: app.get(f"/search?q={words[n]}"),
        "search, two words": lambda app, n: app.get(f"/search?q={words[n]}+Brisk"),
        "search, as it is typed": lambda app, n: app.get(f"/search?q={words[n][:3]}", live=True),
        "search, topic and date": lambda app, n: app.get(
            f"/search?q={words[n]}&topic=finance&since=2026-11-{10 + n}"
        ),
        "search, a source": lambda app, n: app.get(f"/search?source=Outlet+{n + 20}"),
        "kept": lambda app, n: app.get("/kept"),
        "sources": lambda app, n: app.get("/sources"),
        "a source": lambda app, n: app.get(f"/sources/one?feed={key}"),
        "add a source": lambda app, n: app.get("/sources/add"),
        "rules": lambda app, n: app.get("/rules"),
        "preview: a word": lambda app, n: app.get(f"/rules?kind=word&what={words[n]}"),
        "preview: a source": lambda app, n: app.get(f"/rules?kind=source&what={key}"),
        "breadth": lambda app, n: app.get("/breadth"),
        "slider: minutes": lambda app, n: app.get(f"/breadth?minutes={minutes[n]}", live=True),
        "slider: a share": lambda app, n: app.get(
            f"/breadth?share-finance={20 + n}&was-finance=10", live=True
        ),
        "preview: rebuild": lambda app, n: app.get("/rebuild"),
        "preview: rebuild, whole": lambda app, n: preview(app),
        "preview: a topic": lambda app, n: app.get("/rules?kind=topic&what=finance"),
        "settings": lambda app, n: app.get("/settings"),
        "refresh (its page)": lambda app, n: app.get("/refresh"),
        "keep": marked("keep", unseen),
        "note": lambda app, n: app.post("/mark", item=unseen[n], do="note", note=f"Note {n}"),
        "unkeep": marked("unkeep", unseen),
        "like": marked("like", shown[:5] + unseen[20:26]),
        "unlike": marked("unlike", shown[:5] + unseen[20:26]),
        "open": lambda app, n: app.post("/open", item=unseen[n]),
        "correct": lambda app, n: app.post("/correct", item=unseen[30 + n], to="+policy"),
        "correct, undo": lambda app, n: app.post("/correct", item=unseen[30 + n], to="undo"),
        "why, after a write": lambda app, n: (
            wrote(app, n), app.get(f"/why/{unseen[n]}")
        )[1],
        "slider, after a write": lambda app, n: (
            wrote(app, n), app.get(f"/breadth?minutes={minutes[n]}", live=True)
        )[1],
        "rebuild, after a write": lambda app, n: (
            wrote(app, n), preview(app)
        )[1],
        "why, after a thumb": lambda app, n: (
            liked(app, n), app.get(f"/why/{unseen[n]}")
        )[1],
        "slider, after a thumb": lambda app, n: (
            liked(app, n), app.get("/breadth"), app.get(f"/breadth?minutes={minutes[n]}", live=True)
        )[2],
        "rebuild, after a thumb": lambda app, n: (
            liked(app, n), preview(app)
        )[1],
    }  # fmt: skip


def measure(folder: Path, times: int, only: str) -> None:
    """Request each view and print how long it took."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f}; ms, median and worst of {times}")
    print(f"{'view':<26}{'first':>8}{'median':>8}{'worst':>8}{'CPU':>8}{'KB':>7}")
    with served(folder) as app:
        for name, ask in ways(folder).items():
            if only not in name:
                continue
            took, spent, size = [], [], 0
            for n in range(times + 1):
                cpu, begun = app.cpu(), time.perf_counter()
                answer = ask(app, n)
                took.append((time.perf_counter() - begun) * 1000)
                spent.append((app.cpu() - cpu) * 1000)
                if answer.status_code >= 400:
                    raise SystemExit(f"{name}: {answer.status_code}\n{answer.text[-2000:]}")
                size = max(size, len(answer.content))
            first, rest = took[0], took[1:]
            print(
                f"{name:<26}{first:>8.0f}{statistics.median(rest):>8.0f}{max(rest):>8.0f}"
                f"{statistics.median(spent[1:]):>8.0f}{size / 1024:>7.0f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="where the home is made, and kept")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", default="", help="only views with this word in their names")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = chosen.home or Path(folder)
        if not (place / "feeds.opml").exists():
            place.mkdir(parents=True, exist_ok=True)
            begun = time.perf_counter()
            make(place, chosen.items)
            print(f"home made in {time.perf_counter() - begun:.0f} s")
        measure(place, chosen.times, chosen.only)


if __name__ == "__main__":
    main()
