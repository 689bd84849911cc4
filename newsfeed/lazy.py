"""What is made on first use, because most runs need little of it: names of packages (PEP 562), and regular expressions."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, cast


def loader(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """The `__getattr__` of a package; `names` by the module that has them, separated by spaces."""
    module_of = {name: module for module, listed in names.items() for name in listed.split()}

    def load(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return load


def expression(written: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`, when it is first tried: at a start most never are, and together they took a quarter of one."""
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
