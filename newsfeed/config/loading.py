"""newsfeed.toml and the environment -> Settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from newsfeed.config.checking import check, explain, is_struct
from newsfeed.config.toml_file import FILE
from newsfeed.errors import SettingsError
from newsfeed.model import (
    DEFAULT_TOPICS,
    WORLD,
    EditionSetting,
    PersonSetting,
    SecretSetting,
    Settings,
    TopicSetting,
)

PREFIX = "NEWSFEED_"
# Variables of ours that are no settings.
OTHER_VARIABLES = ("NEWSFEED_HOME", "NEWSFEED_SECRET_", "NEWSFEED_CLOCK", "NEWSFEED_TEAM_")
STARTERS_LIMIT = 16  # max_items in the starter settings of earlier versions
S = TypeVar("S")


def load(home: Path) -> Settings:
    """Read the settings of `home`.

    Raises:
        SettingsError: naming file, line, key, what is wrong and what is allowed.
    """
    path = home / FILE
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(path), f"can't be read ({error})", "Fix or remove the file.") from error
    return parse(text, os.environ, home=home)


def parse(text: str, environment: Mapping[str, str], *, home: Path) -> Settings:
    """Settings from the text of a newsfeed.toml and an environment; see `load`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            FILE, f"is no valid TOML: {error}", "Fix that line; strings need quotes, tables need [brackets]."
        ) from error
    if _starters_limit(data):
        del data["edition"]["max_items"]
    from_environment = _overlay(data, environment)
    _merge_topics(data)
    data["home"] = str(home)
    # Named tables are read one by one first: msgspec's paths don't name the key of a mapping.
    for table, kind in (("topics", TopicSetting), ("secrets", SecretSetting), ("people", PersonSetting)):
        named = data.get(table)
        for name, value in named.items() if isinstance(named, dict) else ():
            _convert(value, kind, text, from_environment, [table, name])
    settings = _convert(data, Settings, text, from_environment, [])
    check(settings, text)
    return settings


def _starters_limit(data: Mapping[str, Any]) -> bool:
    """Whether a file holds the number of stories that the starter settings once wrote: it counts as not set."""
    edition = data.get("edition")
    return isinstance(edition, dict) and edition.get("max_items") == STARTERS_LIMIT


def has_starters_limit(home: Path) -> bool:
    """Whether the newsfeed.toml of a home still holds that number."""
    try:
        return _starters_limit(tomllib.loads((home / FILE).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def _convert(data: Any, kind: type[S], text: str, from_environment: Mapping[str, str], under: list[str]) -> S:
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise explain(error, data, text, from_environment, under) from error


def _merge_topics(data: dict[str, Any]) -> None:
    """Put the reader's topics over the defaults, key by key, keeping the defaults' order."""
    given = data.get("topics", {})
    if not isinstance(given, dict):
        return  # msgspec says what is wrong with it
    topics: dict[str, Any] = {name: msgspec.to_builtins(topic) for name, topic in DEFAULT_TOPICS.items()}
    if _has_no_place_for_world(data, given):
        del topics[WORLD]
    for name, topic in given.items():
        if isinstance(topic, dict):
            topics[name] = {**topics.get(name, {"label": name.capitalize()}), **topic}
        else:
            topics[name] = topic
    data["topics"] = topics


def _has_no_place_for_world(data: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether the reader's topics leave the general one out: each other has its share, or one of theirs is called so.

    Shares that somebody has weighed against each other stay as they are written; `[topics.world]` brings it in.
    """
    own = {name: topic for name, topic in given.items() if isinstance(topic, dict)}
    if WORLD in given:
        return False
    edition = data.get("edition")
    core = (edition.get("core") if isinstance(edition, dict) else None) or EditionSetting().core
    wide = [n for n, t in DEFAULT_TOPICS.items() if not t.parent and n not in {WORLD, core}]
    named = {str(topic.get("label", "")).casefold() for topic in own.values()}
    return all("share" in own.get(name, {}) for name in wide) or WORLD in named


def _overlay(data: dict[str, Any], environment: Mapping[str, str]) -> dict[str, str]:
    """Write NEWSFEED_* variables over `data`; returns the path of each with its variable's name."""
    paths: dict[str, str] = {}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.startswith(OTHER_VARIABLES):
            continue
        keys = name[len(PREFIX) :].lower().split("__")
        target = data
        for key in keys[:-1]:
            inner = target.setdefault(key, {})
            if not isinstance(inner, dict):
                raise SettingsError(name, "names a key inside a value", f"Unset {name}.")
            target = inner
        target[keys[-1]] = _value(keys, environment[name])
        paths[".".join(keys)] = name
    return paths


def _value(keys: list[str], text: str) -> Any:
    """A variable's text as TOML would hold it: JSON where it looks so, a list where one is due, else the text."""
    if text[:1] in "[{":
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    kind: Any = Settings
    for key in keys:
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if is_struct(kind) else {}
        kind = fields.get(key)
    if str(kind).startswith("tuple["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
