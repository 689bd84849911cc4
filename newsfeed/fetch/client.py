"""The only HTTP client: a `Request` in, a `Response`, `NotModified` or `Failure` out."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Self
from urllib.parse import urlsplit

import httpcore
import httpx
import msgspec

from newsfeed.errors import NetworkError, UnansweredError
from newsfeed.fetch import failures
from newsfeed.fetch import response as heads
from newsfeed.fetch.failures import secrets_of
from newsfeed.fetch.imap import Mailboxes
from newsfeed.fetch.logins import AddressError, Hop, Logins, Outcome, Route, Target
from newsfeed.fetch.rate_limiter import COME_AND_GO, QUIET, SHUT_OUT, RateLimiter, host_key
from newsfeed.fetch.resolver import Exceptions, Lookup, OfflineError, Resolver, UnknownNameError, look_up
from newsfeed.fetch.response import Body, BodyError, CutError, TooLargeError, body_hash, coding
from newsfeed.fetch.transport import PRIVATE, UNANSWERED, UNSENT, Connections, RefusedAddressError
from newsfeed.model import Cause, Failure, FetchSetting, NotModified, Request, Response

CONNECT_SECONDS = 5.0  # a handshake around the world takes one; a slower host is as good as down
READ_SECONDS = 10.0  # seconds between two pieces of an answer; `[fetch] timeout` limits the whole
REDIRECTS = 5  # RFC 2068, section 10.3, which all clients were written for
HEADER_BYTES = 65_536  # of an answer; servers themselves take 8 to 32 KB of a request
FAR_TOO_LARGE = 10  # times the limit; of a body declared longer than that, not even the beginning is read

# Status codes of RFC 9110, section 15.
MOVED, PERMANENT, CHOICES = {301, 302, 303, 307, 308}, {301, 308}, 300
NO_BODY, PARTIAL = {204, 205}, 206


class Fetcher:
    """Asks the web on behalf of the reader, within the settings' limits.

    Use it as a context manager; `get` may be called for any number of requests at once and waits for their turns
    itself. It never raises for a feed's fault.

    Args:
        settings: limits, exceptions, contact.
        now: the time, aware and in UTC; for Retry-After and the like.
        secrets: by host, the value of an Authorization header ("Bearer abc", or the bare token "abc"). Sent only over
            TLS (or to an address that the owner named) and only to that very host.
        lookup: resolves a host and port to addresses; the system's by default.
        tls: makes the TLS settings; those of httpx with its bundled authorities by default.

    Attributes:
        lanes: who asks for many holds one for each; it is lent while a host is silent or its turn is waited for.

    Raises:
        SettingsError: an entry of `allow_private` can't be read.
    """

    def __init__(
        self,
        settings: FetchSetting,
        *,
        now: Callable[[], datetime],
        secrets: Mapping[str, str] | None = None,
        lookup: Lookup = look_up,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._secrets = {name.lower(): value.strip() for name, value in (secrets or {}).items()}
        self._exceptions = Exceptions(settings.allow_private)
        self._resolver = Resolver(lookup)
        at_once = max(settings.connections, 1)
        self._limiter = RateLimiter(at_once, max(settings.per_host, 1), settings.patience, time.monotonic)
        self.lanes = self._limiter.lanes
        self._connections = Connections(self._resolver, at_once, tls or _tls)
        # Feed and excepted place that the owner's list named.
        self._places: set[tuple[int, tuple[str, int]]] = set()
        self._fixed = [
            ("User-Agent", heads.user_agent(settings.contact)),
            ("Accept-Encoding", "gzip"),
        ]
        limit = settings.timeout
        self._timeouts = {
            "connect": min(CONNECT_SECONDS, limit),
            "read": min(READ_SECONDS, limit),
            "write": min(CONNECT_SECONDS, limit),
            "pool": limit,
        }

        self._logins = Logins(self._connections, self._fixed, self._timeouts)
        self._mailboxes = Mailboxes(settings, self._resolver, self._exceptions, tls or _tls, now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._logins.aclose()
        await self._connections.aclose()
        await self._resolver.aclose()

    async def post(self, url: str, headers: list[tuple[str, str]], body: bytes) -> int:
        """Send one POST to the reader's own address, which may be in their network; returns the status.

        No redirect is followed.

        Raises:
            NetworkError: it could not be sent; only the host is named.
            UnansweredError: it may have come, but there was no answer.
        """
        try:
            target = Target(url)
        except AddressError:
            raise NetworkError("", "that is no address that can be asked", "") from None
        try:
            async with asyncio.timeout(self._settings.timeout):
                return (await self._logins.post(target, headers, body, private=True))[0]
        except UNSENT as error:
            raise NetworkError(
                "", f"{target.host} could not be reached ({type(error).__name__})", ""
            ) from None
        except UNANSWERED as error:
            raise UnansweredError("", f"{target.host} did not answer ({type(error).__name__})", "") from None

    def resume(self, url: str, asked: datetime) -> None:
        """Register a request of an earlier run, so that requests to hosts that need spacing are spaced across runs too."""
        parts = urlsplit(url)
        key = host_key(parts.scheme, parts.hostname or "", None)
        self._limiter.resume(key, (self._now() - asked).total_seconds())

    async def get(self, request: Request) -> Outcome:
        """Send one request, after waiting for its turn, and follow redirects."""
        begun = time.monotonic()
        outcome = await self._get(request)
        return msgspec.structs.replace(outcome, seconds=round(time.monotonic() - begun, 3))

    async def _get(self, request: Request) -> Outcome:
        if request.url[:8].lower() == "imaps://":
            return await self._mailboxes.get(request, self._secrets.get(request.credential.lower(), ""))
        try:
            target = Target(request.url)
        except AddressError:
            return failures.bad_address(request)
        route = Route(request, target, target, self._owner_named(request, target))
        route.secrets = secrets_of(request.url, self._secrets.get(request.credential.lower(), ""))
        seen = {route.place}
        while True:
            hop = await self._turn(route)
            if hop.outcome is not None:
                failed = isinstance(hop.outcome, Failure) and hop.outcome.cause != Cause.THROTTLED
                return failures.unsafe_redirect(request) if failed and route.secured else hop.outcome
            assert hop.target is not None
            target = hop.target
            route.hops += 1
            if route.hops > REDIRECTS:
                return failures.many_redirects(request, status=hop.status, times=REDIRECTS)
            if route.target.scheme == "https" and target.scheme == "http":
                # Nothing is sent unencrypted: if the other server supports https too, that is used.
                target, route.secured = target.secure(), True
            if not request.follow:
                ended = failures.redirects(request, status=hop.status)
                return msgspec.structs.replace(ended, leads_to=str(target.url))
            route.permanent = route.permanent and hop.status in PERMANENT
            # An exception holds for the address that the reader wrote. Redirects between such addresses stay in the reader's
            # network; a redirect from the public net never gets an exception.
            route.private = route.private and self._exceptions.holds(*target.place)
            route.target = target
            if route.place in seen:
                if route.secured:
                    return failures.unsafe_redirect(request)
                return failures.circle(request, status=hop.status)
            seen.add(route.place)

    def listed(self, feed: int, url: str) -> None:
        """Say that the owner's list holds this address for a feed, where the feed itself is not asked in this run:
        what it leads to may then be asked at the same place, as after asking it."""
        with contextlib.suppress(AddressError):
            self._owner_named(Request(url=url, feed=feed), Target(url))

    def _owner_named(self, request: Request, target: Target) -> bool:
        """Whether an exception covers this request. Addresses from a feed inherit only that feed's exception."""
        if not self._exceptions.holds(*target.place):
            return False
        entry = (request.feed, target.place)
        if request.page or request.from_feed:
            return entry in self._places
        self._places.add(entry)
        return True

    async def _turn(self, route: Route) -> Hop:
        """One hop: its turn, its deadline, its errors."""
        request, target = route.request, route.target
        if target.port not in self._settings.ports and not route.private:
            return Hop(failures.refused_port(request, route.host, target.port))
        key = host_key(target.scheme, target.host, target.port)
        wait = await self._limiter.enter(key)
        if wait:
            return Hop(failures.put_off(request, route.host, retry_at=self._now() + timedelta(seconds=wait)))
        begun = time.monotonic()
        route.aside = False
        route.quiet = asyncio.get_running_loop().call_later(QUIET, self._step_aside, route, begun)
        limit = self._settings.timeout
        try:
            async with asyncio.timeout(max(limit - route.spent, 0.0)):
                return await self._ask(route, key, begun)
        except TimeoutError:
            return Hop(failures.timed_out(request, route.host, limit, "finish"))
        except httpcore.ConnectTimeout:
            return Hop(failures.timed_out(request, route.host, self._timeouts["connect"], "connect"))
        except httpcore.TimeoutException:
            return Hop(failures.timed_out(request, route.host, self._timeouts["read"], "answer"))
        except RefusedAddressError as error:
            return Hop(failures.refused_address(request, route.host, target.port, error.address, route.hops))
        except UnknownNameError as error:
            name = failures.name_not_found if error.sure else failures.name_unanswered
            return Hop(name(request, route.host))
        except OfflineError:
            return Hop(failures.no_network(request))
        except httpcore.ConnectError as error:
            return Hop(self._unconnected(request, route.host, error.__cause__))
        except ssl.SSLError as error:
            return Hop(failures.bad_certificate(request, route.host, error))
        except (httpcore.NetworkError, OSError, CutError):
            return Hop(failures.broken_off(request, route.host))
        except httpcore.RemoteProtocolError as error:
            cut = "without" in str(error)  # "disconnected without sending", "closed without sending complete"
            return Hop((failures.broken_off if cut else failures.not_http)(request, route.host))
        except httpcore.LocalProtocolError:  # a host name that HTTP can't carry
            return Hop(failures.bad_address(request))
        except TooLargeError:
            return Hop(failures.too_large(request, size=f"{self._settings.max_bytes / 1_000_000:.3g}"))
        except BodyError as error:
            return Hop(failures.failure(request, Cause.ENCODING, str(error)))
        finally:
            route.quiet.cancel()
            route.spent += time.monotonic() - begun
            if route.aside:
                self._limiter.come_back()
            self._limiter.leave(key)

    def _step_aside(self, route: Route, begun: float) -> None:
        """Lend this request's place to another, because the host hasn't answered anything yet."""
        wait = self._limiter.step_aside(time.monotonic() - begun)
        if wait:
            route.quiet = asyncio.get_running_loop().call_later(wait, self._step_aside, route, begun)
        route.aside = not wait

    def _unconnected(self, request: Request, host: str, error: BaseException | None) -> Failure:
        cause = error if isinstance(error, OSError) else OSError()
        if cause.errno in failures.NO_WAY and self._resolver.offline():
            return failures.no_network(request)
        return failures.not_connected(request, host, cause)

    async def _log_in(self, route: Route) -> Failure | None:
        """Exchange a credential for a token; the route continues at the server that holds the account."""
        request, target = route.request, route.target
        value = self._secrets.get(request.credential.lower(), "")
        if not value:
            return failures.no_secret(request, request.credential)
        if target.host != request.credential.lower():
            return failures.bad_address(request)
        if target.scheme != "https" and not route.private:
            return failures.secret_in_clear(request, target.host)
        session = await self._logins.session(request, target, value, private=route.private)
        if isinstance(session, Failure):
            return session
        route.authorization = session.authorization
        if session.server:
            path = str(target.url.copy_with(scheme="https", host="x")).removeprefix("https://x")
            try:
                route.target = route.first = Target(session.server + path)
            except AddressError:
                return failures.bad_address(request)
            route.private = route.private and self._exceptions.holds(*route.target.place)
        return None

    async def _ask(self, route: Route, key: str, begun: float) -> Hop:
        if route.request.login and not route.hops and (failure := await self._log_in(route)):
            return Hop(failure)
        headers = self._headers(route)
        if isinstance(headers, Failure):
            return Hop(headers)
        if cookie := route.cookie:
            headers.append(("Cookie", cookie))
        sent = httpx.Request(
            "GET",
            route.target.url,
            headers=headers,
            extensions={"timeout": self._timeouts, PRIVATE: route.private},
        )
        answer = await self._connections.handle_async_request(sent)
        if route.quiet is not None:
            route.quiet.cancel()
        self._limiter.spoke(time.monotonic() - begun, aside=route.aside)
        route.aside = False
        answer.request = sent
        try:
            return await self._judge(route, key, begun, answer)
        finally:
            await answer.aclose()

    def _headers(self, route: Route) -> list[tuple[str, str]] | Failure:
        request, target = route.request, route.target
        headers = [
            ("Host", target.url.netloc.decode("ascii")),
            *self._fixed,
            ("Accept", request.accept or heads.ACCEPT),
        ]
        if target.origin != route.first.origin:
            return headers  # validators and credentials belong to the first origin
        if request.etag and heads.storable(request.etag):
            headers.append(("If-None-Match", request.etag))
        if request.last_modified and heads.storable(request.last_modified):
            headers.append(("If-Modified-Since", request.last_modified))
        if route.hops:
            return headers  # a credential is only sent to the address it was set for
        if route.authorization:
            headers.append(("Authorization", route.authorization))
        elif request.credential:
            value = self._secrets.get(request.credential.lower(), "")
            if not value:
                return failures.no_secret(request, request.credential)
            if not value.isascii() or not value.isprintable():
                return failures.bad_secret(request, request.credential)
            if target.host == request.credential.lower():
                if target.scheme != "https" and not route.private:
                    return failures.secret_in_clear(request, target.host)
                headers.append(("Authorization", value if " " in value else f"Bearer {value}"))
        elif target.basic:
            headers.append(("Authorization", target.basic))
        return headers

    async def _judge(self, route: Route, key: str, begun: float, answer: httpx.Response) -> Hop:
        request, status = route.request, answer.status_code
        raw = answer.headers.raw
        if sum(len(name) + len(value) + 4 for name, value in raw) > HEADER_BYTES:
            return Hop(failures.big_headers(request, route.host))
        headers = heads.read(raw)
        now = self._now()
        spent_until = heads.exhausted(headers, now)
        if spent_until is not None:
            self._limiter.exhausted(key, (spent_until - now).total_seconds())
        if status in {429, 503}:
            self._limiter.refused(key)
        else:
            self._limiter.answered(key, begun)
        if status == 304:
            async for _ in answer.stream:  # type: ignore[union-attr]
                pass  # there is no body, but the connection can only be reused after its end was read
            return Hop(self._not_modified(route, headers))
        if status in MOVED or (status == CHOICES and headers.get("location")):
            route.cookies.extract_cookies(answer)
            return self._moved(route, headers, status)
        if not 200 <= status < 300 or status == PARTIAL:
            until = heads.wait_until(headers, now) if status in {403, 429} or status >= 500 else None
            if until is None and status in {403, 429} and key in SHUT_OUT:
                until = now + timedelta(seconds=SHUT_OUT[key])
            if status == 404 and key in COME_AND_GO:
                return Hop(failures.away(request, route.host))
            return Hop(failures.refused(request, route.host, status, until))
        if status in NO_BODY:
            return Hop(failures.empty(request, route.host, status=status))
        return Hop(await self._read_body(route, answer, headers))

    def _moved(self, route: Route, headers: Mapping[str, str], status: int) -> Hop:
        location = headers.get("location", "").strip()
        if not location:
            return Hop(failures.redirect_nowhere(route.request, route.host, status=status))
        try:
            return Hop(target=route.target.join(location), status=status)
        except AddressError:
            return Hop(failures.bad_redirect(route.request, status=status))

    def _not_modified(self, route: Route, headers: Mapping[str, str]) -> Outcome:
        request = route.request
        asked = (request.etag and heads.storable(request.etag)) or (
            request.last_modified and heads.storable(request.last_modified)
        )
        if not asked or route.target.origin != route.first.origin:
            return failures.unused_not_modified(request, route.host)
        return NotModified(
            request=request,
            headers=heads.kept(headers),
            etag=heads.validator(headers, "etag") or request.etag,
            last_modified=heads.validator(headers, "last-modified") or request.last_modified,
            permanent_url=route.moved_to,
        )

    async def _read_body(self, route: Route, answer: httpx.Response, headers: Mapping[str, str]) -> Outcome:
        request, limit = route.request, self._settings.max_bytes
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit * FAR_TOO_LARGE:
            raise TooLargeError
        collected = Body(limit, coding(headers.get("content-encoding", "")))
        try:
            async for piece in answer.stream:  # type: ignore[union-attr]
                collected.add(piece)
                if collected.full:
                    break
        except httpcore.RemoteProtocolError:
            if not collected.whole:
                raise
        body = collected.finish()
        if not body.strip():
            return failures.empty(request, route.host, status=answer.status_code)
        digest = body_hash(body)
        home = route.target.origin == route.first.origin
        etag = heads.validator(headers, "etag") if home else ""
        last_modified = heads.validator(headers, "last-modified") if home else ""
        if digest == request.body_hash:
            return NotModified(
                request=request,
                headers=heads.kept(headers),
                etag=etag,
                last_modified=last_modified,
                permanent_url=route.moved_to,
            )
        return Response(
            request=request,
            url=str(route.target.url),
            body=body,
            status=answer.status_code,
            content_type=headers.get("content-type", ""),
            headers=heads.kept(headers),
            etag=etag,
            last_modified=last_modified,
            body_hash=digest,
            permanent_url=route.moved_to,
        )


@cache
def _tls() -> ssl.SSLContext:
    """One for all fetchers of this process: reading the authorities' certificates takes 20 ms."""
    return httpx.create_ssl_context(trust_env=False)
