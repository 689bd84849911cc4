"""The words of an edition in the language of the page: times and numbers, reasons, and the numbers behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from msgspec.structs import asdict

from newsfeed.edition import constants as c
from newsfeed.edition.contenders import Contender, Liking
from newsfeed.model import (
    Account,
    FeedFacts,
    Item,
    Labels,
    NewsValue,
    Pick,
)
from newsfeed.text.spoken import (
    count,
    decimal,
    heading,
    joined,
    say,
    short_date,
    short_day,
    short_weekday,
    signed,
)

__all__ = ["count", "heading", "say", "short_day"]
_NO_NEWS = {
    "crude": "gore or bad language",
    "deal": "an offer",
    "event": "an invitation",
    "giveaway": "a prize draw",
    "guide": "a list of what to buy or watch",
    "horoscope": "a horoscope",
    "job": "a job advert",
    "live": "a page that is kept up to date; what happened is told elsewhere",
    "notice": "a notice of the site",
    "promotion": "its maker’s own advert",
    "puzzle": "a puzzle",
    "quiz": "a quiz",
    "rerun": "told before, by its own words",
    "sponsored": "paid for by a sponsor",
    "thread": "an open thread",
    "watch": "where to watch or listen",
}


def when(moment: datetime | None, now: datetime, zone: tzinfo) -> str:
    """ "07:10" for today, "Sat 18:05" within six days, else "12 Nov", with the year if it differs."""
    if moment is None:
        return ""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    if local > here:
        local = here
    days = (here.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days <= 6:
        return f"{short_weekday(local)} {local:%H:%M}"
    written = short_date(local)
    return written if local.year == here.year else f"{written} {local.year}"


def clock(moment: datetime, zone: tzinfo) -> str:
    """ "06:30" in the reader's zone."""
    return f"{moment.astimezone(zone):%H:%M}"


def fixed_words() -> Labels:
    """The fixed words around an edition's own text, in the current language."""
    return Labels(**{name: say(words) for name, words in asdict(Labels()).items()})


def minutes(value: float) -> str:
    """ "5 min"; anything at all is at least one."""
    return say("{n} min", n=max(1, round(value)))


def amount(value: float) -> str:
    """A number of minutes, rounded for people: 0.6, 1.2, 12."""
    return decimal(value, 1 if value < 10 else 0)


def apart(one: float, other: float, digits: int = 2) -> tuple[str, str]:
    """Two numbers with enough digits to tell them apart: 0.079 and 0.080."""
    for more in range(digits, digits + 4):
        told = decimal(one, more), decimal(other, more)
        if told[0] != told[1]:
            return told
    return decimal(one, digits), decimal(other, digits)


def no_news(kind: str) -> str:
    """The kind of an item that is not news, in words."""
    return say(_NO_NEWS.get(kind, kind))


@dataclass(frozen=True)
class Facts:
    """The facts that a reason may mention, besides the contender itself."""

    label: str  # of the topic
    unseen: int | None  # days since the topic was on a page; None: before the history begins
    quiet: int | None  # days since the source's post before this one
    debt: float  # owed to the topic before this edition


def quiet_days(contender: Contender, feed: FeedFacts | None, known_days: int) -> int | None:
    """Days between this item and its source's one before; None where either is unknown or the reader's own history
    is shorter than that."""
    item = contender.representative.item
    moment = item.item.published or item.first_seen
    if feed is None or feed.previous_post is None or feed.previous_post >= moment:
        return None
    days = (moment - feed.previous_post).days
    return days if days <= known_days else None


@dataclass(frozen=True)
class Reason:
    """Why a story is there: a checkable sentence, and the same in at most four words."""

    sentence: str
    short: str
    news: bool = False  # whether it is news in itself
    counted: bool = False  # whether it is the number of outlets

    def before(self, pick: Pick, outlets: int) -> str:
        """What stands before the other tellers of a pick where their number is the reason; "" for the usual word."""
        return told_by(outlets) if self.counted and pick.others else ""


def news(contender: Contender, facts: Facts, *, first_of_topic: bool) -> Reason | None:
    """The reason that is itself news ("told by 4"), None if there is none."""
    if contender.options.must_read:
        return Reason(say("you marked it must-read"), say("your must-read"), news=True)
    unseen = facts.unseen if first_of_topic and facts.label and contender.back is None else None
    if unseen is not None and unseen >= c.UNSEEN_DAYS:
        said = say("first {label} story in {n} days", label=facts.label, n=unseen)
        return Reason(said, say("{label} after {n} days", label=facts.label, n=unseen), news=True)
    if contender.of_day:
        said = say("one of {n} stories of the day’s affair", n=contender.of_day)
        return Reason(said, say("the day’s affair"), news=True)
    if contender.outlets >= c.TOLD_BY:
        said = say("told by {n} of your sources", n=contender.outlets)
        return Reason(said, count(contender.outlets, "source"), news=True, counted=True)
    if contender.shared_by >= c.SHARED_BY:
        said = say("shared by {n} you follow", n=contender.shared_by)
        return Reason(said, say("shared by {n}", n=contender.shared_by), news=True)
    if facts.quiet is not None and facts.quiet >= c.QUIET_DAYS:
        said = say("a quiet source speaks, its first post in {n} days", n=facts.quiet)
        return Reason(said, say("a quiet source speaks"), news=True)
    return None


