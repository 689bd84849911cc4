"""What servers and documents do wrong, each with the outcome that must follow: for the fetcher alone, and all at once."""

from __future__ import annotations

import gzip
import html
import zlib
from base64 import b64encode
from typing import NamedTuple

import serving
from homes import Entry, rss
from serving import Exchange, Play

from newsfeed.model import Cause, Failure
from newsfeed.text.spoken import told


def said(failure: Failure) -> str:
    """A failure and its repair as they are shown."""
    return told(failure.values, failure.text, failure.repair)


RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>'
PACKED = gzip.compress(RSS, mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"
KEY = "Quahog7Marker"  # one of the reader's secrets: in an address, or a token
BASIC = b64encode(f"ada:{KEY}".encode()).decode("ascii")


class Fault(NamedTuple):
    """A way to misbehave and its outcome: the cause of a failure, or None if the feed is read all the same."""

    play: Play
    cause: Cause | None


def header(name: str, value: bytes) -> bytes:
    return OK + name.encode() + b": " + value + b"\r\nContent-Length: %d\r\n\r\n" % len(RSS) + RSS


FAULTS: dict[str, Fault] = {
    # silence
    "never answers": Fault(serving.silent, Cause.TIMEOUT),
    "hangs after the status line": Fault(serving.raw(OK, keep=True), Cause.TIMEOUT),
    "hangs after the head": Fault(serving.head_only(), Cause.TIMEOUT),
    "hangs in the body": Fault(
        serving.raw(OK + b"Content-Length: 900\r\n\r\n<rss>", keep=True), Cause.TIMEOUT
    ),
    "drips its body for ever": Fault(serving.drip(), Cause.TIMEOUT),
    "drips its headers for ever": Fault(serving.drip(head=False), Cause.TIMEOUT),
    "sends 100 Continue for ever": Fault(
        serving.drip(b"x\r\n\r\nHTTP/1.1 100 Continue", 0.01, head=False), Cause.TIMEOUT
    ),
    "thinks too long": Fault(serving.slow(5.0, serving.fixed(200, [], RSS)), Cause.TIMEOUT),
    # too much
    "endless body": Fault(serving.endless(), Cause.TOO_LARGE),
    "endless chunks": Fault(
        serving.endless(b"1000\r\n" + b"x" * 4096 + b"\r\n", [("Transfer-Encoding", "chunked")]),
        Cause.TOO_LARGE,
    ),
    "endless crumbs": Fault(
        serving.endless(b"1\r\nx\r\n" * 9000, [("Transfer-Encoding", "chunked")]), Cause.ENCODING
    ),
    "endless packed body": Fault(
        serving.endless(b"\0" * 65536, [("Content-Encoding", "gzip")]), Cause.TOO_LARGE
    ),
    "says it is huge": Fault(
        serving.raw(OK + b"Content-Length: 99999999999\r\n\r\n<rss>", keep=True), Cause.TOO_LARGE
    ),
    "a megabyte of headers": Fault(serving.raw(OK + b"X-A: " + b"y" * 1_000_000 + b"\r\n\r\n"), Cause.HTTP),
    "70 KB of headers": Fault(
        serving.raw(OK + b"X-A: " + b"y" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"), Cause.TOO_LARGE
    ),
    "5,000 headers": Fault(serving.raw(OK + b"X-A: 1234567890\r\n" * 5000 + b"\r\n" + RSS), Cause.TOO_LARGE),
    "hundreds of cookies": Fault(
        serving.fixed(200, [("Set-Cookie", f"c{n}={'v' * 60}") for n in range(400)], RSS), None
    ),
    # packing
    "bomb": Fault(serving.bomb(20), Cause.TOO_LARGE),
    "bomb in two layers": Fault(serving.bomb(20, 2), Cause.ENCODING),
    "bomb in two layers called one": Fault(serving.bomb(20, 2, "gzip"), Cause.ENCODING),
    "bomb in two layers, headers apart": Fault(
        serving.fixed(
            200,
            [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")],
            gzip.compress(PACKED, mtime=0),
        ),
        Cause.ENCODING,
    ),
    "brotli without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "br")], b"\x1b\x00"), Cause.ENCODING
    ),
    "deflate without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)), None
    ),
    "deflate broken inside": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)[:-4] + b"\0" * 4),
        Cause.ENCODING,
    ),
    "deflate cut short": Fault(
        serving.fixed(200, [("Content-Encoding", "deflate")], zlib.compress(RSS)[:-9]), Cause.CONNECT
    ),
    "bomb of deflate": Fault(serving.bomb(20, coding="deflate"), Cause.TOO_LARGE),
    "zstd without being asked": Fault(
        serving.fixed(200, [("Content-Encoding", "zstd")], b"x"), Cause.ENCODING
    ),
    "a coding of nonsense": Fault(serving.fixed(200, [("Content-Encoding", "\u00fcber" * 99)], RSS), None),
    "says gzip, sends plain": Fault(serving.fixed(200, [("Content-Encoding", "gzip")], RSS), None),
    "says nothing, sends gzip": Fault(serving.fixed(200, [], PACKED), None),
    "says utf-8 as its coding": Fault(serving.fixed(200, [("Content-Encoding", "utf-8")], RSS), None),
    "gzip cut short": Fault(serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:-12]), Cause.CONNECT),
    "gzip broken inside": Fault(
        serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:10] + b"\xff" * 60),
        Cause.ENCODING,
    ),
    "gzip with a wrong sum": Fault(
        serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:-8] + b"\0" * 8),
        Cause.ENCODING,
    ),
    "gzip without its sum": Fault(serving.fixed(200, [("Content-Encoding", "gzip")], PACKED[:-8]), None),
    "says brotli, sends plain": Fault(serving.fixed(200, [("Content-Encoding", "br")], RSS), None),
    "says gzip, sends deflate": Fault(
        serving.fixed(200, [("Content-Encoding", "gzip")], zlib.compress(RSS)), None
    ),
    "says nothing, sends deflate": Fault(serving.fixed(200, [], zlib.compress(RSS)), None),
    "bomb of deflate that says nothing": Fault(serving.bomb(20, label="", coding="deflate"), Cause.TOO_LARGE),
    # lengths and chunks
    "chunks of bare line feeds": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n%x\n%s\n0\n\n" % (len(RSS), RSS)), None
    ),
    "cut in the body": Fault(serving.cut(RSS, 20), Cause.CONNECT),
    "reset in the body": Fault(serving.cut(RSS, 20, hard=True), Cause.CONNECT),
    "reset before the answer": Fault(serving.reset, Cause.CONNECT),
    "closes without an answer": Fault(serving.hang_up, Cause.CONNECT),
    "closes within the head": Fault(serving.raw(OK + b"Content-Ty"), Cause.CONNECT),
    "length too short": Fault(serving.raw(OK + b"Content-Length: 30\r\n\r\n" + RSS), None),
    "two lengths": Fault(
        serving.raw(OK + b"Content-Length: 30\r\nContent-Length: 40\r\n\r\n" + RSS), Cause.HTTP
    ),
    "negative length": Fault(serving.raw(OK + b"Content-Length: -1\r\n\r\n" + RSS), None),
    "length of nonsense": Fault(serving.raw(OK + b"Content-Length: many\r\n\r\n" + RSS), None),
    "length beyond all numbers": Fault(
        serving.raw(OK + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + RSS), Cause.HTTP
    ),
    "no length at all": Fault(serving.raw(OK + b"\r\n" + RSS), None),
    "chunk of nonsense": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<rss/>\r\n"), Cause.HTTP
    ),
    "chunk of minus one": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n<rss/>\r\n"), Cause.HTTP
    ),
    "chunk too large": Fault(
        serving.raw(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n<rss/>\r\n", keep=True),
        Cause.TIMEOUT,
    ),
    "chunks without an end": Fault(serving.chunked([RSS], end=b""), None),
    "chunks and a length": Fault(serving.chunked([RSS], headers=[("Content-Length", "5")]), None),
    "unknown transfer coding": Fault(serving.raw(OK + b"Transfer-Encoding: gzip\r\n\r\n" + RSS), Cause.HTTP),
    # not HTTP
    "speaks ssh": Fault(serving.raw(b"SSH-2.0-OpenSSH_9.6\r\n"), Cause.CONNECT),
    "speaks HTTP/0.9": Fault(serving.raw(RSS), Cause.CONNECT),
    "speaks HTTP/1.0": Fault(serving.raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + RSS), None),
    "speaks HTTP/9.9": Fault(serving.raw(b"HTTP/9.9 200 OK\r\n\r\n" + RSS), None),
    "status of nonsense": Fault(serving.raw(b"HTTP/1.1 abc OK\r\n\r\n"), Cause.HTTP),
    "status 1000": Fault(serving.raw(b"HTTP/1.1 1000 OK\r\n\r\n"), Cause.HTTP),
    "switches protocols": Fault(serving.raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Cause.CONNECT),
    "random bytes": Fault(serving.raw(bytes(range(256)) * 20), Cause.HTTP),
    "header without a colon": Fault(serving.raw(OK + b"nonsense\r\n\r\n" + RSS), None),
    "header with NUL": Fault(serving.raw(header("X-A", b"a\0b")), Cause.HTTP),
    "header not ASCII": Fault(serving.raw(header("X-A", b"\xff\xfe")), None),
    # validators and times
    "etag not ASCII": Fault(serving.raw(header("ETag", '"é"'.encode())), None),
    "etag of raw bytes": Fault(serving.raw(header("ETag", b'"\xff\xfe"')), None),
    "etag of 60 KB": Fault(serving.raw(header("ETag", b"x" * 60_000)), None),
    "last-modified of nonsense": Fault(serving.raw(header("Last-Modified", b"yesterday")), None),
    "not modified, unasked": Fault(serving.fixed(304), Cause.HTTP),
    "not modified, with a body": Fault(
        serving.raw(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n<rss>"), Cause.HTTP
    ),
    "nothing": Fault(serving.fixed(200), Cause.NOT_A_FEED),
    "no content": Fault(serving.fixed(204), Cause.NOT_A_FEED),
    "retry in a thousand years": Fault(serving.fixed(429, [("Retry-After", "31536000000")]), Cause.THROTTLED),
    "retry at nonsense": Fault(serving.fixed(503, [("Retry-After", "\u221e")]), Cause.THROTTLED),
    # redirects
    "redirects to itself": Fault(serving.redirect(""), Cause.REDIRECT),
    "redirects in a circle": Fault(serving.redirect("?"), Cause.REDIRECT),
    "redirects for ever": Fault(
        lambda exchange: serving.redirect(f"{exchange.seen.path}?")(exchange), Cause.REDIRECT
    ),
    "redirects to a file": Fault(serving.redirect("file:///etc/passwd"), Cause.REDIRECT),
    "redirects into the machine": Fault(serving.redirect("http://127.0.0.1:80/"), Cause.REFUSED_ADDRESS),
    "redirects to the cloud's data": Fault(
        serving.redirect("http://169.254.169.254/latest/"), Cause.REFUSED_ADDRESS
    ),
    "redirects to a strange port": Fault(serving.redirect("http://example.test:25/"), Cause.REFUSED_ADDRESS),
    "redirects to raw bytes": Fault(
        serving.raw(b"HTTP/1.1 302 Found\r\nLocation: /\xff\xfe\r\nContent-Length: 0\r\n\r\n"),
        Cause.NOT_FOUND,
    ),
    "redirects twice at once": Fault(
        serving.fixed(302, [("Location", "http://a.test/"), ("Location", "http://b.test/")]), Cause.REDIRECT
    ),
}


