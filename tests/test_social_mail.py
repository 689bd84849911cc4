"""Newsletters from a real IMAP server behind TLS: read-only, each message once, lists of links as items."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import trustme
from faults import said

from newsfeed import reading, sources
from newsfeed.fetch import Fetcher
from newsfeed.model import (
    Cause,
    Failure,
    FeedState,
    FetchSetting,
    NotModified,
    Parsed,
    Request,
    Response,
    Subscription,
)

pytest.importorskip("twisted", reason="the IMAP server of these tests comes with the dev dependencies")

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
SECRET = "reader:p a-ss"


class Door:
    """TLS in front of a plain server, on a port of its own."""

    def __init__(self, context: ssl.SSLContext, inner: int) -> None:
        self.context, self.inner, self.port = context, inner, 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Door:
        self._thread.start()
        self._ready.wait(100)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while data := await reader.read(65_536):
                    writer.write(data)
                    await writer.drain()
            except (OSError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.inner)
            both = [
                asyncio.create_task(pump(reader, inner_writer)),
                asyncio.create_task(pump(inner_reader, writer)),
            ]
            tasks.update(both)
            await asyncio.gather(*both)

        server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=self.context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


class Post:
    """A mailbox and its reader."""

    def __init__(self, folder: Path, port: int, authority: trustme.CA) -> None:
        self.folder, self.port, self.authority = folder, port, authority
        self.state = FeedState(subscription=Subscription(url=self.url()))

    def url(self, query: str = "", folder: str = "INBOX") -> str:
        return f"imaps://localhost:{self.port}/{folder}{query}"

    def put(self, number: int, mail: str) -> None:
        (self.folder / f"{number}.eml").write_text(mail, encoding="utf-8", newline="\n")

    def get(self, request: Request, secret: str = SECRET) -> Response | NotModified | Failure:
        def trusted() -> ssl.SSLContext:
            context = ssl.create_default_context()
            self.authority.configure_trust(context)
            return context

        async def go() -> Response | NotModified | Failure:
            settings = FetchSetting(allow_private=(f"localhost:{self.port}",), timeout=10)
            secrets = {"localhost": secret} if secret else {}
            async with Fetcher(
                settings, now=lambda: NOW, secrets=secrets, lookup=lambda _h, _p: ["127.0.0.1"], tls=trusted
            ) as fetcher:
                return await fetcher.get(request)

        return asyncio.run(go())

    def read(self, subscription: Subscription | None = None) -> Parsed:
        """Ask as a refresh does, for all pages, and keep the cursor."""
        if subscription:
            self.state = FeedState(subscription=subscription)
        source = sources.find(self.state.subscription)
        request = source.request(self.state)
        whole: list[object] = []
        while True:
            assert isinstance(request, Request)
            answer = self.get(request)
            assert isinstance(answer, Response), answer
            parsed = reading.read(answer, self.state.subscription, {}, NOW)
            assert isinstance(parsed, Parsed), parsed
            whole += parsed.items
            self.state = msgspec.structs.replace(self.state, cursor={**self.state.cursor, **parsed.cursor})
            if parsed.next is None:
                return msgspec.structs.replace(parsed, items=tuple(whole))
            request = parsed.next


def letter(number: int, sender: str = "Ada Lind <ada@letter.example>", body: str = "", **headers: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    text = body or f"<p>This is letter {number}, about what the tide brought to the old pier this week.</p>"
    return (
        f"From: {sender}\nTo: reader@inbox.example\nSubject: Letter {number} from the pier\n"
        f"Date: Fri, 20 Nov 2026 07:{number % 60:02}:00 +0000\nMessage-ID: <{number}@letter.example>\n{more}"
        f"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
    )


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    (tmp_path / "validity").write_text("7")
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "fakes" / "imap.py"), str(tmp_path)],
        stdout=subprocess.PIPE,
    )
    assert server.stdout
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    try:
        with Door(context, int(server.stdout.readline())) as door:
            yield Post(tmp_path, door.port, authority)
    finally:
        server.kill()
        server.stdout.close()
        server.wait()


def test_letters_are_read_once_and_nothing_is_written(post: Post) -> None:
    for number in range(1, 4):
        post.put(number, letter(number))
    first = post.read()
    assert [i.title for i in first.items] == [f"Letter {n} from the pier" for n in (1, 2, 3)]
    assert first.items[0].author == "Ada Lind"
    assert first.items[0].kind == "mail"
    assert first.items[0].published == datetime(2026, 11, 20, 7, 1, tzinfo=UTC)
    assert "tide brought" in first.items[0].text
    assert first.cursor == {"validity": "7", "uid": "3"}
    assert post.read().items == ()
    post.put(9, letter(9))
    assert [i.title for i in post.read().items] == ["Letter 9 from the pier"]
    assert not (post.folder / "written").exists()


def test_many_letters_come_in_pages_and_none_is_lost(post: Post) -> None:
    for number in range(1, 96):
        post.put(number, letter(number))
    assert len(post.read().items) == 95
    assert post.read().items == ()


def test_a_folder_that_was_numbered_anew_is_read_anew_with_the_same_identities(post: Post) -> None:
    post.put(1, letter(1))
    first = post.read()
    (post.folder / "1.eml").rename(post.folder / "5.eml")
    (post.folder / "validity").write_text("8")
    again = post.read()
    assert [i.identity for i in again.items] == [i.identity for i in first.items] == ["mid:1@letter.example"]
    assert again.cursor == {"validity": "8", "uid": "5"}


def test_one_source_for_each_sender_or_list(post: Post) -> None:
    post.put(1, letter(1))
    post.put(2, letter(2, "Bo Quist <bo@other.example>", List_Id="Boats weekly <boats.other.example>"))
    by_sender = post.read(Subscription(url=post.url("?from=ada@letter.example")))
    assert [i.author for i in by_sender.items] == ["Ada Lind"]
    assert by_sender.title == "Ada Lind"
    by_list = post.read(Subscription(url=post.url("?list=boats.other.example", "Letters")))
    assert [i.author for i in by_list.items] == ["Bo Quist"]


def test_a_list_of_links_is_split_into_its_items(post: Post) -> None:
    blocks = "".join(
        f"<tr><td><a href='https://press.example/{n}?utm_source=letter'>Harbour story number {n} of the week (4 minute read)</a>"
        f"<p>Here is what it says about quay {n}: the work is done and the boats are back in it.</p></td></tr>"
        for n in range(1, 6)
    )
    body = (
        "<html><body><a href='https://letter.example/web/1'>View in browser</a>"
        f"<table>{blocks}</table><a href='https://letter.example/leave'>Unsubscribe</a>"
        "<img src='https://letter.example/pixel' width='1' height='1'></body></html>"
    )
    post.put(1, letter(1, body=body))
    items = post.read().items
    assert [i.title for i in items] == [f"Harbour story number {n} of the week" for n in range(1, 6)]
    assert items[0].link == "https://press.example/1"
    assert items[0].discussion == "https://letter.example/web/1"
    assert "quay 1" in items[0].text
    whole = post.read(Subscription(url=post.url(), options={"split": "no"})).items
    assert [i.title for i in whole] == ["Letter 1 from the pier"]
    assert whole[0].link == "https://letter.example/web/1"
    assert "Unsubscribe" not in whole[0].text
    assert "pixel" not in whole[0].html


def test_failures_say_what_to_do_and_never_the_secret(post: Post) -> None:
    request = sources.find(post.state.subscription).request(post.state)
    assert isinstance(request, Request)
    wrong = post.get(request, "reader:wrong-pass")
    assert isinstance(wrong, Failure)
    assert wrong.cause == Cause.LOGIN
    assert '[secrets."localhost"]' in said(wrong)
    assert "wrong-pass" not in repr(wrong)
    none = post.get(request, "")
    assert isinstance(none, Failure)
    assert none.cause == Cause.LOGIN
    folder = Subscription(url=post.url(folder="Nowhere"))
    missing = post.get(sources.find(folder).request(FeedState(subscription=folder)))  # type: ignore[arg-type]
    assert isinstance(missing, Failure)
    assert missing.cause == Cause.NOT_FOUND
    private = asyncio.run(_without_exception(request))
    assert isinstance(private, Failure)
    assert private.cause == Cause.REFUSED_ADDRESS


async def _without_exception(request: Request) -> Response | NotModified | Failure:
    async with Fetcher(
        FetchSetting(), now=lambda: NOW, secrets={"mail.example": SECRET}, lookup=lambda _h, _p: ["10.0.0.7"]
    ) as fetcher:
        moved = msgspec.structs.replace(request, url="imaps://mail.example/INBOX", credential="mail.example")
        return await fetcher.get(moved)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00\x00",
        b"Subject: =?utf-8?q?=ZZ?= =?x-none?b?!!!?=\r\nFrom: <<<>>>\r\nDate: never\r\n\r\n<b>x",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 200,
        b"From: a@b.example\r\nContent-Type: text/html; charset=unicode_escape\r\n\r\n" + b"<div>" * 20_000,
    ],
)  # fmt: skip
def test_hostile_mails_cost_only_themselves(raw: bytes) -> None:
    import base64

    good = letter(1).encode()
    mails = [{"uid": str(n), "raw": base64.b64encode(data).decode()} for n, data in ((1, raw), (2, good))]
    body = json.dumps({"validity": "1", "uid": "2", "mails": [*mails, 7, {"raw": "not base64"}]}).encode()
    subscription = Subscription(url="imaps://mail.example/INBOX")
    source = sources.find(subscription)
    request = source.request(FeedState(subscription=subscription))
    assert isinstance(request, Request)
    parsed = reading.read(Response(request=request, url=request.url, body=body), subscription, {}, NOW)
    assert isinstance(parsed, Parsed)
    assert "Letter 1 from the pier" in [i.title for i in parsed.items]
