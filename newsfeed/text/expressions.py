"""Regular expressions that are compiled when they are first tried: at a start most never are, and together they took a
quarter of one."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast


def expression(written: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, later."""
    return cast("re.Pattern[str]", _Later(written, flags))


class _Later:
    def __init__(self, written: str, flags: int) -> None:
        self._written, self._flags = written, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._written, self._flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._compiled, name)
        setattr(self, name, found)  # asked for once
        return found
