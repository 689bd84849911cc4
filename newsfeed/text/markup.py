"""Untrusted HTML -> safe HTML -> plain text and prose. nh3 is the only sanitiser; this is its only caller.

`mark_captions` works on untrusted HTML, before the sanitiser removes class names; captions under pictures, layout
tables and footers are removed from the result of `clean_html`."""

from __future__ import annotations

import html as entities
import re
from functools import lru_cache
from typing import Any

import nh3

from newsfeed.lazy import expression
from newsfeed.text.leads import CODE
from newsfeed.text.links import canonical_url, is_private, safe_url
from newsfeed.text.titles import without_invisible

_CAPTIONS = 50  # the most captions handled in one text
_CAPTION = 1_200  # characters of a caption with its picture and links; anything longer is a story
_CAPTION_WORDS = 60  # of a caption
# Every caption contains one of these, and searching for them is much faster.
_HINTS = (
    "caption", "credit", "cutline", "bildunterschrift", "bildtext", "bildnachweis", "didascalia", "de-foto", "defoto",
    "legend", "onderschrift",
)  # fmt: skip
_NAMED = expression(
    r"<(p|div|span|dl|dd|td|table|small|em|i|cite|figure|blockquote|section|aside|h[1-6])\s([^<>]{0,800})>",
    re.IGNORECASE,
)
_CLASS = expression(r"(?:^|\s)(?:class|itemprop)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_IS_CAPTION = expression(
    r"caption|(?:^|[\s\"'_-]|photo|image|img|picture|media|foto|bild)credits?(?![\s_-]?(?:cards?|scores?|unions?|ratings?))"
    r"(?:$|[\s\"'_-])|cutline|bildunterschrift|bildtext|bildnachweis|didascalia|pie-?de-?foto|onderschrift|"
    r"(?:^|[\s\"'_-])legend[ae]?(?:$|[\s\"'_-])",
    re.IGNORECASE,
)
_HIDDEN = expression(r"<(div|span|p|table|td|font|section)\s([^<>]{0,1500})>", re.IGNORECASE)
_IS_HIDDEN = expression(
    r"display\s*:\s*none|max-height\s*:\s*0(?![.\d]*[1-9])|(?:^|\s)hidden(?:=|\s|$)|\b(?:sr-only|screen-reader-text|visually-?hidden)\b",
    re.IGNORECASE,
)
_PREHEADER = 6_000  # characters of hidden words, with what fills the line behind them
_SHORTCODE = expression(
    r"\[(?:wp_)?caption\b[^\[\]]{0,600}\](.{0,1200}?)\[/(?:wp_)?caption\]", re.IGNORECASE | re.DOTALL
)
_TABLE_CAPTION = expression(r"<(/?)caption(?=[\s/>])", re.IGNORECASE)
_TAG_OF_ANY_NAME = expression(r"<[^<>]*>")
_ENDS_PARAGRAPH = "p|div|table|ul|ol|dl|blockquote|h[1-6]|section|article|figure|hr"


def mark_captions(html: str) -> str:
    """HTML with captions, recognised by class, shortcode or position in a table, turned into `figcaption`."""
    lower = html.lower()
    classes = "=" in html and ("class" in lower or "itemprop" in lower)
    if not (classes or "caption" in lower) or not any(map(lower.__contains__, _HINTS)):
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
        inner, after = _element(html, match.group(1).lower(), match.end(), _CAPTION)
        if inner < 0 or len(_TAG_OF_ANY_NAME.sub(" ", html[match.end() : inner]).split()) > _CAPTION_WORDS:
            continue
        made += [html[end : match.start()], f"<figcaption>{html[match.end() : inner]}</figcaption>"]
        end = after
    return "".join(made) + html[end:] if made else html


