"""newsfeed.toml and the environment -> Settings. The only reader of the environment.

A setting is looked for in this order: environment (`NEWSFEED_EDITION__MINUTES=6`), `newsfeed.toml` in the home,
default. tomllib and msgspec do the reading: together they load in a tenth of the time of a settings framework,
and their errors carry the path of the bad key, from which its line is found.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from newsfeed.errors import SettingsError
from newsfeed.model import SecretSetting, Settings, TopicSetting

FILE = "newsfeed.toml"
S = TypeVar("S")
PREFIX = "NEWSFEED_"
# Variables of ours that are no settings.
MAIL_VARIABLE = "NEWSFEED_SECRET_MAIL"  # the mail password, where [mail.password] names no other place
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,190}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
OTHER_VARIABLES = ("NEWSFEED_HOME", "NEWSFEED_SECRET_", "NEWSFEED_CLOCK")

DEFAULT_TOPICS: Mapping[str, TopicSetting] = {
    "technology": TopicSetting(label="Technology"),
    "marketing": TopicSetting(label="Marketing"),
    "finance": TopicSetting(label="Finance"),
    "sales": TopicSetting(label="Sales"),
    "leadership": TopicSetting(label="Leadership"),
    "science": TopicSetting(label="Science"),
    "policy": TopicSetting(label="Policy"),
    "ai": TopicSetting(label="AI", parent="technology"),
    "security": TopicSetting(label="Security", parent="technology"),
    "design": TopicSetting(label="Design", parent="technology"),
}

TEMPLATE = """\
# What you decide about your morning page. Every line may be left out: its default then holds.
# After a change: newsfeed digest --rebuild

timezone = "{timezone}"        # days are cut and times are printed here
languages = ["en"]             # items in other languages go to the ledger
muted = []                     # words you do not wish to read about, e.g. ["royal wedding"]

[edition]
minutes = 5                    # a hard limit for the whole page
max_items = 16
core = "technology"            # the subject you live from
core_share = 0.4               # its part of the minutes; the other topics share the rest

# A topic of your own, or another weight for one of ours (share 0 drops it):
# [topics.logistics]
# label = "Logistics"
# words = ["freight", "container ship", "last mile", "warehouse"]
# examples = ["Port congestion eases as carriers add ships"]
# share = 0.1

[fetch]
manual_floor = 60              # seconds between two manual refreshes of one feed
# allow_private = ["127.0.0.1:8808"]   # feeds on your own network, host:port each

# For `newsfeed run`, which makes the page every morning by itself (newsfeed schedule on):
# [schedule]
# hour = "06:30"
# days = ["monday", "tuesday", "wednesday", "thursday", "friday"]

# The page as a mail: newsfeed mail setup writes this table.
# [mail]
# to = "me@example.org"

# The pages mirrored into a synced folder or a web root; whoever reads that folder reads them.
# [publish]
# folder = "~/Sync/newsfeed"
# site_url = "https://you.example/news/"
"""


def home_folder(given: Path | None = None) -> Path:
    """The folder that everything lies in: as given, else NEWSFEED_HOME, else here if here is a list, else the platform's."""
    if given is not None:
        return given.expanduser().absolute()
    if named := os.environ.get("NEWSFEED_HOME"):
        return Path(named).expanduser().absolute()
    here = Path.cwd()
    if (here / "feeds.opml").is_file():
        return here
    import platformdirs

    return Path(platformdirs.user_data_dir("newsfeed", appauthor=False))


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
        raise SettingsError(str(path), f"can't be read ({error})", "Mend or remove the file.") from error
    return parse(text, os.environ, home=home)


