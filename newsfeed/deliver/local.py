"""Handing a mail to something on this machine: a sendmail program, a maildir, a folder of .eml files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from newsfeed.deliver.dispatch import Dispatch, Outcome
from newsfeed.deliver.files import write
from newsfeed.errors import DeliveryError

SENDMAIL = "/usr/sbin/sendmail"
_TEMPORARY = 75  # EX_TEMPFAIL of sysexits.h


def by_sendmail(data: bytes, sender: str, recipient: str, *, program: str = "", timeout: float) -> Dispatch:
    """Give a mail to a sendmail program on its standard input; no shell, and no text of a feed among its arguments."""
    program = program or SENDMAIL
    try:
        done = subprocess.run(  # noqa: S603 - the owner's program; the addresses are checked settings
            [program, "-i", "-f", sender, "--", recipient],
            input=data.replace(b"\r\n", b"\n"),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Dispatch(
            outcome=Outcome.UNCERTAIN,
            text=f"{program} took the mail but did not end within {timeout:.0f} seconds.",
            repair="Look into your mailbox; newsfeed mail --again sends it once more.",
        )
    except OSError as error:
        return Dispatch(
            outcome=Outcome.REFUSED,
            text=f"{program} can't be run ({error.strerror}).",
            repair="Name your sendmail program as path under [mail] in newsfeed.toml.",
        )
    if done.returncode == 0:
        return Dispatch(outcome=Outcome.SENT, text=f"{program} has taken it.")
    outcome = Outcome.LATER if done.returncode == _TEMPORARY else Outcome.REFUSED
    return Dispatch(
        outcome=outcome,
        text=f"{program} refused it (exit code {done.returncode}).",
        repair="It is tried again by itself." if outcome == Outcome.LATER else "Its log says why.",
    )


def to_maildir(data: bytes, folder: Path, name: str) -> Dispatch:
    """Put a mail into a maildir: written in `tmp`, then moved to `new`, under one name for every try."""
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        there = (folder / "new" / name).exists() or any((folder / "cur").glob(f"{name}*"))
        if not there:
            write(folder / "tmp" / name, data)
            (folder / "tmp" / name).replace(folder / "new" / name)
    except DeliveryError as error:
        return Dispatch(outcome=Outcome.LATER, text=f"{folder}: {error.cause}.", repair=error.repair)
    except OSError as error:
        return _unwritable(folder, error)
    return Dispatch(outcome=Outcome.SENT, text=f"It lies in {folder}.")


def to_folder(data: bytes, folder: Path, name: str) -> Dispatch:
    """Put a mail into a folder as NAME.eml."""
    try:
        write(folder / f"{name}.eml", data)
    except DeliveryError as error:
        return Dispatch(outcome=Outcome.LATER, text=f"{error.subject}: {error.cause}.", repair=error.repair)
    return Dispatch(outcome=Outcome.SENT, text=f"It lies in {folder}.")


def _unwritable(folder: Path, error: OSError) -> Dispatch:
    return Dispatch(
        outcome=Outcome.LATER,
        text=f"{folder} can't be written ({error.strerror}).",
        repair="Mend its rights, or name another folder as path under [mail].",
    )