def without_hidden(html: str) -> str:
    """HTML without the hidden preview text that newsletters have for mail programs."""
    if not any(hint in html for hint in ("none", "hidden", "max-height", "sr-only", "screen-reader")):
        return html
    made: list[str] = []
    end = 0
    for match in _HIDDEN.finditer(html):
        if match.start() < end or not _IS_HIDDEN.search(match.group(2)):
            continue
        if len(made) >= _CAPTIONS:
            break
        inner, after = _element(html, match.group(1).lower(), match.end(), _PREHEADER)
        if inner < 0 or len(_TAG_OF_ANY_NAME.sub(" ", html[match.end() : inner]).split()) > _CAPTION_WORDS:
            continue
        made.append(html[end : match.start()])
        end = after
    return "".join(made) + html[end:] if made else html


def _element(html: str, name: str, start: int, longest: int) -> tuple[int, int]:
    """The end of an element that began before `start`: before and after its end tag; (-1, -1) for a long one."""
    stop = start + longest
    if name == "p":  # the end tag may be missing
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


_TABLE = expression(r"<table(?: [^<>]*)?>((?:(?!<table[ >]).)*?)</table>", re.DOTALL)
_ROW = expression(r"<tr(?: [^<>]*)?>(.*?)</tr>", re.DOTALL)
_CELL = expression(r"<(t[dh])(?: [^<>]*)?>(.*?)</t[dh]>", re.DOTALL)
_NESTED = 30  # levels of nested tables that are handled
_PROSE_WORDS = 8  # words of a table's cell that make it prose
_SENTENCE_END = expression(r"[.!?…。！？][\"'”’»)\]]*\s*$")


def without_tables(clean: str) -> str:
    """Clean HTML with layout tables turned into paragraphs, and without tables of data."""
    for _ in range(_NESTED):
        clean, changed = _TABLE.subn(_as_paragraphs, clean)
        if not changed:
            break
    return clean


def _as_paragraphs(match: re.Match[str]) -> str:
    """The cells of a table with enough text, as paragraphs; none of a table with column headers."""
    rows = [
        [(name, cell) for name, cell in _CELL.findall(row) if _words(cell)]
        for row in _ROW.findall(match.group(1))
    ]
    heads = [cell for row in rows for name, cell in row if name == "th"]
    has_columns = any(len(row) > 1 for row in rows)
    if (
        has_columns
        and ("<thead" in match.group(1) or heads)
        and not any(_tells(c, alone=False) for c in heads)
    ):
        return "<hr>"
    told = [cell for row in rows for _, cell in row if _tells(cell, alone=len(row) == 1)]
    return "<hr>" + "".join(f"<p>{cell}</p>" for cell in told) + "<hr>"


def _words(html: str) -> list[str]:
    return entities.unescape(_TAG_OF_ANY_NAME.sub(" ", html)).split()


def _tells(cell: str, *, alone: bool) -> bool:
    words = _words(cell)
    whole = alone or (bool(words) and _SENTENCE_END.search(words[-1]) is not None)
    return "<p>" in cell or (len(words) >= _PROSE_WORDS and whole)


_LINKED_PARAGRAPH = expression(r"<p>((?:(?!</?p>|<a ).){0,300}<a (?:(?!</?p>).){0,2000})</p>", re.DOTALL)
_LINK = expression(r'<a href="([^"]*)"[^<>]*>(.*?)</a>', re.DOTALL)
_FOOTER_WORDS = 12  # words besides the headline and the name of the site


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
_UNDER_PICTURE = expression(
    r"(<img(?: [^<>]*)?>(?:</a>)?\s*(?:<br>\s*)*(?:</p>\s*<p>\s*)?)<(em|i|small)>((?:(?!</?\2>).){1,600})</\2>\s*(?=</p>|<br>\s*<br>)",
    re.DOTALL,
)
_LINE = expression(r"(<p>|<br>|<img(?: [^<>]*)?>)\s*([^<>]{20,300}?)\s*(?=</p>|<br>)")
_ALT = expression(r'<img(?=[^<>]* alt="([^"]{20,300})")[^<>]*>')