def parse(text: str, environment: Mapping[str, str], *, home: Path) -> Settings:
    """Settings from the text of a newsfeed.toml and an environment; see `load`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            FILE, f"is no valid TOML: {error}", "Mend that line; strings need quotes, tables need [brackets]."
        ) from error
    from_environment = _overlay(data, environment)
    _merge_topics(data)
    data["home"] = str(home)
    # Named tables are read one by one first: msgspec's paths don't name the key of a mapping.
    for table, kind in (("topics", TopicSetting), ("secrets", SecretSetting)):
        named = data.get(table)
        for name, value in named.items() if isinstance(named, dict) else ():
            _convert(value, kind, text, from_environment, [table, name])
    settings = _convert(data, Settings, text, from_environment, [])
    _check(settings, text)
    return settings


def _convert(data: Any, kind: type[S], text: str, from_environment: Mapping[str, str], under: list[str]) -> S:
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explain(error, text, from_environment, under) from error


def _merge_topics(data: dict[str, Any]) -> None:
    """Put the reader's topics over the defaults, key by key, keeping the defaults' order."""
    given = data.get("topics", {})
    if not isinstance(given, dict):
        return  # msgspec says what is wrong with it
    topics: dict[str, Any] = {name: msgspec.to_builtins(topic) for name, topic in DEFAULT_TOPICS.items()}
    for name, topic in given.items():
        if isinstance(topic, dict):
            topics[name] = {**topics.get(name, {"label": name.capitalize()}), **topic}
        else:
            topics[name] = topic
    data["topics"] = topics


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
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if _is_struct(kind) else {}
        kind = fields.get(key)
    if str(kind).startswith("tuple["):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


# msgspec's words for types, in ours.
PLAIN = {
    "float": "a number",
    "int": "a number",
    "str": "text",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
    "null": "nothing",
}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _explain(
    error: msgspec.ValidationError, text: str, from_environment: Mapping[str, str], under: list[str]
) -> SettingsError:
    """msgspec's error with the key's own name, its line and what is allowed there."""
    message = str(error)
    where = re.search(r" - at `(?:key in )?\$\.?(.*?)`$", message)
    path = where.group(1) if where else ""
    cause = message[: where.start()] if where else message
    unknown = re.search(r"unknown field `(.*?)`", cause)
    keys = under + [key for key in re.split(r"\.|\[\.{3}\]|\[\d+\]", path) if key]
    repair = ""
    if unknown:
        allowed = _allowed(keys)
        near = difflib.get_close_matches(unknown.group(1), allowed, 1)
        cause = f"unknown key {unknown.group(1)!r}" + (f", did you mean {near[0]!r}?" if near else "")
        repair = f"Allowed here: {', '.join(allowed)}."
        keys.append(unknown.group(1))
    else:
        cause = re.sub(r"`(.*?)`", lambda m: PLAIN.get(m[1], m[1]), cause)
    name = ".".join(keys)
    if variable := from_environment.get(name):
        return SettingsError(variable, cause[:1].lower() + cause[1:], repair)
    line = _line_of(text, keys)
    subject = f"{FILE}, line {line}, {name}" if line else f"{FILE}, {name}"
    return SettingsError(subject, cause[:1].lower() + cause[1:], repair)


def _allowed(keys: list[str]) -> list[str]:
    kind: Any = Settings
    for key in keys:
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if _is_struct(kind) else {}
        inner = fields.get(key, kind)
        arguments = getattr(inner, "__args__", ())
        kind = next((a for a in arguments if _is_struct(a)), inner)
    return [f.name for f in msgspec.structs.fields(kind) if f.name != "home"] if _is_struct(kind) else []


def _line_of(text: str, keys: list[str]) -> int:
    """The 1-based line on which the key stands (or the nearest table above it); 0 if nowhere."""
    best = 0
    depth = 0
    for number, full in _keys_by_line(text):
        common = 0
        for a, b in zip(full, keys, strict=False):
            if a != b:
                break
            common += 1
        if common > depth:
            best, depth = number, common
    return best


def _keys_by_line(text: str) -> Iterator[tuple[int, list[str]]]:
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = _split_key(header.group(1))
            yield number, table
        elif pair := re.match(
            r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""", line
        ):
            yield number, table + _split_key(pair.group(1))


def _split_key(key: str) -> list[str]:
    return [
        bare or double or single
        for bare, double, single in re.findall(r"""([\w-]+)|"([^"]*)"|'([^']*)'""", key)
    ]


