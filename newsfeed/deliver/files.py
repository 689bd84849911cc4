"""Files that are replaced whole or not at all.

A file is written beside its place, flushed to the disk and then put in its place by one rename, so that at every
moment (a crash, a full disk and kill -9 included) the path holds either the whole old file or the whole new one.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from newsfeed.errors import DeliveryError
from newsfeed.model import PAGE_END

_SUFFIX = ".newsfeed-part"  # of files that are being written

_FULL = {errno.ENOSPC, errno.EDQUOT}
_RIGHTS = {errno.EACCES, errno.EPERM, errno.EROFS}
_SHAPE = {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP}


def write(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Replace the file `path` by `data`; missing folders are made, for their owner only.

    Args:
        mode: rights of the file, as far as the umask grants them; None keeps those of the old file, and gives a
            new one to its owner only (0600).

    Raises:
        DeliveryError: it can't be written, and what to do about it; the old file is untouched.
    """
    part = ""
    try:
        path = path.resolve() if path.is_symlink() else path  # a symbolic link stays; its target is replaced
        _make_folder(path.parent, 0o700 if mode is None else _folder_mode(mode))
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.", suffix=_SUFFIX)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _rights(path, mode))
            os.fsync(file.fileno())
        Path(part).replace(path)
        part = ""
        _sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # resolve() reports a loop of links as RuntimeError before 3.13
        raise _delivery_error(path, error) from error
    finally:
        if part:
            Path(part).unlink(missing_ok=True)


def write_site(folder: Path, files: Mapping[str, bytes], *, mode: int = 0o600) -> tuple[str, ...]:
    """Put `files` (by relative name) into `folder`; returns the names of those that changed.

    `index.html` comes last, when everything that it links to is in its place. Files that are already the same are
    left alone. Every page is checked for its end mark before anything is written.

    Raises:
        DeliveryError: a page is not whole, or a file can't be written; files not yet reached are untouched.
    """
    for name, data in files.items():
        _check(name, data)
    _sweep(folder)
    changed = []
    for name in sorted(files, key=lambda name: (name == "index.html", name)):
        path = folder / name
        if _same(path, files[name], mode):
            continue
        write(path, files[name], mode=mode)
        changed.append(name)
    return tuple(changed)


def _check(name: str, data: bytes) -> None:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\\" in name or any(p in ("..", ".") for p in name.split("/")):
        raise DeliveryError(
            name, "is no name of a file of the site", "This is a fault of newsfeed: please report it."
        )
    if name.endswith(".html") and not data.rstrip().endswith(PAGE_END.encode()):
        raise DeliveryError(
            name,
            f"is not whole: it doesn't end with {PAGE_END}",
            "If you changed base.html, its last line must be {{ end_mark }}.",
        )


def _same(path: Path, data: bytes, mode: int) -> bool:
    """Whether `path` already holds `data`; if so, its permissions are corrected."""
    try:
        if path.is_symlink() or path.stat().st_size != len(data) or path.read_bytes() != data:
            return False
        if stat.S_IMODE(path.stat().st_mode) != _granted(mode):
            path.chmod(_granted(mode))
    except OSError:
        return False
    return True


def _sweep(folder: Path) -> None:
    """Remove half-written files of a killed run; only one run at a time writes a site."""
    for part in folder.rglob(f".*{_SUFFIX}"):
        part.unlink(missing_ok=True)


def _make_folder(folder: Path, mode: int) -> None:
    """Make `folder` and its missing parents, each with `mode`, which `Path.mkdir` gives to the last one only."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, mode)
    folder.mkdir(mode=mode, exist_ok=True)


def _folder_mode(mode: int) -> int:
    """The mode of a folder whose files have `mode`: who may read the files may enter it."""
    return 0o700 | (mode & 0o044) | (mode & 0o044) >> 2


def _rights(path: Path, mode: int | None) -> int:
    if mode is not None:
        return _granted(mode)
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0o600


def _granted(mode: int) -> int:
    """The part of `mode` that the umask permits."""
    mask = os.umask(0o077)  # the umask can only be read by setting it
    os.umask(mask)
    return mode & ~mask


def _sync_folder(folder: Path) -> None:
    """Flush the rename to the disk; file systems that can't do that answer EINVAL."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _delivery_error(path: Path, error: Exception) -> DeliveryError:
    number = error.errno if isinstance(error, OSError) else errno.ELOOP
    if number in _FULL:
        cause, repair = "the disk is full", "Free some space, then run the same command again."
    elif number in _RIGHTS:
        cause = "it may not be written"
        repair = f"Give yourself the right to write in {path.parent}, or choose another home."
    elif number in _SHAPE:
        cause = "something else stands in its place"
        repair = f"Move away what stands at {path} or above it."
    elif number == errno.ENAMETOOLONG:
        cause, repair = "its name is too long", "Choose a home with a shorter path."
    else:
        cause = (error.strerror if isinstance(error, OSError) else "") or str(error)
        repair = "Check the disk, then run the same command again."
    return DeliveryError(str(path), cause, f"{repair} The old file is unchanged.")
