"""The templates: the reader's take precedence over ours; their hash; and the message when one is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import editions
import pytest

from newsfeed.errors import SettingsError
from newsfeed.render import Templates
from newsfeed.render.templates import compact, packaged_folder, policy


def test_same_edition_and_templates_give_the_same_bytes() -> None:
    first, second = (
        Templates().site(editions.refreshed_day(), editions.account(), [editions.quiet_day()])
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("name", ["app/nav.html", "team/today.html", "team/passkeys.js"])
def test_what_draws_nothing_that_stays_has_no_part_in_the_hash(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text("otherwise", encoding="utf-8")
    assert Templates(tmp_path).hash == Templates().hash


def test_hash_follows_every_source(tmp_path: Path) -> None:
    plain = Templates().hash
    assert plain == Templates().hash
    assert len(plain) == 16
    (tmp_path / "styles").mkdir()
    assert Templates(tmp_path).hash == plain
    (tmp_path / "styles" / "extra.css").write_text("h1 { color: green }")
    changed = Templates(tmp_path).hash
    assert changed != plain
    (tmp_path / "styles" / "extra.css").write_text("h1 { color: blue }")
    assert Templates(tmp_path).hash not in (plain, changed)


def test_readers_template_goes_before_ours_and_styles_are_added(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "partials").mkdir()
    (tmp_path / "styles" / "extra.css").write_text("h1 { color: green }")
    (tmp_path / "partials" / "ways.html").write_text("<footer><p>My own foot & more</p></footer>")
    files = Templates(tmp_path).site(editions.full_day())
    assert b"My own foot & more" in files["ledger.html"]
    assert b"h1{color:green}</style>" in files["index.html"]
    assert policy(Templates(tmp_path).style()).encode() in files["index.html"]


def test_other_files_and_hidden_ones_are_no_templates(tmp_path: Path) -> None:
    plain = Templates().hash
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / ".page.html").write_text("half saved")
    (tmp_path / "page.html~").write_text("kept by an editor")
    assert Templates(tmp_path).hash == plain


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("page.html", "{% block body %}\n\n{% endblok %}", ("page.html, line 3", "endblok")),
        (
            "page.html",
            '{% extends "base.html" %}{% block body %}\n{{ nothing }}{% endblock %}',
            ("page.html, line 2", "nothing"),
        ),
        ("partials/ways.html", "\n{{ root.colour }}", ("partials/ways.html, line 2", "colour")),
        ("styles/extra.css", "</style><script>", ("styles", "<")),
    ],
)
def test_broken_template_is_named_with_its_line(
    tmp_path: Path, name: str, source: str, said: tuple[str, ...]
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    with pytest.raises(SettingsError) as caught:
        Templates(tmp_path).site(editions.full_day())
    for part in said:
        assert part in str(caught.value)
    assert caught.value.repair


def test_missing_folder_and_wrong_coding_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not there"):
        Templates(tmp_path / "nowhere")
    (tmp_path / "page.html").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        Templates(tmp_path)


def test_markup_in_the_edition_is_escaped_in_every_template(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ edition.heading }}{{ end_mark }}")
    page = Templates(tmp_path).site(editions.hostile())["index.html"].decode()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_template_prints_no_code_of_the_editions() -> None:
    edition = editions.full_day(heading="{{ 7 * 7 }}{% include 'base.html' %}")
    assert "{{ 7 * 7 }}{% include &#39;base.html&#39; %}" in Templates().site(edition)["index.html"].decode()


def test_packaged_templates_are_found_in_the_checkout() -> None:
    assert (packaged_folder() / "page.html").is_file()
    assert packaged_folder().name == "templates"


def test_compact_keeps_meaning() -> None:
    css = '/* a: b; */\na :hover,  b > c { color : red ;\n content: "a: {  b }" ; }\n@media (min-width: 3rem) { p { margin: 0 calc(1px + 2px); } }'
    assert (
        compact(css)
        == 'a :hover,b > c{color :red;content:"a: {  b }"}@media (min-width:3rem){p{margin:0 calc(1px + 2px)}}'
    )


def test_a_disk_without_room_for_compiled_templates_stops_no_page(tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_text(
        f"{{# {tmp_path} #}}{{{{ said }}}}", encoding="utf-8"
    )  # seen never before
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from newsfeed.render import Templates\n"
        "templates = Templates(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "sys.stdout.write(templates.fill('odd.txt', said=sys.argv[1]))\n"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=env, check=False
    )
    assert done.stdout == str(tmp_path), done.stderr