CHOICES = {
    ("edition", "breadth"): ("depth", "balanced", "breadth"),
    ("edition", "voices"): ("few", "balanced", "many"),
    ("edition", "read_articles"): ("off", "same-site", "all"),
    ("edition", "breadth_day"): (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "never",
    ),
    ("mail", "by"): ("smtp", "sendmail", "maildir", "eml"),
    ("mail", "security"): ("starttls", "tls", "none"),
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
RANGES = {
    ("edition", "minutes"): (1, 120),
    ("edition", "max_items"): (1, 100),
    ("edition", "core_share"): (0, 1),
    ("edition", "lines"): (0, 0.5),
    ("edition", "people"): (0, 10),
    ("fetch", "connections"): (1, 500),
    ("fetch", "per_host"): (1, 20),
    ("fetch", "timeout"): (1, 600),
    ("fetch", "max_bytes"): (10_000, 200_000_000),
    ("fetch", "manual_floor"): (0, 86_400),
    ("fetch", "parse_seconds"): (0.5, 300),
    ("fetch", "workers"): (0, 64),
    ("schedule", "ahead"): (0, 240),
    ("mail", "port"): (0, 65_535),
    ("mail", "timeout"): (1, 300),
    ("keep", "items"): (30, 36_500),
    ("keep", "bodies"): (1, 36_500),
}


def _check(settings: Settings, text: str) -> None:
    """What types can't say: ranges, choices, names of topics and zones."""

    def fail(keys: list[str], cause: str, repair: str) -> SettingsError:
        line = _line_of(text, keys)
        return SettingsError(f"{FILE}{f', line {line}' if line else ''}, {'.'.join(keys)}", cause, repair)

    for (table, key), allowed in CHOICES.items():
        value = getattr(getattr(settings, table), key)
        if value not in allowed:
            raise fail([table, key], f"{value!r} is no choice", f"Allowed: {', '.join(allowed)}.")
    for (table, key), (low, high) in RANGES.items():
        value = getattr(getattr(settings, table), key)
        if not low <= value <= high:
            raise fail([table, key], f"{value:g} is out of range", f"Allowed: {low:g} to {high:g}.")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise fail(
            ["timezone"],
            f"{settings.timezone!r} is no time zone",
            'Write one such as "Europe/Berlin" or "America/New_York".',
        ) from error
    if settings.edition.core not in settings.topics:
        raise fail(
            ["edition", "core"],
            f"{settings.edition.core!r} is no topic",
            f"Topics: {', '.join(settings.topics)}.",
        )
    for name, topic in settings.topics.items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", name) or name in {
            "other",
            "top",
            "people",
            "since",
            "long",
        }:
            raise fail(
                ["topics", name],
                "is no name for a topic",
                "Use lower-case letters, digits, - and _; the label may be anything.",
            )
        if topic.share is not None and not 0 <= topic.share <= 1:
            raise fail(
                ["topics", name, "share"],
                f"{topic.share:g} is out of range",
                "A share is a part of 1: 0.1 is a tenth; 0 drops the topic.",
            )
        if topic.parent and (topic.parent not in settings.topics or settings.topics[topic.parent].parent):
            raise fail(
                ["topics", name, "parent"],
                f"{topic.parent!r} is no topic to stand under",
                f"Topics: {', '.join(settings.topics)}.",
            )
    total = sum(t.share for n, t in settings.topics.items() if t.share and n != settings.edition.core)
    if total > 1:
        raise fail(["topics"], f"the shares add up to {total:g}", "Together they may be 1 at the most.")
    _check_handing_out(settings, fail)
    for place in settings.fetch.allow_private:
        if not re.fullmatch(r"\[?[\w.:*-]+\]?(/\d{1,3})?:\d{1,5}", place):
            raise fail(
                ["fetch", "allow_private"],
                f"{place!r} is no host:port",
                'Write "127.0.0.1:8808" or "192.168.1.0/24:8080".',
            )


def _check_handing_out(settings: Settings, fail: Callable[[list[str], str, str], SettingsError]) -> None:
    """The tables schedule, mail and publish."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", settings.schedule.hour):
        raise fail(
            ["schedule", "hour"], f"{settings.schedule.hour!r} is no time of day", 'Write it as "06:30".'
        )
    if wrong := [day for day in settings.schedule.days if day not in WEEKDAYS]:
        raise fail(["schedule", "days"], f"{wrong[0]!r} is no day", f"Allowed: {', '.join(WEEKDAYS)}.")
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
        if folder is not None and (folder == own or folder in own.parents or folder == own / "site"):
            raise fail(
                ["publish", "folder"],
                "lies around or on the home itself",
                "Name another folder for the mirror.",
            )


def publish_folder(settings: Settings) -> Path | None:
    """The folder of the mirror, None where there is none; relative ones lie in the home."""
    if not settings.publish.folder:
        return None
    return (Path(settings.home) / Path(settings.publish.folder).expanduser()).resolve()


def mail_password(settings: Settings) -> str:
    """The password of the mail account, "" where none is set; read when it is needed and kept nowhere.

    Raises:
        SettingsError: the file that holds it can't be read or others can read it, or there is no keyring.
    """
    place = settings.mail.password
    if place == SecretSetting():
        return os.environ.get(MAIL_VARIABLE, "").strip()
    return secret(settings, place, "[mail.password]")


def has_mail_variable() -> bool:
    """Whether the environment holds the mail password."""
    return bool(os.environ.get(MAIL_VARIABLE))


def detect_timezone() -> str:
    """The machine's time zone by its IANA name, "UTC" where none can be found."""
    import tzlocal

    try:
        name = tzlocal.get_localzone_name()
        ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, OSError, LookupError):
        return "UTC"
    return "UTC" if name in {None, "Etc/UTC", "Etc/GMT", "GMT"} else str(name)


