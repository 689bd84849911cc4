"""Finding items by name, link and words, in any script."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored import DAY, HOUR, NOW, feeds, item, keep, of_feed, opened, search_is_sound, titles, update

from newsfeed.store import dialect, search_queries

TEXTS = [
    item("de", "Straßenbahn in Zürich fährt öfter", "Die Grünen freuen sich über mehr Züge."),
    item("ja", "東京都が新しい計画を発表", "地下鉄の延伸について説明した。"),
    item("zh", "中国科学家发现新行星", "望远镜观测到的行星距离地球很远。"),
    item("ko", "서울시 버스 요금 인상", "내년부터 요금이 오른다."),
    item("th", "รัฐบาลไทยประกาศงบประมาณ", "นโยบายเศรษฐกิจใหม่"),
    item("hi", "हिन्दी समाचार आज", "मौसम ठंडा है"),
    item("ru", "Учёные нашли древний город", "Раскопки продолжаются."),
    item("fr", "L’école à l’été", "Les élèves révisent déjà."),
    item("en", "Full-text search in C++ and C#", "Ranking of e-mail, 3.5 million users; naïve café."),
    item("wide", "ＦＵＬＬ ｗｉｄｔｈ", "①"),
]

pytestmark = pytest.mark.usefixtures("either")  # SQLite and PostgreSQL


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("zurich", ["de"]),
        ("ZÜRICH", ["de"]),
        ("Zürich", ["de"]),  # u and a separate diaeresis
        ("strassenbahn", ["de"]),
        ("STRASSENBAHN öfter", ["de"]),
        ("grunen", ["de"]),
        ("東京", ["ja"]),
        ("京都", ["ja"]),
        ("東京都", ["ja"]),
        ("都", ["ja"]),
        ("地下鉄", ["ja"]),
        ("行星", ["zh"]),
        ("星行", []),
        ("科学家 地球", ["zh"]),
        ("新", ["ja", "zh"]),
        ("요금", ["ko"]),
        ("서울", ["ko"]),
        ("ประกาศ", ["th"]),
        ("हिन्दी", ["hi"]),
        ("ठंडा", ["hi"]),
        ("ученые", []),  # ё is a letter of its own, not an accented one
        ("учёные ГОРОД", ["ru"]),
        ("ecole", ["fr"]),
        ("élèves deja", ["fr"]),
        ("full-text", ["en"]),
        ("C++", ["en"]),
        ("3.5 mill", ["en"]),
        ("naive cafe", ["en"]),
        ("full", ["en", "wide"]),
        ("zurich earth", []),
        ("", []),
        ("  ...  ", []),
        ('" OR * NEAR( NOT ) : ^ - "', []),
        ("full OR zurich", []),
        ("title:full", []),
        ("%_", []),
        ("🙂", []),
        ("\U0001f9d1\U0002b820", []),
    ],
)
def test_words_are_found_in_every_script(tmp_path: Path, wanted: str, found: list[str]) -> None:
    with opened(tmp_path) as store:
        keep(store, *TEXTS)
        assert sorted(i.item.identity for i in store.search(wanted)) == sorted(found)


def test_pairs_that_do_not_stand_together_are_no_hit(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1", "東京と京都"), item("2", "東京都"))
        assert [i.item.identity for i in store.search("東京都")] == ["2"]


def test_titles_come_first_then_the_newest(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(
            store,
            item("1", "Tea at noon"),
            item("2", "Coffee", "and tea"),
            item("3", "Milk", "and tea"),
            item("4", "Teapots"),
        )
        assert titles(store.search("tea")) == ["Teapots", "Tea at noon", "Milk", "Coffee"]
        assert titles(store.search("tea", 2)) == ["Teapots", "Tea at noon"]
        assert store.search("tea", 0) == []


def test_author_tags_and_lead_are_found_too(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("1", "One", author="Ada Example", tags=("gardening",), lead="Of tulips."))
        assert all(titles(store.search(w)) == ["One"] for w in ("ada", "gardening", "tulips"))


def test_the_newest_is_what_was_published_last(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        days = {"Rye this week": 1, "Rye last year": 300, "Rye yesterday": 0.5, "Wheat and rye": 2}
        written = [item(t, t, published=NOW - n * DAY) for t, n in days.items()]
        keep(store, *written)
        assert titles(store.search("rye")) == [
            "Rye yesterday",
            "Rye this week",
            "Wheat and rye",
            "Rye last year",
        ]


def test_a_name_finds_by_ref_link_or_title(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(
            store,
            item("1", "Rain in Spain", link="https://x.example/rain/", discussion="https://talk.example/1"),
            item("2", "Rain in Spain stays", link="https://x.example/2"),
            item("3", "Snow", "Rain in Spain was last week."),
        )
        one = store.find("https://x.example/rain/")[0]
        assert titles(store.find(one.ref)) == titles(store.find(f" #{one.ref.upper()} ")) == ["Rain in Spain"]
        assert titles(store.find("https://x.example/rain#more")) == ["Rain in Spain"]
        assert titles(store.find("https://talk.example/1")) == ["Rain in Spain"]
        assert titles(store.find("rain in spain")) == ["Rain in Spain"], "the whole title is meant"
        assert titles(store.find("Rain spain")) == ["Rain in Spain stays", "Rain in Spain"]
        assert store.find("last week") == [], "words of the text alone name nothing: that is a search"
        assert store.find("https://x.example/none") == store.find("nothing like it") == store.find(" ") == []
        assert store.find("rain")[0].item.text == ""


def test_the_window_holds_what_came_or_was_published_in_the_span(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        keep(store, item("yesterday"), now=NOW - DAY)
        keep(
            store,
            item("new"),
            item("late", published=NOW - 9 * DAY),
            item("ancient", published=NOW - 900 * DAY),
            item("recent", published=NOW - HOUR),
            item("undated", published=None),
            before=["ancient", "recent"],
        )
        assert [i.item.identity for i in store.window(NOW - HOUR)] == ["new", "late", "recent", "undated"]
        keep(store, item("long", text="x" * 9000, html="<p>y</p>"))
        assert [len(store.window(NOW - HOUR, body=b)[-1].item.text) for b in ("none", "text", "all")] == [
            0,
            2000,
            9000,
        ]
        assert titles(of_feed(store, 1)[:2]) == ["Title long", "Title undated"]


def test_the_index_is_made_anew_where_its_rules_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path) as store:
        keep(store, *TEXTS)
    monkeypatch.setattr(search_queries, "VERSION", "next")
    monkeypatch.setattr(search_queries, "folded", lambda text: text.replace("plan", "idea").casefold())
    with opened(tmp_path) as store:
        (state,) = store.states()
        assert len(store.search("行星")) == 1
        store.apply(update(state, [item("plan", "A plan")]), NOW)
        assert titles(store.search("idea")) == ["A plan"]


def test_a_lead_from_the_article_is_found_and_goes_with_its_item(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (number,) = keep(store, item("1", "Thin", lead="Only this."), now=NOW - 500 * DAY)
        store.enrich(number, lead="Walruses sing in winter.", words=900)
        assert (store.item(number).item.lead, store.item(number).item.words) == (
            "Walruses sing in winter.",
            900,
        )
        assert titles(store.search("walruses")) == ["Thin"]
        assert store.search("only") == []
        store.prune(NOW)
        assert store.search("walruses") == []
        assert search_is_sound(store)


def test_an_item_beyond_all_bounds_is_kept_and_found_by_its_beginning(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        (number,) = keep(store, item("1", "T" * 300, "start " + "x" * 300_000 + " finish"))
        assert store.search("start")
        assert store.item(number).item.text.endswith(" finish")
        assert len(search_queries.terms("w " * 999)) == 24


@pytest.mark.parametrize(
    ("words", "least", "found"),
    [
        (("bank", "rates"), 2, {1, 4}),
        (("bank", "rates", "bond"), 2, {1, 2, 4}),
        (("bank",), 1, {1, 2, 4}),
        (("o'neill", "c++", "$"), 1, {3}),
        (("東京都", "bank"), 1, {1, 2, 4, 5}),
        (("$", ""), 1, set()),
        ((), 1, set()),
    ],
)
def test_what_shares_words_with_another_is_found_by_them(
    tmp_path: Path, words: tuple[str, ...], least: int, found: set[int]
) -> None:
    with opened(tmp_path) as store:
        (state,) = feeds(store, "a")
        told = [
            "Bank holds rates",
            "Banks and bonds",
            "O’Neill on c",
            "RATES of a bánk",
            "今日の東京都は晴れ",
        ]
        store.apply(update(state, [item(str(n), title) for n, title in enumerate(told)]), NOW)
        assert store.sharing(words, least, 0) == found
        assert store.sharing(words, least, 3) == {n for n in found if n >= 3}


def test_a_statement_is_compiled_once_for_all_stores_of_a_process(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with opened(tmp_path) as one, opened(tmp_path / "other") as other:
        one.counts()
        known = set(dialect._COMPILED)
        (state,) = feeds(other, "a")
        other.apply(update(state, [item("1")]), NOW)
        assert other.counts().items == 1
        assert other.counts() != one.counts()
        new = set(dialect._COMPILED) - known
        (state,) = feeds(one, "a")
        one.apply(update(state, [item("1")]), NOW)
        assert one.counts() == other.counts()
        assert set(dialect._COMPILED) - known == new
