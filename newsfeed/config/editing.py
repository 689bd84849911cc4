"""Write single settings into the text of a newsfeed.toml: comments, order and all else stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsfeed.config.places import FILE
from newsfeed.errors import SettingsError

Value = str | int | float | bool | list[str] | None


def edited(text: str, changes: Mapping[tuple[str, ...], Value]) -> str:
    """The text with each setting changed, by its path (`("edition", "minutes")`); None takes one out.

    What is said so already is not touched.

    Raises:
        SettingsError: the text is no valid TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        for path, value in changes.items():
            _set(document, path, value)
        return tomlkit.dumps(document)
    except TOMLKitError as error:
        raise SettingsError(FILE, f"is no valid TOML: {error}", "Mend it by hand first.") from error


def _set(table: Any, path: tuple[str, ...], value: Value) -> None:
    import tomlkit

    *above, name = path
    for key in above:
        if key not in table:
            if value is None:
                return
            table[key] = tomlkit.table(is_super_table=len(above) > 1 and key != above[-1])
        table = table[key]
    if value is None:
        table.pop(name, None)
    elif name not in table or table[name] != value or type(value) is bool:
        item = tomlkit.item(value)
        if name in table:
            item.trivia.comment_ws, item.trivia.comment = (
                table[name].trivia.comment_ws,
                table[name].trivia.comment,
            )
        table[name] = item
