"""The fetch room against a well-behaved real server: politeness, validators, redirects, refusals, pace."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from faults import said
from serving import Exchange, Play, Server, chunked, closing, document, fixed, in_turn, redirect, slow

from newsfeed.fetch import Fetcher
from newsfeed.fetch.client import Outcome
from newsfeed.fetch.rate_limiter import Places, RateLimiter
from newsfeed.fetch.response import body_hash
from newsfeed.model import Cause, Failure, FetchSetting, NotModified, Request, Response

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title></channel></rss>'


def setting(*servers: Server, **changes: Any) -> FetchSetting:
    quick: dict[str, Any] = {"timeout": 30.0, "patience": 0.0}
    return FetchSetting(allow_private=tuple(s.place for s in servers), **(quick | changes))


def get_all(
    settings: FetchSetting,
    requests: Sequence[Request | str],
    *,
    secrets: Mapping[str, str] | None = None,
    **more: Any,
) -> list[Outcome]:
    async def go() -> list[Outcome]:
        async with Fetcher(settings, now=lambda: NOW, secrets=secrets or {}, **more) as fetcher:
            asked = [Request(url=r) if isinstance(r, str) else r for r in requests]
            return await asyncio.gather(*(fetcher.get(r) for r in asked))

    return asyncio.run(go())


def get(server: Server, request: Request | str, **changes: Any) -> Outcome:
    return get_all(setting(server, **changes), [request])[0]


def good(outcome: Outcome) -> Response:
    assert isinstance(outcome, Response), outcome
    return outcome


def failed(outcome: Outcome, cause: Cause) -> Failure:
    assert isinstance(outcome, Failure), outcome
    assert outcome.cause == cause, outcome
    return outcome


# ---------------------------------------------------------------------- manners


def test_a_feed_is_read_with_all_that_later_rooms_need(server: Server) -> None:
    headers = [
        ("Cache-Control", "max-age=600"),
        ("Link", '<https://h.test/?p=2>; rel="next"'),
        ("Link", '<https://h.test/>; rel="self"'),
        ("Set-Cookie", "id=1"),
        ("X-Powered-By", "wind"),
    ]
    url = server.feed("/feed.xml", RSS, content_type="application/rss+xml; charset=utf-8", headers=headers)
    response = good(get(server, url))
    assert response.body == RSS
    assert response.url == url
    assert response.status == 200
    assert response.content_type == "application/rss+xml; charset=utf-8"
    assert response.etag.startswith('"')
    assert response.last_modified == "Sun, 22 Nov 2026 05:00:00 GMT"
    assert response.body_hash == body_hash(RSS)
    assert response.permanent_url == ""
    assert response.headers == {
        "cache-control": "max-age=600",
        "link": '<https://h.test/?p=2>; rel="next", <https://h.test/>; rel="self"',
    }
    assert 0 <= response.seconds < 2


def test_what_we_say_of_ourselves(server: Server) -> None:
    url = server.feed("/feed.xml", RSS)
    get(server, url, contact="https://example.org/me (hi)\r\nX-Evil: 1")
    get(server, Request(url=url, accept="application/json"))
    first, second = (seen.headers for seen in server.seen)
    assert first["user-agent"].startswith("newsfeed/")
    assert first["user-agent"].endswith("(personal feed reader; https://example.org/me hiX-Evil: 1)")
    assert first["accept-encoding"] == "gzip"
    assert first["accept"].startswith("application/atom+xml")
    assert first["host"] == server.place
    assert set(first) == {"host", "user-agent", "accept-encoding", "accept"}
    assert second["accept"] == "application/json"


def test_cookies_are_never_sent_back(server: Server) -> None:
    url = server.reply("/feed", 200, [("Set-Cookie", f"c{n}={'x' * 50}") for n in range(200)], RSS)
    get_all(setting(server), [url])
    get_all(setting(server), [url, url])
    assert all("cookie" not in seen.headers for seen in server.seen)


def only_with(cookie: str, then: Play, *, lead: str, says: list[tuple[str, str]]) -> Play:
    """Answer requests with a cookie; redirect all others with one."""

    async def play(exchange: Exchange) -> None:
        brought = cookie in exchange.seen.headers.get("cookie", "").split("; ")
        await (then if brought else redirect(lead, 302, says))(exchange)

    return play


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        ("/feed", [("Set-Cookie", "pass=1; Path=/")]),
        ("/feed", [("Set-Cookie", "a=b"), ("Set-Cookie", "pass=1; HttpOnly; SameSite=Lax")]),
        ("/gate", [("Set-Cookie", "pass=1; Max-Age=60; Path=/")]),
    ],
)
def test_cookies_of_a_redirect_go_along_its_way_and_are_forgotten(
    server: Server, lead: str, says: list[tuple[str, str]]
) -> None:
    url = server.play("/feed", only_with("pass=1", fixed(200, [], RSS), lead=lead, says=says))
    server.play("/gate", redirect("/feed"))
    for _ in range(2):
        assert good(get(server, url)).body == RSS
    firsts = server.asked("/feed")[::2]
    assert [seen.headers.get("cookie") for seen in firsts] == [None, None]


def test_cookies_go_to_no_other_host_and_make_no_endless_circle(server: Server) -> None:
    with Server(host="127.0.0.2") as other:
        other.feed("/feed", RSS)
        url = server.play("/feed", redirect(other.url("/feed"), 302, [("Set-Cookie", "pass=1; Path=/")]))
        assert good(get_all(setting(server, other), [url])[0]).body == RSS
        assert "cookie" not in other.seen[0].headers
    url = server.play("/turning", redirect("/turning", 302, [("Set-Cookie", "same=1")]))
    assert "circle" in said(failed(get(server, url), Cause.REDIRECT))
    numbers = iter(range(99))

    async def another(exchange: Exchange) -> None:
        await redirect("/ever", 302, [("Set-Cookie", f"n={next(numbers)}")])(exchange)

    assert "more than 5" in said(failed(get(server, server.play("/ever", another)), Cause.REDIRECT))


@pytest.mark.parametrize(
    "extra",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<mal>",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"x",
        b"HTTP/1.1 200 OK\r\nContent-Le",
    ],
)
@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_what_is_sent_beyond_an_answer_is_never_the_next_one(
    server: Server, extra: bytes, pause: float
) -> None:
    async def mallory(exchange: Exchange) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(RSS) + RSS
        if pause:
            await exchange.send(head)
            await asyncio.sleep(pause)
            await exchange.send(extra)
        else:
            await exchange.send(head + extra)

    server.play("/mallory", mallory)
    server.reply("/alice", 200, [], b"<rss>alice</rss>")

    async def go() -> None:
        async with Fetcher(setting(server, per_host=1), now=lambda: NOW) as fetcher:
            for _ in range(3):
                assert good(await fetcher.get(Request(url=server.url("/mallory")))).body == RSS
                await asyncio.sleep(3 * pause)
                alice = good(await fetcher.get(Request(url=server.url("/alice"))))
                assert alice.body == b"<rss>alice</rss>"

    asyncio.run(go())


@pytest.mark.parametrize("many", [30, 300])
def test_many_silent_hosts_hold_up_no_healthy_one(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(f"newsfeed.fetch.client.{seconds}", 300.0)
    with Server() as silent, Server() as well:
        silent.play("/feed", lambda exchange: exchange.hang())
        well.feed("/feed", RSS)
        settings = setting(silent, well, connections=20, per_host=400, timeout=300.0)

        async def go() -> None:
            async with Fetcher(settings, now=lambda: NOW) as fetcher:
                dead = [
                    asyncio.create_task(fetcher.get(Request(url=silent.url(f"/feed?{n}"))))
                    for n in range(many)
                ]
                await asyncio.sleep(0)
                urls = [well.url(f"/feed?{n}") for n in range(50)]
                for outcome in await asyncio.gather(*(fetcher.get(Request(url=url)) for url in urls)):
                    good(outcome)
                assert [task.result() for task in dead if task.done()] == [], "nobody waited for them"
                for task in dead:
                    task.cancel()
                await asyncio.gather(*dead, return_exceptions=True)

        asyncio.run(go())
        assert well.most_at_once <= 20


def test_where_nobody_speaks_at_all_the_network_may_be_slow_and_is_not_filled() -> None:
    """Twenty connections and as many on loan; more only after a second, so that a host that answers late finds a free one."""
    limiter = RateLimiter(20, 4, 1.0, lambda: 0.0)

    async def go() -> None:
        for n in range(40):
            await limiter.enter(f"{n}.example")
            if n < 20:
                assert limiter.step_aside(0.1) == 0.0
        assert limiter.step_aside(0.1) == pytest.approx(0.9)
        assert limiter.step_aside(1.0) == 0.0
        limiter.spoke(0.3, aside=True)  # the usual number here
        assert limiter.step_aside(0.1) == pytest.approx(0.2)
        assert limiter.step_aside(0.3) == 0.0

    asyncio.run(go())


def test_a_place_that_was_lent_is_taken_back_without_waiting() -> None:
    async def go() -> None:
        places = Places(1)
        await places.take()
        places.give()  # lent
        await places.take()
        places.take_back()
        third = asyncio.create_task(places.take())
        places.give()
        await asyncio.sleep(0)
        assert not third.done(), "one of two has ended, and one had a place"
        places.give()
        await third
        waiting = [asyncio.create_task(places.take()) for _ in range(2)]
        await asyncio.sleep(0)
        places.give()
        waiting[0].cancel()  # just as its turn had come
        await asyncio.gather(*waiting, return_exceptions=True)
        assert waiting[1].done()
        assert not waiting[1].cancelled()

    asyncio.run(go())


def test_connections_are_kept_and_used_again(server: Server) -> None:
    url = server.feed("/feed.xml", RSS)

    async def go() -> None:
        async with Fetcher(setting(server), now=lambda: NOW) as fetcher:
            for _ in range(5):
                response = good(await fetcher.get(Request(url=url)))
                assert isinstance(await fetcher.get(Request(url=url, etag=response.etag)), NotModified)

    asyncio.run(go())
    assert server.connections == 1


@pytest.mark.parametrize("warned", [True, False])
def test_a_kept_connection_that_the_server_closed_costs_nothing(server: Server, warned: bool) -> None:
    url = server.play("/feed", closing(fixed(200, [], RSS), warned=warned))

    async def go() -> list[Outcome]:
        async with Fetcher(setting(server), now=lambda: NOW) as fetcher:
            return [await fetcher.get(Request(url=url)) for _ in range(4)]

    assert all(isinstance(outcome, Response) for outcome in asyncio.run(go()))
    assert len(server.seen) == 4


def test_limits_of_connections_are_kept() -> None:
    with Server() as one, Server() as two:
        for server in (one, two):
            server.play("/feed", slow(0.02, fixed(200, [], RSS)))
        urls = [s.url(f"/feed?{n}") for n in range(20) for s in (one, two)]
        outcomes = get_all(setting(one, two, connections=6, per_host=4), urls)
        assert all(isinstance(outcome, Response) for outcome in outcomes)
        assert one.most_at_once <= 4
        assert two.most_at_once <= 4
        assert one.most_open + two.most_open <= 8
        assert one.connections + two.connections < 40


def test_idle_connections_make_room_for_other_hosts() -> None:
    with Server() as one, Server() as two, Server() as three:
        servers = (one, two, three)
        urls = [s.feed("/feed", RSS) for s in servers]

        async def go() -> None:
            async with Fetcher(setting(*servers, connections=2), now=lambda: NOW) as fetcher:
                for url in urls:
                    good(await fetcher.get(Request(url=url)))
                for _ in range(100):  # the servers notice a closed connection a moment later
                    if sum(s.open for s in servers) == 2:
                        break
                    await asyncio.sleep(0.05)
                assert sum(s.open for s in servers) == 2

        asyncio.run(go())


# ---------------------------------------------------------------------- validators


def test_validators_are_sent_and_304_means_nothing_new(server: Server) -> None:
    url = server.feed("/feed.xml", RSS, headers=[("Cache-Control", "max-age=60")])
    first = good(get(server, url))
    again = get(server, Request(url=url, etag=first.etag, last_modified=first.last_modified))
    assert isinstance(again, NotModified)
    assert again.etag == first.etag
    assert again.last_modified == first.last_modified
    assert again.headers["cache-control"] == "max-age=60"
    assert server.seen[1].headers["if-none-match"] == first.etag
    assert server.seen[1].headers["if-modified-since"] == first.last_modified


def test_a_304_without_validators_keeps_ours(server: Server) -> None:
    url = server.reply("/feed", 304)
    again = get(server, Request(url=url, etag='"a"', last_modified="x"))
    assert isinstance(again, NotModified)
    assert (again.etag, again.last_modified) == ('"a"', "x")


def test_a_304_that_nobody_asked_for_is_a_failure(server: Server) -> None:
    url = server.reply("/feed", 304)
    assert failed(get(server, url), Cause.HTTP).status == 304
    unsendable = Request(url=url, etag='"ü"', body_hash="x")
    assert failed(get(server, unsendable), Cause.HTTP).status == 304


def test_the_same_body_is_nothing_new(server: Server) -> None:
    url = server.reply("/feed", 200, [("ETag", '"new"')], RSS)
    again = get(server, Request(url=url, etag='"old"', body_hash=body_hash(RSS)))
    assert isinstance(again, NotModified)
    assert again.etag == '"new"'
    assert isinstance(get(server, Request(url=url, body_hash=body_hash(b"other"))), Response)


@pytest.mark.parametrize(
    "value",
    ['"\u00e9t\u00e9"', '"' + "x" * 1100 + '"', '"tab\there"', '"\u2028"'],
    ids=["accents", "long", "tab", "u2028"],
)
def test_validators_that_could_not_be_sent_back_are_dropped(server: Server, value: str) -> None:
    url = server.reply("/feed", 200, [("ETag", value), ("Last-Modified", value)], RSS)
    response = good(get(server, url))
    assert (response.etag, response.last_modified) == ("", "")
    stored = Request(url=url, etag=value, last_modified=value)  # as an older version may have stored it
    good(get(server, stored))
    assert "if-none-match" not in server.seen[1].headers


# ---------------------------------------------------------------------- redirects


def test_a_chain_of_permanent_moves_is_noted(server: Server) -> None:
    server.play("/a", redirect("/b", 301))
    server.play("/b", redirect(server.url("/c#part"), 308))
    server.feed("/c", RSS)
    response = good(get(server, server.url("/a")))
    assert response.permanent_url == response.url == server.url("/c")


@pytest.mark.parametrize("status", [302, 303, 307])
def test_one_passing_hop_makes_the_move_passing(server: Server, status: int) -> None:
    server.play("/a", redirect("/b", 301))
    server.play("/b", redirect("/c", status))
    server.play("/c", redirect("/d", 301))
    server.feed("/d", RSS)
    response = good(get(server, server.url("/a")))
    assert response.permanent_url == ""
    assert response.url == server.url("/d")


def test_validators_follow_within_an_origin_only(server: Server) -> None:
    with Server() as other:
        server.play("/a", redirect("/b", 301))
        server.play("/b", redirect(other.url("/c"), 302))
        url = other.feed("/c", RSS)
        request = Request(url=server.url("/a"), etag='"mine"', last_modified="then")
        [outcome] = get_all(setting(server, other), [request])
        response = good(outcome)
        assert response.url == url
        assert server.asked("/b")[0].headers["if-none-match"] == '"mine"'
        assert "if-none-match" not in other.seen[0].headers
        assert "if-modified-since" not in other.seen[0].headers
        # The other origin's validators are not kept either: they would be sent to the first origin next time.
        assert (response.etag, response.last_modified) == ("", "")


def test_five_redirects_are_followed_and_no_more(server: Server) -> None:
    for n in range(7):
        server.play(f"/{n}", redirect(f"/{n + 1}"))
    server.feed("/7", RSS)
    good(get(server, server.url("/2")))
    assert "more than 5" in said(failed(get(server, server.url("/1")), Cause.REDIRECT))


def test_circles_are_seen(server: Server) -> None:
    server.play("/a", redirect("/b"))
    server.play("/b", redirect("/a#x"))
    assert "circle" in said(failed(get(server, server.url("/a")), Cause.REDIRECT))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://h.test/x",
        "gopher://h.test/",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "http://",
        "http://[",
        "https://a b.test/",
        "http://" + "x" * 9000 + ".test/",
        "http://h.test:99999/",
        "mailto:a@b.test",
    ],
)
def test_redirects_to_what_is_no_web_address_end_there(server: Server, location: str) -> None:
    server.play("/a", redirect(location))
    failed(get(server, server.url("/a")), Cause.REDIRECT)


def test_a_redirect_without_a_target(server: Server) -> None:
    server.reply("/a", 301)
    assert "does not say where" in said(failed(get(server, server.url("/a")), Cause.REDIRECT))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "127。0。0。1",
        "0.0.0.0",
    ],
)
def test_redirects_reach_no_other_place_of_this_machine(server: Server, host: str) -> None:
    with Server() as other:
        other.feed("/feed", RSS)
        server.play("/a", redirect(f"http://{host}:{other.port}/feed"))
        ports = (other.port, server.port)
        failed(get(server, server.url("/a"), ports=ports), Cause.REFUSED_ADDRESS)
        assert other.connections == 0


def test_a_public_feed_can_not_lead_into_an_exception(server: Server) -> None:
    """The owner's exceptions apply to addresses in the owner's list, not to whatever others point to."""
    with Server() as bridge:
        bridge.feed("/feed", RSS)
        server.play("/a", redirect(bridge.url("/feed")))

        def lookup(host: str, port: int) -> list[str]:
            return ["127.0.0.1"]

        # The first server stands for a public one: its name is allowed by another rule, and the bridge is named.
        settings = setting(bridge)
        [outcome] = get_all(settings, [f"http://public.test:{server.port}/a"], lookup=lookup)
        failed(outcome, Cause.REFUSED_ADDRESS)
        assert bridge.connections == 0


def test_addresses_out_of_a_feed_get_no_exception_but_its_own_place(server: Server) -> None:
    with Server() as bridge:
        for s in (server, bridge):
            s.feed("/feed", RSS)
        settings = setting(server, bridge)
        first = Request(url=server.url("/feed"), feed=1)

        async def go() -> list[Outcome]:
            async with Fetcher(settings, now=lambda: NOW) as fetcher:
                requests = (
                    first,
                    Request(url=server.url("/feed"), feed=1, page=1),
                    Request(url=bridge.url("/feed"), feed=1, page=1),
                    Request(url=bridge.url("/feed"), feed=1, from_feed=True),
                    Request(url=server.url("/feed"), feed=2, from_feed=True),
                )
                return [await fetcher.get(request) for request in requests]

        outcomes = asyncio.run(go())
        assert [type(o).__name__ for o in outcomes] == [
            "Response",
            "Response",
            "Failure",
            "Failure",
            "Failure",
        ]
        assert bridge.connections == 0


# ---------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feed",
        "example.org/feed",
        "file:///etc/passwd",
        "ftp://h.test/",
        "http://",
        "https://[::1",
        "http://h.test:x/",
        "javascript:1",
        "http://ho st/",
        "http://①②⑦.0.0.1/",
        "http://１２７。０．0.1/",
        "http://\u0000/",
        "http://" + "a" * 70 + ".test/" + "b" * 9000,
    ],
)
def test_what_is_no_web_address_is_said_so(url: str) -> None:
    failure = failed(get_all(FetchSetting(), [url])[0], Cause.ADDRESS)
    assert failure.needs_owner
    assert failure.repair


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "10.0.0.1",
        "169.254.169.254",
        "127。0。0.1",
    ],
)
def test_private_addresses_are_refused_unless_named(host: str) -> None:
    failure = failed(get_all(FetchSetting(), [f"http://{host}/feed"])[0], Cause.REFUSED_ADDRESS)
    assert failure.needs_owner
    assert "allow_private" in said(failure)


def test_a_name_is_refused_if_any_of_its_addresses_is_private(server: Server) -> None:
    def lookup(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "2606:4700::1", "127.0.0.1"]

    [outcome] = get_all(
        setting(server, ports=(server.port,)), [f"http://two-faced.test:{server.port}/feed"], lookup=lookup
    )
    assert "127.0.0.1" in said(failed(outcome, Cause.REFUSED_ADDRESS))
    assert server.connections == 0


def test_a_name_that_changes_its_mind_gains_nothing(server: Server) -> None:
    """DNS rebinding: the connection goes to an address that was checked, whatever a second lookup would say."""
    answers = [["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]]

    def lookup(host: str, port: int) -> list[str]:
        return answers.pop(0)

    server.feed("/feed", RSS)
    urls = [f"http://r{n}.test:{server.port}/feed" for n in range(3)]
    for outcome in get_all(setting(server, ports=(server.port,)), urls, lookup=lookup):
        failed(outcome, Cause.REFUSED_ADDRESS)
    assert server.connections == 0


def test_an_exception_by_name_holds_for_that_name(server: Server) -> None:
    def lookup(host: str, port: int) -> list[str]:
        return ["::1", "127.0.0.1"]  # the first is dead here: the second is tried

    server.feed("/feed", RSS)
    settings = FetchSetting(allow_private=(f"nas.local:{server.port}",), timeout=10.0)
    good(get_all(settings, [f"http://nas.local:{server.port}/feed"], lookup=lookup)[0])
    failed(get_all(settings, [f"http://other.local:{server.port}/"], lookup=lookup)[0], Cause.REFUSED_ADDRESS)


def test_a_server_on_ipv6(server: Server) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Server(host="::1") as six:
        url = six.feed("/feed", RSS)
        assert good(get(six, url)).url == url
        assert six.seen[0].headers["host"] == six.place
        failed(get(server, url, ports=(six.port,)), Cause.REFUSED_ADDRESS)


def test_unusual_ports_are_refused() -> None:
    for port in (22, 25, 6379, 8000):
        failure = failed(get_all(FetchSetting(), [f"http://example.test:{port}/"])[0], Cause.REFUSED_ADDRESS)
        assert f"example.test:{port}" in said(failure)


def test_nobody_listens() -> None:
    with Server() as server:
        url, settings = server.url("/feed"), setting(server)
    failure = failed(get_all(settings, [url])[0], Cause.CONNECT)
    assert "refuses connections" in said(failure)


def test_no_network_is_said_once_for_all() -> None:
    def lookup(host: str, port: int) -> list[str]:
        raise OSError("down")

    urls = [f"https://h{n}.test/feed" for n in range(5)]
    for outcome in get_all(FetchSetting(timeout=10.0), urls, lookup=lookup):
        failed(outcome, Cause.NO_NETWORK)


# ---------------------------------------------------------------------- what servers refuse


@pytest.mark.parametrize(
    ("status", "cause", "owner"),
    [
        (400, Cause.HTTP, False),
        (401, Cause.LOGIN, True),
        (402, Cause.LOGIN, True),
        (403, Cause.LOGIN, False),
        (404, Cause.NOT_FOUND, False),
        (406, Cause.HTTP, False),
        (410, Cause.GONE, True),
        (418, Cause.HTTP, False),
        (429, Cause.THROTTLED, False),
        (451, Cause.HTTP, False),
        (500, Cause.HTTP, False),
        (502, Cause.HTTP, False),
        (503, Cause.THROTTLED, False),
        (521, Cause.HTTP, False),
        (999, Cause.HTTP, False),
        (206, Cause.HTTP, False),
        (300, Cause.HTTP, False),
        (305, Cause.HTTP, False),
        (204, Cause.NOT_A_FEED, False),
        (205, Cause.NOT_A_FEED, False),
    ],
)
def test_every_refusal_has_its_cause_and_a_sentence(
    server: Server, status: int, cause: Cause, owner: bool
) -> None:
    failure = failed(get(server, server.reply("/feed", status, [], b"x" if status != 204 else b"")), cause)
    assert failure.status == status
    assert failure.needs_owner == owner
    assert failure.text.endswith(".")
    assert failure.url == server.url("/feed")
    assert failure.retry_at is None


@pytest.mark.parametrize("status", [200, 201, 203, 226])
def test_other_successes_are_read(server: Server, status: int) -> None:
    assert good(get(server, server.reply("/feed", status, [], RSS))).status == status


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "value", "minutes"),
    [
        ("Retry-After", "600", 10),
        ("Retry-After", "Sun, 22 Nov 2026 06:50:00 GMT", 20),
        ("Retry-After", "5", 1),
        ("Retry-After", "999999999", 1440),
        ("Retry-After", "Sun, 22 Nov 2099 06:50:00 GMT", 1440),
        ("X-RateLimit-Reset", "2026-11-22T06:35:00.123Z", 5 + 0.123 / 60),
        ("X-RateLimit-Reset", str(int((NOW + timedelta(minutes=15)).timestamp())), 15),
        ("X-RateLimit-Reset", "300", 5),
        ("x-rate-limit-reset", str(int((NOW + timedelta(minutes=15)).timestamp())), 15),
    ],
)
def test_waits_are_taken_in_every_form(
    server: Server, status: int, header: str, value: str, minutes: float
) -> None:
    failure = failed(get(server, server.reply("/feed", status, [(header, value)])), Cause.THROTTLED)
    assert failure.retry_at == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize("value", ["", "soon", "-1", "Fri, 99 Foo 2026 99:99:99 GMT", "\u00bd"])
def test_a_wait_that_says_nothing_is_none(server: Server, value: str) -> None:
    failure = failed(get(server, server.reply("/feed", 429, [("Retry-After", value)])), Cause.THROTTLED)
    assert failure.retry_at is None


def as_host(server: Server, name: str, outcome: tuple[int, list[tuple[str, str]]]) -> Outcome:
    """The outcome when a well-known host answers like this."""
    status, headers = outcome
    server.reply("/feed", status, headers, b"x")
    settings = FetchSetting(allow_private=(f"{name}:{server.port}",), timeout=10.0)
    url = f"http://{name}:{server.port}/feed"
    return get_all(settings, [url], lookup=lambda host, port: ["127.0.0.1"])[0]


def test_hosts_with_manners_of_their_own(server: Server) -> None:
    shut_out = failed(as_host(server, "www.reddit.com", (403, [])), Cause.THROTTLED)
    assert shut_out.retry_at == NOW + timedelta(minutes=61)
    busy = failed(as_host(server, "www.reddit.com", (429, [("x-ratelimit-reset", "120")])), Cause.THROTTLED)
    assert busy.retry_at == NOW + timedelta(minutes=2)
    away = failed(as_host(server, "www.youtube.com", (404, [])), Cause.HTTP)
    assert "come and go" in away.text


def test_a_host_that_has_nothing_left_is_left_alone(server: Server) -> None:
    spent = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "600")]
    url = server.play("/feed", fixed(200, spent, RSS))

    async def go() -> Outcome:
        async with Fetcher(setting(server), now=lambda: NOW) as fetcher:
            good(await fetcher.get(Request(url=url)))
            return await fetcher.get(Request(url=url))

    failure = failed(asyncio.run(go()), Cause.THROTTLED)
    assert failure.status == 0
    assert failure.retry_at is not None
    assert timedelta(minutes=9) < failure.retry_at - NOW <= timedelta(minutes=10)
    assert len(server.seen) == 1


def test_a_refusing_host_gets_a_second_between_requests(server: Server) -> None:
    url = server.play("/feed", in_turn(fixed(429), fixed(200, [], RSS)))

    async def go() -> list[Outcome]:
        async with Fetcher(setting(server, patience=5.0), now=lambda: NOW) as fetcher:
            return [await fetcher.get(Request(url=url)) for _ in range(3)]

    first, second, third = asyncio.run(go())
    failed(first, Cause.THROTTLED)
    good(second)
    good(third)
    one, two, three = (seen.at for seen in server.seen)
    assert two - one > 0.9
    assert three - two < 0.9


# ---------------------------------------------------------------------- secrets


def test_a_login_in_the_address_is_sent_and_never_shown(server: Server) -> None:
    server.feed("/feed", RSS)
    url = f"http://me:p%C3%A4ss@{server.place}/feed"
    response = good(get(server, url))
    expected = base64.b64encode("me:päss".encode()).decode()
    assert server.seen[0].headers["authorization"] == f"Basic {expected}"
    assert response.url == server.url("/feed")


def test_a_token_goes_to_its_own_host_only(server: Server) -> None:
    with Server() as other:
        server.feed("/feed", RSS)
        server.play("/away", redirect(other.url("/feed")))
        server.play("/here", redirect("/feed"))
        other.feed("/feed", RSS)
        secrets = {"127.0.0.1": "Bearer s3cret", "bare.test": "x"}
        for path in ("/feed", "/away", "/here"):
            request = Request(url=server.url(path), credential="127.0.0.1")
            good(get_all(setting(server, other), [request], secrets=secrets)[0])
        good(
            get_all(
                setting(server), [Request(url=server.url("/feed"), credential="bare.test")], secrets=secrets
            )[0]
        )
        got = [(seen.path, seen.headers.get("authorization")) for seen in (*server.seen, *other.seen)]
        assert got == [
            ("/feed", "Bearer s3cret"),
            ("/away", "Bearer s3cret"),
            ("/here", "Bearer s3cret"),
            ("/feed", None),
            ("/feed", None),
            ("/feed", None),
        ]


def test_a_missing_token_is_named(server: Server) -> None:
    url = server.feed("/feed", RSS)
    failure = failed(get(server, Request(url=url, credential="mastodon.test")), Cause.LOGIN)
    assert '[secrets."mastodon.test"]' in said(failure)
    assert failure.needs_owner
    assert server.seen == []


def test_a_token_is_trimmed_or_refused_but_never_breaks_a_header(server: Server) -> None:
    request = Request(url=server.feed("/feed", RSS), credential="127.0.0.1")
    good(get_all(setting(server), [request], secrets={"127.0.0.1": " abc\n"})[0])
    assert server.seen[0].headers["authorization"] == "Bearer abc"
    for evil in ("abc\r\nX-Evil: 1", "ab\u00fc", "a\0b"):
        failure = failed(get_all(setting(server), [request], secrets={"127.0.0.1": evil})[0], Cause.LOGIN)
        assert evil not in said(failure)
    assert len(server.seen) == 1


def test_a_token_never_travels_in_clear() -> None:
    request = Request(url="http://mastodon.test/feed", credential="mastodon.test")
    [outcome] = get_all(
        FetchSetting(),
        [request],
        secrets={"mastodon.test": "s3cret"},
        lookup=lambda host, port: ["93.184.215.14"],
    )
    assert "encrypted" in said(failed(outcome, Cause.LOGIN))


@pytest.mark.parametrize("status", [200, 302, 401, 404, 410, 429, 500])
def test_no_failure_tells_a_secret(server: Server, status: int) -> None:
    marker = "MARKmark1234567890"
    path = f"/private/{marker}/feed"
    server.reply(path, status, [("Location", f"file:///{marker}")], b"")
    url = f"http://user:{marker}@{server.place}{path}?key={marker}#{marker}"
    for secrets in ({}, {"127.0.0.1": marker}):
        [outcome] = get_all(setting(server), [Request(url=url, credential="127.0.0.1")], secrets=secrets)
        assert isinstance(outcome, Failure)
        assert marker not in msgspec.json.encode(outcome).decode()


# ---------------------------------------------------------------------- bodies


def test_lying_labels_are_seen_through(server: Server) -> None:
    server.reply("/a", 200, [("Content-Encoding", "gzip")], RSS)
    server.reply("/b", 200, [("Content-Encoding", "UTF-8")], RSS)
    server.play("/c", chunked([RSS[:9], RSS[9:]]))
    for path in ("/a", "/b", "/c"):
        assert good(get(server, server.url(path))).body == RSS


def test_an_empty_answer_is_no_feed(server: Server) -> None:
    failed(get(server, server.reply("/a", 200)), Cause.NOT_A_FEED)
    failed(get(server, server.reply("/b", 200, [], b" \r\n\t ")), Cause.NOT_A_FEED)


def test_the_cap_can_be_raised(server: Server) -> None:
    url = server.play("/feed", document(b'{"items": [' + b" " * 50_000 + b"]}"))
    failure = failed(get(server, url, max_bytes=10_000), Cause.TOO_LARGE)
    assert "max_bytes" in said(failure)
    good(get(server, url, max_bytes=60_000))