def without_captions(clean: str) -> str:
    """Clean HTML without text under a picture in italics or small print, or that repeats its alternative text."""
    if "<img" not in clean:
        return clean
    found = _UNDER_PICTURE.sub(r"\1", clean)
    if said := {alt.strip() for alt in _ALT.findall(found)}:
        found = _LINE.sub(lambda match: match.group(1) if match.group(2) in said else match.group(), found)
    return found if len(_words(found)) >= _PROSE_WORDS else clean


HTML_LIMIT = 200_000  # characters of a text: a chapter of a book, which is cleaned in a moment
DEPTH_LIMIT = 200  # nesting; the sanitiser's time grows with its square
TAG_LIMIT = 20_000  # characters; a longer tag has attributes to slow us down, or an inline picture


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS = _names(
    "a abbr b blockquote br code del em figcaption figure h3 h4 h5 h6 hr i img ins kbd li ol p pre q s small strong "
    "sub sup table tbody td tfoot th thead tr u ul"
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_WITH_CONTENT = _names(
    "script style noscript template iframe object svg math title textarea xmp noembed noframes plaintext "
    "select button audio video canvas head"
)
_SETTINGS: dict[str, Any] = {
    "tags": _TAGS,
    "attributes": _ATTRIBUTES,
    "clean_content_tags": _WITH_CONTENT,
    "url_schemes": {"http", "https", "mailto"},
    "link_rel": "noopener noreferrer nofollow ugc",
    "strip_comments": True,
}

# Blocks that the sanitiser removes become paragraphs first, or their texts would run together.
_BLOCKS = expression(
    r"<(/?)(?:div|section|article|header|footer|main|aside|nav|center|address|dl|dt|dd|details|summary|fieldset|"
    r"legend|form|body|html)(?=[\s/>])",
    re.IGNORECASE,
)
_TITLES = expression(r"<(/?)h[12](?=[\s/>])", re.IGNORECASE)
_TAG_NAME = expression(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_LONG_TAG = expression(rf"<[a-zA-Z/!?][^>]{{{TAG_LIMIT},}}(?:>|$)")
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
_SELF_CLOSING = _names("p li td th tr dt dd option thead tbody tfoot colgroup")
# What holds something else than text in it: one that closes itself, or never, would take all that follows with it.
_HOLDERS = expression(
    r"<(iframe|object|video|audio|canvas|noscript|noframes|noembed|button|select|svg|math)\b[^<>]*>",
    re.IGNORECASE,
)
_USERINFO = expression(r"""(?:href|src)\s*=\s*["']?\s*[a-z]*:?//[^/"'\s>?#]*@""", re.IGNORECASE)
_SAFE_TAG = r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*) ?/?>'
_ANY_TAG = expression(_SAFE_TAG)
_IMAGE = expression(r'<img((?: [a-z]+="[^"]*")*)>')
_SOURCE = expression(r' src="([^"]*)"')
_PIXEL = expression(
    r' (?:width|height)="[01](?:px)?"|src="[^"]*(?:/pixel[./?]|/beacon|doubleclick\.net|feedburner\.com/~r/|'
    r"feedsportal\.com|/wf/open\?|stats\.wordpress\.com|medium\.com/_/stat|pixel\.wp\.com|feeds\.feedburner\.com|"
    r'/~ff/|scorecardresearch|/b\.gif|ads\.pheedo|tracking)[^"]*"',
)
_EMPTY = expression(
    r"<(p|a|b|i|em|strong|u|small|figure|figcaption|blockquote|li|ul|ol|h[3-6])(?: [a-z]+=\"[^\"]*\")*>"
    r"(?:\s|&nbsp;|<br>)*</\1>"
)
_ESCAPED_HTML = expression(
    r"&lt;/?(?:p|br|a|div|span|img|ul|ol|li|b|strong|em|i|h\d|blockquote)\b[^<]*?&gt;", re.IGNORECASE
)
_REAL_HTML = expression(r"<(?:[a-zA-Z][a-zA-Z0-9:-]*[\s/>]|/[a-zA-Z]|!--)")


@lru_cache(maxsize=16)
def _cleaner(base: str, filtered: bool) -> nh3.Cleaner:
    relative: Any = ("rewrite_with_base", base) if base else "deny"
    try:
        return nh3.Cleaner(
            **_SETTINGS, url_relative=relative, attribute_filter=_without_userinfo if filtered else None
        )
    except ValueError:  # an invalid host, such as "xn--0" or one with a control character
        return _cleaner("", filtered)


def _without_userinfo(_tag: str, attribute: str, value: str) -> str | None:
    if attribute in {"href", "src"} and "@" in value and not value.lower().startswith("mailto:"):
        return safe_url(value) or None
    return value


def clean_html(html: str, base: str = "") -> str:
    """Safe HTML: an allowlist of tags, links absolute (against `base`) and http, https or mailto, no pixels.

    Text of what is removed stays, but for scripts, styles, frames and the like. What is nested deeper than 200
    levels loses its tags; beyond 200,000 characters it is cut.
    """
    html = without_invisible(html[:HTML_LIMIT]).replace("<![CDATA[", "").strip()
    if not html:
        return ""
    html = mark_captions(without_hidden(html))
    if "[" in html or "{" in html:
        html = _SHORTCODES.sub("", html)
    if not _REAL_HTML.search(html):
        if _ESCAPED_HTML.search(html):
            html = mark_captions(entities.unescape(html))
        else:
            return _paragraphs(html)
    if _HOLDERS.search(html):
        html = _without_open_ends(html)
    if len(html) > TAG_LIMIT:
        html = _LONG_TAG.sub("", html)
    if html.count("<") > DEPTH_LIMIT and _depth(html) > DEPTH_LIMIT:
        html = re.sub(r"<[^<>]*>?", " ", html)
    html = _BLOCKS.sub(r"<\1p", html)
    if "h1" in html or "h2" in html or "H1" in html or "H2" in html:
        html = _TITLES.sub(r"<\1h3", html)
    own = safe_url(base) if "=" in html else ""  # without attributes there are no links to complete
    html = _cleaner(own, "@" in html and bool(_USERINFO.search(html))).clean(html)
    if "<img" in html:
        html = _IMAGE.sub(_real_image, html)
    for _ in range(3):
        html, changed = _EMPTY.subn("", html)
        if not changed:
            break
    html = html.strip()
    return f"<p>{html}</p>" if html and "<" not in html else html


def _without_open_ends(html: str) -> str:
    """HTML without unclosed start tags of frames and similar elements."""
    last = {name: html.lower().rfind(f"</{name}") for name in {m[1].lower() for m in _HOLDERS.finditer(html)}}
    return _HOLDERS.sub(
        lambda m: "" if m.group().endswith("/>") or last[m[1].lower()] < m.start() else m.group(), html
    )


def _real_image(match: re.Match[str]) -> str:
    source = _SOURCE.search(match[1])
    return "" if not source or _PIXEL.search(match[1]) or is_private(source[1]) else match.group()


def _depth(html: str) -> int:
    depth = deepest = 0
    for slash, name in _TAG_NAME.findall(html):
        lower = name.lower()
        if lower in _VOID or lower in _SELF_CLOSING:
            continue
        depth = max(0, depth - 1) if slash else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _paragraphs(text: str) -> str:
    """Plain text as HTML: blank lines separate paragraphs, other line ends stay if they look intended."""
    made = []
    for block in re.split(r"\n[ \t]*\n\s*", text):
        lines = "\x1f".join(line.strip() for line in block.split("\n"))
        escaped = entities.escape(entities.unescape(_unwrapped(lines)), quote=False)
        made.append("<p>" + escaped.replace("\n", "<br>") + "</p>")
    return _cleaner("", False).clean("".join(made))


# Shortcodes of editors' plug-ins that were left unprocessed: [caption …]text[/caption], {audio}address{/audio}.
_SHORTCODES = expression(
    r"\{(\w{3,20})\}[^{}]{0,500}\{/\1\}|\[/?(?:caption|embed|gallery|audio|video|playlist|youtube|vimeo|soundcloud|"
    r"powerpress|contact-form\w*|vc_\w+|et_pb_\w+|sc_embed\w*|tweet|twitter|instagram|su_\w+)(?=[\s\]=:])[^\[\]]{0,500}\]",
    re.IGNORECASE,
)

_BREAKS = _names("p h3 h4 h5 h6 li ul ol table tr blockquote pre figure figcaption hr")
_UNLIKE_PROSE = _names("figure figcaption pre h3 h4 h5 h6")
_GAPS = expression(
    r"[\t\xa0\u2000-\u200a\u202f\u205f\u3000\r\f\v][ \t\xa0\u2000-\u200a\u202f\u205f\u3000\r\f\v]*|  [ \t\xa0]*"
)
_LINE_ENDS = '.!?:;…"”’»)]。！？'


def plain_text(html: str) -> str:
    """The text of some HTML, one paragraph per line, entities decoded once, without scripts, styles and the like."""
    return text_of(clean_html(html))


def text_of(clean: str) -> str:
    """The text of HTML from `clean_html`, without cleaning it again."""
    return _lines(_ANY_TAG.sub(_sign_of, clean) if "<" in clean else clean)


def prose_text(clean: str) -> str:
    """What is told in sentences of what `clean_html` made: no headings, captions, tables of data, code; one paragraph
    a line, list entries marked by a leading "• ", code by a line of `CODE`."""
    return _lines(_prose(without_tables(without_captions(clean))))


# Placeholders for tags until lines are made.
_SIGNS = dict.fromkeys(_BREAKS, "\x1e") | {"br": "\x1f", "td": " ", "th": " "}


def _sign_of(match: re.Match[str]) -> str:
    return _SIGNS.get(match[2], "")


def _prose(clean: str) -> str:
    pieces, end, skipped = [], 0, 0
    for match in _ANY_TAG.finditer(clean):
        if not skipped:
            pieces.append(clean[end : match.start()])
        end = match.end()
        name, closing = match.group(2), bool(match.group(1))
        if name in _UNLIKE_PROSE:
            skipped = max(0, skipped - 1) if closing else skipped + 1
        pieces.append("\x1e• " if name == "li" and not closing else _sign_of(match))
        if name == "pre" and closing:
            pieces.append(f"{CODE}\x1e")
    if not skipped:
        pieces.append(clean[end:])
    return "".join(pieces)


def _lines(text: str) -> str:
    """Text with placeholders for tags, as lines."""
    text = entities.unescape(text) if "&" in text else text
    text = text.replace("\n", " ")
    if not text.isascii() or any(gap in text for gap in ("  ", *"\t\r\f\v")):
        text = _GAPS.sub(" ", text)
    if "\x1f" in text:
        text = _unwrapped(text)
    lines = [line.strip() for line in without_invisible(text.replace("\x1e", "\n")).split("\n")]
    # The rest of CDATA nested in CDATA is at the end of many feeds' texts.
    return "\n".join([line.removesuffix("]]>").rstrip() for line in lines if line and line != "]]>"])


_WRAPPED = (60, 100)  # characters of a line that an editor wrapped


def _unwrapped(text: str) -> str:
    """Line breaks as lines, but for single ones within a sentence: those only wrapped a line of the editor's.

    A line is wrapped where the next word would have made it longer than any other of its block; a standfirst over a
    longer paragraph isn't.
    """
    made = ""
    for block in re.split(r"(\x1e|\x1f\s*\x1f)", text):
        pieces = [piece.strip(" ") for piece in block.split("\x1f")]
        width = max(map(len, pieces))
        last = ""
        for number, line in enumerate(pieces):
            wrapped = (
                _WRAPPED[0] <= len(last) <= _WRAPPED[1]
                and last[-1] not in _LINE_ENDS
                and line[:1] not in {"•", "–", "-", "*"}
                and len(last) + 1 + len(line.split(" ", 1)[0]) > width
            )
            within = bool(last and line) and (line[0].islower() or wrapped)
            made += f" {line}" if within else f"\n{line}" if number else line
            last = line
    return made
