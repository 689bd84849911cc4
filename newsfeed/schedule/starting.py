"""How `newsfeed run` is started: a systemd unit or a launchd agent of this user, or lines for cron.

The files are composed here and shown before anything is written; nothing needs more than the user's rights.
"""

from __future__ import annotations

import hashlib
import plistlib
import shlex
import subprocess
import sys
from pathlib import Path

from newsfeed import config
from newsfeed.errors import SettingsError
from newsfeed.model import Record

SYSTEMD, LAUNCHD, CRON = "systemd", "launchd", "cron"


class Plan(Record, frozen=True, kw_only=True):
    """How a home's schedule is started on this machine."""

    kind: str  # systemd, launchd, cron
    name: str
    path: str = ""  # of the file that is written; "" for cron
    text: str = ""  # what it holds, or the lines for the crontab
    on: tuple[tuple[str, ...], ...] = ()  # commands that start it
    off: tuple[tuple[str, ...], ...] = ()  # commands that stop it


def kind_here() -> str:
    """What starts programs on this machine: systemd, launchd or cron."""
    if sys.platform == "darwin":
        return LAUNCHD
    return SYSTEMD if Path("/run/systemd/system").is_dir() else CRON


def plan(home: Path, kind: str = "", *, app: bool = False) -> Plan:
    """The plan for a home; `kind` overrides what this machine has; with `app`, the local app runs too."""
    kind = kind or kind_here()
    name = f"newsfeed-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
    command = [sys.executable, "-m", "newsfeed", "--home", str(home), "run", *(["--serve"] if app else [])]
    units, agents = config.user_folders()
    if kind == SYSTEMD:
        unit = f"{name}.service"
        return Plan(
            kind=kind,
            name=unit,
            path=str(units / unit),
            text=_unit(command, home),
            on=(
                ("systemctl", "--user", "daemon-reload"),
                ("systemctl", "--user", "enable", "--now", unit),
            ),
            off=(("systemctl", "--user", "disable", "--now", unit),),
        )
    if kind == LAUNCHD:
        label = f"net.{name}"
        path = agents / f"{label}.plist"
        return Plan(
            kind=kind,
            name=label,
            path=str(path),
            text=_agent(label, command, home),
            on=(("launchctl", "load", "-w", str(path)),),
            off=(("launchctl", "unload", "-w", str(path)),),
        )
    # Cron only starts things: the app is started again and again, and exits if it is already running.
    # Its output contains its key, which must not end up in cron's mails.
    lines = [_cron_line([*command[:5], "run", "--once", "--quiet"])]
    lines += [f"{_cron_line([*command[:5], 'serve', '--no-open'])} >/dev/null"] if app else []
    return Plan(kind=CRON, name=name, text="\n".join(lines))


def _unit(command: list[str], home: Path) -> str:
    """A systemd user unit; a process that ends by itself is started again after a minute."""
    return f"""[Unit]
Description=newsfeed: the morning page of {_unit_text(str(home))}

[Service]
ExecStart={" ".join(_unit_word(word) for word in command)}
Restart=on-failure
RestartSec=60
TimeoutStopSec=15
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""


def _unit_text(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text).replace("%", "%%")


def _unit_word(word: str) -> str:
    """A word of ExecStart, quoted, with what systemd would expand escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    escaped = escaped.replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _agent(label: str, command: list[str], home: Path) -> str:
    """A launchd agent that runs while the user is logged in."""
    return plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": command,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 60,
            "ProcessType": "Background",
            "Umask": 0o077,
            "StandardOutPath": "/dev/null",
            "StandardErrorPath": str(home / ".newsfeed" / "run.err"),
        }
    ).decode()


def _cron_line(command: list[str]) -> str:
    return f"*/10 * * * * {' '.join(_cron_word(word) for word in command)}"


def _cron_word(word: str) -> str:
    """A word of a crontab line, where an unescaped % ends the command."""
    return shlex.quote(word).replace("%", "\\%")


def is_on(found: Plan) -> bool:
    """Whether the plan's file exists. A crontab belongs to the user; we don't read it."""
    return bool(found.path) and Path(found.path).is_file()


def written(home: Path) -> Plan | None:
    """The plan of this home whose file exists, of any kind; None without one."""
    kinds = sorted((SYSTEMD, LAUNCHD), key=lambda kind: kind != kind_here())
    return next((found for kind in kinds if is_on(found := plan(home, kind))), None)


def switch_on(found: Plan) -> list[str]:
    """Write the plan's file and start it; returns what went wrong with starting it, in words.

    Raises:
        SettingsError: the file can't be written.
    """
    path = Path(found.path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found.text, encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        raise SettingsError(
            str(path), f"can't be written ({error.strerror})", "Fix the permissions of that folder."
        ) from error
    return _run(found.on)


def switch_off(found: Plan) -> list[str]:
    """Stop the plan and remove its file; returns what went wrong with stopping it, in words.

    Raises:
        SettingsError: the file can't be removed.
    """
    if not is_on(found):
        return []
    trouble = _run(found.off)
    try:
        Path(found.path).unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            found.path, f"can't be removed ({error.strerror})", "Remove it by hand."
        ) from error
    return trouble


def _run(commands: tuple[tuple[str, ...], ...]) -> list[str]:
    trouble = []
    for command in commands:
        said = " ".join(command)
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own words
        except (OSError, subprocess.TimeoutExpired) as error:
            trouble.append(f"`{said}` can't be run ({type(error).__name__}): run it yourself.")
            continue
        if done.returncode:
            why = " ".join((done.stderr or done.stdout).split())[:200]
            trouble.append(f"`{said}` failed: {why or f'exit code {done.returncode}'}")
    return trouble
