"""Settings: the file and the environment merged and checked; each mistake is reported with its line and a repair."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from newsfeed.config.toml_file import FILE, line_of
from newsfeed.errors import SettingsError
from newsfeed.model import (
    COMPOSERS,
    DEFAULT_TOPICS,
    WORLD,
    EditionSetting,
    PersonSetting,
    SecretSetting,
    Settings,
    TopicSetting,
)
from newsfeed.text.spoken import say

PREFIX = "NEWSFEED_"
# Our variables that are not settings.
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
        raise SettingsError(
            str(path), say("can't be read ({error})", error=error), "Fix or remove the file."
        ) from error
    return parse(text, os.environ, home=home)


def parse(text: str, environment: Mapping[str, str], *, home: Path) -> Settings:
    """Settings from the text of a newsfeed.toml and an environment; see `load`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            FILE,
            say("is no valid TOML: {error}", error=error),
            "Fix that line; strings need quotes, tables need [brackets].",
        ) from error
    if _starters_limit(data):
        del data["edition"]["max_items"]
    from_environment = _overlay(data, environment)
    _merge_topics(data)
    data["home"] = str(home)
    # Named tables are checked one by one first, because msgspec's paths don't name the key of a mapping.
    for table, kind in (("topics", TopicSetting), ("secrets", SecretSetting), ("people", PersonSetting)):
        named = data.get(table)
        for name, value in named.items() if isinstance(named, dict) else ():
            _convert(value, kind, text, from_environment, [table, name])
    settings = _convert(data, Settings, text, from_environment, [])
    check(settings, text)
    return settings


def _starters_limit(data: Mapping[str, Any]) -> bool:
    """Whether `max_items` is the value that older starter settings wrote, which counts as not set."""
    edition = data.get("edition")
    return isinstance(edition, dict) and edition.get("max_items") == STARTERS_LIMIT


def has_starters_limit(home: Path) -> bool:
    """Whether the newsfeed.toml of a home still holds that value."""
    return _starters_limit(_of_file(home))


def names_languages(home: Path) -> bool:
    """Whether the reader has said which languages the page is to have."""
    return "languages" in _of_file(home) or f"{PREFIX}LANGUAGES" in os.environ


def _of_file(home: Path) -> dict[str, Any]:
    """What the newsfeed.toml of a home says, if it can be read."""
    try:
        return tomllib.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _convert(data: Any, kind: type[S], text: str, from_environment: Mapping[str, str], under: list[str]) -> S:
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise explain(error, data, text, from_environment, under) from error


def _merge_topics(data: dict[str, Any]) -> None:
    """Merge the reader's topics into the defaults, key by key, in the order of the defaults."""
    given = data.get("topics", {})
    if not isinstance(given, dict):
        return  # msgspec will report what is wrong with it
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
    """Whether the general topic "world" is left out: the reader gave every other topic a share, or named one of their own so.

    Shares that a reader has balanced stay as written; a table `[topics.world]` adds it.
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
    """Overwrite `data` with the NEWSFEED_* variables; returns the path of each with its variable's name."""
    paths: dict[str, str] = {}
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name.startswith(OTHER_VARIABLES):
            continue
        keys = name[len(PREFIX) :].lower().split("__")
        target = data
        for key in keys[:-1]:
            inner = target.setdefault(key, {})
            if not isinstance(inner, dict):
                raise SettingsError(name, "names a key inside a value", say("Unset {name}.", name=name))
            target = inner
        target[keys[-1]] = _value(keys, environment[name])
        paths[".".join(keys)] = name
    return paths


def _value(keys: list[str], text: str) -> Any:
    """A variable's text as TOML would hold it: JSON if it looks like JSON, a list where a list is expected, else the text."""
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


