"""Offers that look like news: product lists, pitches, releases, invitations, demo content of a site."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsfeed.errors import SettingsError
from newsfeed.topics.documents import Document
from newsfeed.topics.not_news import NotNews, not_news, parse

DATA = Path(__file__).parent / "data"


def kind(title: str, text: str = "", *, link: str = "", tags: tuple[str, ...] = ()) -> str:
    return not_news(Document(id=1, title=title, text=text, link=link, tags=tags))


def cases(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def test_offers_are_recognised_and_stories_about_them_are_not() -> None:
    rows = cases("not_news_offers.jsonl")
    assert len(rows) >= 200
    assert 0.4 < sum(not row["kind"] for row in rows) / len(rows) < 0.6
    documents = [
        Document(id=n, title=row["title"], text=row["text"], link=row["link"]) for n, row in enumerate(rows)
    ]
    told = list(zip(rows, NotNews.shipped().kinds(documents), strict=True))
    wrong = [row["title"] for row, said in told if said and not row["kind"]]
    missed = [row["title"] for row, said in told if row["kind"] and not said]
    right = sum(bool(said and row["kind"]) for row, said in told)
    assert right / (right + len(wrong)) >= 0.97, wrong
    assert right / (right + len(missed)) >= 0.85, missed


@pytest.mark.parametrize(
    "category",
    ["Jobs", "Deals", "Competition", "Correction", "Events", "Commerce", "Meta", "Live", "Contests"],
)
def test_a_category_that_is_a_subject_too_is_no_sign_of_an_advert(category: str) -> None:
    assert kind("Regulators look into the merger of two grocers", tags=(category, "Business")) == ""


@pytest.mark.parametrize(
    ("category", "told"),
    [
        ("Job openings", "job"),
        ("Daily deals", "deal"),
        ("Giveaways", "giveaway"),
        ("Live blog", "live"),
        ("Corrections and clarifications", "notice"),
    ],
)
def test_a_category_that_can_only_be_a_form_is_one(category: str, told: str) -> None:
    assert kind("A quiet headline", tags=(category,)) == told


def test_what_a_project_announces_is_news_and_what_a_vendor_boasts_is_not() -> None:
    assert kind("Introducing Kelp 2.0", "We are excited to launch Kelp, licensed under MIT, on GitHub.") == ""
    assert kind("Introducing the Kelp model", "We're excited to share a model that folds proteins.") == ""
    assert kind("Kelp joins the alliance", "We're excited to partner with three carmakers.") == "promotion"


def test_prose_about_offers_is_no_offer() -> None:
    text = "Most visitors who start a free trial or book a demo never come back; we asked 900 of them why."
    assert kind("What free trials tell about churn", text) == ""
    assert kind("Sendly for teams", "Mail that writes itself. Start a free trial.") == "promotion"


def test_a_short_end_of_a_link_is_no_live_ticker() -> None:
    assert kind("Notes of Sunday", link="https://pod.example/live-c/") == ""
    assert kind("Notes of Sunday", link="https://news.example/live-budget-day/") == "live"


def test_lists_of_words_stand_for_their_names() -> None:
    patterns = parse(
        "[words]\nfruit = 'apples?|pears?'\n[[pattern]]\nkind = 'deal'\ntitle = '\\bcheap (<fruit>)\\b'\n"
    )
    kinds = NotNews(patterns).kinds([Document(id=1, title="Cheap pears"), Document(id=2, title="Cheap figs")])
    assert kinds == ["deal", ""]
    with pytest.raises(SettingsError, match="fruit"):
        parse("[[pattern]]\nkind = 'deal'\ntitle = '<fruit>'\n")


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("From the archive: the storm of 1987", "", "rerun"),
        ("Who owns the tide (Rerun)", "", "rerun"),
        ("Wiederholung: Wem gehört das Meer", "", "rerun"),
        (
            "Who owns the tide",
            "This episode originally aired in May 2019. We ask who owns the tide.",
            "rerun",
        ),
        ("Untitled draft", "", "notice"),
        ("Untitled document 3", "", "notice"),
        ("[Draft] Fares", "", "notice"),
        ("Comments of the week", "", "thread"),
        ("Final days to save on your IsleConf pass", "", "event"),
        ("Exhibit at IsleConf 2026", "", "event"),
        ("Join our WhatsApp channel for the morning", "", "promotion"),
        (
            "A new chapter",
            "We have raised our second round of funding and can do more for boat owners.",
            "promotion",
        ),
        ("Foldphone 8 or Foldphone 9: which one should you buy?", "", "guide"),
        ("What the f*** is going on at the port", "", "crude"),
        ("Severed hand found in the harbour", "", "crude"),
        ("Archive of the isle burns down", "", ""),
        ("Draft law on fares passes its second reading", "", ""),
        ("The week in which the ferries stood still", "", ""),
        ("Isle attends talks on fares", "", ""),
        ("Which bank should take the risk?", "", ""),
        ("A new chapter", "We have raised $40 million in a round led by the port's pension fund.", ""),
        ("Army beheads rebel leadership: researchers count the mutilated", "", ""),
        ("Scunthorpe and Shitterton vote to merge their councils", "", ""),
    ],
)
def test_reruns_drafts_own_events_and_what_is_not_for_an_office(title: str, text: str, said: str) -> None:
    assert kind(title, text) == said
