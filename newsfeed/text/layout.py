"""What markup says of the place of words on a page: captions under pictures, tables that only lay out, footers.

`mark_captions` reads the HTML of strangers, before the sanitiser takes the names of classes away; the others read
what `clean_html` made.
"""

from __future__ import annotations

import html as entities
import re

from newsfeed.text.links import canonical_url

_CAPTIONS = 50  # of one text that are looked for
_CAPTION = 1_200  # characters of a caption with its picture and links; what is longer is a story
_CAPTION_WORDS = 60
_HINT = re.compile(
    r"caption|credit|cutline|bildunterschrift|bildtext|bildnachweis|didascalia|pie-?de-?foto", re.IGNORECASE
)
_NAMED = re.compile(
    r"<(p|div|span|dl|dd|td|table|small|em|i|cite|figure|section|aside|h[1-6])\s([^<>]{0,800})>",
    re.IGNORECASE,
)
_CLASS = re.compile(r"(?:^|\s)(?:class|itemprop)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_IS_CAPTION = re.compile(
    r"caption|(?:^|[\s\"'_-]|photo|image|img|picture|media|foto|bild)credits?(?![\s_-]?(?:cards?|scores?|unions?|ratings?))"
    r"(?:$|[\s\"'_-])|cutline|bildunterschrift|bildtext|bildnachweis|didascalia|pie-?de-?foto",
    re.IGNORECASE,
)
_SHORTCODE = re.compile(
    r"\[(?:wp_)?caption\b[^\[\]]{0,600}\](.{0,1200}?)\[/(?:wp_)?caption\]", re.IGNORECASE | re.DOTALL
)
_TABLE_CAPTION = re.compile(r"<(/?)caption(?=[\s/>])", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*>")
_ENDS_PARAGRAPH = "p|div|table|ul|ol|dl|blockquote|h[1-6]|section|article|figure|hr"


def mark_captions(html: str) -> str:
    """HTML in which what is a caption by its class, its shortcode or its place in a table is a `figcaption`."""
    if not _HINT.search(html):
        return html
    if "[" in html:
        html = _SHORTCODE.sub(r"<figure>\1</figure>", html)
    html = _TABLE_CAPTION.sub(r"<\1figcaption", html)
    made: list[str] = []
    end = 0
    for match in _NAMED.finditer(html):
        named = _CLASS.search(match.group(2))
        if match.start() < end or named is None or not _IS_CAPTION.search(named.group(1)):
            continue
        if len(made) >= 2 * _CAPTIONS:
            break
        inner, after = _element(html, match.group(1).lower(), match.end())
        if inner < 0 or len(_TAGS.sub(" ", html[match.end() : inner]).split()) > _CAPTION_WORDS:
            continue
        made += [html[end : match.start()], f"<figcaption>{html[match.end() : inner]}</figcaption>"]
        end = after
    return "".join(made) + html[end:] if made else html


def _element(html: str, name: str, start: int) -> tuple[int, int]:
    """Where an element that began before `start` ends: before and after its end tag; (-1, -1) for a long one."""
    stop = start + _CAPTION
    if name == "p":  # its end tag may be missing
        found = re.compile(rf"</?(?:{_ENDS_PARAGRAPH})[\s/>]", re.IGNORECASE).search(html, start, stop)
        if found is None:
            return (len(html), len(html)) if len(html) <= stop else (-1, -1)
        own = found.group().lower().startswith("</p")
        return found.start(), (html.find(">", found.start()) + 1 or len(html)) if own else found.start()
    depth = 1
    for tag in re.compile(rf"<(/?){name}(?=[\s/>])[^<>]*>", re.IGNORECASE).finditer(html, start, stop):
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return tag.start(), tag.end()
    return -1, -1


_TABLE = re.compile(r"<table(?: [^<>]*)?>((?:(?!<table[ >]).)*?)</table>", re.DOTALL)
_ROW = re.compile(r"<tr(?: [^<>]*)?>(.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<td(?: [^<>]*)?>(.*?)</td>", re.DOTALL)
_NESTED = 30  # tables within each other that are looked at
_PROSE_WORDS = 8  # of a cell that tells something
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*\s*$")


def without_tables(clean: str) -> str:
    """Clean HTML with the paragraphs of tables that only lay out, and without those that hold data."""
    for _ in range(_NESTED):
        clean, changed = _TABLE.subn(_as_paragraphs, clean)
        if not changed:
            break
    return clean


def _as_paragraphs(match: re.Match[str]) -> str:
    """The cells of a table that tell something as paragraphs; none of a table that names its columns."""
    if "<th" in match.group(1).replace("<thead>", "<th>"):
        return "<hr>"
    rows = [[cell for cell in _CELL.findall(row) if _words(cell)] for row in _ROW.findall(match.group(1))]
    told = [cell for row in rows for cell in row if _tells(cell, alone=len(row) == 1)]
    return "<hr>" + "".join(f"<p>{cell}</p>" for cell in told) + "<hr>"


def _words(html: str) -> list[str]:
    return entities.unescape(_TAGS.sub(" ", html)).split()


def _tells(cell: str, *, alone: bool) -> bool:
    words = _words(cell)
    whole = alone or (bool(words) and _SENTENCE_END.search(words[-1]) is not None)
    return "<p>" in cell or (len(words) >= _PROSE_WORDS and whole)


_LINKED_PARAGRAPH = re.compile(r"<p>((?:(?!</?p>|<a ).){0,300}<a (?:(?!</?p>).){0,2000})</p>", re.DOTALL)
_LINK = re.compile(r'<a href="([^"]*)"[^<>]*>(.*?)</a>', re.DOTALL)
_FOOTER_WORDS = 12  # beside the headline and the name of the site


def without_footer(clean: str, link: str) -> str:
    """Clean HTML without the paragraph that says, in whatever language, where an entry appeared first: a link to the
    entry itself, one to its site, and hardly a word beside them."""
    own = canonical_url(link)
    if not own or "<a " not in clean:
        return clean

    def kept(match: re.Match[str]) -> str:
        places = {canonical_url(entities.unescape(place)) for place, _ in _LINK.findall(match.group(1))}
        sites = {place for place in places if place != own and f"{own}/".startswith(f"{place.rstrip('/')}/")}
        if own not in places or not sites or len(_words(_LINK.sub(" ", match.group(1)))) > _FOOTER_WORDS:
            return match.group()
        return ""

    return _LINKED_PARAGRAPH.sub(kept, clean)


# A paragraph of nothing but a picture, and words in italics or small print under it.
_UNDER_PICTURE = re.compile(
    r"(<img(?: [^<>]*)?>(?:</a>)?\s*(?:<br>\s*)*(?:</p>\s*<p>\s*)?)<(em|i|small)>((?:(?!</?\2>).){1,600})</\2>\s*(?=</p>)",
    re.DOTALL,
)
_LINE = re.compile(r"(<p>|<br>|<img(?: [^<>]*)?>)\s*([^<>]{20,300}?)\s*(?=</p>|<br>)")
_ALT = re.compile(r'<img(?=[^<>]* alt="([^"]{20,300})")[^<>]*>')


def without_captions(clean: str) -> str:
    """Clean HTML without what stands under a picture in italics or small print, or says again what it shows."""
    if "<img" not in clean:
        return clean
    found = _UNDER_PICTURE.sub(r"\1", clean)
    if said := {alt.strip() for alt in _ALT.findall(found)}:
        found = _LINE.sub(lambda match: match.group(1) if match.group(2) in said else match.group(), found)
    return found if len(_words(found)) >= _PROSE_WORDS else clean