ECHOES = ("page", "404", "xml", "coding", "host", "port")


def echo(kind: str) -> Play:
    """A framework's error page that repeats the request's path and headers: in its title, as the root of its XML, as an
    encoding, as the target of a redirect."""

    async def play(exchange: Exchange) -> None:
        asked = exchange.seen
        said = f"Cannot find {asked.path} {asked.headers.get('authorization', '')}"
        match kind:
            case "xml":
                await exchange.reply(200, [], f"<{KEY}/>".encode(), content_type="text/xml")
            case "coding":
                await exchange.reply(200, [("Content-Encoding", KEY)], b"x")
            case "host":
                await exchange.reply(302, [("Location", f"http://{KEY}.test/")])
            case "port":
                await exchange.reply(302, [("Location", f"http://{KEY}.test:99/")])
            case _:
                status = int(kind) if kind.isdigit() else 200
                body = f"<title>{said}</title>{said}".encode()
                await exchange.reply(status, [], body, content_type="text/html")

    return play


GOOD = Entry("The whole entry beside it")


class Document(NamedTuple):
    """A body to read, and the cause of its failure, or None if its intact entries are read."""

    body: bytes
    cause: Cause | None
    content_type: str = "application/rss+xml"


def beside(extra: str, *, prolog: str = "") -> bytes:
    """A feed with one whole entry and something before it."""
    whole = rss("News", [GOOD]).decode()
    start, rest = whole.split("<item>", 1)
    declared, root = start.split("?>", 1)
    return f"{declared}?>{prolog}{root}{extra}<item>{rest}".encode()


