"""Mailboxes: the mails of a folder since the last one seen; read-only, by TLS, at checked addresses only.

A small part of IMAP (RFC 3501, 9051) over the same checked connections as everything else: LOGIN or AUTHENTICATE,
EXAMINE, UID SEARCH and UID FETCH with BODY.PEEK, which changes nothing in the mailbox. Every answer is limited in size;
a longer one is a failure, never an exception.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import httpcore
import msgspec

from newsfeed.fetch import failures
from newsfeed.fetch.resolver import Exceptions, OfflineError, Resolver, UnknownNameError
from newsfeed.fetch.transport import CheckedNetwork, RefusedAddressError
from newsfeed.model import Cause, Failure, FetchSetting, Request, Response

PORT = 993  # RFC 8314: IMAP over TLS
LINE = 65_536  # bytes of one line of the server
MAIL = 2_000_000  # bytes of one mail; larger ones are skipped
MAILS = 40  # of one answer; more follow on the next page
FIRST_DAYS = 14  # how far back a new source reads mail
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}$")
_TAGGED = re.compile(r"^A\d+ (OK|NO|BAD)\b ?(.*)$", re.IGNORECASE | re.DOTALL)


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """The server said NO or BAD to a command, in its own words."""


class Confused(Exception):  # noqa: N818
    """The server's answer isn't IMAP, or is too large."""


class _Line(msgspec.Struct, frozen=True):
    """One response: its text without literals, and the literals."""

    text: str
    literals: tuple[bytes, ...] = ()


class Mailboxes:
    """Asks mailboxes on behalf of the reader.

    Args:
        settings: limits and exceptions.
        resolver: resolves the hosts.
        exceptions: the owner's own servers.
        tls: makes the TLS settings.
        now: the time, aware and in UTC.
    """

    def __init__(
        self,
        settings: FetchSetting,
        resolver: Resolver,
        exceptions: Exceptions,
        tls: Callable[[], ssl.SSLContext],
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._exceptions = exceptions
        self._tls = tls
        self._now = now
        self._places: dict[str, asyncio.Semaphore] = {}  # accounts allow few connections at once

    async def get(self, request: Request, secret: str) -> Response | Failure:
        """The mails that an `imaps://` address names, as one document.

        Args:
            request: its context holds where to go on ("validity", "uid"), as the last answer gave it.
            secret: "user:password", or "user:xoauth2:token"; "" where there is none.
        """
        try:
            parts = urlsplit(request.url)
            host, port = (parts.hostname or "").lower(), parts.port or PORT
        except ValueError:
            return failures.bad_address(request)
        if not host or request.credential.lower() != host:
            return failures.bad_address(request)
        if ":" not in secret:
            return failures.no_secret(request, host)
        private = self._exceptions.holds(host, port)
        if port != PORT and not private:
            return failures.refused_port(request, host, port)
        turn = self._places.setdefault(host, asyncio.Semaphore(2))
        async with turn:
            return await self._guarded(request, host, port, private, secret)

    async def _guarded(
        self, request: Request, host: str, port: int, private: bool, secret: str
    ) -> Response | Failure:
        limit = self._settings.timeout
        try:
            async with asyncio.timeout(limit):
                return await self._talk(request, host, port, private, secret)
        except TimeoutError:
            return failures.timed_out(request, host, limit, "finish")
        except httpcore.TimeoutException:
            return failures.timed_out(request, host, min(10.0, limit), "answer")
        except RefusedAddressError as error:
            return failures.refused_address(request, error.host, port, error.address, 0)
        except UnknownNameError as error:
            return (failures.name_not_found if error.sure else failures.name_unanswered)(request, error.host)
        except OfflineError:
            return failures.no_network(request)
        except ssl.SSLError as error:
            return failures.bad_certificate(request, host, error)
        except httpcore.ConnectError as error:
            cause = error.__cause__
            return failures.not_connected(request, host, cause if isinstance(cause, OSError) else OSError())
        except (httpcore.NetworkError, OSError):
            return failures.broken_off(request, host)
        except Confused as error:
            return failures.failure(request, Cause.HTTP, str(error), host=host)
        except Refused:
            return failures.failure(
                request, Cause.HTTP, "{host} could not search or hand out the mails just now.", host=host
            )

    async def _talk(
        self, request: Request, host: str, port: int, private: bool, secret: str
    ) -> Response | Failure:
        network = CheckedNetwork(self._resolver, private=private)
        stream = await network.connect_tcp(host, port, timeout=5.0)
        try:
            talk = Talk(await stream.start_tls(self._tls(), server_hostname=host, timeout=10.0))
            await talk.greeting()
            try:
                await talk.login(secret)
            except Refused:
                return failures.failure(
                    request,
                    Cause.LOGIN,
                    "{host} does not accept the user and password of this mailbox.",
                    'Correct the value behind [secrets."{host}"]; many providers want an app password made for this.',
                    needs_owner=True,
                    host=host,
                )
            folder = unquote(urlsplit(request.url).path.strip("/")) or "INBOX"
            try:
                validity = await talk.examine(folder)
            except Refused:
                return failures.failure(
                    request,
                    Cause.NOT_FOUND,
                    "There is no folder {folder} in the mailbox at {host}.",
                    "Correct the address in feeds.opml: imaps://host/Folder.",
                    needs_owner=True,
                    host=host,
                    folder=folder,
                )
            return await self._collect(request, talk, validity)
        finally:
            await stream.aclose()

    async def _collect(self, request: Request, talk: Talk, validity: str) -> Response:
        """The mails after the last one seen, oldest first, so that what does not fit follows on the next page.

        If a folder's UIDVALIDITY changed, its mails were renumbered, so it is read as if for the first time.
        """
        try:
            context = json.loads(request.context or "{}")
        except ValueError:
            context = {}
        known = str(context.get("uid", "")) if context.get("validity") == validity else ""
        last = int(known) if known.isdigit() else 0
        since = (self._now() - timedelta(days=FIRST_DAYS)).strftime("%d-%b-%Y") if not last else ""
        found = await talk.search(_criteria(request.url, last, since))
        wanted = sorted(uid for uid in found if uid > last)
        batch = wanted[:MAILS]
        mails = []
        total = 0
        done = last
        for uid, size in sorted((await talk.sizes(batch)).items()):
            if total and total + size > self._settings.max_bytes * 2 // 3:
                break
            done = uid
            if size > MAIL:
                continue
            raw, date = await talk.mail(uid)
            total += len(raw)
            mails.append({"uid": str(uid), "date": date, "raw": base64.b64encode(raw).decode("ascii")})
        body = json.dumps(
            {
                "validity": validity,
                "uid": str(done),
                "more": bool(wanted) and done < wanted[-1],
                "mails": mails,
            }
        ).encode()
        return Response(request=request, url=request.url, body=body, content_type="application/json")


def _criteria(url: str, last: int, since: str) -> str:
    """The criteria of a search. Values are quoted; those that can't be are checked when the mails are parsed."""
    asked = parse_qs(urlsplit(url).query)
    parts = [f"UID {last + 1}:*"]
    if since:
        parts.append(f"SINCE {since}")
    for name, key in (("from", "FROM"), ("list", "HEADER List-Id"), ("to", "TO"), ("subject", "SUBJECT")):
        value = asked.get(name, [""])[0]
        if value and value.isascii() and value.isprintable():
            parts.append(f"{key} {quoted(value)}")
    return " ".join(parts)


