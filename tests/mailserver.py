"""A real SMTP server on loopback for tests: well-behaved, or wrong in one named way.

    with MailServer(tls=context) as server:          # offers STARTTLS; `implicit=True` speaks TLS at once
        ...
        assert len(server.taken) == 1

`how` is one of: accept, refuse (the recipient), reject (the message), greylist (the first time), busy (always 4xx),
drop (closes after the message without an answer, having taken it), hang up (closes when it hears the recipient),
mumble (takes the message and answers what means neither yes nor no), pause (takes the message and doesn't answer for
a minute).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """The server; `taken` are the messages that it accepted, or took without an answer."""

    how: str = "accept"
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    login: tuple[str, str] | None = None
    taken: list[bytes] = field(default_factory=list)
    senders: list[tuple[str, str]] = field(default_factory=list)
    tries: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(100)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._protocol, "127.0.0.1", 0, ssl=self.tls if self.implicit else None)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.02))
        self._loop.close()

    def _protocol(self) -> SMTP:
        more: dict[str, Any] = {}
        if self.login:
            more = {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": not self.implicit,
            }
        return SMTP(
            self,
            hostname="mail.example",
            loop=self._loop,
            tls_context=None if self.implicit else self.tls,
            timeout=20,
            **more,
        )

    def _authenticate(self, _s: Any, _ses: Any, _env: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self.login, handled=False)

    async def handle_RCPT(  # noqa: N802  (the name that aiosmtpd calls)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        if self.how == "hang up":
            server.transport.abort()
            return "421 4.0.0 bye"
        if self.how == "busy" or (self.how == "greylist" and self.tries == 1):
            return f"451 4.7.1 <{address}> greylisted, come back later"
        if self.how == "refuse":
            return f"550 5.1.1 <{address}> no such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.how == "reject":
            return "554 5.7.1 looks like spam"
        assert isinstance(envelope.original_content, bytes)
        self.taken.append(envelope.original_content)
        self.senders.append((envelope.mail_from or "", envelope.rcpt_tos[0]))
        if self.how == "pause":
            await asyncio.sleep(60)
        if self.how == "drop":
            server.transport.abort()
        if self.how == "mumble":
            return "199 well"
        return "250 2.0.0 taken"
