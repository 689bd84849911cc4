"""Leads in whole documents: what markup, neighbouring entries and dates say about an entry."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape

import pytest

from newsfeed import reading
from newsfeed.model import Item, Parsed, Request, Response, Subscription
from newsfeed.text import lead, lead_within
from newsfeed.text.boilerplate import NOTICES

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
STORY = "The ferry board froze its fares on Monday. Islanders had asked for a cut of a tenth."


def entry(title: str, html: str, *, number: int = 1, date: str = "", link: str = "") -> str:
    link = link or f"https://isle.example/news/{number}"
    when = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid>{when}"
        f"<description>{escape(html)}</description></item>"
    )


def items(*entries: str) -> tuple[Item, ...]:
    return document(*entries).items


def document(*entries: str) -> Parsed:
    url = "https://isle.example/feed.xml"
    body = (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Isle</title>'
        f"<link>https://isle.example/</link>{''.join(entries)}</channel></rss>"
    ).encode()
    found = reading.read(
        Response(request=Request(url=url, source="syndication"), url=url, body=body, body_hash="x"),
        Subscription(url=url),
        {},
        NOW,
    )
    assert isinstance(found, Parsed)
    return found


@pytest.mark.parametrize(
    "caption",
    [
        "<div class='wp-caption'><img src='a.jpg'><p class='wp-caption-text'>Gulls rest upon the pier at dawn.</p></div>",
        "<p class=caption-text>Gulls rest upon the pier at dawn in May.</p>",
        "<img src='a.jpg'><span class='photoCredit'>Gulls rest upon the pier, seen by Ada Beet.</span>",
        "<dl class='gallery-caption'><dt><img src='a.jpg'></dt><dd>Gulls rest upon the pier at dawn.</dd></dl>",
        "[caption id='x' width='3']<img src='a.jpg'> Gulls rest upon the pier at dawn.[/caption]",
        "<table class='tr-caption-container'><tr><td><img></td></tr><tr><td>Gulls rest upon it.</td></tr></table>",
        "<p><img src='a.jpg'><br><em>Gulls rest upon the pier at dawn.</em></p>",
        "<p><img src='a.jpg'></p><p><small>Gulls rest upon the pier at dawn.</small></p>",
        "<p><img src='a.jpg' alt='Gulls rest upon the pier at dawn.'></p><p>Gulls rest upon the pier at dawn.</p>",
        "<p class='imageCaption'>Gulls rest upon the pier at dawn, and nobody closed this tag.",
        "<div class='legende'>Gulls rest upon the pier at dawn.</div>",
        "<img src='a.jpg'><br><i>Gulls rest upon the pier at dawn.</i><br><br>",
        "<p>Gulls rest upon the pier at dawn. Photo: Ada Beet</p>",
        "<p>Gulls rest upon the pier at dawn. © Ada Beet / Isle Picture</p>",
        "<p>Gulls rest upon the pier at dawn (Foto: dpa)</p>",
        "<div style='color:#fff; display : none'>Gulls rest upon the pier at dawn.</div>",
        "<p>Enlarge / Gulls rest upon the pier at dawn.</p>",
        "<p><em>Pictured: gulls rest upon the pier at dawn.</em></p>",
        "<div style='max-height:0;overflow:hidden'>Gulls rest upon the pier at dawn.</div>",
        "<span class='screen-reader-text'>Gulls rest upon the pier at dawn.</span>",
        "<p class='visually-hidden'>Gulls rest upon the pier at dawn.</p>",
        "<span hidden>Gulls rest upon the pier at dawn.</span>",
    ],
)
def test_captions_are_no_leads(caption: str) -> None:
    (one,) = items(entry("Fares stay", f"{caption}<p>{STORY}</p>"))
    assert one.lead == STORY


@pytest.mark.parametrize(
    "html",
    [
        f"<p><img src='a.jpg' align='left'> {STORY}</p>",
        f"<div class='credit-card-news'><p>{STORY}</p></div>",
        f"<p><em>{STORY}</em></p>",
        f"<p><img src='a.jpg'><br><em>{STORY}</em></p>",
        f"<table><tr><td>{STORY}</td></tr></table>",
        f"<table><tr><td width=9>&nbsp;</td><td><table><tr><td><p>{STORY}</p></td></tr></table></td></tr></table>",
        f"<table><tr><td><img src='logo.png'></td><td>{STORY}</td></tr><tr><td>3</td><td>4</td></tr></table>",
        f"<table role='presentation'><tr><th width=9></th><th><p>{STORY}</p></th></tr></table>",
        f"<table><thead><tr><td>Isle Letter</td></tr></thead><tbody><tr><td>{STORY}</td></tr></tbody></table>",
        f"<p>{STORY}</p><p>Photo: Ada Beet</p>",
        f"<table><tr><th>Route</th><th>Fare</th></tr><tr><td>It rose by one on the northern route.</td></tr></table><p>{STORY}</p>",
    ],
)
def test_stories_beside_pictures_and_in_tables_are_read(html: str) -> None:
    (one,) = items(entry("Fares stay", html))
    assert one.lead == STORY


def test_a_story_that_is_folded_away_is_read() -> None:
    (one,) = items(entry("Fares stay", f"<div style='display:none'>{STORY} {STORY * 9}</div>"))
    assert one.lead.startswith(STORY)


@pytest.mark.parametrize(
    "footer",
    [
        "The post {a} appeared first on {b}.",
        "Der Beitrag {a} erschien zuerst auf {b}.",
        "L’article {a} est apparu en premier sur {b}.",
        "La entrada {a} aparece primero en {b}.",
        "La noticia {a} se publicó primero en {b}.",
        "O conteúdo {a} aparece primeiro em {b}.",
        "L’articolo {a} proviene da {b}.",
        "Het bericht {a} verscheen eerst op {b}.",
        "Artykuł {a} pochodzi z serwisu {b}.",
        "Запись {a} впервые появилась {b}.",
        "Inlägget {a} dök först upp på {b}.",
        "{a} yazısı ilk önce {b} üzerinde ortaya çıktı.",
        "{a} was first published on {b}.",
        "The post {a} erschien zuerst auf {b}.",
        "El cargo {a} apareció primero en {b}.",
        "Príspevok {a} je zobrazený ako prvý na {b}.",
        "Articolul {a} apare prima dată în {b}.",
        "A(z) {a} bejegyzés először {b}-én jelent meg.",
        "Το άρθρο {a} δημοσιεύτηκε για πρώτη φορά στο {b}.",
        "Postingan {a} pertama kali muncul di {b}.",
        "Bài viết {a} đã xuất hiện đầu tiên vào ngày {b}.",
        "ظهرت المقالة {a} أولاً على {b}.",
        "הפוסט {a} הופיע לראשונה ב-{b}.",
        "{a} 게시물이 {b}에 처음 등장했습니다.",
        "Το άρθρο {a} εμφανίστηκε πρώτα στο {b}.",
        "{a} ilmestyi ensimmäisenä {b}.",
        "Objava {a} se je pojavila na {b}.",
        "{a} was originally published in {b} on Medium, where people are continuing the conversation by responding.",
    ],
)
def test_footers_are_no_leads(footer: str) -> None:
    title, site = "Fares stay as they are", "Isle News"
    assert lead(footer.format(a=title, b=site), title) == ""
    assert lead(f"{STORY}\n{footer.format(a=title, b=site)}", title) == STORY


def test_a_footer_is_known_by_its_links_in_whatever_language() -> None:
    footer = "Erthygl <a href='https://isle.example/news/1/'>Fares stay</a> o wefan <a href='https://isle.example'>Isle</a> oedd hon."
    (one,) = items(entry("Fares stay", f"<p>{footer}</p>"))
    assert one.lead == ""
    (other,) = items(
        entry("Fares stay", f"<p>{STORY} {STORY} More in <a href='https://isle.example/news/1'>this</a>.</p>")
    )
    assert other.lead.startswith(STORY)


@pytest.mark.parametrize(
    "text",
    [
        "La entrada en vigor de la ley se publicó en el boletín del jueves.",
        "The post office on the island closes for good on Friday.",
        "The story that the minister told in May was wrong, a court found.",
        "L’articolo 5 della legge è stato cambiato ieri dal governo.",
        "Start-ups of the isle raised twelve million in a year, a survey found.",
        "Book sales rose by a tenth in the year of the storm.",
        "Ada Beet, Carla Root and Dan Moss won the prize for their work on tides.",
    ],
)
def test_news_that_begins_like_a_notice_is_a_lead(text: str) -> None:
    assert lead(text, "Something else") == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Ada Beet visits Isle", "First minister Ada Beet visits Isle on Monday after the vote."),
        ("Ada Beet visita Isla", "El primer ministro Ada Beet visita Isla por primera vez en dos años."),
        ("Ada Beet", "À Isle, Ada Beet a rencontré le premier ministre français."),
        ("Tide Control", "Tide Control was published in the journal on Monday and takes effect in May."),
        ("Fares stay as they are", "The board says Fares stay as they are for the first time in years."),
    ],
)
def test_a_headline_within_a_lead_is_no_footer(title: str, text: str) -> None:
    assert lead(text, title) == text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Ada Beet, Carla Root, Dan Moss, Eve Fern, Gus Hill and Ida Jay", ""),
        ("Correction: an earlier form of this text named the wrong isle.", ""),
        ("An earlier version of this story misstated the fare.", ""),
        ("This article was updated on Monday with the new fares.", ""),
        (f"{STORY} Start your free trial today.", STORY),
        (f"Please enable JavaScript to see this page.\n{STORY}", STORY),
        (f"Submitted by /u/rook to r/harbours\n{STORY}", STORY),
        (f"{STORY}\nView this newsletter in your browser", STORY),
        (f"{STORY}\nGet started with a free trial of Fareware now!", STORY),
        ("```\nNote that the flag is needed on the second host as well.", ""),
        (f"{STORY}\n```\nNote that the flag is needed there as well.", STORY),
        ("Isle fares: the ferry board freezes them", ""),
        ("Clouds hung over the harbour as the last boat left and", ""),
    ],
)
def test_what_is_never_a_lead(said: str, told: str) -> None:
    assert lead(said, "The ferry board freezes isle fares") == told


def test_a_standfirst_is_not_glued_to_what_follows() -> None:
    standfirst = "Islanders had asked for a cut of a tenth after the storm closed the northern route"
    (one,) = items(
        entry("Fares stay", f"<p>{standfirst}</p><p>The board of the ferries met on Monday for an hour.</p>")
    )
    assert one.lead == standfirst
    (wrapped,) = items(
        entry("Fares stay", f"{standfirst}<br>The board met on Monday for an hour. {STORY} {STORY}")
    )
    assert wrapped.lead == standfirst


def test_lines_that_an_editor_wrapped_are_one_sentence() -> None:
    (one,) = items(
        entry(
            "Fares stay",
            "The board of the ferries, which had met for most of the day in the\n"
            "Town Hall of the northern isle, froze its fares on Monday evening.",
        )
    )
    assert one.lead.endswith("in the Town Hall of the northern isle, froze its fares on Monday evening.")


@pytest.mark.parametrize(("words", "kept"), [(36, True), (50, True), (51, False)])
def test_a_long_first_sentence_stands_whole(words: int, kept: bool) -> None:
    said = "Fares " + "stay " * (words - 2) + "low."
    assert lead_within(said, 35) == (said if kept else "")
    assert lead_within(said, 20) == ""


def test_a_text_is_cut_at_a_length_only_if_its_feed_has_others_of_it() -> None:
    cut = (
        "Ferries stay in port while waves of nine metres are measured off the cape, and the harbour master sa"
    )
    other = (
        "Fares are frozen for a year after islanders had asked the board of the ferries for a cut of one tent"
    )
    whole = "Islanders had asked for a cut of a tenth after the storm closed the northern route."
    assert len(cut) == len(other) == 100
    assert [one.lead for one in items(entry("Storm", cut), entry("Fares", other, number=2))] == ["", ""]
    assert items(entry("Storm", cut), entry("Fares", whole, number=2))[0].lead == cut


def test_what_no_reader_sees_is_no_part_of_a_word() -> None:
    (one,) = items(
        entry(
            "Fares stay",
            "<p>\u034f \u200c \u034f \u200c</p><p>The au&shy;tho&#8203;rity froze its fa\u2060res on Monday.</p>",
        )
    )
    assert one.lead == "The authority froze its fares on Monday."
    (persian,) = items(entry("x y z", "<p>می\u200cخواهم این کتاب را امروز در خانه بخوانم و بنویسم.</p>"))
    assert "می\u200cخواهم" in persian.text


# --------------------------------------------------------------------------- dates and shows


def test_an_undated_entry_is_as_old_as_its_neighbours() -> None:
    found = items(
        entry("One", STORY, number=1),
        entry("Two", STORY, number=2, date="Sun, 22 Nov 2026 10:00:00 GMT"),
        entry("Three", STORY, number=3, date="Thu, 01 Jan 1970 00:00:00 GMT"),
        entry("Four", STORY, number=4, date="Mon, 02 Nov 2026 10:00:00 GMT"),
        entry("Five", STORY, number=5),
    )
    assert [one.published.day if one.published else 0 for one in found] == [22, 22, 2, 2, 2]
    assert [one.published for one in items(entry("One", STORY), entry("Two", STORY, number=2))] == [
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("titles", "shows", "headline"),
    [
        (
            ["MGT 41- On trust at work", "MGT 40- Why teams fail now", "MGT 39- Pay and praise"],
            "mgt",
            "On trust at work",
        ),
        (
            [
                "IsleCast 072203 Part 2: Who owns the tide",
                "IsleCast 071603 Part 1: Gulls at war",
                "IsleCast 070903: Fares rise again",
            ],
            "islecast",
            "Who owns the tide",
        ),
        (
            ["#376: How a bank fell down", "#375: Two promises", "#374: Ships at sea"],
            "",
            "How a bank fell down",
        ),
        (
            ["The long tide - Episode 12", "A short storm - Episode 11", "No gulls at all - Episode 10"],
            "episode",
            "The long tide",
        ),
        (
            ["Windows 11: the sixth fix", "Fares stay as they are", "A storm closes schools"],
            None,
            "Windows 11: the sixth fix",
        ),
        (["COP 29: money", "COP 29: the last night", "COP 29: who paid"], None, "COP 29: money"),
    ],
)
def test_numbers_of_a_show_leave_the_headline(titles: list[str], shows: str | None, headline: str) -> None:
    from newsfeed.text import headline as tidied

    found = document(*(entry(title, STORY, number=number) for number, title in enumerate(titles)))
    names = found.cursor.get("shows", "").splitlines()
    assert names == ([] if shows is None else [shows])
    assert tidied(found.items[0].title, "", names) == headline


@pytest.mark.parametrize(
    ("title", "tidy"),
    [
        ("That ’s why the ferry didn ’t sail", "That’s why the ferry didn’t sail"),
        ("We 've seen it: they 're late", "We've seen it: they're late"),
        ("The captain ’s wife says she ’ll go", "The captain’s wife says she’ll go"),
        ("Rock ’n’ roll on the pier", "Rock ’n’ roll on the pier"),
        ("Ferries of the ’60s sail again", "Ferries of the ’60s sail again"),
        ("He said ’stop’ to the ferry", "He said ’stop’ to the ferry"),
    ],
)
def test_what_stands_before_an_apostrophe_is_not_torn_off(title: str, tidy: str) -> None:
    from newsfeed.text import headline as tidied

    assert tidied(title) == tidy


@pytest.mark.parametrize(
    ("title", "text", "seconds"),
    [
        ("Who owns the tide (24:10)", STORY, 24 * 60 + 10),
        ("Who owns the tide [1:02:03]", STORY, 3723),
        ("Who owns the tide", f"{STORY} Duration: 31:05", 31 * 60 + 5),
        ("Who owns the tide", f"In this 20 minute podcast we ask. {STORY}", 1200),
        ("Wem gehört das Meer", f"{STORY} Länge: 12 min", 720),
        ("The 40 minute mile", STORY, 0),
        ("At 10:30 the gates open", STORY, 0),
    ],
)
def test_a_recording_knows_its_length_from_its_own_words(title: str, text: str, seconds: int) -> None:
    sound = "<enclosure url='https://isle.example/a.mp3' type='audio/mpeg' length='9'/></item>"
    (one,) = items(entry(title, text).replace("</item>", sound))
    assert (one.kind, one.enclosures[0].seconds) == ("episode", seconds)


def test_notices_are_written_in_small_letters_but_for_those_that_heed_capitals() -> None:
    patterns = [p for group in NOTICES.values() for p in group if not p.startswith("(?-i:")]
    bare = [re.sub(r"\\.", "", pattern) for pattern in patterns]
    assert [pattern for pattern in bare if pattern != pattern.lower()] == []


@pytest.mark.parametrize(
    "text", ["READ MORE AT THE PIER", "Continue Reading →", "By Ada Lovelace and Bo Berg", "SUBSCRIBE NOW"]
)
def test_a_notice_is_one_in_any_letters(text: str) -> None:
    assert lead(f"{text}\nThe bridge over the harbour is open again after nine days.") == (
        "The bridge over the harbour is open again after nine days."
    )


def test_what_only_begins_like_a_byline_is_none() -> None:
    assert lead("By noon the bridge over the harbour was open to everyone again.").startswith("By noon")
