"""`make team`: a whole team on one machine, started and stopped by one command."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import homes
import httpx
import pytest
from apps import PLAIN, STORIES
from homes import rss
from serving import Server
from team_sites import words

import newsfeed
from newsfeed.team.trial import LocalPostgres, programs

pytestmark = [pytest.mark.live, pytest.mark.slow]


# For root, PostgreSQL is run by another user, who can enter only the first folder.
@pytest.fixture(params=[0o755, 0o700])
def folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder for the trial, not within pytest's own."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here (Debian: apt-get install postgresql)")
    made = Path(tempfile.mkdtemp(prefix="nf-trial-"))
    made.chmod(request.param)
    yield made
    shutil.rmtree(LocalPostgres(made / "postgres").folder, ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def running(folder: Path, server: Server) -> Iterator[list[str]]:
    """Run the command until SIGINT; gives its output as it comes."""
    environment = {k: v for k, v in os.environ.items() if k != "NEWSFEED_CLOCK"}
    environment["NEWSFEED_FETCH__ALLOW_PRIVATE"] = server.place
    command = [sys.executable, "-m", "newsfeed", "--home", str(folder), "team", "trial", "--port", "0"]
    process = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said: list[str] = []
    out = process.stdout
    assert out
    reading = threading.Thread(target=lambda: said.extend(out), daemon=True)
    reading.start()
    try:
        yield said
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0, said
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(90)
        reading.join(30)
        out.close()


def of_a_plain_user() -> list[str]:
    """The interpreter with our packages, for an unprivileged user; skipped if that user can't run it."""
    paths = os.pathsep.join(
        [str(Path(newsfeed.__file__).parents[1]), *(p for p in sys.path if "site-packages" in p)]
    )
    for python in (sys.executable, f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"):
        command = [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"PYTHONPATH={paths}",
            "PYTHONDONTWRITEBYTECODE=1", python,
        ]  # fmt: skip
        asked = [*command, "-c", "import newsfeed.cli.app, procrastinate, sqlalchemy, psycopg"]
        may = os.geteuid() == 0 and shutil.which("setpriv") is not None and Path(python).exists()
        if may and subprocess.run(asked, cwd="/", capture_output=True, check=False).returncode == 0:
            return command
    pytest.skip("only root can become a plain user, who must be able to run this interpreter")


def of_user(number: int, home: str) -> set[int]:
    """A user's processes that belong to a home, found by their environment; PostgreSQL's by their working directory."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = home.encode() in (path / "environ").read_bytes() or home in str((path / "cwd").readlink())
            if ours and path.stat().st_uid == number:
                found.add(int(path.name))
    return found


def test_a_plain_user_begins_it_and_sigterm_ends_all_of_it(server: Server) -> None:
    command = of_a_plain_user()
    with tempfile.TemporaryDirectory(prefix="nf-plain-") as name:
        folder = Path(name)
        os.chown(folder, 65534, 65534)
        listed = folder / "feeds.opml"
        listed.write_text(homes.opml(("World", "None", server.url("/none.xml"))), encoding="utf-8")
        environment = {**os.environ, "HOME": name, "NEWSFEED_FETCH__ALLOW_PRIVATE": server.place}
        environment.pop("NEWSFEED_CLOCK", None)
        process = subprocess.Popen(
            [*command, "-m", "newsfeed", "--home", name, "team", "trial", "--port", "0"],
            env=environment, text=True, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said: list[str] = []
        assert process.stdout
        reading = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
        reading.start()
        try:
            wait_for(said, r"Readers come to (http://localhost:\d+)")
            assert len(of_user(65534, name)) > 5  # PostgreSQL's, the worker, the web page and the command
        finally:
            process.terminate()
            ended = process.wait(120)
            reading.join(30)
            process.stdout.close()
        assert ended == 0, said
        assert not of_user(65534, name)
        assert not (folder / "postgres" / "data" / "postmaster.pid").exists()


def wait_for(said: list[str], pattern: str) -> list[str]:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if found := re.findall(pattern, "".join(said)):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{pattern} in {said}")


def test_one_command_begins_a_team_and_ends_it(folder: Path, server: Server) -> None:
    for name, entries in STORIES.items():
        server.feed(f"/{name}.xml", rss(name.capitalize(), entries, base=f"https://{name}.example"))
    listed = homes.opml(
        ("Finance", "Bank", server.url("/bank.xml")), ("Sales", "Sales", server.url("/sales.xml"))
    )
    (folder / "feeds.opml").write_text(listed, encoding="utf-8")
    with running(folder, server) as said:
        base = wait_for(said, r"Readers come to (http://localhost:\d+)")[0]
        links = wait_for(said, r"/invited/(\S+)\n")
        assert len(links) == 2
        with httpx.Client(follow_redirects=True, timeout=60, **PLAIN) as client:
            page = client.get(f"{base}/invited/{links[0]}").text
            token = re.search(r'name="token" value="([^"]+)"', page)
            assert token
            client.post(f"{base}/welcome/stay", data={"token": token[1]}, headers={"origin": base})
            assert "Admin" in client.get(base).text
            until = time.monotonic() + 150  # a worker looks once a minute
            while "asked so far: 2" not in words(client.get(base)) and time.monotonic() < until:
                time.sleep(1)
            waiting = words(client.get(base))
            assert "asked so far: 2" in waiting
            assert "Make my first page now" in waiting
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists()
    with running(folder, server) as said:
        assert len(wait_for(said, r"/invited/(\S+)\n")) == 2