def reason(
    contender: Contender,
    facts: Facts,
    *,
    by: str,
    rivals: int,
    minutes: float,
    source: str,
    first_of_topic: bool,
) -> Reason:
    """Why a story has its place.

    Args:
        by: the pass that took it; `rivals`: how many others stood for the same place.
    """
    if told := news(contender, facts, first_of_topic=first_of_topic):
        return told
    if contender.back is not None:
        # The note already says which day it is and what is new.
        said = say("day {n} of a story that you know, with something new", n=contender.back.day)
        return Reason(said, "")
    label = facts.label or say("any topic")
    if by == "floor" and rivals == 0:
        return Reason(
            say("the only {label} story today", label=label), say("only {label} story", label=label)
        )
    if by == "floor":
        said = say("first choice among {n} {label} stories today", n=rivals + 1, label=label)
        return Reason(said, say("best {label} story", label=label))
    if by == "off path":
        return Reason(
            say("you were shown least of {label} in two weeks", label=label), ""
        )  # the note already says so
    if by == "people":
        return Reason(say("a post worth its minute from someone you follow"), "")
    if by == "over cap":
        said = say("nothing else was new: more from {source}", source=source)
        return Reason(said, say("nothing else was new"))
    if contender.outlets >= 2:
        sources = count(contender.outlets, "source")
        return Reason(say("{label}: {sources} of yours carry it", label=label, sources=sources), sources)
    if contender.grade >= c.MUST_KNOW:
        said = say("{label}: news that you should know, by its words", label=label)
        return Reason(said, say("must know"))
    if contender.grade >= c.STRONG:
        return Reason(say("{label}: news of weight, by its words", label=label), say("news of weight"))
    if facts.debt > 0.5:
        return Reason(
            say("{label} has been short this week", label=label), say("more {label} was due", label=label)
        )
    said = say("next best use of {minutes} minutes: {label}", minutes=amount(minutes), label=label)
    return Reason(said, say("next best {label}", label=facts.label).strip())


def days_before(feed: FeedFacts | None, today: date) -> float:
    """u_o of the objective: 1 + min(days since the source was shown, 28) / 14; 3 if it never was."""
    if feed is None or feed.last_shown is None:
        return 1 + c.VOICE_DAYS / 14
    return 1 + min(max(0, (today - feed.last_shown).days), c.VOICE_DAYS) / 14


def told_by(outlets: int) -> str:
    """What precedes the other outlets of a story if their number is news."""
    return say("told by {n}:", n=outlets)


def heard(item: Item) -> str:
    """The kind and length of something to hear or watch: "podcast, 24 min"; "" for what is read."""
    label = {"episode": say("podcast"), "video": say("video")}.get(item.kind, "")
    seconds = max((enclosure.seconds for enclosure in item.enclosures), default=0)
    return f"{label}, {minutes(seconds / 60)}" if label and seconds else label


def account(contender: Contender, by: str) -> Account:
    """The numbers behind a contender's score and its topics, and the pass that took it."""
    own, news = contender.score, contender.representative.tagging.news
    return Account(
        by=by,
        score=own,
        grade=3 * own.news / c.NEWS_WEIGHT,
        record=contender.record,
        kind=news.kind if news else "",
        terms=deciding(news),
        outlets=contender.outlets,
        liking=_liking(contender.liking),
        flaws=joined([say(flaw) for flaw in contender.flaws]),
        topics=contender.topics.parts,
    )


def deciding(news: NewsValue | None) -> str:
    """The words that moved an item's news value, each with its effect in grades."""
    terms = news.terms if news else ()
    return ", ".join(
        say("“{word}” {points}", word=say(term.term), points=signed(term.weight, 2)) for term in terms
    )


def _liking(liking: Liking) -> str:
    """The grounds of the interest in a source, in words."""
    if liking.thumb:
        return (
            say("your thumb up on it decides alone")
            if liking.thumb > 0
            else say("your thumb down on it decides alone")
        )
    if not liking.told:
        return say("nothing yet, as you gave no thumb in its topic")
    return say(
        "of its source’s {stories} on your pages under this topic you liked {up} and disliked {down}; half is the usual",
        stories=count(liking.shown, "story", "stories"),
        up=liking.up,
        down=liking.down,
    )
