"""The command line: help, errors, exit codes, JSON, pipes, and a README that names every command."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from homes import Entry, rss

from newsfeed.cli.app import run, tree

ROOT = Path(__file__).parents[1]


def test_ctrl_c_while_a_library_loads_ends_with_the_same_exit_code(tmp_path: Path) -> None:
    # Stands for a library that runs text as code while Ctrl-C comes, and for the command that catches it.
    (tmp_path / "sitecustomize.py").write_text(
        "from newsfeed.cli import app\n"
        "def interrupted(argv):\n"
        "    try:\n"
        "        exec('raise KeyboardInterrupt')\n"
        "    except KeyboardInterrupt:\n"
        "        return app.INTERRUPTED\n"
        "app.run = interrupted\n"
    )
    command = [sys.executable, "-m", "newsfeed", "refresh"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False)
    assert done.returncode == 130


def commands() -> list[str]:
    """Every command as it is typed."""
    found = [c.name or c.callback.__name__ for c in tree().registered_commands if c.callback]  # type: ignore[attr-defined]
    for group in tree().registered_groups:
        inner = group.typer_instance
        assert inner is not None
        found += [
            f"{group.name} {c.name or c.callback.__name__}" for c in inner.registered_commands if c.callback
        ]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert "Usage:" in told
    assert len(told.splitlines()) > 5


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [c for c in commands() if not re.search(rf"\b{c.split()[0]}\b", readme)]
    assert not missing


def test_make_help_lists_the_targets_of_the_readme() -> None:
    done = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True)
    for target in ("digest", "refresh", "demo", "test"):
        assert f"make {target}" in done.stdout


def test_an_unknown_command_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nonsense"]) == 2
    assert "No such command" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("newsfeed ")


def test_a_bad_setting_stops_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feeds.opml").write_text("<opml version='2.0'><body/></opml>")
    (tmp_path / "newsfeed.toml").write_text("[edition]\nminuts = 3\n")
    assert run(["--home", str(tmp_path), "digest"]) == 2
    told = capsys.readouterr().err
    assert "newsfeed.toml, line 2, edition.minuts" in told
    assert not (tmp_path / "site").exists()


def test_init_makes_a_home_once_and_leaves_it_alone_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert run(["--home", str(home), "init"]) == 0
    assert (home / "feeds.opml").read_bytes() == (ROOT / "feeds.opml").read_bytes()
    assert (home / "newsfeed.toml").stat().st_mode & 0o077 == 0
    (home / "feeds.opml").write_text("<opml version='2.0'><body/></opml>")
    assert run(["--home", str(home), "init"]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert (home / "feeds.opml").read_text().startswith("<opml")


def test_read_needs_no_home_and_gives_one_line_an_item(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    saved = tmp_path / "a.xml"
    saved.write_bytes(rss("Outlet", [Entry("First of two stories"), Entry("Second of two stories")]))
    assert run(["read", str(saved), "--url", "https://outlet.example/feed"]) == 0
    lines = capfdbinary.readouterr().out.splitlines()
    items = [json.loads(line) for line in lines]
    assert [i["title"] for i in items] == ["First of two stories", "Second of two stories"]
    wanted = {
        "id",
        "link",
        "discussion",
        "title",
        "author",
        "published",
        "updated",
        "lang",
        "lead",
        "text",
        "html",
        "words",
        "enclosures",
        "tags",
    }
    assert wanted <= set(items[0])


def test_read_names_the_cause_when_it_is_no_feed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "a.html"
    saved.write_text("<!doctype html><title>Hello</title><p>No feed here.</p>")
    assert run(["read", str(saved)]) == 1
    assert capsys.readouterr().err.startswith("newsfeed: ")
    assert run(["read", str(tmp_path / "missing.xml")]) == 2


@pytest.mark.slow
def test_read_has_the_limits_of_a_feeds_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "slow.xml"
    slow = "".join(f"<category>c{n}</category>" for n in range(60_000))
    path.write_text(f'<rss version="2.0"><channel><item><title>x</title>{slow}</item></channel></rss>')
    assert run(["read", str(path)]) == 1
    assert "more than 10 seconds" in capsys.readouterr().err


def test_the_pipes_tag_and_group(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"id": 1, "title": "Central bank raises interest rates as inflation climbs", "text": "Bond yields rose and lenders gained.", "outlet": "a"},
        {"id": 2, "title": "Interest rates raised by central bank as inflation climbs", "text": "Bond yields rose; lenders gained.", "outlet": "b"},
        {"id": 3, "title": "Striker scores twice in cup final", "text": "The fans sang until midnight.", "outlet": "c"},
    ]  # fmt: skip
    text = "\n".join([*(json.dumps(r) for r in rows), "no json"]).encode()

    def stdin() -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(text))

    monkeypatch.setattr(sys, "stdin", stdin())
    assert run(["tag", "--threshold", "0.5"]) == 1  # one line was bad, the rest went on
    told = capsys.readouterr()
    tagged = {
        row["id"]: [t["topic"] for t in row["topics"]] for row in map(json.loads, told.out.splitlines())
    }
    assert "finance" in tagged[1]
    assert tagged[3] == []
    assert "line 4" in told.err
    monkeypatch.setattr(sys, "stdin", stdin())
    assert run(["group"]) == 1
    told = capsys.readouterr()
    clusters = {row["id"]: row["cluster"] for row in map(json.loads, told.out.splitlines())}
    assert clusters[1] == clusters[2] != clusters[3]


def test_no_color_is_respected(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "newsfeed", "--home", str(tmp_path), "digest"],
        capture_output=True,
        env={"NO_COLOR": "1", "FORCE_COLOR": "", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert b"\x1b[" not in done.stderr + done.stdout


def test_a_reader_who_goes_away_is_no_error(tmp_path: Path) -> None:
    saved = tmp_path / "a.xml"
    saved.write_bytes(rss("Outlet", [Entry(f"Story number {n} of very many") for n in range(400)]))
    command = f"{{ {sys.executable} -m newsfeed read {saved}; echo code $? >&2; }} | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False)
    assert done.stdout.count(b"\n") == 1
    assert b"Traceback" not in done.stderr
    assert b"code 0" in done.stderr


def test_completion_is_offered() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "newsfeed", "--help"], capture_output=True, text=True, check=True
    )
    assert "--install-completion" in done.stdout


def a_home(folder: Path) -> Path:
    (folder / "feeds.opml").write_text("<opml version='2.0'><body/></opml>")
    (folder / "newsfeed.toml").write_text('timezone = "Europe/Berlin"\n')
    return folder


def test_where_things_stand_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path / "none"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["advice"] == "newsfeed init"
    home = a_home(tmp_path)
    assert run(["--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["home"], told["feeds"], told["advice"]) == (str(home), 0, "newsfeed feeds add ADDRESS")
    assert run(["--home", str(home), "--json", "doctor"]) == 2
    assert "after the command" in capsys.readouterr().err


def findings(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    """The doctor's findings by name; one of them must be bad."""
    assert run(["--home", str(home), "doctor", "--json"]) == 1
    return {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_the_doctor_says_which_setting_is_bad_and_looks_at_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = a_home(tmp_path)
    (home / "newsfeed.toml").write_text("[edition]\nminutes = 'many'\n")
    found = findings(home, capsys)
    assert found["Settings"]["state"] == "bad"
    assert "line 2, edition.minutes" in found["Settings"]["text"]
    assert found["Settings"]["repair"] == "Write it as minutes = 5."
    assert found["Database"]["state"] == found["List"]["state"] == "ok"


def test_the_doctor_sees_a_broken_database_and_a_file_where_the_pages_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = a_home(tmp_path)
    (home / ".newsfeed").mkdir()
    (home / ".newsfeed" / "newsfeed.db").write_text("garbage " * 100)
    (home / "site").write_text("")
    found = findings(home, capsys)
    assert "no database" in found["Database"]["text"]
    assert (found["Pages"]["state"], found["Pages"]["text"]) == ("bad", f"{home / 'site'} is no folder")
    assert found["Time zone"]["state"] == "ok"
