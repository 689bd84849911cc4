"""The exceptions, divided by what the caller should do.

    NewsfeedError              carries a subject, a cause and a repair, never a secret
    ├── SettingsError          the reader fixes newsfeed.toml, the environment or a command's words
    ├── ListError              feeds.opml can't be read at all: keep the last good list
    ├── NotFoundError          no thing, or more than one, has that name
    ├── StoreError             the database can't be used: stop, nothing was changed
    │   └── NewerStoreError    it was written by a newer newsfeed: stop, touch nothing
    ├── NetworkError           nothing outside can be reached: connect, then run it again
    ├── BusyError              another newsfeed holds the lock: say who, try later
    └── DeliveryError          the edition is finished, delivering it failed: say so, retry later

What goes wrong with a single feed is not an exception but a value, `model.Failure`.
"""

from __future__ import annotations

from collections.abc import Sequence


class NewsfeedError(Exception):
    """What is wrong (`subject: cause`) and the one thing to do about it (`repair`)."""

    def __init__(self, subject: str, cause: str, repair: str = "") -> None:
        super().__init__(subject, cause, repair)
        self.subject = subject
        self.cause = cause
        self.repair = repair

    def __str__(self) -> str:
        text = f"{self.subject}: {self.cause}" if self.subject else self.cause
        return f"{text}\n{self.repair}" if self.repair else text


class SettingsError(NewsfeedError):
    """A setting, an argument or the environment is not acceptable."""


class ListError(NewsfeedError):
    """The subscription list can't be read at all. `line` and `column` are 1-based, 0 where unknown."""

    def __init__(self, subject: str, cause: str, repair: str = "", *, line: int = 0, column: int = 0) -> None:
        super().__init__(subject, cause, repair)
        self.line = line
        self.column = column


class NotFoundError(NewsfeedError):
    """A name matches nothing, or more than one thing (`matches`)."""

    def __init__(self, subject: str, cause: str, repair: str = "", *, matches: Sequence[str] = ()) -> None:
        super().__init__(subject, cause, repair)
        self.matches = tuple(matches)


class StoreError(NewsfeedError):
    """The database can't be opened, read or written."""


class NewerStoreError(StoreError):
    """The database was written by a newer newsfeed and is left untouched."""


class NetworkError(NewsfeedError):
    """No address outside can be reached: the machine is offline, the feeds are not at fault."""


class UnansweredError(NetworkError):
    """What was sent may have arrived, but no answer confirmed it."""


class BusyError(NewsfeedError):
    """Another newsfeed process is working in this home."""


class DeliveryError(NewsfeedError):
    """A finished edition could not be delivered."""
