"""Settings: what is acceptable, and what an error says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest

from newsfeed import config
from newsfeed.errors import SettingsError
from newsfeed.model import Settings, TopicSetting
from newsfeed.model.settings import DEFAULT_TOPICS

HOME = Path("home")


def parse(text: str = "", **environment: str) -> Settings:
    return config.parse(text, environment, home=HOME)


def error(text: str = "", **environment: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse(text, **environment)
    return caught.value


def test_defaults_name_the_topics_in_order_with_the_finer_ones_under_technology() -> None:
    settings = parse()
    assert list(settings.topics)[:8] == [
        "technology",
        "marketing",
        "finance",
        "sales",
        "leadership",
        "science",
        "policy",
        "world",
    ]
    assert {n for n, t in settings.topics.items() if t.parent == "technology"} == {"ai", "security", "design"}
    assert settings.edition.minutes == 5
    assert settings.edition.max_items is None


EVERY_SHARE = "".join(
    f"[topics.{name}]\nshare = 0.1\n"
    for name, setting in DEFAULT_TOPICS.items()
    if not setting.parent and name not in {"technology", "world"}
)


@pytest.mark.parametrize(
    ("text", "has_world"),
    [
        ("", True),
        ("[topics.logistics]\nwords = ['freight']\n", True),
        ("[topics.finance]\nshare = 0.3\n[topics.sales]\nshare = 0\n", True),
        (EVERY_SHARE, False),
        (EVERY_SHARE + "[topics.world]\nshare = 0.05\n", True),
        ("[edition]\ncore = 'policy'\n" + EVERY_SHARE, True),  # technology has no share of its own there
        ("[topics.abroad]\nlabel = 'World'\nwords = ['embassy']\n", False),
    ],
)
def test_general_news_has_a_place_where_the_readers_shares_leave_one(text: str, has_world: bool) -> None:
    topics = parse(text).topics
    assert ("world" in topics) == has_world
    if has_world and "world" not in text:
        assert topics["world"] == TopicSetting(label="World")


def test_a_reader_adds_renames_and_drops_topics() -> None:
    settings = parse(
        '[topics.logistics]\nwords = ["freight"]\n[topics.sales]\nlabel = "Selling"\n[topics.design]\nshare = 0'
    )
    assert settings.topics["logistics"].label == "Logistics"
    assert settings.topics["logistics"].words == ("freight",)
    assert settings.topics["sales"].label == "Selling"
    assert settings.topics["design"].share == 0


def test_the_environment_goes_before_the_file() -> None:
    settings = parse(
        "[edition]\nminutes = 9", NEWSFEED_EDITION__MINUTES="6", NEWSFEED_EDITION__LONG_READ="false"
    )
    assert settings.edition.minutes == 6
    assert settings.edition.long_read is False


@pytest.mark.parametrize(
    "text", ["127.0.0.1:8808,127.0.0.0/25:8808", '["127.0.0.1:8808", "127.0.0.0/25:8808"]']
)
def test_lists_in_the_environment_are_commas_or_json(text: str) -> None:
    assert parse(NEWSFEED_FETCH__ALLOW_PRIVATE=text).fetch.allow_private == (
        "127.0.0.1:8808",
        "127.0.0.0/25:8808",
    )


def test_an_unknown_key_names_line_key_neighbour_and_what_is_allowed() -> None:
    found = error('timezone = "UTC"\n\n[edition]\nminuts = 6')
    assert found.subject == "newsfeed.toml, line 4, edition.minuts"
    assert "did you mean 'minutes'" in found.cause
    assert "max_items" in found.repair


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ('[edition]\nminutes = "lots"', "Write it as minutes = 5."),
        ('languages = "en"', 'Write it as languages = ["en"].'),
        ('[fetch]\nallow_private = "x"', 'Write it as allow_private = ["…"].'),
        ("edition = 3", "Write it as a table: [edition], its keys below."),
        ('[mail]\nempty_days = "perhaps"', "Write it as empty_days = false."),
    ],
)
def test_a_value_of_the_wrong_kind_shows_one_of_the_right_kind(text: str, repair: str) -> None:
    assert error(text).repair == repair


def test_an_unknown_variable_is_named() -> None:
    assert error(NEWSFEED_EDITION__MINUTS="6").subject == "NEWSFEED_EDITION__MINUTS"


@pytest.mark.parametrize(
    ("text", "subject", "cause"),
    [
        ("x =", "newsfeed.toml", "no valid TOML"),
        ("edition = 3", "newsfeed.toml, line 1, edition", "expected a table, got a number"),
        ('[edition]\nminutes = "x"', "newsfeed.toml, line 2, edition.minutes", "expected a number, got text"),
        ("[edition]\nminutes = 0", "newsfeed.toml, line 2, edition.minutes", "out of range"),
        ('[edition]\nbreadth = "wide"', "newsfeed.toml, line 2, edition.breadth", "no choice"),
        ('[edition]\ncore = "gardening"', "newsfeed.toml, line 2, edition.core", "no topic"),
        ('languages = ["en", "german"]', "newsfeed.toml, line 1, languages", "'german' is no language"),
        ('languages = ["xx"]', "newsfeed.toml, line 1, languages", "no language"),
        ("[topics.finnance]\nshare = 0.1", "newsfeed.toml, line 1, topics.finnance", "no known topic"),
        (
            '[fetch]\nallow_private = ["127.0.0.1:99999"]',
            "newsfeed.toml, line 2, fetch.allow_private",
            "host:port",
        ),
        ('timezone = "Mars/Olympus"', "newsfeed.toml, line 1, timezone", "no time zone"),
        ('[topics.log]\nwords = "x"', "newsfeed.toml, line 2, topics.log.words", "expected a list, got text"),
        ("[topics.sales]\nshare = 2", "newsfeed.toml, line 2, topics.sales.share", "out of range"),
        (
            "[topics.sales]\nshare = 0.7\n[topics.policy]\nshare = 0.7",
            "newsfeed.toml, line 1, topics",
            "add up",
        ),
        ('[topics.ai]\nparent = "x"', "newsfeed.toml, line 2, topics.ai.parent", "no topic to stand under"),
        ('[topics."Top Stories"]\nlabel = "x"', "newsfeed.toml, line 1, topics.Top Stories", "no name"),
        ('[fetch]\nallow_private = ["x"]', "newsfeed.toml, line 2, fetch.allow_private", "no host:port"),
    ],
)
def test_bad_settings_name_their_line_and_a_repair(text: str, subject: str, cause: str) -> None:
    found = error(text)
    assert found.subject == subject
    assert cause in found.cause
    assert found.repair or "expected" in found.cause


SINGLE = [
    (table.name, field.name, field.type)
    for table in msgspec.structs.fields(Settings)
    if isinstance(table.type, type) and issubclass(table.type, msgspec.Struct)
    for field in msgspec.structs.fields(table.type)
]
BOUNDED = [
    (f"{table}.{name}", bounds)
    for table, name, kind in SINGLE
    for one in (kind, *get_args(kind))
    for bounds in getattr(one, "__metadata__", ())
]
CHOSEN = [(f"{table}.{name}", get_args(kind)) for table, name, kind in SINGLE if get_origin(kind) is Literal]


@pytest.mark.parametrize(("key", "bounds"), BOUNDED, ids=[key for key, _ in BOUNDED])
def test_a_number_keeps_within_the_bounds_of_its_type(key: str, bounds: msgspec.Meta) -> None:
    assert bounds.ge is not None
    assert bounds.le is not None
    for wrong in (bounds.ge - 1, bounds.le + 1):
        found = error(f"{key} = {wrong}")
        assert found.subject == f"newsfeed.toml, line 1, {key}"
        assert found.cause == f"{wrong:g} is out of range"
        assert found.repair == f"Allowed: {bounds.ge:g} to {bounds.le:g}."
        table, _, name = key.partition(".")
        variable = f"NEWSFEED_{table}__{name}".upper()
        assert error(**{variable: f"{wrong}"}).subject == variable
    for right in (bounds.ge, bounds.le):
        parse(f"{key} = {right}")


@pytest.mark.parametrize(("key", "choices"), CHOSEN, ids=[key for key, _ in CHOSEN])
def test_a_choice_names_what_there_is(key: str, choices: tuple[str, ...]) -> None:
    found = error(f"{key} = 'perhaps'")
    assert found.cause == "'perhaps' is no choice"
    assert found.repair == f"Allowed: {', '.join(choices)}."
    for choice in choices:
        text = f"{key} = '{choice}'\n" + ("mail.host = 'localhost'" if choice == "none" else "")
        assert choice in str(parse(text))


def test_there_are_bounds_and_choices() -> None:
    assert len(BOUNDED) >= 15
    assert len(CHOSEN) >= 6


def test_the_template_of_a_new_home_says_the_defaults() -> None:
    text = config.template("Europe/Berlin")
    said, _, _ = text.replace("\n# ", "\n").partition("Ours: technology")
    lines = [line for line in said.splitlines() if re.match(r"(\w+ = |\[)", line)]
    found = parse("\n".join(line for line in lines if not line.startswith(("max_items",))))
    assert found == msgspec.structs.replace(parse(), timezone="Europe/Berlin")
    assert parse(text).timezone == "Europe/Berlin"


def test_home_is_given_named_here_or_the_platforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NEWSFEED_HOME", raising=False)
    assert config.home_folder() != tmp_path
    (tmp_path / "feeds.opml").write_text("<opml/>")
    assert config.home_folder() == tmp_path
    monkeypatch.setenv("NEWSFEED_HOME", str(tmp_path / "named"))
    assert config.home_folder() == tmp_path / "named"
    assert config.home_folder(Path("given")) == tmp_path / "given"


def test_a_secret_file_that_others_can_read_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "token").chmod(0o644)
    settings = config.parse('[secrets."mastodon.social"]\nfile = "token"', {}, home=tmp_path)
    with pytest.raises(SettingsError) as caught:
        config.secrets(settings)
    assert "chmod 600" in caught.value.repair
    assert "s3cret" not in str(caught.value)
    (tmp_path / "token").chmod(0o600)
    assert config.secrets(settings) == {"mastodon.social": "s3cret"}


def test_a_secret_variable_must_be_named_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFEED_SECRET_X", "v")
    assert config.secrets(parse('[secrets."x.example"]\nenv = "NEWSFEED_SECRET_X"')) == {"x.example": "v"}
    with pytest.raises(SettingsError, match="NEWSFEED_SECRET_"):
        config.secrets(parse('[secrets."x.example"]\nenv = "AWS_SECRET_ACCESS_KEY"'))


def test_the_clock_can_be_set_for_looking_at_other_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSFEED_CLOCK", "2026-03-18T06:30:00+01:00")
    moment = config.frozen_clock()
    assert moment is not None
    assert moment.isoformat() == "2026-03-18T05:30:00+00:00"
    monkeypatch.setenv("NEWSFEED_CLOCK", "2026-03-18T06:30:00")
    with pytest.raises(SettingsError):
        config.frozen_clock()


def test_the_machines_zone_is_found() -> None:
    assert config.detect_timezone()
    assert "NEWSFEED_CLOCK" not in os.environ


def test_the_starters_old_number_of_stories_counts_as_not_set(tmp_path: Path) -> None:
    assert parse("[edition]\nmax_items = 16").edition.max_items is None
    assert parse("[edition]\nmax_items = 12").edition.max_items == 12
    (tmp_path / "newsfeed.toml").write_text("[edition]\nmax_items = 16\n")
    assert config.has_starters_limit(tmp_path)
    (tmp_path / "newsfeed.toml").write_text("[edition]\nminutes = 16\n")
    assert not config.has_starters_limit(tmp_path)
