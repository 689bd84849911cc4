"""What is wrong with a setting, in words that name its key, its line and what is allowed there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from newsfeed.config.places import FILE, line_of
from newsfeed.errors import SettingsError
from newsfeed.model import Settings

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


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def explain(
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
        repair = _example(keys)
    name = ".".join(keys)
    if variable := from_environment.get(name):
        return SettingsError(variable, cause[:1].lower() + cause[1:], repair)
    line = line_of(text, keys)
    subject = f"{FILE}, line {line}, {name}" if line else f"{FILE}, {name}"
    return SettingsError(subject, cause[:1].lower() + cause[1:], repair)


def _example(keys: list[str]) -> str:
    """What stands there by default, as it would be written; "" for a table or where the default is nothing."""
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


def _allowed(keys: list[str]) -> list[str]:
    kind: Any = Settings
    for key in keys:
        fields = {f.name: f.type for f in msgspec.structs.fields(kind)} if is_struct(kind) else {}
        inner = fields.get(key, kind)
        arguments = getattr(inner, "__args__", ())
        kind = next((a for a in arguments if is_struct(a)), inner)
    return [f.name for f in msgspec.structs.fields(kind) if f.name != "home"] if is_struct(kind) else []
