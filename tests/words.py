"""The words that a reader sees on a page without unfolding anything, from its first line to its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import html5lib

# Outside the budget, as the page says: the long read and the block "Since" have their own minutes.
OUTSIDE = ("long-read", "since")
_UNSEEN = {"script", "style", "template", "details", "head"}
_APART = {
    "article", "aside", "blockquote", "div", "dd", "dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3",
    "header", "li", "main", "nav", "ol", "p", "section", "svg", "table", "td", "th", "tr", "ul",
}  # fmt: skip


@lru_cache(maxsize=64)  # parsing takes longer than all that tests ask of a page
def parsed(html: str | bytes) -> tuple[Any, list[Any]]:
    """A page as a browser reads it, not to be changed, and what the standard calls errors in it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parse(html), parser.errors


def page_words(html: str | bytes, *, outside: tuple[str, ...] = OUTSIDE) -> list[str]:
    """Words in the order of the page. Separators such as "·" and "▲" are no words.

    Left out: what is folded, the skip link, the links to other pages at the very end, and the blocks whose ids are
    `outside`.
    """
    return words("".join(_texts(parsed(html)[0].find("body"), outside)))


def words(text: str) -> list[str]:
    """The words of a text, cut at spaces, without commas; those without a letter or digit left out."""
    return [word.strip(",") for word in text.split() if re.search(r"\w", word)]


def says(text: str, *parts: str) -> bool:
    """Whether a text contains all these parts in this order."""
    return re.search(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None


def _texts(element: Any, outside: tuple[str, ...]) -> Iterator[str]:
    if isinstance(element.tag, str) and not _left_out(element, outside):
        apart = "\n" if element.tag in _APART else ""
        yield apart + (element.text or "")
        for child in element:
            yield from _texts(child, outside)
        yield apart
    yield element.tail or ""


def _left_out(element: Any, outside: tuple[str, ...]) -> bool:
    classes = (element.get("class") or "").split()
    return (
        element.tag in _UNSEEN
        or element.get("id") in outside
        or "skip" in classes
        or "ways" in classes
        or ("since-note" in classes and "since" in outside)
    )