def entry(inside: str) -> str:
    return f"<item><title>Hostile</title><guid>urn:hostile</guid>{inside}</item>"


# `SLOW` documents invite quadratic work. A reader may avoid it (and read the entry) or be stopped; both are fine.
SLOW: dict[str, bytes] = {
    "new lines before the root": b"\n" * 40_000 + rss("News", [GOOD]),
    "an author of letters": beside(entry(f"<author>{'a' * 40_000}</author>")),
    "an author of dots": beside(entry(f"<author>{'a.' * 40_000}</author>")),
    "a style of 20 KB": beside(
        entry(f"<description>{html.escape('<p style=' + chr(34) + 'a:b;' * 5_000)}</description>")
    ),
    "20,000 entities": beside(
        "", prolog="<!DOCTYPE r [" + "".join(f"<!ENTITY e{n} 'x'>" for n in range(20_000)) + "]>"
    ),
    "entities within entities": beside(
        entry("<description>&e9;</description>"),
        prolog="<!DOCTYPE r [<!ENTITY e0 'lol'>"
        + "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10))
        + "]>",
    ),
    "40,000 comments": beside(entry(f"<description>{'&lt;!--' * 40_000}</description>")),
    "deep nesting": beside(entry(f"<description>{'&lt;div&gt;' * 20_000}</description>")),
    "deep elements": beside(entry("<a>" * 20_000 + "</a>" * 20_000)),
    "60,000 tags": beside(entry("".join(f"<category>c{n}</category>" for n in range(60_000)))),
}

