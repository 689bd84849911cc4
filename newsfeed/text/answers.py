"""What counts as yes and as no where a reader writes one: beside a feed of the list, and nowhere differently."""

from __future__ import annotations

_YES = frozenset({"1", "yes", "on", "true", "always"})
_NO = frozenset({"", "0", "no", "off", "false", "never", "none"})


def is_yes(written: str) -> bool:
    """Whether it is a yes, whatever its case and the blanks around it."""
    return written.strip().casefold() in _YES


def is_no(written: str) -> bool:
    """Whether it is a no; nothing written is one."""
    return written.strip().casefold() in _NO
