"""The first five minutes of a newcomer with a clean clone: demo, own page, one more source.

The clone is git's own, and what is typed is what the README says. Only the installation is not done again here: the
clone's environment borrows the packages of this one (`make wheel` and CI install for real).
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

import homes
import pytest
from homes import Entry
from serving import Server
from words import says

pytestmark = [pytest.mark.live, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
FOLDERS = ("Technology", "Marketing", "Finance", "Sales", "Leadership", "Science", "Policy")
EVENTS = {
    "Technology": "Chip maker opens its processor design to cloud rivals",
    "Marketing": "Grocer moves its advertising budget from television to loyalty apps",
    "Finance": "Central bank keeps its interest rate as inflation slows",
    "Sales": "Sales teams drop quarterly quotas for rolling targets",
    "Leadership": "Board replaces chief executive after factory walkout",
    "Science": "Telescope measures water vapour on a distant planet",
    "Policy": "Parliament passes law on cloud contracts and data export",
}
TELLS = (
    "It was decided on Tuesday after months of talks. Customers and rivals have until autumn to react.",
    "The plan was drawn up in spring by a team of nine. Two earlier attempts had failed for want of money.",
    "Nobody had expected it so soon. Analysts who follow the field were surprised by its size.",
    "A first report is due in June. The numbers will show whether the bet was worth its price.",
    "Those who had asked for it were pleased. Those who pay for it want to see the details first.",
    "The change takes effect next month. Older contracts keep their terms until they end.",
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no git checkout: there is nothing to clone")
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder = tmp_path_factory.mktemp("first") / "newsfeed"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / ".venv")], check=True)
    packages = next((folder / ".venv" / "lib").glob("python*/site-packages"))
    (packages / "clone.pth").write_text(f"{folder}\n{sysconfig.get_paths()['purelib']}\n")
    command = folder / ".venv" / "bin" / "newsfeed"
    command.write_text(
        f"#!{folder}/.venv/bin/python\nfrom newsfeed.__main__ import main\nmain()\n", encoding="utf-8"
    )
    command.chmod(0o755)
    (folder / ".venv" / "bin" / ".installed").touch()
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def in_terminal(clone: Path, *words: str, environment: dict[str, str] | None = None) -> str:
    """Type a command in the clone, in a terminal; gives everything that it showed. It must succeed."""
    shown, inner = pty.openpty()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        words,
        cwd=clone,
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "100", **(environment or {})},
    )
    os.close(inner)
    parts = []
    while True:
        try:
            part = os.read(shown, 65_536)
        except OSError:  # the terminal closes with its last process
            break
        if not part:
            break
        parts.append(part)
    os.close(shown)
    text = b"".join(parts).decode("utf-8", "replace")
    assert process.wait(300) == 0, text
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def entries(folder: str, outlet: int) -> list[Entry]:
    """One outlet's items this morning: the event of the day, and stories of its own."""
    event = EVENTS[folder]
    own = [
        Entry(
            f"{folder} notes {outlet}-{n}: {event.split()[n % 3].lower()} and what follows",
            TELLS[(outlet + n) % len(TELLS)],
            hours=2 + n + outlet,
        )
        for n in range(4)
    ]
    return [Entry(event, TELLS[outlet % len(TELLS)], hours=1 + outlet / 2), *own]


def test_the_first_five_minutes(clone: Path, server: Server) -> None:
    # 0:30: a page that needs no internet, by 2:00.
    told = in_terminal(clone, "make", "demo", "ARGS=--no-open")
    assert (clone / "newsfeed-demo" / "site" / "index.html").exists()
    assert says(
        told, "22 of 23 feeds", " stories", " min", "1 feed refused", ".venv/bin/newsfeed feeds check"
    )
    status = ["git", "status", "--porcelain"]
    assert (
        subprocess.run(status, cwd=clone, capture_output=True, check=True).stdout == b""
    )  # a clone stays clean

    # 2:30: the reader's own page. The list is the clone's, its addresses are on this machine.
    environment = {
        "NEWSFEED_CLOCK": homes.NOON.isoformat(),
        "NEWSFEED_FETCH__ALLOW_PRIVATE": server.place,
        "NEWSFEED_FETCH__MANUAL_FLOOR": "0",
    }
    listed = (clone / "feeds.opml").read_text(encoding="utf-8")
    comment = listed[listed.index("<!--") : listed.index("-->")].splitlines()
    assert len(comment) == 4
    assert all(word in " ".join(comment) for word in ("Add:", "Move:", "Remove:", "@user@host", "feeds add"))
    number = 0

    def local(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        folder = FOLDERS[number % len(FOLDERS)]
        path = f"/{number}.xml"
        if number in (5, 12, 30):
            return f"xmlUrl={quoteattr(server.reply(path, status=403))}"
        body = homes.rss(
            f"Outlet {number}", entries(folder, number // len(FOLDERS)), base=f"https://o{number}.example"
        )
        return f"xmlUrl={quoteattr(server.feed(path, body))}"

    (clone / "feeds.opml").write_text(re.sub(r'xmlUrl="[^"]*"', local, listed), encoding="utf-8")
    assert number >= 40
    told = in_terminal(clone, "make", "digest", "ARGS=--no-open", environment=environment)
    names = "|".join(re.escape(name) for name in re.findall(r'<outline text="([^"]+)" type="rss"', listed))
    assert re.search(rf"Asking .*\d+/{number} \S+ ({names})", told), told  # progress by feed name
    summary = rf"{number - 3} of {number} feeds, \d+ stories, [1-5] min, 3 feeds refused \(see `\.venv/bin/newsfeed feeds check`\)"
    assert re.search(summary, told), told
    assert str(clone / "site" / "index.html") in told.replace("\r\n", "")

    # 4:00: one more source, as the list's comment says, and a refresh.
    fresh = [
        Entry(
            f"Court fines {name} over hidden fees in cloud contracts",
            f"Judges fined {name} on Wednesday. Customers may ask for their fees back until June.",
            hours=-0.5,
        )
        for name in (
            "Aldermoor",
            "Brightwell",
            "Calloway",
            "Dunmore",
            "Eastgate",
            "Fairholm",
            "Gladwyn",
            "Harrow",
        )
    ] + [Entry(f"Weekly notes {n}", hours=20 + n) for n in range(2)]
    added = server.feed("/added.xml", homes.rss("Policy Letter", fresh, base="https://letter.example"))
    path = clone / "feeds.opml"
    line = f'      <outline text="Policy Letter" type="rss" xmlUrl={quoteattr(added)}/>\n'
    text = path.read_text(encoding="utf-8")
    place = text.index("\n", text.index('<outline text="Policy">')) + 1
    path.write_text(text[:place] + line + text[place:], encoding="utf-8")
    later = (homes.NOON + timedelta(hours=1)).astimezone(UTC)
    told = in_terminal(
        clone, "make", "refresh", environment={**environment, "NEWSFEED_CLOCK": datetime.isoformat(later)}
    )
    assert re.search(r"added: Policy Letter, 10 items, \d on today's page", told), told
