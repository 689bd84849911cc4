"""Generated feeds on a local server, for measuring: the same seed gives the same feeds, byte for byte.

Feeds are of mixed kinds and about 40 KB with 30 items each, in a made-up but plausible English: names and events
differ, so stories differ, and some events are told by several feeds. A share of the feeds can be given one more item.

Reading and fetching don't ask what the words are, so these are dealt from a hundred. Where stories and tags are measured
texts have to be `lifelike`: with words as frequent as in the texts that our topics are learned from, and some of the
event's own. Of the hundred, 2,000 items have 450,000 similar pairs and are nine stories; of these they have 17,000, 8 an
item, where the labelled sets of stories have 3 to 17.

    with Corpus(1000, now=...) as corpus:
        corpus.urls, corpus.allowed      # what to ask, and what allow_private must name
        corpus.change(0.05)              # from now on every twentieth feed holds one more item
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
import multiprocessing
import os
import random
import re
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from newsfeed import topics

ITEMS = 30
FEEDS_PER_HOST = 10
WORDS_PER_ITEM = 145  # makes a document of about 40 KB

WHO = "Alder Brisk Corvin Dunmore Elgar Farrow Greyson Hallam Ivory Jarrow Kestrel Lomond Marlow Norwick Orchard".split()  # noqa: SIM905
WHAT = (
    "Software Robotics Bank Airlines Motors Foods Energy Chips Pharma Media Cloud Retail Shipping Labs Security".split()  # noqa: SIM905
)
SUBJECTS = {
    "technology": (
        "processor release browser database compiler security flaw patch cloud server model training open source "
        "kernel memory interface developers network encryption battery display startup hardware update bug"
    ),
    "finance": (
        "shares quarter profit revenue bank interest rate inflation bond market investors forecast dividend merger "
        "loan currency earnings debt fund index price stock exchange central outlook"
    ),
    "science": (
        "researchers study telescope cells protein climate ocean species fossil trial vaccine particle orbit samples "
        "journal experiment genome temperature quantum galaxy measurement laboratory observed evidence"
    ),
    "policy": (
        "parliament court minister law regulation vote election commission ruling treaty sanctions tax bill committee "
        "government appeal budget reform privacy antitrust hearing decision agency state"
    ),
    "marketing": (
        "campaign brand audience advertising agency customers launch email social content search ranking budget "
        "creative influencer loyalty conversion survey shoppers retail media measurement consumers story"
    ),
}
VERBS = "announces delays buys sells recalls opens closes doubles cuts defends loses wins tests drops plans".split()  # noqa: SIM905
OWN = 0.1  # of the words of a text are its event's own
SEEDS = Path(topics.__file__).parent / "data" / "languages" / "en" / "seeds"
GLUE = "the a of in to and for with on after before its that which will could has was is by from more new last".split()  # noqa: SIM905


@dataclass(frozen=True)
class Entry:
    """One item in its feed's words."""

    number: int
    title: str
    words: str
    moment: datetime
    link: str


class Text:
    """Sentences of a subject, from one random generator, with words of an event among them."""

    def __init__(self, chance: random.Random, subject: str, own: Sequence[str] = ()) -> None:
        self._chance = chance
        self._own = own
        self._words = spoken()[subject] if own else SUBJECTS[subject].split()

    def sentence(self) -> str:
        return " ".join(self.word() for _ in range(self._chance.randrange(9, 22))).capitalize() + "."

    def word(self) -> str:
        if self._own:
            return self._chance.choice(self._own if self._chance.random() < OWN else self._words)
        return self._chance.choice(GLUE if self._chance.random() < 0.45 else self._words)

    def body(self, opening: str) -> str:
        said = [opening]
        count = len(opening.split())
        while count < WORDS_PER_ITEM:
            said.append(self.sentence())
            count += said[-1].count(" ") + 1
        return " ".join(said)


@cache
def spoken() -> dict[str, list[str]]:
    """By subject, all words of the texts that our topics are learned from, each as often as it is said there."""
    found = {}
    for subject in SUBJECTS:
        lines = (SEEDS / f"{subject}.jsonl").read_text(encoding="utf-8").splitlines()
        texts = [f"{row['title']} {row['text']}" for row in map(json.loads, lines)]
        found[subject] = re.findall(r"[a-z]{2,}|a", " ".join(texts).lower())
    return found


SYLLABLES = "ba ken lor mi tas ver on du shi ral pe gan tor li ques nor fa bel zu rim".split()  # noqa: SIM905


def name(chance: random.Random) -> str:
    """One of some 150,000 names."""
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.choice((2, 3, 3, 4)))).capitalize()


