"""An edition as a mail: subject, preview, HTML and plain text, each at home in mail programs.

The same stories in the same order as on the page. A mail that would grow over what mail programs show whole loses
its tail first: one-line stories from the last, the long read, then what stands around the last picks, their leads,
and at the very end picks; it says how many more there are on the page.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from newsfeed.model import Edition, Pick, Record, Section, picks
from newsfeed.render import safe
from newsfeed.render.pages import archive_path
from newsfeed.render.safe import Drawing
from newsfeed.text.spoken import say, short_day

LIMIT = 80_000  # bytes of the HTML; Gmail cuts near 102,000
SUBJECT = 60  # characters
PREVIEW = 130  # characters: the most that any list of mails shows
ENDING = "Sent by your own newsfeed. No more of these: newsfeed mail off."

_BREAK = re.compile(r"\s*(?:[:;,–—|(]| - )\s*")  # where a headline may be cut with its sense kept
_SHORTEST_SENSE = 14  # characters

replace = msgspec.structs.replace


class Message(Record, frozen=True, kw_only=True):
    """A morning, written for a mail program."""

    subject: str
    preview: str
    html: str
    text: str
    lang: str
    page_url: str = ""  # of its page, where that can be reached by a link
    left_out: int = 0  # stories that only the page has

    @property
    def html_bytes(self) -> int:
        """The size of the HTML as it counts for clipping: before transfer encoding."""
        return len(self.html.encode())


def write(templates: Drawing, edition: Edition, *, site_url: str = "") -> Message:
    """The message of an edition.

    Args:
        site_url: the public address of the site; without it, nothing links to the page.
    """
    base = safe.public(site_url)
    page_url = base + archive_path(edition.date) if base else ""
    whole = _message(templates, edition, edition, base, page_url)
    if whole.html_bytes <= LIMIT:
        return whole
    # The fewest cuts that fit: each further cut makes it shorter, so halving finds them.
    low, high = 1, _cuts(edition)
    while low < high:
        middle = (low + high) // 2
        if _message(templates, edition, shortened(edition, middle), base, page_url).html_bytes <= LIMIT:
            high = middle
        else:
            low = middle + 1
    return _message(templates, edition, shortened(edition, low), base, page_url)


def _message(templates: Drawing, whole: Edition, shown: Edition, base: str, page_url: str) -> Message:
    left_out = len(stories(whole)) - len(stories(shown))
    context = {
        "edition": shown,
        "lang": safe.language(whole.lang) or "en",
        "subject": subject(whole),
        "preheader": preview(whole),
        "page_url": page_url,
        "site_url": base,
        "more": say("+{n} more on the page", n=left_out) if left_out else "",
        "ending": say(ENDING),
    }
    return Message(
        subject=subject(whole),
        preview=preview(whole),
        html=templates.fill("mail/mail.html", **context),
        text=re.sub(r"\n{3,}", "\n\n", templates.fill("mail/mail.txt", **context)).strip() + "\n",
        lang=safe.language(whole.lang) or "en",
        page_url=page_url,
        left_out=left_out,
    )


# ------------------------------------------------------------------------- what it says in a list of mails


def stories(edition: Edition) -> list[str]:
    """All headlines of an edition in their order, the one-line stories after the picks."""
    return [p.title or p.lead for p in picks(edition)] + [line.title for line in edition.lines]


def subject(edition: Edition) -> str:
    """The two strongest stories and the date, strongest first, within 60 characters.

    Without stories it is what the edition says first. What a mail program could take for an encoded word is broken up.
    """
    day = short_day(edition.date)
    room = SUBJECT - len(day) - 3
    titles = [_one_line(title) for title in stories(edition)]
    titles = [title for title in titles if title][:2]
    if not titles:
        return f"{_cut(_one_line(edition.note or edition.promise or edition.heading), room)} · {day}"
    if len(titles) == 1:
        return f"{_cut(titles[0], room)} · {day}"
    first, second = titles
    half = (room - 2) // 2
    # What one headline doesn't need is the other's.
    first = _cut(first, max(half, room - 2 - len(second)))
    second = _cut(second, room - 2 - len(first))
    return f"{first}; {second} · {day}"


def preview(edition: Edition) -> str:
    """What a list of mails shows behind the subject: what comes after the two stories named there, then the minutes."""
    titles = [t for t in (_one_line(title) for title in stories(edition)) if t]
    pieces = [_cut(title, 44) for title in titles[2:5]]
    if not pieces:
        return _cut(_one_line(edition.note or edition.promise or edition.heading), PREVIEW)
    promise = _one_line(edition.promise)
    text = "; ".join(pieces)
    return f"{text} · {promise}" if len(text) + len(promise) + 3 <= PREVIEW else _cut(text, PREVIEW)


def _one_line(text: str) -> str:
    """Text as it may stand in a header: one line, nothing unprintable, nothing that could be read as an encoded word."""
    text = " ".join(safe.visible(text).replace("\x85", " ").split())
    return text.replace("=?", "= ?").replace("?=", "? =")


def _cut(text: str, room: int) -> str:
    """`text` within `room` characters: at a natural break if there is one, else at a word, with "…"."""
    if len(text) <= room:
        return text
    breaks = [m.start() for m in _BREAK.finditer(text, 0, room + 1) if _SHORTEST_SENSE <= m.start() <= room]
    if breaks and breaks[-1] >= room * 0.6:
        return text[: breaks[-1]].rstrip()
    kept = text[: room - 1]
    if not text[room - 1].isspace() and " " in kept[_SHORTEST_SENSE // 2 :]:
        kept = kept[: kept.rindex(" ")]
    while kept and unicodedata.combining(text[len(kept)]):  # never between a letter and its accent
        kept = kept[:-1]
    return kept.rstrip(" ,;:–—-") + "…"


# ------------------------------------------------------------------------- cutting the tail


def _numbered(edition: Edition) -> list[tuple[int, int]]:
    """(section, place) of every pick, in order."""
    return [(s, p) for s, section in enumerate(edition.sections) for p in range(len(section.picks))]


def _cuts(edition: Edition) -> int:
    """How many cuts there are until only the masthead and the foot are left."""
    return len(edition.lines) + 1 + len(_since(edition)) + 3 * len(_numbered(edition)) + 1


def _since(edition: Edition) -> tuple[Pick, ...]:
    return edition.since.picks if edition.since else ()


def shortened(edition: Edition, cuts: int) -> Edition:
    """`edition` without its tail; every further cut takes a little more."""
    taken = min(cuts, len(edition.lines))
    edition = replace(edition, lines=edition.lines[: len(edition.lines) - taken])
    cuts -= taken
    if cuts > 0:
        edition = replace(edition, long_read=None)
        cuts -= 1
    for spare in (_bare, _leadless, None):
        places = _numbered(edition)
        taken = max(0, min(cuts, len(places)))
        edition = _change(edition, set(places[len(places) - taken :]), spare)
        cuts -= len(places)
    if edition.since and cuts > 0:
        # It stands first, so it goes last.
        kept = _since(edition)[: max(0, len(_since(edition)) - cuts)]
        cuts -= len(_since(edition)) - len(kept)
        edition = replace(edition, since=replace(edition.since, picks=kept) if kept else None)
    if cuts > 0:
        edition = replace(edition, since=None, breadth=None, short=())
    return edition


def _bare(pick: Pick) -> Pick:
    return replace(pick, others=(), discussions=(), earlier=())


def _leadless(pick: Pick) -> Pick:
    return replace(pick, lead="" if pick.title else pick.lead)


def _change(edition: Edition, places: set[tuple[int, int]], spare: object) -> Edition:
    sections = []
    for s, section in enumerate(edition.sections):
        picks = []
        for p, pick in enumerate(section.picks):
            if (s, p) not in places:
                picks.append(pick)
            elif callable(spare):
                picks.append(spare(pick))
        sections.append(Section(key=section.key, heading=section.heading, picks=tuple(picks)))
    return replace(edition, sections=tuple(sections))
