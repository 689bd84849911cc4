"""Arrays with a header as bytes, for models and the lexicon: a magic line, one line of JSON (format, sha256 of the rest, and
whatever the header says), and an `.npz` without pickled objects. Bytes that don't carry their own hash are refused."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from newsfeed.errors import NewsfeedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"newsfeed topics\n"

#: Raised whenever older weights would be misread.
FORMAT = 1

#: Nobody's model is larger; anything that claims to be is not read.
MAX_BYTES = 20_000_000


class WeightsError(NewsfeedError):
    """The bytes are no weights of ours: damaged, foreign, or of another format."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Weights as bytes; equal input gives equal bytes."""
    import numpy as np

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            array = io.BytesIO()
            np.lib.format.write_array(array, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            # A fixed date, so that the same weights are the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), array.getvalue())
    body = buffer.getvalue()
    head = {**header, "format": FORMAT, "sha256": _digest(header, body)}
    return MAGIC + msgspec.json.encode(head, order="sorted") + b"\n" + body


def _digest(header: Mapping[str, Any], body: bytes) -> str:
    own = {key: value for key, value in header.items() if key not in {"format", "sha256"}}
    return hashlib.sha256(msgspec.json.encode(own, order="sorted") + b"\n" + body).hexdigest()


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Header and arrays. Raises WeightsError for anything that `pack` did not write."""
    import numpy as np

    repair = "Train again: newsfeed topics train."
    if len(data) > MAX_BYTES or not data.startswith(MAGIC):
        raise WeightsError("topic weights", "not written by newsfeed", repair)
    end = data.find(b"\n", len(MAGIC))
    try:
        header = msgspec.json.decode(data[len(MAGIC) : end], type=dict[str, Any])
    except msgspec.DecodeError:
        raise WeightsError("topic weights", "the header is damaged", repair) from None
    body = data[end + 1 :]
    if header.get("format") != FORMAT:
        raise WeightsError("topic weights", "written by another version", repair)
    if header.get("sha256") != _digest(header, body):
        raise WeightsError("topic weights", "damaged: the checksum differs", repair)
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            return header, {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError):
        raise WeightsError("topic weights", "they hold no plain arrays", repair) from None
