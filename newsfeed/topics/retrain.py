"""When to train again, and training in its own process: `python -m newsfeed.topics.retrain < job > weights`.

The input is made by `job`; the output is weights, or nothing and exit code 1 with the cause on stderr. Only the two
pipes are read and written, so that a failure leaves the current weights untouched."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from newsfeed.errors import NewsfeedError
from newsfeed.model import Record, TopicSetting

from .documents import ENOUGH, Document, Label

MANY_CORRECTIONS = 10  # trained on at once: of three days with all questions answered
# Less than from one morning to the next; fewer corrections wait till the next day
SETTLE = timedelta(hours=20)
STALE = timedelta(days=7)  # so that the week's new words are learned
GROWN = 1.3  # times the items of last time: fewer change little


class Trained(Record, frozen=True, kw_only=True):
    """What the current weights were trained on. `inputs` is a hash of folders and topic settings."""

    at: datetime
    items: int
    corrections: int
    inputs: str


def due(
    last: Trained | None,
    *,
    now: datetime,
    items: int,
    corrections: int,
    inputs: str,
    told: bool = True,
    waiting: bool = False,
) -> str:
    """Why training is due, in words, or "" when it is not.

    Args:
        items: how many there are now, as of `corrections`.
        inputs: a hash of folders and topic settings as they are now; `told` is whether they say anything of topics.
        waiting: a page waits for it. The first one doesn't wait for what items alone can teach.
    """
    if last is None:
        return "not trained yet" if corrections or (items >= ENOUGH and (told or not waiting)) else ""
    if inputs != last.inputs:
        return "folders or topics changed"
    new = corrections - last.corrections
    age = now - last.at
    if abs(new) >= MANY_CORRECTIONS:
        return f"{abs(new)} corrections since"
    if new and age >= SETTLE:
        return f"{abs(new)} correction{'s' if abs(new) > 1 else ''} since"
    if items >= GROWN * last.items and items - last.items >= ENOUGH and age >= SETTLE:
        return f"{items - last.items} items since"
    if age >= STALE and items > last.items:
        return f"last trained {age.days} days ago"
    return ""


class Job(Record, frozen=True, kw_only=True):
    """Everything that training needs."""

    documents: tuple[Document, ...] = ()
    folders: Mapping[str, tuple[str, ...]] = {}
    corrections: tuple[Label, ...] = ()
    topics: Mapping[str, TopicSetting] = {}


def job(
    documents: Sequence[Document],
    folders: Mapping[str, Sequence[str]],
    corrections: Sequence[Label],
    topics: Mapping[str, TopicSetting],
) -> bytes:
    """The arguments of `train.train` as bytes for the child's stdin."""
    return msgspec.msgpack.encode(
        Job(
            documents=tuple(documents),
            folders={feed: tuple(path) for feed, path in folders.items()},
            corrections=tuple(corrections),
            topics=topics,
        )
    )


def run(data: bytes) -> bytes:
    """Weights from a job. Raises NewsfeedError, or msgspec.MsgspecError for bytes that are no job."""
    import sklearn.linear_model  # noqa: F401  (its libraries must be loaded before they can be told)
    from threadpoolctl import threadpool_limits

    from .train import train

    todo = msgspec.msgpack.decode(data, type=Job)
    # The matrices are small: a second thread costs more than it brings, and the machine is the reader's.
    with threadpool_limits(1):
        return train(todo.documents, todo.folders, todo.corrections, todo.topics)


def main() -> int:
    """The child's own main."""
    try:
        weights = run(sys.stdin.buffer.read())
    except (NewsfeedError, msgspec.MsgspecError) as error:
        print(f"training failed: {error}", file=sys.stderr)  # noqa: T201 - its one way to speak
        return 1
    sys.stdout.buffer.write(weights)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