def event(seed: int, number: int, *, lifelike: bool = False) -> tuple[str, str, list[str]]:
    """One of the corpus's events: its subject, its headline, and words of its own where it is lifelike; the same for
    whoever tells it."""
    chance = random.Random(f"{seed}/event/{number}")
    subject = chance.choice(list(SUBJECTS))
    if lifelike:
        own = [name(chance), name(chance), *chance.choices(spoken()[subject], k=10)]
        return subject, f"{own[0]} {chance.choice(VERBS)} {' '.join(own[2:6])} in {own[1]}", own
    noun = chance.choice(SUBJECTS[subject].split())
    who = f"{chance.choice(WHO)} {chance.choice(WHAT)}"
    what = f"{chance.choice(VERBS)} {noun} {chance.choice(SUBJECTS[subject].split())} {number % 90 + 10}"
    return subject, f"{who} {what}", []


def entries(
    seed: int, feed: int, now: datetime, extra: int, many: int = ITEMS, lifelike: bool = False
) -> list[Entry]:
    """The `many` items of a feed, newest first, `extra` of them added since the start."""
    chance = random.Random(f"{seed}/feed/{feed}")
    hours = chance.choice((1, 3, 6, 12, 24))  # between two items
    told = []
    for n in range(-extra, many):
        own = random.Random(f"{seed}/item/{feed}/{n}")
        shared = own.random() < 0.15
        number = own.randrange(400) if shared else 1000 + feed * 97 + n
        subject, headline, words = event(seed, number, lifelike=lifelike)
        title = headline if own.random() < 0.5 else f"{headline}, {own.choice(WHO)} says"
        text = Text(own, subject, words)
        told.append(
            Entry(
                number=n,
                title=title,
                words=text.body(f"{headline}, according to a statement."),
                moment=now - timedelta(hours=hours * max(n, 0), minutes=own.randrange(50) if n >= 0 else 1),
                link=f"https://outlet{feed}.example/{abs(n)}{'n' if n < 0 else ''}-{number}",
            )
        )
    return told


def rss2(feed: int, items: Sequence[Entry]) -> bytes:
    body = "".join(
        f"<item><title>{html.escape(e.title)}</title><link>{e.link}</link><guid>{e.link}</guid>"
        f"<pubDate>{format_datetime(e.moment)}</pubDate><category>News</category>"
        f"<description>{html.escape(e.words[:200])}</description>"
        f"<content:encoded><![CDATA[<p>{e.words}</p>]]></content:encoded></item>"
        for e in items
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>Outlet {feed}</title><link>https://outlet{feed}.example/</link><description>All of it"
        f"</description>{body}</channel></rss>"
    ).encode()


def rss091(feed: int, items: Sequence[Entry]) -> bytes:
    body = "".join(
        f"<item><title>{html.escape(e.title)}</title><link>{e.link}</link><description>{html.escape(e.words)}</description></item>"
        for e in items
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><rss version="0.91"><channel>'
        f"<title>Outlet {feed}</title><link>https://outlet{feed}.example/</link><description>All of it</description>"
        f"<language>en</language>{body}</channel></rss>"
    ).encode("latin-1")


def rdf(feed: int, items: Sequence[Entry]) -> bytes:
    body = "".join(
        f'<item rdf:about="{e.link}"><title>{html.escape(e.title)}</title><link>{e.link}</link>'
        f"<description>{html.escape(e.words)}</description><dc:date>{e.moment.isoformat()}</dc:date></item>"
        for e in items
    )
    return (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="https://outlet{feed}.example/"><title>Outlet {feed}</title>'
        f"<link>https://outlet{feed}.example/</link><description>All of it</description></channel>{body}</rdf:RDF>"
    ).encode()


def atom(feed: int, items: Sequence[Entry]) -> bytes:
    body = "".join(
        f'<entry><title>{html.escape(e.title)}</title><link href="{e.link}"/><id>{e.link}</id>'
        f"<updated>{e.moment.isoformat()}</updated><published>{e.moment.isoformat()}</published>"
        f'<content type="html">&lt;p&gt;{html.escape(e.words)}&lt;/p&gt;</content></entry>'
        for e in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>Outlet {feed}</title><id>https://outlet{feed}.example/</id>"
        f"<updated>{items[0].moment.isoformat()}</updated>{body}</feed>"
    ).encode()


def json_feed(feed: int, items: Sequence[Entry]) -> bytes:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": f"Outlet {feed}",
            "home_page_url": f"https://outlet{feed}.example/",
            "items": [
                {
                    "id": e.link,
                    "url": e.link,
                    "title": e.title,
                    "content_html": f"<p>{e.words}</p>",
                    "date_published": e.moment.isoformat(),
                }
                for e in items
            ],
        }
    ).encode()


KINDS = (
    *[(rss2, "application/rss+xml")] * 12,
    *[(atom, "application/atom+xml")] * 5,
    (rdf, "application/rdf+xml"),
    (rss091, "text/xml"),
    (json_feed, "application/feed+json"),
)


def document(
    seed: int, feed: int, now: datetime, extra: int, many: int = ITEMS, lifelike: bool = False
) -> tuple[bytes, str]:
    """One feed's document and its type."""
    write, kind = KINDS[random.Random(f"{seed}/kind/{feed}").randrange(len(KINDS))]
    return write(feed, entries(seed, feed, now, extra, many, lifelike)), kind