# What msgspec calls a type -> what we call it.
_TYPES = {
    "float": "a number",
    "int": "a number",
    "str": "text",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
    "null": "nothing",
}


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def explain(
    error: msgspec.ValidationError,
    data: Any,
    text: str,
    from_environment: Mapping[str, str],
    under: list[str],
) -> SettingsError:
    """An error of msgspec about `data` (found `under` some keys) as ours: with the key's name, its line and what is allowed."""
    message = str(error)
    where = re.search(r" - at `(?:key in )?\$\.?(.*?)`$", message)
    path = where.group(1) if where else ""
    cause = message[: where.start()] if where else message
    unknown = re.search(r"unknown field `(.*?)`", cause)
    keys = under + [key for key in re.split(r"\.|\[\.{3}\]|\[\d+\]", path) if key]
    repair = ""
    if unknown:
        allowed = _keys(keys)
        near = get_close_matches(unknown.group(1), allowed, 1)
        cause = f"unknown key {unknown.group(1)!r}" + (f", did you mean {near[0]!r}?" if near else "")
        repair = f"Allowed here: {', '.join(allowed)}."
        keys.append(unknown.group(1))
    elif cause.startswith("Invalid enum value"):
        kind = annotation(keys)
        allowed = [str(one) for one in get_args(next(iter(get_args(kind)), kind)) or get_args(kind)]
        cause = say("{value} is no choice", value=cause.removeprefix("Invalid enum value "))
        repair = f"Allowed: {', '.join(allowed)}."
    elif re.match(r"Expected `\w+` [<>]=", cause):
        low_to_high = next(iter(annotation(keys).__metadata__))
        value: Any = data
        for key in keys[len(under) :]:
            value = value[key]
        cause = say("{value} is out of range", value=f"{float(value):g}")
        repair = say("Allowed: {low} to {high}.", low=f"{low_to_high.ge:g}", high=f"{low_to_high.le:g}")
    else:
        cause = re.sub(r"`(.*?)`", lambda m: _TYPES.get(m[1], m[1]), cause)
        repair = _example(keys)
    name = ".".join(keys)
    if variable := from_environment.get(name):
        return SettingsError(variable, cause[:1].lower() + cause[1:], repair)
    line = line_of(text, keys)
    subject = f"{FILE}, line {line}, {name}" if line else f"{FILE}, {name}"
    return SettingsError(subject, cause[:1].lower() + cause[1:], repair)


def _example(keys: list[str]) -> str:
    """The default as it would be written in the file; "" for a table, or if there is no default."""
    value: Any = Settings()
    for key in keys:
        value = getattr(value, key, None)
    if isinstance(value, Mapping | msgspec.Struct):
        return f"Write it as a table: [{'.'.join(keys)}], its keys below."
    if value == ():
        return f'Write it as {keys[-1]} = ["…"].'
    if value is None or value == "":
        return ""
    written = (
        f"{value:g}"
        if isinstance(value, float)
        else msgspec.json.encode(value).decode().replace('","', '", "')
    )
    return f"Write it as {keys[-1]} = {written}."


def annotation(keys: list[str]) -> Any:
    """The type of the setting at `keys`, with its bounds; for a table of named entries, the type of an entry."""
    kind: Any = Settings
    for key in keys:
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if is_struct(kind) else {}
        inner = fields.get(key, kind)
        kind = next((a for a in get_args(inner) if is_struct(a)), inner)
    return (
        next((a for a in get_args(kind) if a is not NoneType), kind) if NoneType in get_args(kind) else kind
    )


def _keys(keys: list[str]) -> list[str]:
    kind = annotation(keys)
    return [f.name for f in msgspec.structs.fields(kind) if f.name != "home"] if is_struct(kind) else []


ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,190}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# ISO 639-1
LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo
    es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg
    ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn
    no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta
    te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()  # noqa: SIM905
)
_SECTIONS = {"other", "top", "people", "listen", "since", "long"}  # names of parts of the page, no topics
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def check(settings: Settings, text: str) -> None:
    """Check what types can't express: names of topics, zones and languages, and settings that depend on each other."""

    def fail(keys: list[str], cause: str, repair: str) -> SettingsError:
        line = line_of(text, keys)
        return SettingsError(f"{FILE}{f', line {line}' if line else ''}, {'.'.join(keys)}", cause, repair)

    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise fail(
            ["timezone"],
            say("{timezone} is no time zone", timezone=repr(settings.timezone)),
            'Write one such as "Europe/Berlin" or "America/New_York".',
        ) from error
    if settings.edition.core not in settings.topics:
        raise fail(
            ["edition", "core"],
            say("{core} is no topic", core=repr(settings.edition.core)),
            say("Topics: {names}.", names=", ".join(settings.topics)),
        )
    for code in settings.languages:
        if (
            not re.fullmatch(r"[a-z]{2}([-_][a-z0-9]+)*", code.casefold())
            or code.casefold()[:2] not in LANGUAGES
        ):
            raise fail(
                ["languages"],
                say("{code} is no language", code=repr(code)),
                'Write codes of two letters, such as "en" or "de".',
            )
    known: list[str] = []
    for name, topic in settings.topics.items():
        # The default topics come first, so that for a misspelt name the intended one is suggested.
        near = [] if topic.words or topic.examples else get_close_matches(name, known, 1, 0.8)
        if near:
            raise fail(
                ["topics", name],
                "has no words and is no known topic",
                say("Did you mean {what}? Else give it words.", what=repr(near[0])),
            )
        known.append(name)
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name) or name in _SECTIONS:
            raise fail(
                ["topics", name],
                "is no name for a topic",
                "Use lower-case letters, digits, - and _; the label may be anything.",
            )
        if topic.parent and (topic.parent not in settings.topics or settings.topics[topic.parent].parent):
            raise fail(
                ["topics", name, "parent"],
                say("{parent} is no topic to stand under", parent=repr(topic.parent)),
                say("Topics: {names}.", names=", ".join(settings.topics)),
            )
    total = sum(t.share for n, t in settings.topics.items() if t.share and n != settings.edition.core)
    if total > 1:
        raise fail(
            ["topics"],
            say("the shares add up to {total}", total=f"{total:g}"),
            "Together they may be 1 at the most.",
        )
    _check_handing_out(settings, fail)
    _check_sharing(settings, fail)
    for number, place in enumerate(settings.fetch.allow_private, 1):
        port = place.rpartition(":")[2]
        if not re.fullmatch(r"\[?[\w.:*-]+\]?(/\d{1,3})?:\d{1,5}", place) or not 0 < int(port) < 65_536:
            raise fail(
                ["fetch", "allow_private"],
                say("its entry {number} is no host:port", number=number),
                'Write "127.0.0.1:8808" or "192.168.1.0/24:8080".',
            )


