# ruff: noqa: N802, T201 - the names are those of the interfaces of Twisted, and the port is told on standard output
"""A real IMAP server (Twisted's) with one mailbox in memory, run in a process of its own.

    python imap.py FOLDER      serves FOLDER/*.eml as user "reader", and prints its port

Mails are numbered by their file names ("7.eml" is UID 7); the file "validity" holds UIDVALIDITY.
"""

from __future__ import annotations

import email
import io
import sys
from pathlib import Path
from typing import Any

from twisted.cred import checkers, portal
from twisted.internet import protocol, reactor
from twisted.mail import imap4
from zope.interface import implementer

USER, PASSWORD = b"reader", b"p a-ss"


@implementer(imap4.IMessage)
class Mail:
    """One mail, read from its file."""

    def __init__(self, path: Path) -> None:
        self.raw = path.read_bytes()
        self.uid = int(path.stem)
        self.parsed = email.message_from_bytes(self.raw)

    def getUID(self) -> int:
        return self.uid

    def getFlags(self) -> list[str]:
        return []

    def getInternalDate(self) -> str:
        return "20-Nov-2026 07:00:00 +0000"

    def getHeaders(self, negate: bool, *names: str) -> dict[str, str]:
        wanted = {(n.decode() if isinstance(n, bytes) else n).lower() for n in names}
        return {
            k.lower(): str(v) for k, v in self.parsed.items() if not wanted or (k.lower() in wanted) != negate
        }

    def getBodyFile(self) -> io.BytesIO:
        return io.BytesIO(self.raw.partition(b"\n\n")[2])

    def getSize(self) -> int:
        return len(self.raw)

    def isMultipart(self) -> bool:
        return self.parsed.is_multipart()

    def getSubPart(self, part: int) -> Any:
        raise IndexError(part)


@implementer(imap4.IMessageFile)
class WholeMail(Mail):
    """Served byte for byte."""

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.raw)


@implementer(imap4.IMailbox, imap4.ISearchableMailbox)
class Folder:
    """A read-only folder: whatever would change it is an error, which a test sees in the log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writable = False

    def mails(self) -> list[WholeMail]:
        return [WholeMail(p) for p in sorted(self.path.glob("*.eml"), key=lambda p: int(p.stem))]

    def getUIDValidity(self) -> int:
        return int((self.path / "validity").read_text())

    def getUIDNext(self) -> int:
        return max((m.uid for m in self.mails()), default=0) + 1

    def getUID(self, message: int) -> int:
        return self.mails()[message - 1].uid

    def getMessageCount(self) -> int:
        return len(self.mails())

    def getRecentCount(self) -> int:
        return 0

    def getUnseenCount(self) -> int:
        return len(self.mails())

    def isWriteable(self) -> bool:
        return False

    def destroy(self) -> None:
        raise imap4.MailboxException("read-only")

    def requestStatus(self, names: list[str]) -> Any:
        return imap4.statusRequestHelper(self, names)

    def addListener(self, listener: Any) -> None:
        pass

    def removeListener(self, listener: Any) -> None:
        pass

    def addMessage(self, message: Any, flags: Any = (), date: Any = None) -> Any:
        raise imap4.ReadOnlyMailbox

    def expunge(self) -> Any:
        raise imap4.ReadOnlyMailbox

    def getFlags(self) -> list[str]:
        return ["\\Seen"]

    def getHierarchicalDelimiter(self) -> str:
        return "/"

    def fetch(self, messages: Any, uid: bool) -> list[tuple[int, WholeMail]]:
        found = self.mails()
        messages.last = max((m.uid for m in found), default=0) if uid else len(found)
        return [(n, mail) for n, mail in enumerate(found, 1) if (mail.uid if uid else n) in messages]

    def search(self, query: Any, uid: bool) -> list[int]:
        """The search criteria that our reader uses; Twisted's own search fails on dates."""
        words = [w.decode() if isinstance(w, bytes) else str(w) for w in query]
        found = []
        for number, mail in enumerate(self.mails(), 1):
            place, fits = 0, True
            while place < len(words):
                key = words[place].upper()
                if key == "UID":
                    first = int(words[place + 1].partition(":")[0])
                    # "n:*" includes the last mail even if n is beyond it (RFC 3501, 6.4.8)
                    fits &= mail.uid >= first or mail.uid == self.getUIDNext() - 1
                    place += 2
                elif key == "SINCE":
                    place += 2
                elif key == "HEADER":
                    fits &= words[place + 2].lower() in str(mail.parsed.get(words[place + 1], "")).lower()
                    place += 3
                else:
                    fits &= words[place + 1].lower() in str(mail.parsed.get(key, "")).lower()
                    place += 2
            if fits:
                found.append(number)
        return found

    def store(self, messages: Any, flags: Any, mode: int, uid: bool) -> Any:
        (self.path / "written").write_text(str(flags))
        raise imap4.ReadOnlyMailbox


class Account(imap4.MemoryAccountWithoutNamespaces):
    """The reader's account."""

    def __init__(self, path: Path) -> None:
        super().__init__(b"reader")
        self.mailboxes = {"INBOX": Folder(path), "LETTERS": Folder(path)}

    def select(self, name: Any, rw: bool = True) -> Any:
        if rw:
            (path_of(self) / "written").write_text("opened for writing")
        return self.mailboxes.get(imap4._parseMbox(name.upper()))


def path_of(account: Account) -> Path:
    return account.mailboxes["INBOX"].path


def main(path: Path) -> None:
    class Realm:
        def requestAvatar(self, avatar: Any, mind: Any, *interfaces: Any) -> Any:
            return imap4.IAccount, Account(path), lambda: None

    checker = checkers.InMemoryUsernamePasswordDatabaseDontUse()
    checker.addUser(USER, PASSWORD)
    gate = portal.Portal(Realm())
    gate.registerChecker(checker)

    class Factory(protocol.Factory):
        def buildProtocol(self, address: Any) -> Any:
            server = imap4.IMAP4Server()
            server.portal = gate
            return server

    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