class Corpus:
    """The feeds with their server, which runs in a process of its own."""

    def __init__(
        self,
        feeds: int,
        *,
        now: datetime,
        seed: int = 1,
        latency: float | tuple[float, float] = 0.0,
        items: int = ITEMS,
        lifelike: bool = False,
        port: int = 0,
        ahead: bool = True,
    ) -> None:
        """`latency` is seconds before an answer, or the least and the most of them. A `port` other than 0 is the one it
        used before. Unless `ahead`, a feed is written when it is first requested."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        what = (theirs, feeds, now, seed, latency, items, lifelike, port, ahead)
        self._process = context.Process(target=_serve, args=what, daemon=True)
        self._feeds = feeds
        self.port = port
        self.urls: list[str] = []
        self.allowed: list[str] = []

    def __enter__(self) -> Self:
        self._process.start()
        hosts, self.port = self._pipe.recv()
        self.urls = [
            f"http://{hosts[n // FEEDS_PER_HOST % len(hosts)]}:{self.port}/{n}" for n in range(self._feeds)
        ]
        self.allowed = [f"127.0.0.0/24:{self.port}"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def change(self, share: float) -> int:
        """Give this share of the feeds one more item; returns how many feeds that is."""
        self._pipe.send(share)
        changed: int = self._pipe.recv()
        return changed

    def answers(self) -> dict[int, int]:
        """How many answers of each status were given since the last call."""
        self._pipe.send(None)
        counts: dict[int, int] = self._pipe.recv()
        return counts


def _hosts(wanted: int) -> list[str]:
    """As many loopback addresses as there are; systems other than Linux have one."""
    hosts = [f"127.0.0.{n}" for n in range(1, min(wanted, 200) + 1)]
    try:
        for host in hosts[1:2]:
            socket.create_server((host, 0)).close()
    except OSError:
        return hosts[:1]
    return hosts


def _serve(
    pipe: Connection,
    feeds: int,
    now: datetime,
    seed: int,
    latency: float | tuple[float, float],
    items: int,
    lifelike: bool,
    port: int,
    ahead: bool,
) -> None:
    # It stands for other machines with CPUs of their own, so it takes precedence over our workers, which would silence it.
    with contextlib.suppress(OSError):  # if that is not permitted
        os.nice(-10)
    extras = [0] * feeds
    answers: dict[int, bytes] = {}
    counts: dict[int, int] = {}
    chance, (least, most) = (
        random.Random(seed),
        latency if isinstance(latency, tuple) else (latency, latency),
    )

    def tag(feed: int) -> bytes:
        return b'"%d-%d"' % (feed, extras[feed])

    def written(feed: int) -> bytes:
        """A feed's answer, written when it is first requested."""
        if feed not in answers:
            body, kind = document(seed, feed, now, extras[feed], items, lifelike)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            answers[feed] = head.encode() + b"ETag: " + tag(feed) + b"\r\n\r\n" + body
        return answers[feed]

    for feed in range(feeds if ahead else 0):
        written(feed)

    class Peer(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.held = b""

        def data_received(self, data: bytes) -> None:
            self.held += data
            while (end := self.held.find(b"\r\n\r\n")) >= 0:
                head, self.held = self.held[:end], self.held[end + 4 :]
                status, answer = self.answer(head)
                counts[status] = counts.get(status, 0) + 1
                if most:
                    wait = chance.uniform(least, most)
                    asyncio.get_running_loop().call_later(wait, self.transport.write, answer)
                else:
                    self.transport.write(answer)

        def answer(self, head: bytes) -> tuple[int, bytes]:
            path = head.split(b" ", 2)[1].lstrip(b"/")
            feed = int(path) if path.isdigit() else -1
            if not 0 <= feed < feeds:
                return 404, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            if tag(feed) in head:
                return 304, b"HTTP/1.1 304 Not Modified\r\nETag: " + tag(feed) + b"\r\n\r\n"
            return 200, written(feed)

    def told() -> None:
        try:
            share = pipe.recv()
        except EOFError:  # the measuring process is gone
            raise SystemExit from None
        if share is None:
            pipe.send(dict(counts))
            counts.clear()
            return
        chosen = random.Random(f"{seed}/change/{sum(extras)}").sample(
            range(feeds), max(round(feeds * share), 1)
        )
        for feed in chosen:
            extras[feed] += 1
            answers.pop(feed, None)
            if ahead:
                written(feed)
        pipe.send(len(chosen))

    async def run() -> None:
        loop = asyncio.get_running_loop()
        hosts = _hosts(max(feeds // FEEDS_PER_HOST, 1))
        first = await loop.create_server(Peer, hosts[0], port, backlog=1024)
        at = first.sockets[0].getsockname()[1]
        servers = [first, *[await loop.create_server(Peer, host, at, backlog=1024) for host in hosts[1:]]]
        loop.add_reader(pipe.fileno(), told)
        pipe.send((hosts, at))
        await asyncio.gather(*(server.serve_forever() for server in servers))

    asyncio.run(run())