DOCUMENTS: dict[str, Document] = {
    "a file by an entity": Document(
        beside(
            entry("<description>&f;</description>"),
            prolog='<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/hostname">]>',
        ),
        None,
    ),
    "a title that writes a header": Document(
        beside("<item><title>=?utf-8?q?Hi=0D=0ABcc:_v@example.test?=</title><guid>urn:1</guid></item>"), None
    ),
    "a lone surrogate": Document(
        b'{"version":"https://jsonfeed.org/version/1.1","title":"News","items":[{"id":"1","content_text":"A \\ud800 b",'
        b'"title":"The whole entry beside it"}]}',
        None,
        "application/feed+json",
    ),
    "a link of script": Document(beside(entry("<link>javascript:alert(1)</link>")), None),
    "a script for a title": Document(
        beside("<item><title>&lt;script&gt;alert(1)&lt;/script&gt;x</title></item>"), None
    ),
    "cut within an entry": Document(rss("News", [GOOD, Entry("Cut off")])[:-120], None),
    "empty": Document(b"", Cause.NOT_A_FEED),
    "a page": Document(b"<html><title>Welcome</title><p>hi</html>", Cause.NOT_A_FEED, "text/html"),
    "a challenge": Document(
        b"<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform></script></html>",
        Cause.NOT_A_FEED,
        "text/html",
    ),
    "JSON of nothing": Document(b'{"error": "no"}', Cause.NOT_A_FEED, "application/json"),
    "JSON too deep": Document(b"[" * 100_000, Cause.BROKEN_FEED, "application/json"),
    "another's guid": Document(
        rss("Thief", [Entry("Stolen", link="https://healthy0.example/0")], base="https://thief.example"), None
    ),
    "dates of the next century": Document(
        rss("News", [Entry("From the future", hours=-24 * 365 * 100)], base="https://future.example"), None
    ),
}
