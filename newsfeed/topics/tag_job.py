"""Tagging in a process of its own: `python -m newsfeed.topics.tag_job < job > taggings`, while the parent does something
else.

The input is made by `job`; `taggings` reads the output. Only the two pipes are read and written."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import msgspec

from newsfeed.model import Record, Tagging, TopicSetting

from .documents import Document, Label
from .value import Thumb


class TagJob(Record, frozen=True, kw_only=True):
    """Documents, and all that judges them. `weights` None: those that ship with the package."""

    documents: Sequence[Document]
    weights: bytes | None
    topics: Mapping[str, TopicSetting]
    corrections: Sequence[Label]
    thumbs: Sequence[Thumb]


def job(
    documents: Sequence[Document],
    weights: bytes | None,
    topics: Mapping[str, TopicSetting],
    corrections: Sequence[Label],
    thumbs: Sequence[Thumb],
) -> bytes:
    """A job as bytes for the child's stdin."""
    return msgspec.msgpack.encode(
        TagJob(documents=documents, weights=weights, topics=topics, corrections=corrections, thumbs=thumbs)
    )


def taggings(data: bytes) -> list[Tagging]:
    """What the child wrote.

    Raises:
        msgspec.MsgspecError: it is not whole.
    """
    return msgspec.msgpack.decode(data, type=list[Tagging])


def main() -> None:
    """The child's own main."""
    from .corrections import corrected
    from .tagger import load

    todo = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=TagJob)
    tagger = corrected(load(todo.weights, todo.topics), todo.corrections)
    tagger.heed(todo.thumbs)
    sys.stdout.buffer.write(msgspec.msgpack.encode(tagger.tag(todo.documents)))


if __name__ == "__main__":
    main()
