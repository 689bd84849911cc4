"""The one client of the web: a `Request` in, a `Response`, `NotModified` or `Failure` out."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpcore
import httpx
import msgspec

from newsfeed.errors import NetworkError
from newsfeed.fetch import headers as heads
from newsfeed.fetch import waits, words
from newsfeed.fetch.body import Body, BodyError, CutError, TooLargeError, body_hash, coding, too_large
from newsfeed.fetch.connections import PRIVATE, Connections
from newsfeed.fetch.guard import Exceptions
from newsfeed.fetch.imap import Mailboxes
from newsfeed.fetch.logins import Logins
from newsfeed.fetch.names import Lookup, Names, OfflineError, UnknownNameError, look_up
from newsfeed.fetch.pacing import COME_AND_GO, SHUT_OUT, Turns, host_key
from newsfeed.fetch.redaction import secrets_of
from newsfeed.fetch.target import AddressError, Target
from newsfeed.fetch.way import Hop, Outcome, Way
from newsfeed.fetch.wire import RefusedAddressError
from newsfeed.model import Cause, Failure, FetchSetting, NotModified, Request, Response

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
REDIRECTS = 5
HEADER_BYTES = 65_536
QUIET_SECONDS = 0.1  # without a word, after which a host's place is lent to another
FAR_TOO_LARGE = 10  # times the limit: of what says that it is so long not even the beginning is read

MOVED = {301, 302, 303, 307, 308}
PERMANENT = {301, 308}
NO_BODY = {204, 205}
PARTIAL = 206


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
        self._names = Names(lookup)
        at_once = max(settings.connections, 1)
        self._turns = Turns(at_once, max(settings.per_host, 1), settings.patience, time.monotonic)
        self._connections = Connections(self._names, at_once, tls or _tls)
        self._places: set[tuple[int, tuple[str, int]]] = (
            set()
        )  # feed and excepted place that the owner's list named
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
        self._mailboxes = Mailboxes(settings, self._names, self._exceptions, tls or _tls, now)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._logins.aclose()
        await self._connections.aclose()
        await self._names.aclose()

    async def post(self, url: str, headers: list[tuple[str, str]], body: bytes) -> int:
        """Send one POST to an address of the owner's own, which may lie in their network; gives the status.

        No redirect is followed.

        Raises:
            NetworkError: it could not be sent; only the host is named.
        """
        try:
            target = Target(url)
        except AddressError:
            raise NetworkError("", "that is no address that can be asked", "") from None
        try:
            async with asyncio.timeout(self._settings.timeout):
                return (await self._logins.post(target, headers, body, private=True))[0]
        except (
            TimeoutError,
            OSError,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            RefusedAddressError,
            UnknownNameError,
            OfflineError,
        ) as error:
            raise NetworkError(
                "", f"{target.host} could not be reached ({type(error).__name__})", ""
            ) from None

    def resume(self, url: str, asked: datetime) -> None:
        """Tell of a request that an earlier run made at that moment: hosts that want spacing get it across runs too."""
        parts = urlsplit(url)
        key = host_key(parts.scheme, parts.hostname or "", None)
        self._turns.resume(key, (self._now() - asked).total_seconds())

    async def get(self, request: Request) -> Outcome:
        """Ask once, following redirects; wait for the host's turn before."""
        begun = time.monotonic()
        outcome = await self._get(request)
        return msgspec.structs.replace(outcome, seconds=round(time.monotonic() - begun, 3))

    async def _get(self, request: Request) -> Outcome:
        if request.url[:8].lower() == "imaps://":
            return await self._mailboxes.get(request, self._secrets.get(request.credential.lower(), ""))
        try:
            target = Target(request.url)
        except AddressError:
            return words.bad_address(request)
        way = Way(request, target, target, self._owner_named(request, target))
        way.secrets = secrets_of(request.url, self._secrets.get(request.credential.lower(), ""))
        seen = {way.place}
        while True:
            hop = await self._turn(way)
            if hop.outcome is not None:
                failed = isinstance(hop.outcome, Failure) and hop.outcome.cause != Cause.THROTTLED
                return words.unsafe_redirect(request) if failed and way.secured else hop.outcome
            assert hop.target is not None
            target = hop.target
            way.hops += 1
            if way.hops > REDIRECTS:
                return words.bad_redirect(
                    request, f"The feed's address redirects more than {REDIRECTS} times.", hop.status
                )
            if way.target.scheme == "https" and target.scheme == "http":
                # Nothing is sent in clear: where the other server speaks https as well, that is what was meant.
                target, way.secured = target.secure(), True
            if not request.follow:
                ended = words.bad_redirect(request, "It redirects.", hop.status)
                return msgspec.structs.replace(ended, leads_to=str(target.url))
            way.permanent = way.permanent and hop.status in PERMANENT
            # An exception holds for the place that the owner wrote. From one owner's place to another is the owner's
            # own network; from the public net no redirect gains it.
            way.private = way.private and self._exceptions.holds(*target.place)
            way.target = target
            if way.place in seen:
                if way.secured:
                    return words.unsafe_redirect(request)
                return words.bad_redirect(request, "The feed's address redirects in a circle.", hop.status)
            seen.add(way.place)

    def listed(self, feed: int, url: str) -> None:
        """Say that the owner's list holds this address for a feed, where the feed itself is not asked in this run:
        what it leads to may then be asked at the same place, as after asking it."""
        with contextlib.suppress(AddressError):
            self._owner_named(Request(url=url, feed=feed), Target(url))

    def _owner_named(self, request: Request, target: Target) -> bool:
        """Whether an exception covers this request. Addresses out of a feed inherit only their own feed's place."""
        if not self._exceptions.holds(*target.place):
            return False
        entry = (request.feed, target.place)
        if request.page or request.from_feed:
            return entry in self._places
        self._places.add(entry)
        return True

    async def _turn(self, way: Way) -> Hop:
        """One hop: its turn, its deadline, its errors."""
        request, target = way.request, way.target
        if target.port not in self._settings.ports and not way.private:
            return Hop(words.refused_port(request, way.host, target.port))
        key = host_key(target.scheme, target.host, target.port)
        wait = await self._turns.enter(key)
        if wait:
            return Hop(words.put_off(request, way.host, self._now() + timedelta(seconds=wait)))
        begun = time.monotonic()
        way.aside = False
        way.quiet = asyncio.get_running_loop().call_later(QUIET_SECONDS, self._step_aside, way)
        limit = self._settings.timeout
        try:
            async with asyncio.timeout(max(limit - way.spent, 0.0)):
                return await self._ask(way, key, begun)
        except TimeoutError:
            return Hop(words.timed_out(request, way.host, limit, "finish"))
        except httpcore.ConnectTimeout:
            return Hop(words.timed_out(request, way.host, self._timeouts["connect"], "connect"))
        except httpcore.TimeoutException:
            return Hop(words.timed_out(request, way.host, self._timeouts["read"], "answer"))
        except RefusedAddressError as error:
            return Hop(words.refused_address(request, way.host, target.port, error.address, way.hops))
        except UnknownNameError as error:
            name = words.name_not_found if error.sure else words.name_unanswered
            return Hop(name(request, way.host))
        except OfflineError:
            return Hop(words.no_network(request))
        except httpcore.ConnectError as error:
            return Hop(self._unconnected(request, way.host, error.__cause__))
        except ssl.SSLError as error:
            return Hop(words.bad_certificate(request, way.host, error))
        except (httpcore.NetworkError, OSError, CutError):
            return Hop(words.broken_off(request, way.host))
        except httpcore.RemoteProtocolError as error:
            cut = "without" in str(error)  # "disconnected without sending", "closed without sending complete"
            return Hop((words.broken_off if cut else words.not_http)(request, way.host))
        except httpcore.LocalProtocolError:  # a host name that HTTP can't carry
            return Hop(words.bad_address(request))
        except TooLargeError as error:
            return Hop(words.too_large(request, str(error)))
        except BodyError as error:
            return Hop(words.bad_coding(request, str(error)))
        finally:
            way.quiet.cancel()
            way.spent += time.monotonic() - begun
            self._turns.leave(key, aside=way.aside)

    def _step_aside(self, way: Way) -> None:
        """The host hasn't said a word yet: who is not silent must not wait for it."""
        way.aside = self._turns.step_aside()

    def _unconnected(self, request: Request, host: str, error: BaseException | None) -> Failure:
        cause = error if isinstance(error, OSError) else OSError()
        if cause.errno in words.NO_WAY and self._names.offline():
            return words.no_network(request)
        return words.not_connected(request, host, cause)

    async def _log_in(self, way: Way) -> Failure | None:
        """Turn a credential that is no token into one; the way goes on where the account lies."""
        request, target = way.request, way.target
        value = self._secrets.get(request.credential.lower(), "")
        if not value:
            return words.no_secret(request, request.credential)
        if target.host != request.credential.lower():
            return words.bad_address(request)
        if target.scheme != "https" and not way.private:
            return words.secret_in_clear(request, target.host)
        session = await self._logins.session(request, target, value, private=way.private)
        if isinstance(session, Failure):
            return session
        way.authorization = session.authorization
        if session.server:
            path = str(target.url.copy_with(scheme="https", host="x")).removeprefix("https://x")
            try:
                way.target = way.first = Target(session.server + path)
            except AddressError:
                return words.bad_address(request)
            way.private = way.private and self._exceptions.holds(*way.target.place)
        return None

    async def _ask(self, way: Way, key: str, begun: float) -> Hop:
        if way.request.login and not way.hops and (failure := await self._log_in(way)):
            return Hop(failure)
        headers = self._headers(way)
        if isinstance(headers, Failure):
            return Hop(headers)
        if cookie := way.cookie:
            headers.append(("Cookie", cookie))
        sent = httpx.Request(
            "GET",
            way.target.url,
            headers=headers,
            extensions={"timeout": self._timeouts, PRIVATE: way.private},
        )
        answer = await self._connections.handle_async_request(sent)
        if way.quiet is not None:
            way.quiet.cancel()
        answer.request = sent
        try:
            return await self._judge(way, key, begun, answer)
        finally:
            await answer.aclose()

    def _headers(self, way: Way) -> list[tuple[str, str]] | Failure:
        request, target = way.request, way.target
        headers = [
            ("Host", target.url.netloc.decode("ascii")),
            *self._fixed,
            ("Accept", request.accept or heads.ACCEPT),
        ]
        if target.origin != way.first.origin:
            return headers  # validators and credentials belong to the first origin
        if request.etag and heads.storable(request.etag):
            headers.append(("If-None-Match", request.etag))
        if request.last_modified and heads.storable(request.last_modified):
            headers.append(("If-Modified-Since", request.last_modified))
        if way.hops:
            return headers  # a credential goes no further than the address it was written for
        if way.authorization:
            headers.append(("Authorization", way.authorization))
        elif request.credential:
            value = self._secrets.get(request.credential.lower(), "")
            if not value:
                return words.no_secret(request, request.credential)
            if not value.isascii() or not value.isprintable():
                return words.bad_secret(request, request.credential)
            if target.host == request.credential.lower():
                if target.scheme != "https" and not way.private:
                    return words.secret_in_clear(request, target.host)
                headers.append(("Authorization", value if " " in value else f"Bearer {value}"))
        elif target.basic:
            headers.append(("Authorization", target.basic))
        return headers

    async def _judge(self, way: Way, key: str, begun: float, answer: httpx.Response) -> Hop:
        request, status = way.request, answer.status_code
        raw = answer.headers.raw
        if sum(len(name) + len(value) + 4 for name, value in raw) > HEADER_BYTES:
            return Hop(words.big_headers(request, way.host))
        headers = heads.read(raw)
        now = self._now()
        spent_until = waits.exhausted(headers, now)
        if spent_until is not None:
            self._turns.exhausted(key, (spent_until - now).total_seconds())
        if status in {429, 503}:
            self._turns.refused(key)
        else:
            self._turns.answered(key, begun)
        if status == 304:
            async for _ in answer.stream:  # type: ignore[union-attr]
                pass  # there is no body, but only after its end can the connection serve again
            return Hop(self._not_modified(way, headers))
        if status in MOVED:
            way.cookies.extract_cookies(answer)
            return self._moved(way, headers, status)
        if not 200 <= status < 300 or status == PARTIAL:
            until = waits.asked(headers, now) if status in {403, 429} or status >= 500 else None
            if until is None and status in {403, 429} and key in SHUT_OUT:
                until = now + timedelta(seconds=SHUT_OUT[key])
            if status == 404 and key in COME_AND_GO:
                return Hop(words.away(request, way.host))
            return Hop(words.refused(request, way.host, status, until))
        if status in NO_BODY:
            return Hop(words.empty(request, way.host, status))
        return Hop(await self._read_body(way, answer, headers))

    def _moved(self, way: Way, headers: Mapping[str, str], status: int) -> Hop:
        location = headers.get("location", "").strip()
        if not location:
            text = f"{way.host} redirects, but does not say where to ({status})."
            return Hop(words.bad_redirect(way.request, text, status))
        try:
            return Hop(target=way.target.join(location), status=status)
        except AddressError:
            return Hop(
                words.bad_redirect(
                    way.request, "The feed redirects to something that is no web address.", status
                )
            )

    def _not_modified(self, way: Way, headers: Mapping[str, str]) -> Outcome:
        request = way.request
        asked = (request.etag and heads.storable(request.etag)) or (
            request.last_modified and heads.storable(request.last_modified)
        )
        if not asked or way.target.origin != way.first.origin:
            return words.unused_not_modified(request, way.host)
        return NotModified(
            request=request,
            headers=heads.kept(headers),
            etag=heads.validator(headers, "etag") or request.etag,
            last_modified=heads.validator(headers, "last-modified") or request.last_modified,
            permanent_url=_permanent(way),
        )

    async def _read_body(self, way: Way, answer: httpx.Response, headers: Mapping[str, str]) -> Outcome:
        request, limit = way.request, self._settings.max_bytes
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit * FAR_TOO_LARGE:
            raise TooLargeError(too_large(limit))
        collected = Body(limit, coding(headers.get("content-encoding", "")))
        async for piece in answer.stream:  # type: ignore[union-attr]
            collected.add(piece)
            if collected.full:
                break
        body = collected.finish()
        if not body.strip():
            return words.empty(request, way.host, answer.status_code)
        digest = body_hash(body)
        home = way.target.origin == way.first.origin
        etag = heads.validator(headers, "etag") if home else ""
        last_modified = heads.validator(headers, "last-modified") if home else ""
        if digest == request.body_hash:
            return NotModified(
                request=request,
                headers=heads.kept(headers),
                etag=etag,
                last_modified=last_modified,
                permanent_url=_permanent(way),
            )
        return Response(
            request=request,
            url=str(way.target.url),
            body=body,
            status=answer.status_code,
            content_type=headers.get("content-type", ""),
            headers=heads.kept(headers),
            etag=etag,
            last_modified=last_modified,
            body_hash=digest,
            permanent_url=_permanent(way),
        )


def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _permanent(way: Way) -> str:
    return str(way.target.url) if way.hops and way.permanent else ""