def _check_handing_out(settings: Settings, fail: Callable[[list[str], str, str], SettingsError]) -> None:
    """Check the tables schedule, mail and publish."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", settings.schedule.hour):
        raise fail(
            ["schedule", "hour"],
            say("{hour} is no time of day", hour=repr(settings.schedule.hour)),
            'Write it as "06:30".',
        )
    mail = settings.mail
    for key in ("to", "sender"):
        value = getattr(mail, key)
        if value and not ADDRESS.fullmatch(value):
            raise fail(["mail", key], "is no mail address", 'Write one address, such as "me@example.org".')
    if not mail.sender_name.isprintable() or len(mail.sender_name) > 78:
        raise fail(["mail", "sender_name"], "is no name", "Write one line of at most 78 characters.")
    if mail.to and mail.by == "smtp" and not mail.host:
        raise fail(["mail", "host"], "is missing", "Run `newsfeed mail setup`, or name your mail server.")
    if mail.to and mail.by in {"maildir", "eml"} and not mail.path:
        raise fail(["mail", "path"], "is missing", "Name the folder that the mail is to be put into.")
    if mail.by == "smtp" and mail.security == "none" and mail.host not in {"", *THIS_MACHINE}:
        raise fail(
            ["mail", "security"],
            "'none' is for a server on this machine only",
            "Use starttls or tls: else anyone on the way reads mail and password.",
        )
    site = settings.publish.site_url
    if site and not re.fullmatch(r"https?://[^\s\x00-\x20\\?#]+", site):
        raise fail(
            ["publish", "site_url"], "is no web address", 'Write one such as "https://you.example/news/".'
        )
    if settings.publish.folder:
        folder = publish_folder(settings)
        own = Path(settings.home).resolve()
        ours = (own / "site", own / ".newsfeed")
        if folder is not None and (
            folder == own or folder in own.parents or any(folder.is_relative_to(place) for place in ours)
        ):
            raise fail(
                ["publish", "folder"],
                "lies around the home itself, or in what newsfeed keeps there",
                "Name another folder for the mirror.",
            )


_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")


def _spelled(composer: str) -> str:
    """A network as it is named in [share] networks."""
    return f"{composer}=your.server" if "{host}" in COMPOSERS[composer][1] else composer


def _check_sharing(settings: Settings, fail: Callable[[list[str], str, str], SettingsError]) -> None:
    """Check the tables share, people and notify."""
    for given in settings.share.networks:
        name, has_host, host = given.partition("=")
        wants_host = name in COMPOSERS and "{host}" in COMPOSERS[name][1]
        if (
            name not in COMPOSERS
            or bool(has_host) != wants_host
            or (wants_host and not _HOST.fullmatch(host))
        ):
            raise fail(
                ["share", "networks"],
                say("{given} is no network", given=repr(given)),
                say("Allowed: {names}.", names=", ".join(_spelled(name) for name in COMPOSERS)),
            )
    for name, person in settings.people.items():
        if person.mail and not ADDRESS.fullmatch(person.mail):
            raise fail(
                ["people", name, "mail"], "is no mail address", 'Write one, such as "cfo@example.org".'
            )
        if unknown := [t for t in person.topics if t not in settings.topics]:
            raise fail(
                ["people", name, "topics"],
                say("{what} is no topic", what=repr(unknown[0])),
                say("Topics: {names}.", names=", ".join(settings.topics)),
            )
    if settings.notify.url and not re.fullmatch(r"https?://[^\s\x00-\x20\\#]+", settings.notify.url):
        raise fail(["notify", "url"], "is no web address", "Write the address that takes your notice.")


def publish_folder(settings: Settings) -> Path | None:
    """The folder to mirror the pages to, or None; a relative path starts from the home."""
    if not settings.publish.folder:
        return None
    return (Path(settings.home) / Path(settings.publish.folder).expanduser()).resolve()
