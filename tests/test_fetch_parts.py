"""The small modules of the fetch room: headers, bodies, redaction, rate limiter, resolver."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfeed.fetch import Fetcher, redact, response
from newsfeed.fetch.rate_limiter import RateLimiter, host_key
from newsfeed.fetch.resolver import OfflineError, Resolver, UnknownNameError
from newsfeed.fetch.response import Body, BodyError, CutError, TooLargeError, coding
from newsfeed.fetch.transport import _mixed
from newsfeed.model import Cause, Failure, FetchSetting, Request

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def after(**kw: float) -> datetime:
    return NOW + timedelta(**kw)


# ---------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", after(seconds=120)),
        ("3.5", after(minutes=1)),
        ("0", after(minutes=1)),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e9", after(hours=24)),
        ("99999999999999999999", after(hours=24)),
        ("inf", after(hours=24)),
        ("nan", None),
        ("Sun, 22 Nov 2026 07:30:00 GMT", after(hours=1)),
        ("Sunday, 22-Nov-26 07:30:00 GMT", after(hours=1)),
        ("Sun, 22 Nov 2020 07:30:00 GMT", after(minutes=1)),
        ("Sun, 22 Nov 2096 07:30:00 GMT", after(hours=24)),
        ("Fri, 99 Foo 2026 99:99:99 GMT", None),
        ("x" * 5000, None),
        ("９", None),
    ],
)
def test_retry_after_in_all_its_forms(value: str, expected: datetime | None) -> None:
    assert response.retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T07:00:00.867633Z", datetime(2026, 11, 22, 7, 0, 0, 867633, tzinfo=UTC)),  # Mastodon
        ("2026-11-22T07:00:00+00:00", after(minutes=30)),
        ("2026-11-22T07:00:00", after(minutes=30)),
        ("300", after(minutes=5)),  # Reddit: seconds left
        ("31.0", after(minutes=1)),
        (str(int(after(minutes=10).timestamp())), after(minutes=10)),  # X: unix seconds
        (str(int(after(minutes=10).timestamp()) * 1000), after(minutes=10)),
        (str(int(after(days=400).timestamp())), after(hours=24)),
        ("1500000000", after(minutes=1)),  # long past
        ("Sun, 22 Nov 2026 07:00:00 GMT", after(minutes=30)),
        ("-1", None),
        ("garbage", None),
    ],
)
def test_rate_resets_are_told_by_their_shape(value: str, expected: datetime | None) -> None:
    assert response.reset(value, NOW) == expected


@given(st.text(max_size=40))
def test_no_wait_is_under_a_minute_or_over_a_day(value: str) -> None:
    for moment in (response.retry_after(value, NOW), response.reset(value, NOW)):
        assert moment is None or after(minutes=1) <= moment <= after(hours=24)


def test_a_host_without_requests_left_is_known_by_its_headers() -> None:
    assert response.exhausted({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "300"}, NOW) == after(
        minutes=5
    )
    assert response.exhausted({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "300"}, NOW) == after(
        minutes=5
    )
    assert response.exhausted({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "300"}, NOW) is None
    assert response.exhausted({"x-ratelimit-remaining": "0"}, NOW) is None
    assert response.exhausted({}, NOW) is None


# ---------------------------------------------------------------------- bodies


def unpack(data: bytes, limit: int = 1_000_000, step: int = 1000) -> bytes:
    body = Body(limit)
    for at in range(0, len(data), step):
        body.add(data[at : at + step])
    return body.finish()


@pytest.mark.parametrize("step", [1, 2, 7, 1000, 100_000])
def test_plain_and_packed_bodies_are_the_same(step: int) -> None:
    text = b"<rss>" + bytes(range(256)) * 12 + b"</rss>"
    assert unpack(text, step=step) == text
    assert unpack(gzip.compress(text), step=step) == text
    assert unpack(gzip.compress(text[:100]) + gzip.compress(text[100:]), step=step) == text
    assert unpack(gzip.compress(text) + b"\0\0padding", step=step) == text


@pytest.mark.parametrize("step", [1, 2, 7, 100_000])
@pytest.mark.parametrize("text", [b"<rss>" + bytes(range(256)) * 12 + b"</rss>", b"<?xml?> <feed/>", b"{}"])
def test_deflate_is_read_in_both_its_forms_and_where_it_is_none(step: int, text: bytes) -> None:
    raw = zlib.compressobj(wbits=-15)
    for data in (zlib.compress(text), raw.compress(text) + raw.flush(), gzip.compress(text), text):
        body = Body(100_000, "deflate")
        for at in range(0, len(data), step):
            body.add(data[at : at + step])
        assert body.finish() == text


@pytest.mark.parametrize("head", [b"<?xml version='1.0'?>\n<rss>", b"<feed xmlns='a'>", b"<rdf:RDF >"])
@pytest.mark.parametrize("packed", [False, True])
def test_of_a_feed_larger_than_the_cap_the_beginning_is_read(head: bytes, packed: bool) -> None:
    text = head + b"<item>" * 50_000
    body = Body(100_000)
    data = gzip.compress(text) if packed else text
    for at in range(0, len(data), 999):
        if not body.full:
            body.add(data[at : at + 999])
    assert body.full
    assert body.finish() == text[:100_001]


def test_small_bodies() -> None:
    assert unpack(b"") == b""
    assert unpack(b"x") == b"x"
    assert unpack(b"\x1f") == b"\x1f"


def test_a_bomb_stops_at_the_cap() -> None:
    with pytest.raises(TooLargeError):
        unpack(gzip.compress(b"\0" * 20_000_000))
    with pytest.raises(TooLargeError):
        unpack(b"x" * 1_000_001)


def test_a_cut_or_broken_packed_body_is_an_error() -> None:
    packed = gzip.compress(bytes(range(256)) * 40)
    with pytest.raises(CutError):
        unpack(packed[:-9])
    with pytest.raises(BodyError):
        unpack(packed[:20] + b"\xff" * 30 + packed[50:])


def test_a_body_in_crumbs_or_of_a_thousand_files_is_refused() -> None:
    with pytest.raises(BodyError, match="crumbs"):
        unpack(b"x" * 5000, step=1)
    with pytest.raises(BodyError, match="too many parts"):
        unpack(gzip.compress(b"") * 1100)


KNOWN = (
    "",
    "gzip",
    "GZIP",
    "x-gzip",
    "identity",
    "none",
    "UTF-8",
    "identity, gzip",
    "8bit",
    "gzip, gzip",
    "deflate",
)
UNKNOWN = (
    "br",
    "deflate, gzip",
    "zstd",
    "gzip, br",
    "gzip,gzip,br",
    "x" * 900,
    "é",
    "aws-chunked",
    "text/xml",
)
PLAIN = b"<?xml version='1.0'?>\n<rss version='2.0'><channel><title>Weir</title></channel></rss>"


@pytest.mark.parametrize("header", [*KNOWN, *UNKNOWN])
@pytest.mark.parametrize("packed", [bytes, gzip.compress, zlib.compress])
@pytest.mark.parametrize("step", [1, 10, 1000])
def test_a_body_is_read_as_its_bytes_say_whatever_its_coding(
    header: str, packed: Callable[[bytes], bytes], step: int
) -> None:
    body, data = Body(100_000, coding(header)), packed(PLAIN)
    deque(body.add(data[at : at + step]) for at in range(0, len(data), step))
    assert body.finish() == PLAIN


@pytest.mark.parametrize("header", UNKNOWN)
def test_what_its_coding_keeps_from_being_read_is_refused(header: str) -> None:
    body = Body(100_000, coding(header))
    with pytest.raises(BodyError, match="not asked for"):
        body.add(b"\x1b\x88\x02\x00\xe4" * 20)


@pytest.mark.parametrize("missing", [1, 4, 8])
def test_a_packed_feed_that_has_ended_is_whole_without_its_sum(missing: int) -> None:
    assert unpack(gzip.compress(PLAIN)[:-missing]) == PLAIN
    with pytest.raises(BodyError):
        unpack(gzip.compress(PLAIN[:-6])[:-missing])


@pytest.mark.parametrize("step", [1, 2, 1000])
@pytest.mark.parametrize("wrapped", [gzip.compress, zlib.compress])
def test_what_is_wrapped_twice_is_refused_whatever_the_label_says(
    step: int, wrapped: Callable[[bytes], bytes]
) -> None:
    inner = gzip.compress(b"<rss>" + b"a" * 100_000 + b"</rss>")
    for label in ("gzip", "gzip, gzip", "deflate", ""):
        body = Body(100_000, coding(label))
        data = wrapped(inner)
        pieces = (data[at : at + step] for at in range(0, len(data), step))
        with pytest.raises(BodyError, match="twice"):
            deque(map(body.add, pieces))


@given(st.binary(max_size=3000), st.integers(1, 500))
def test_any_bytes_come_out_or_are_a_body_error(data: bytes, step: int) -> None:
    try:
        out = unpack(data, limit=5000, step=step)
    except BodyError:
        return
    assert out == data or data[:2] in {b"\x1f\x8b", b"x\x9c", b"x\xda"}


def test_decoding_keeps_no_more_than_the_cap_in_memory() -> None:
    body = Body(100_000)
    squeezed = zlib.compressobj(9, wbits=31)
    data = squeezed.compress(b"\0" * 50_000_000) + squeezed.flush()
    with pytest.raises(TooLargeError):
        body.add(data)
    assert sum(map(len, body._parts)) <= 100_000


# ---------------------------------------------------------------------- redaction


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/feed.xml", "https://example.org/feed.xml"),
        ("https://Example.org:8443/blog/2026/11/atom.xml", "https://example.org:8443/blog/2026/11/atom.xml"),
        ("https://user:pa55@example.org/feed", "https://example.org/feed"),
        ("https://example.org/feed?token=abc&x=1", "https://example.org/feed?…"),
        ("https://hnrss.org/frontpage?points=150", "https://hnrss.org/frontpage?points=150"),
        ("https://www.reddit.com/r/x/top/.rss?t=day", "https://www.reddit.com/r/x/top/.rss?t=day"),
        ("https://www.reddit.com/.rss?t=day&feed=0a1b&user=me", "https://www.reddit.com/.rss?…"),
        ("https://example.org/feed?t=hushhush", "https://example.org/feed?…"),
        ("https://example.org/feed#secret", "https://example.org/feed"),
        ("https://example.org/private/9f8a7b6c5d4e3f2a/feed", "https://example.org/private/…/feed"),
        ("https://example.org/u/abc123def456/rss", "https://example.org/u/…/rss"),
        (
            "https://example.org/feeds/front/eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.x.xml",
            "https://example.org/feeds/front/…",
        ),
        ("https://example.org/r/MachineLearning/.rss", "https://example.org/r/MachineLearning/.rss"),
        (
            "https://example.org/a-long-and-wordy-title-of-a-post/",
            "https://example.org/a-long-and-wordy-title-of-a-post/",
        ),
        ("https://example.org/20minutos-2017-01.xml", "https://example.org/20minutos-2017-01.xml"),
        ("https://example.org/SECRETSECRETSECRET/feed", "https://example.org/…/feed"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("no address at all", "…"),
        ("https://[broken/", "…"),
        ("", "…"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert redact(url) == shown


@given(st.text(max_size=200))
def test_redaction_never_fails_and_never_runs_on(text: str) -> None:
    assert len(redact(f"https://example.org/{text}")) <= 120


# ---------------------------------------------------------------------- turns


def test_hosts_are_told_apart_by_name_and_unusual_port() -> None:
    assert host_key("https", "Example.org.", 443) == "example.org"
    assert host_key("http", "example.org", 80) == "example.org"
    assert host_key("http", "example.org", 8080) == "example.org:8080"
    assert (
        host_key("https", "www.reddit.com", 443) == host_key("https", "old.reddit.com", 443) == "reddit.com"
    )
    assert host_key("https", "notreddit.com", 443) == "notreddit.com"


class Clock:
    """Time that passes only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def stopped(limiter: RateLimiter, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        clock.now += seconds
        await real(0)

    monkeypatch.setattr("newsfeed.fetch.rate_limiter.asyncio.sleep", sleep)


def test_reddit_is_asked_every_65_seconds_and_the_impatient_are_put_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    limiter = RateLimiter(10, 4, 140.0, clock)
    stopped(limiter, clock, monkeypatch)
    started: list[float] = []

    async def one() -> float:
        wait = await limiter.enter("reddit.com")
        if not wait:
            started.append(clock.now)
            limiter.leave("reddit.com")
        return wait

    async def go() -> list[float]:
        return [await one() for _ in range(3)]

    assert asyncio.run(go()) == [0, 0, 0]
    assert started == [1000.0, 1065.0, 1130.0]


def test_whoever_would_wait_too_long_is_told_how_long() -> None:
    clock = Clock()
    limiter = RateLimiter(10, 4, 30.0, clock)

    async def go() -> tuple[float, float]:
        first = await limiter.enter("reddit.com")
        second = await limiter.enter("reddit.com")
        limiter.leave("reddit.com")
        return first, second

    assert asyncio.run(go()) == (0.0, 65.0)


def test_a_request_of_an_earlier_run_still_spaces_its_host() -> None:
    clock = Clock()
    limiter = RateLimiter(10, 4, 30.0, clock)
    limiter.resume("reddit.com", ago=5.0)
    limiter.resume("paper.example", ago=5.0)

    async def go() -> tuple[float, float]:
        return await limiter.enter("reddit.com"), await limiter.enter("paper.example")

    assert asyncio.run(go()) == (60.0, 0.0)


def test_a_refusing_host_is_spaced_until_it_is_well_again() -> None:
    clock = Clock()
    limiter = RateLimiter(10, 4, 0.5, clock)

    async def go() -> list[float]:
        waited = [await limiter.enter("h")]
        limiter.leave("h")
        limiter.refused("h")
        waited.append(await limiter.enter("h"))  # a second apart, which is longer than this patience
        clock.now += 1.5
        waited.append(await limiter.enter("h"))
        limiter.answered("h", begun=clock.now)
        limiter.leave("h")
        clock.now += 1.0
        waited.append(await limiter.enter("h"))
        waited.append(await limiter.enter("h"))
        return waited

    assert asyncio.run(go()) == [0, 1.0, 0, 0, 0]


def test_an_answer_to_an_older_request_does_not_end_the_spacing() -> None:
    clock = Clock()
    limiter = RateLimiter(10, 4, 0.5, clock)

    async def go() -> float:
        await limiter.enter("h")
        await limiter.enter("h")
        limiter.refused("h")
        limiter.answered("h", begun=clock.now - 1)
        clock.now += 1.0
        await limiter.enter("h")
        return await limiter.enter("h")

    assert asyncio.run(go()) == 1.0


def test_no_more_than_the_limits_at_once() -> None:
    most: dict[str, int] = {}
    now: dict[str, int] = {}

    async def one(limiter: RateLimiter, host: str) -> None:
        await limiter.enter(host)
        for key in (host, "all"):
            now[key] = now.get(key, 0) + 1
            most[key] = max(most.get(key, 0), now[key])
        await asyncio.sleep(0.001)
        for key in (host, "all"):
            now[key] -= 1
        limiter.leave(host)

    async def go() -> None:
        limiter = RateLimiter(10, 4, 1.0, time.monotonic)
        await asyncio.gather(*(one(limiter, f"h{n % 5}") for n in range(100)))

    asyncio.run(go())
    assert most["all"] == 10
    assert max(most[f"h{n}"] for n in range(5)) <= 4


def test_a_cancelled_wait_gives_its_turn_back() -> None:
    async def go() -> float:
        limiter = RateLimiter(1, 1, 1.0, time.monotonic)
        await limiter.enter("h")
        waiting = asyncio.create_task(limiter.enter("h"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        limiter.leave("h")
        return await asyncio.wait_for(limiter.enter("h"), 20)

    assert asyncio.run(go()) == 0.0


# ---------------------------------------------------------------------- names


def resolve(resolver: Resolver, *hosts: str, seconds: float = 20.0) -> list[object]:
    async def go() -> list[object]:
        asked = (resolver.addresses(h, 80, seconds) for h in hosts)
        found = await asyncio.gather(*asked, return_exceptions=True)
        await resolver.aclose()
        return list(found)

    return asyncio.run(go())


def failing(code: int) -> Callable[[str, int], list[str]]:
    def lookup(host: str, port: int) -> list[str]:
        raise socket.gaierror(code, "no")

    return lookup


def test_a_name_is_looked_up_once_for_all_who_ask() -> None:
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["1.2.3.4"]

    assert resolve(Resolver(lookup), "a.test", "a.test", "9.9.9.9") == [
        ("1.2.3.4",),
        ("1.2.3.4",),
        ("9.9.9.9",),
    ]
    assert asked == ["a.test"]


def test_one_dead_name_is_a_dead_name() -> None:
    def lookup(host: str, port: int) -> list[str]:
        if host == "good.test":
            return ["1.2.3.4"]
        raise socket.gaierror(socket.EAI_NONAME, "no")

    found = resolve(Resolver(lookup, lambda: True), "good.test", "a.test", "b.test", "c.test")
    assert found[0] == ("1.2.3.4",)
    assert all(isinstance(error, UnknownNameError) and error.sure for error in found[1:])


def test_where_every_name_fails_the_network_is_down() -> None:
    resolver = Resolver(failing(socket.EAI_AGAIN), lambda: True)
    assert all(isinstance(error, OfflineError) for error in resolve(resolver, "a.test", "b.test", "c.test"))


def test_one_name_without_an_answer_is_not_yet_a_dead_network() -> None:
    [error] = resolve(Resolver(failing(socket.EAI_AGAIN), lambda: True), "a.test")
    assert isinstance(error, UnknownNameError)
    assert not error.sure


def test_names_that_a_server_denies_are_dead_however_many() -> None:
    resolver = Resolver(failing(socket.EAI_NONAME), lambda: True)
    assert all(
        isinstance(e, UnknownNameError) and e.sure
        for e in resolve(resolver, "a.test", "b.test", "c.test", "d.test")
    )


def test_a_dead_network_is_not_asked_for_every_name() -> None:
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        time.sleep(0.01)
        raise socket.gaierror(socket.EAI_AGAIN, "no")

    found = resolve(Resolver(lookup, lambda: True), *(f"h{n}.test" for n in range(200)))
    assert all(isinstance(error, OfflineError) for error in found)
    assert len(asked) < 40


def test_without_a_route_the_network_is_down_at_once() -> None:
    [error] = resolve(Resolver(failing(socket.EAI_NONAME), lambda: False), "a.test")
    assert isinstance(error, OfflineError)


def test_a_silent_name_server_costs_its_timeout_only() -> None:
    answered = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        answered.wait(60)
        return ["1.2.3.4"]

    [error] = resolve(Resolver(lookup, lambda: True), "a.test", seconds=0.3)
    assert not answered.is_set(), "its answer was not waited for"
    answered.set()
    assert isinstance(error, UnknownNameError)


def test_names_that_hang_hold_up_no_other() -> None:
    asked = threading.Event()

    def lookup(host: str, port: int) -> list[str]:
        if host == "good.test":
            asked.set()
        elif not asked.wait(60):
            raise AssertionError("the last name was never looked up")
        return ["1.2.3.4"]

    names = [*(f"h{n}.test" for n in range(60)), "good.test"]
    assert resolve(Resolver(lookup, lambda: True), *names, seconds=30) == [("1.2.3.4",)] * 61


def test_families_take_turns() -> None:
    assert _mixed(["2a::1", "2a::2", "1.1.1.1", "1.1.1.2"]) == ["2a::1", "1.1.1.1", "2a::2", "1.1.1.2"]
    assert _mixed(["1.1.1.1"]) == ["1.1.1.1"]


def test_a_fetcher_goes_on_with_the_spacing_of_the_run_before() -> None:
    now = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)

    async def go() -> object:
        async with Fetcher(FetchSetting(patience=1.0), now=lambda: now) as fetcher:
            fetcher.resume("https://www.reddit.com/r/python/.rss", now - timedelta(seconds=10))
            return await fetcher.get(Request(url="https://old.reddit.com/r/x/.rss", source="reddit"))

    told = asyncio.run(go())
    assert isinstance(told, Failure)
    assert told.cause == Cause.THROTTLED
    assert told.retry_at is not None
    assert 54 <= (told.retry_at - now).total_seconds() <= 55