def template(timezone: str) -> str:
    """The text of a new newsfeed.toml."""
    return TEMPLATE.format(timezone=timezone)


def secrets(settings: Settings) -> dict[str, str]:
    """The secret of each host that has one, read now and kept only in memory.

    Raises:
        SettingsError: for a variable that isn't set or a file that others can read. Never shows a value.
    """
    found = {}
    for host, place in settings.secrets.items():
        if value := secret(settings, place, f'[secrets."{host}"]'):
            found[host] = value
    return found


def secret(settings: Settings, place: SecretSetting, subject: str) -> str:
    """The secret that lies at `place`, "" for a variable that isn't set. `subject` names the setting in errors.

    Raises:
        SettingsError: as `secrets`.
    """
    if place.env:
        if not place.env.startswith("NEWSFEED_SECRET_"):
            raise SettingsError(
                subject,
                f"{place.env} is not a name for a secret",
                "Its name must begin with NEWSFEED_SECRET_.",
            )
        return os.environ.get(place.env, "").strip()
    if place.file:
        path = (Path(settings.home) / Path(place.file).expanduser()).absolute()
        try:
            if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SettingsError(subject, f"others can read {path.name}", f"Run: chmod 600 {path}")
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(
                subject,
                f"{path.name} can't be read ({error.strerror})",
                "Write the secret there, one line.",
            ) from error
    if place.keyring:
        return _from_keyring(place.keyring, subject)
    return ""


KEYRING_SERVICE = "newsfeed"


def _from_keyring(user: str, subject: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SettingsError(
            subject,
            "the package keyring is not installed",
            "Install morning-newsfeed[keyring], or run `newsfeed mail setup` again to use a file.",
        ) from None
    try:
        return keyring.get_password(KEYRING_SERVICE, user) or ""
    except keyring.errors.KeyringError as error:
        raise SettingsError(
            subject,
            f"the keyring can't be read ({type(error).__name__})",
            "Unlock it, or run `newsfeed mail setup` again to use a file.",
        ) from error


def keep_in_keyring(user: str, value: str) -> bool:
    """Keep a secret in the system's keyring; False where there is none that keeps anything."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, user, value)
        return bool(keyring.get_password(KEYRING_SERVICE, user) == value)
    except keyring.errors.KeyringError:
        return False


def forget_in_keyring(user: str) -> None:
    """Take a secret out of the keyring, if it is there."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return
    with contextlib.suppress(keyring.errors.KeyringError):
        keyring.delete_password(KEYRING_SERVICE, user)


def with_table(text: str, name: str, lines: Sequence[str]) -> str:
    """The text of a newsfeed.toml with table `name`, and those below it, replaced by `lines`; all else as it was."""
    kept = []
    inside = False
    for line in text.splitlines(keepends=True):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            inside = _split_key(header.group(1))[:1] == [name]
        if not inside:
            kept.append(line)
    body = "".join(kept).rstrip("\n")
    block = "\n".join([f"[{name}]", *lines]) if lines else ""
    return "\n\n".join(part for part in (body, block) if part) + "\n"


def user_folders() -> tuple[Path, Path]:
    """Where this user's systemd units and launchd agents lie."""
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "systemd" / "user", Path.home() / "Library" / "LaunchAgents"


def frozen_clock() -> datetime | None:
    """The moment that NEWSFEED_CLOCK names, for tests and for looking at other days; None where it is unset.

    Raises:
        SettingsError: it names no moment with a zone.
    """
    text = os.environ.get("NEWSFEED_CLOCK")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError(
            "NEWSFEED_CLOCK", f"{text!r} is no moment", 'Write one such as "2026-03-18T06:30:00+00:00".'
        )
    return moment.astimezone(UTC)


def has_display() -> bool:
    """Whether a page can be opened in front of a person here."""
    import sys

    return bool(sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