def quoted(value: str) -> str:
    """An IMAP quoted string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folder_name(folder: str) -> str:
    """A folder's name as IMAP writes it (modified UTF-7, RFC 3501, 5.1.3)."""
    parts = re.split(r"([^\x20-\x7e]+)", folder)
    for place, part in enumerate(parts):
        if place % 2:
            packed = base64.b64encode(part.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
            parts[place] = f"&{packed}-"
        else:
            parts[place] = part.replace("&", "&-")
    return "".join(parts)


class Talk:
    """One session with a server."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._buffer = bytearray()
        self._number = 0

    async def greeting(self) -> None:
        """Read the server's greeting.

        Raises:
            Confused: it refuses connections, or isn't IMAP.
        """
        line = await self._response(LINE)
        if not line.text.upper().startswith(("* OK", "* PREAUTH")):
            raise Confused("{host} answered, but not as a mail server that takes connections.")

    async def login(self, secret: str) -> None:
        """Raises Refused when the server does not accept it."""
        user, _, password = secret.partition(":")
        kind, _, token = password.partition(":")
        if kind.lower() == "xoauth2" and token:
            said = base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()).decode("ascii")
            await self._command("AUTHENTICATE XOAUTH2", answer=said)
        elif user.isascii() and password.isascii() and (user + password).isprintable():
            await self._command(f"LOGIN {quoted(user)} {quoted(password)}")
        else:
            said = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
            await self._command("AUTHENTICATE PLAIN", answer=said)

    async def examine(self, folder: str) -> str:
        """Open a folder for reading only; returns its UIDVALIDITY. Raises Refused when there is none."""
        name = folder_name(folder)
        if not name.isprintable():
            raise Refused(folder)
        lines = await self._command(f"EXAMINE {quoted(name)}")
        found = next((m[1] for line in lines if (m := re.search(r"UIDVALIDITY (\d{1,20})", line.text))), "")
        return found or "0"

    async def search(self, criteria: str) -> set[int]:
        """The UIDs of the mails that match."""
        found: set[int] = set()
        for line in await self._command(f"UID SEARCH {criteria}", most=4_000_000):
            if match := re.match(r"\* SEARCH((?: \d{1,10})*)", line.text, re.IGNORECASE):
                found |= {int(n) for n in match[1].split()}
        return found

    async def sizes(self, uids: list[int]) -> dict[int, int]:
        """Bytes of each mail."""
        found: dict[int, int] = {}
        if not uids:
            return found
        for line in await self._command(f"UID FETCH {','.join(map(str, uids))} (UID RFC822.SIZE)"):
            uid = re.search(r"\bUID (\d{1,10})", line.text)
            size = re.search(r"\bRFC822\.SIZE (\d{1,12})", line.text)
            if uid and size and int(uid[1]) in uids:
                found[int(uid[1])] = int(size[1])
        return found

    async def mail(self, uid: int) -> tuple[bytes, str]:
        """A mail's raw bytes, and when the server received it; it isn't marked as read."""
        raw, date = b"", ""
        for line in await self._command(f"UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[])", most=MAIL + LINE):
            raw = max((raw, *line.literals), key=len)
            if match := re.search(r'INTERNALDATE "([^"]{1,40})"', line.text):
                date = match[1].replace("-", " ", 2).strip()
        return raw, date

    async def _command(self, text: str, *, answer: str = "", most: int = 1_000_000) -> list[_Line]:
        """Send a command and read its whole response; `answer` is sent when the server asks for it.

        Raises:
            Refused: the server said NO or BAD.
            Confused: it says more than `most` bytes, or nothing that ends the command.
        """
        self._number += 1
        tag = f"A{self._number}"
        await self._stream.write(f"{tag} {text}\r\n".encode("ascii"))
        lines: list[_Line] = []
        left = most
        while True:
            line = await self._response(left)
            left -= len(line.text) + sum(map(len, line.literals))
            if line.text.startswith("+"):
                # A server that refuses a token says why in a second challenge, which needs an empty answer.
                await self._stream.write(answer.encode("ascii") + b"\r\n")
                answer = ""
            elif line.text.startswith(f"{tag} "):
                ended = _TAGGED.match(line.text)
                if not ended:
                    raise Confused("{host} answered, but not in proper IMAP.")
                if ended[1].upper() != "OK":
                    raise Refused(ended[2][:200])
                return lines
            elif line.text.upper().startswith("* BYE"):
                raise Confused("{host} answered, but ended the conversation.")
            else:
                lines.append(line)

    async def _response(self, most: int) -> _Line:
        """One line with the literals that it announces."""
        text = b""
        literals: list[bytes] = []
        while True:
            line = await self._line(min(most, LINE))
            announced = _LITERAL.search(line)
            if not announced:
                return _Line((text + line).decode("utf-8", "replace"), tuple(literals))
            size = int(announced[1])
            if size > most:
                raise Confused("{host} answered, but with more than a mail may hold.")
            literals.append(await self._exactly(size))
            most -= size
            text += line[: announced.start()]
            if len(text) > LINE:
                raise Confused("{host} answered, but without an end.")

    async def _line(self, most: int) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > most:
                raise Confused("{host} answered, but without an end.")
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            await self._more()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    async def _more(self) -> None:
        piece = await self._stream.read(65_536, 10.0)
        if not piece:
            raise OSError("closed")
        self._buffer += piece
