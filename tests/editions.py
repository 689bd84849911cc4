"""Editions for tests, built by hand: every story, source, place and person in them is invented."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from newsfeed.edition.printed import quiet_line
from newsfeed.model import (
    Account,
    Breadth,
    BreadthRow,
    Edition,
    FeedReport,
    Gain,
    Labels,
    LedgerEntry,
    Line,
    Pick,
    Score,
    Section,
    ShortLine,
    Span,
    TopicAccount,
    TopicScore,
)

DAY = date(2026, 11, 22)
BUILT = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)
LABELS = {
    "technology": "Technology",
    "policy": "Policy",
    "finance": "Finance",
    "marketing": "Marketing",
    "sales": "Sales",
    "leadership": "Leadership",
    "science": "Science",
}


def _slug(source: str) -> str:
    return "".join(c for c in source.lower() if c.isascii() and c.isalnum()) or "x"


def pick(n: int, section: str, title: str, source: str, lead: str = "", **more: Any) -> Pick:
    """A pick with sensible everything; `more` sets or replaces fields."""
    topic = more.pop("topic", section if section in LABELS else "technology")
    fields: dict[str, Any] = {
        "n": n,
        "item": 1000 + n,
        "ref": f"k{n:03}",
        "story": 500 + n,
        "section": section,
        "title": title,
        "link": f"https://{_slug(source)}.example/{DAY:%Y/%m}/{n}",
        "source": source,
        "feed": n,
        "lead": lead,
        "lang": "en",
        "published": BUILT - timedelta(hours=n, minutes=7 * n),
        "when": f"{5 - n % 5:02}:{(n * 7) % 60:02}" if n % 3 else f"Sat {20 - n % 9}:{(n * 11) % 60:02}",
        "reason": f"best {LABELS.get(topic, topic)} story of the day",
        "topic": topic,
        "topics": (TopicScore(topic=topic, p=0.91),),
        "minutes": round((len(title.split()) + len(lead.split()) + 6) / 238 + 0.05, 3),
        "account": Account(score=Score(value=0.71), gain=Gain(total=0.38)),
    }
    whole = fields | more
    if whole.get("reason_shown"):
        whole.setdefault("why", whole["reason"])
    made = Pick(**whole)
    return msgspec.structs.replace(made, quiet=quiet_line(made, Labels()))


def _web(*names: str) -> tuple[Span, ...]:
    return tuple(Span(text=name, href=f"https://{_slug(name)}.example/story") for name in names)


def _top() -> tuple[Pick, ...]:
    return (
        pick(
            1,
            "top",
            "Harbour cities switch their cranes to one open control protocol",
            "Dock & Data",
            "Eleven ports that unload a third of Europe’s containers signed the specification on Friday night and "
            "will refuse closed controllers from 2029. The two makers that had split the market said they would "
            "publish their drivers; a third offered to retrofit older cranes at cost.",
            others=(*_web("The Meridian", "Kaikki Uutiset", "Freight Letter"), Span(text="+3")),
            discussions=(Span(text="Hacker News 538", href="https://forum.example/item?id=538"),),
            reason="told by 7 of your sources",
            reason_shown=True,
        ),
        pick(
            2,
            "top",
            "Appeal court lets towns charge for the heat that data halls give away",
            "Statute Weekly",
            "The judges read surplus heat as a good, not a waste. Forty towns with open contracts may now send a "
            "bill; operators say that most of it will come back as cheaper grid connections.",
            topic="policy",
            others=_web("The Meridian", "Grid Notes"),
            reason="day 3, new: the appeal",
            reason_shown=True,
            note="also Finance",
            earlier=(
                "Fri 20 November: The court hears both sides and promises a ruling before the new year",
                "Thu 19 November: Forty towns ask who owns the warmth of a server hall",
            ),
        ),
        pick(
            3,
            "top",
            "Three pension funds stop paying for stock picking and keep the pickers",
            "Even Money",
            "The managers now choose what the funds don’t buy. In two years of trial the exclusion lists beat the "
            "old portfolios by half a point and cost a ninth as much.",
            topic="finance",
            others=_web("Ledger & Lamp"),
        ),
    )


def sections() -> tuple[Section, ...]:
    """Top, seven topics and People: sixteen picks."""
    return (
        Section(key="top", heading="Top", picks=_top()),
        Section(
            key="technology",
            heading="Technology",
            picks=(
                pick(
                    4,
                    "technology",
                    "How a school district rebuilt its timetable in 900 lines and no framework",
                    "Small Machines",
                    "The author kept the old system’s errors in a spreadsheet for a year, then wrote one test for each.",
                    discussions=(Span(text="Lobsters 74", href="https://lob.example/s/74"),),
                ),
                pick(
                    5,
                    "technology",
                    "Phones will carry a second battery gauge that nobody can round up",
                    "Circuit Parish",
                    "From spring the charge counter itself signs the reading, and repair shops may print it on the bill.",
                ),
                pick(
                    6,
                    "technology",
                    "Eine Norm für leise Lüfter: Rechenzentren rücken näher an Wohnungen",
                    "Werkbank",
                    "Die Prüfer messen künftig am offenen Fenster des nächsten Schlafzimmers.",
                    lang="de",
                    note="off your path",
                ),
            ),
        ),
        Section(
            key="policy",
            heading="Policy",
            picks=(
                pick(
                    7,
                    "policy",
                    "Ministers agree that a form must fit on one screen, or it lapses",
                    "Statute Weekly",
                    "Agencies have eighteen months; a form that still scrolls after that no longer binds anyone.",
                ),
            ),
        ),
        Section(
            key="finance",
            heading="Finance",
            picks=(
                pick(
                    8,
                    "finance",
                    "Small lenders price storms by the street, and the valley pays less",
                    "Even Money",
                    "New flood maps moved 60,000 homes out of the dear band, most of them uphill of a new weir.",
                ),
                pick(
                    9,
                    "finance",
                    "The quarterly report shrinks to four pages, and analysts ask for more of them",
                    "Ledger & Lamp",
                    "Shorter reports moved prices faster and with fewer corrections, a study of 310 firms finds.",
                ),
            ),
        ),
        Section(
            key="marketing",
            heading="Marketing",
            picks=(
                pick(
                    10,
                    "marketing",
                    "Supermarkets put the recipe on the shelf and the advert in the bin",
                    "Shelf Life",
                    "Baskets grew by two items where a card said what to cook tonight.",
                ),
            ),
        ),
        Section(
            key="sales",
            heading="Sales",
            picks=(
                pick(
                    11,
                    "sales",
                    "A pump maker let customers write the quote, and margins rose",
                    "The Long Call",
                    "Buyers left out the options that had always been discounted away.",
                    reason="first Sales story in 5 days",
                    reason_shown=True,
                ),
            ),
        ),
        Section(
            key="leadership",
            heading="Leadership",
            picks=(
                pick(
                    12,
                    "leadership",
                    "The hospital that gives each new chief a week as a porter",
                    "Second Chair",
                    "Eight of ten kept one habit from it: they ask who carries the thing before they move it.",
                    reason="a quiet source speaks",
                    reason_shown=True,
                ),
            ),
        ),
        Section(
            key="science",
            heading="Science",
            picks=(
                pick(
                    13,
                    "science",
                    "A lichen that eats concrete turns out to seal it first",
                    "Field & Bench",
                    "Cores from three dams show a glassy layer, thinner than a hair, that kept water out for decades.",
                    others=_web("The Meridian"),
                ),
                pick(
                    14,
                    "science",
                    "Tide gauges hear earthquakes two minutes before the land does",
                    "Coastal Letters",
                    "Old instruments, new arithmetic: forty gauges may soon warn a whole coast.",
                ),
            ),
        ),
        Section(
            key="people",
            heading="People",
            picks=(
                pick(
                    15,
                    "people",
                    "",
                    "Ines Okafor on Mastodon",
                    "“We put a meter on the waste heat and found out that the building next door had been running on it "
                    "for six years.”",
                    kind="post",
                    note="about story 2",
                ),
                pick(
                    16,
                    "people",
                    "",
                    "Tomasz Lind on Bluesky",
                    "“The best spec I ever read had a page called What we will regret.”",
                    kind="post",
                    reason="shared by 3 you follow",
                    reason_shown=True,
                ),
            ),
        ),
    )


def long_read(**more: Any) -> Pick:
    title = more.pop("title", "The lighthouse keepers of the payroll")
    return pick(
        0,
        "long",
        title,
        "Small Machines",
        "Every firm has a program that four people understand and nobody may stop. Two winters inside the team that "
        "keeps one alive, and what they do on the one night a year when it must not fail.",
        **{"note": "22 min, when you have them", "when": "", "ref": "k999", **more},
    )


def lines() -> tuple[Line, ...]:
    rows = (
        ("Ferry strike enters its second week", "The Meridian", "policy", "6 sources", "en"),
        ("Watchdog clears the merger of the two map makers", "Freight Letter", "finance", "4 sources", "en"),
        ("Le dernier téléphone public s’éteint à Liège", "La Passerelle", "technology", "", "fr"),
    )
    return tuple(
        Line(
            title=title,
            link=f"https://{_slug(source)}.example/line/{n}",
            source=source,
            topic=topic,
            item=2000 + n,
            ref=f"m{n}",
            story=700 + n,
            note=note,
            lang=lang,
            outlets=6 - n,
            minutes=0.06,
        )
        for n, (title, source, topic, note, lang) in enumerate(rows, start=1)
    )


def short() -> tuple[ShortLine, ...]:
    rows = (
        ("technology", "Harbour cities switch their cranes to one open", "#s1"),
        ("policy", "Appeal court lets towns charge for the heat", "#s2"),
        ("finance", "Three pension funds stop paying for stock picking", "#s3"),
        ("marketing", "Supermarkets put the recipe on the shelf", "#s10"),
        ("sales", "A pump maker let customers write the quote", "#s11"),
        ("leadership", "The hospital that gives each new chief a", "#s12"),
        ("science", "A lichen that eats concrete turns out to", "#s13"),
    )
    return tuple(ShortLine(label=LABELS[key], text=text, href=href) for key, text, href in rows)


def ledger(shown: tuple[Section, ...], told: tuple[Line, ...], fetched: int) -> tuple[LedgerEntry, ...]:
    """A ledger of `fetched` items: the shown ones, and invented others under every cause."""
    entries = [
        LedgerEntry(item=p.item, ref=p.ref, title=p.title, link=p.link, source=p.source, cause="shown")
        for s in shown
        for p in s.picks
    ]
    entries += [
        LedgerEntry(item=x.item, ref=x.ref, title=x.title, link=x.link, source=x.source, cause="line")
        for x in told
    ]
    others = (
        ("same story", "as story 1"),
        ("shown before", "on Friday 20 November"),
        ("below the line", ""),
        ("over the budget", "needs 0.6 min, 0.2 were left"),
        ("muted", "the word “raffle”"),
        ("too old", ""),
    )
    names = ("The Meridian", "Freight Letter", "Even Money", "Small Machines", "Field & Bench", "Shelf Life")
    for n in range(fetched - len(entries)):
        cause, detail = others[(n * n + n // 3) % len(others)]
        source = names[(n * 5 + n // 7) % len(names)]
        entries.append(
            LedgerEntry(
                item=5000 + n,
                ref=f"x{n}",
                title=f"Note {n} on {('cranes', 'heat', 'forms', 'weirs', 'gauges')[n % 5]}",
                link=f"https://{_slug(source)}.example/x/{n}",
                source=source,
                cause=cause,
                detail=detail,
            )
        )
    return tuple(entries[:fetched])


def account(days: int = 30) -> Breadth:
    """An account of breadth over `days` days, three of them without an edition. It says nothing about less than a week."""
    if days < 7:
        return Breadth(numbers={"editions": float(days)})
    rows = []
    for t, (key, label) in enumerate(LABELS.items()):
        picks = tuple(
            None
            if d in (9, 10, 17)
            else 2 + d * 5 % 3
            if t == 0
            else 0
            if t == 4 and d > 23
            else (d * (t + 2) + t) % 7 // 3
            for d in range(days)
        )
        rows.append(
            BreadthRow(
                topic=key,
                label=label,
                asked=0.4 if t == 0 else 0.1,
                got=(0.44, 0.12, 0.11, 0.09, 0.05, 0.09, 0.1)[t],
                picks=picks,
                silence=(0, 1, 1, 2, 6, 3, 2)[t],
                finding="Your sources hardly cover Sales." if key == "sales" else "",
                thin="Leadership was absent from 11 of 27 editions: nothing new (9), nothing worth your minutes (2)."
                if key == "leadership"
                else "",
                remedy="Add one source on it." if key in ("sales", "leadership") else "",
            )
        )
    return Breadth(
        days=tuple(DAY - timedelta(days=days - 1 - d) for d in range(days)),
        rows=tuple(rows),
        headline="Informed in 6.1 of 7 topics",
        findings=(
            "Sales was silent for six days; the rest came within two points of what you asked.",
            "17 of 21 big stories were told.",
        ),
        remedies=("Your sources hardly cover Sales: add one.",),
        numbers={"n1": 6.1},
    )


def foot(fetched: int = 312) -> tuple[tuple[Span, ...], ...]:
    return (
        (Span(text="That’s all for today."),),
        (
            Span(text=f"{fetched} read for you", href="ledger.html"),
            Span(text=": 41 told the same, 9 you had, 180 not worth your minutes, 63 no room."),
        ),
        (Span(text="All topics had something worth your time."),),
        (
            Span(text="One feed needs you: "),
            Span(text="Harbour Post wants a new address.", href="ledger.html"),
        ),
    )


def _edition(**more: Any) -> Edition:
    shown: tuple[Section, ...] = more.get("sections", ())
    told: tuple[Line, ...] = more.get("lines", ())
    fetched = more.pop("fetched", 0)
    entries = ledger(shown, told, fetched)
    fields: dict[str, Any] = {
        "date": DAY,
        "zone": "Europe/Vienna",
        "built": BUILT,
        "heading": "Sunday 22 November",
        "promise": "nothing new",
        "minutes": 0.2,
        "budget_minutes": 5.0,
        "foot": foot(fetched)[:2],
        "ledger": entries,
        "counts": dict(Counter(e.cause for e in entries)),
    }
    return Edition(**(fields | more))


def full_day(**more: Any) -> Edition:
    """A busy Sunday: sixteen picks, a long read, three lines, all seven topics."""
    fields: dict[str, Any] = {
        "promise": "16 stories from 38 sources · 5 min",
        "minutes": 4.7,
        "short": short(),
        "sections": sections(),
        "lines": lines(),
        "long_read": long_read(),
        "foot": foot(),
        "fetched": 312,
        "previous": DAY - timedelta(days=1),
        "big_told": 3,
        "big_all": 4,
        "topics": tuple(
            TopicAccount(name=key, label=label, share=0.1, minutes=0.5, picks=2, good=6, debt=0.1)
            for key, label in LABELS.items()
        ),
        "feeds": (
            FeedReport(feed=1, title="Dock & Data", url="https://dockdata.example/feed", items_new=12),
            FeedReport(
                feed=2,
                title="Harbour Post",
                url="https://harbourpost.example/rss",
                ok=False,
                cause="gone",
                repair="Remove it or give its new address.",
                needs_owner=True,
                failing_since=BUILT - timedelta(days=4),
            ),
        ),
    }
    return _edition(**(fields | more))


def refreshed_day() -> Edition:
    """The full day after a refresh at noon, revised and with the weekly account."""
    return full_day(
        revised="revised 09:10",
        since=Section(
            key="since",
            heading="Since 06:30",
            picks=(
                pick(
                    17,
                    "since",
                    "Ferry crews accept the mediator’s offer; boats sail on Monday",
                    "The Meridian",
                    "The crews get the winter timetable they asked for and give up the January bonus.",
                    topic="policy",
                    others=_web("Freight Letter"),
                ),
                pick(18, "since", "Map makers’ merger gets its first lawsuit", "Even Money", topic="finance"),
            ),
        ),
        breadth=account(),
    )


def quiet_day() -> Edition:
    """Two stories, and the page says so."""
    day = sections()
    kept = (
        Section(
            key="technology", heading="Technology", picks=(msgspec.structs.replace(day[1].picks[0], n=1),)
        ),
        Section(key="science", heading="Science", picks=(msgspec.structs.replace(day[7].picks[0], n=2),)),
    )
    return _edition(
        promise="2 stories from 38 sources · 1 min",
        minutes=0.6,
        note="A quiet day: 9 new items, two of them worth your time.",
        short=(
            ShortLine(
                label="Technology", text="How a school district rebuilt its timetable in 900", href="#s1"
            ),
            ShortLine(label="Science", text="A lichen that eats concrete turns out to", href="#s2"),
        ),
        sections=kept,
        fetched=9,
        previous=DAY - timedelta(days=1),
    )


def first_day() -> Edition:
    return full_day(
        previous=None,
        long_read=None,
        note="Your first edition. From tomorrow on it holds only what is new; the account of breadth begins in a week.",
    )


def all_failing() -> Edition:
    return _edition(
        promise="0 stories from 38 sources",
        note="No source could be read: there was no network at 06:30. Yesterday’s edition is still here.",
        foot=((Span(text="That’s all for today."),), (Span(text="38 feeds failed: no network."),)),
        previous=DAY - timedelta(days=1),
        feeds=tuple(
            FeedReport(
                feed=n, title=f"Source {n}", url=f"https://s{n}.example/feed", ok=False, cause="no network"
            )
            for n in range(1, 39)
        ),
    )


def no_list() -> Edition:
    return _edition(
        promise="0 stories from 0 sources",
        note="There is no feeds.opml here yet. Make one with “newsfeed init”, or add a source with “newsfeed feeds add”.",
        foot=((Span(text="That’s all for today."),),),
    )


def empty_list() -> Edition:
    return _edition(
        promise="0 stories from 0 sources",
        note="feeds.opml holds no source yet. Add one with “newsfeed feeds add ADDRESS”.",
        foot=((Span(text="That’s all for today."),),),
    )


def one_item() -> Edition:
    only = pick(1, "technology", "A single story is a story", "Small Machines", "It came alone.")
    return _edition(
        promise="1 story from 1 source · 1 min",
        minutes=0.3,
        short=(ShortLine(label="Technology", text="A single story is a story", href="#s1"),),
        sections=(Section(key="technology", heading="Technology", picks=(only,)),),
        fetched=1,
    )


def crowd() -> Edition:
    """The full day out of 2,000 items: the page stays as small, the ledger holds them all."""
    return full_day(promise="16 stories from 1,204 sources · 5 min", fetched=2000, foot=foot(2000))


def hostile() -> Edition:
    """Every text and address attempts an attack."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnol\u2066\u200b\x00\x1b[31m'
    script = "javascript:alert(1)"
    addresses = (
        script,
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        'https://good.example/" onclick="alert(1)',
        "https://user:secret@good.example/a?b=1&c=2",
        "//evil.example/x",
        "file:///etc/passwd",
        "https://[::1",
    )
    picks = [
        pick(
            n,
            "technology",
            title=f"{evil} {n}",
            source=evil,
            lead=evil,
            link=address,
            lang='en" onclick="alert(1)',
            others=(Span(text=evil, href=script), Span(text="fine", href="https://fine.example/")),
            discussions=(Span(text=evil, href="../../../../etc/passwd"),),
            reason=evil,
            reason_shown=True,
            note=evil,
            earlier=(evil,) * 5,
            when=evil,
            ref=f"{evil}{n}",
        )
        for n, address in enumerate(addresses, start=1)
    ]
    odd = (
        ("A" * 400, "en"),
        (
            "漢字だけの見出しは空白なしでとても長く続いて改行の場所がどこにもないので折り返しが必要になる"
            * 4,
            "ja",
        ),
        ("العنوان بالعربية مع English words و أرقام 2026", "ar"),
        ("👩‍👩‍👧‍👦🏳️‍🌈🇦🇹 emoji families stay whole", "en"),
        ("Z̸̢̛͓̮̤̈́͛a̵̛̳͔̅l̶̨̛̰̾g̷̡̛̫̓o̴̧͎̐ rises", "en"),
        ("zero\u200bwidth\u200dwords\ufeffhere", "en"),
        ("&lt;b&gt;already escaped&lt;/b&gt; &amp;amp; twice", "en"),
        ("{{ 7 * 7 }} {% raw %} </style> </title> <!-- -->", "en"),
    )
    picks += [
        pick(n, "technology", title, "Odd Types", lang=lang) for n, (title, lang) in enumerate(odd, start=11)
    ]
    return _edition(
        heading=f"Sunday {evil}",
        promise=evil,
        note=evil,
        since_note=evil,
        revised=evil,
        short=(
            ShortLine(label=evil, text=evil, href=script),
            ShortLine(label="x", text="y", href='#s1" x="'),
        ),
        sections=(Section(key=evil, heading=evil, picks=tuple(picks)),),
        lines=(Line(title=evil, link=script, source=evil, topic="x", item=1, ref=evil, story=1, note=evil),),
        long_read=long_read(title=evil, link=script, note=evil),
        foot=((Span(text=evil, href=script), Span(text="ledger", href="ledger.html")),),
        ledger=(
            LedgerEntry(item=1, ref=evil, title=evil, link=script, source=evil, cause=evil, detail=evil),
        ),
        breadth=Breadth(
            days=(DAY,),
            rows=(BreadthRow(topic=evil, label=evil, asked=0.1, got=0.1, picks=(3,)),),
            headline=evil,
            findings=(evil,),
            remedies=(evil,),
        ),
        lang='en" x="',
    )


def heavy_day() -> Edition:
    """The longest possible edition: every lead at its limit, six lines, all marks, blocks and the account."""
    sentence = (
        "The committee heard from every town along the river and wrote down what each of them had paid."
    )

    def lead(size: int) -> str:
        return " ".join((sentence.split() * size)[: size - 1]) + " end."

    def grown(p: Pick, size: int) -> Pick:
        made = msgspec.structs.replace(
            p,
            lead=p.lead if p.kind == "post" else lead(size),
            others=p.others or _web("The Meridian", "Freight Letter", "Even Money"),
            discussions=p.discussions or (Span(text="Hacker News 120", href="https://forum.example/1"),),
            reason_shown=True,
            why=p.why or p.reason,
        )
        return msgspec.structs.replace(made, quiet=quiet_line(made, Labels()))

    base = refreshed_day()
    return msgspec.structs.replace(
        base,
        sections=tuple(
            msgspec.structs.replace(
                s, picks=tuple(grown(p, 100 if p.n == 4 else 60 if s.key == "top" else 35) for p in s.picks)
            )
            for s in base.sections
        ),
        lines=tuple(
            msgspec.structs.replace(line, ref=f"{line.ref}-{n}") for n in range(2) for line in base.lines
        ),
    )
