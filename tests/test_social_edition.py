"""Social items in an edition: noise takes no place from topics, shares count as votes, places of discussion are named."""

from __future__ import annotations

from collections import Counter

import pytest
from pools import NOW, TODAY, TOPICS, candidate, feed, pool, settings

from newsfeed import edition
from newsfeed.model import Candidate, Edition, Pick, SuggestedPost, Suggestion
from newsfeed.render import Templates

NAMES = [name for name, setting in TOPICS.items() if not setting.parent]
LOUD = (90, 91)


def picks(made: Edition) -> list[Pick]:
    return [p for s in made.sections for p in s.picks]


def morning(kind: str) -> list[Candidate]:
    """Forty stories of twenty papers on five topics, and sixty items of two hyperactive accounts."""
    told = [
        candidate(
            n,
            1 + n % 20,
            topic=NAMES[n % len(NAMES)],
            title=f"Paper story {n} on the {NAMES[n % len(NAMES)]} of quay {n}",
        )
        for n in range(1, 41)
    ]
    noise = [
        candidate(
            100 + n,
            LOUD[n % 2],
            topic="technology",
            p=0.95,
            hours=0.5 + n / 20,
            kind=kind,
            author="Someone Loud",
            discussion_label="Mastodon",
            discussion=f"https://social.example/@loud/{n}" if kind == "article" else "",
            title=f"Loud remark {n} on gadget {n * 7} and what it means for everybody who has one",
            score=1_000 + n,
        )
        for n in range(60)
    ]
    return told + noise


@pytest.mark.parametrize("kind", ["post", "article"])
def test_two_noisy_accounts_with_most_of_the_items_take_no_topic_its_place(kind: str) -> None:
    candidates = morning(kind)
    assert sum(c.item.feed in LOUD for c in candidates) / len(candidates) == 0.6
    loud = [
        feed(n, title=f"Loud {n}", social=True, items_a_day=30.0, engagement=tuple(range(1_000, 1_060)))
        for n in LOUD
    ]
    made = edition.build(pool(candidates, loud), settings(minutes=5.0), date=TODAY, now=NOW)
    topics = {p.topic for p in picks(made)} | {line.topic for line in made.lines}
    assert topics >= set(NAMES)
    by_feed = Counter(p.feed for p in picks(made))
    shown = len(picks(made))
    assert all(by_feed[n] <= max(2, round(0.2 * shown)) for n in LOUD), by_feed
    assert sum(made.counts.values()) == len(candidates)


def test_posts_that_share_an_article_are_votes_and_discussions_not_other_tellers() -> None:
    article = candidate(1, 1, story=1)
    shared = [
        candidate(
            n, n, story=1, kind="post", title=f"Read this, {n}", link=article.item.item.link,
            discussion=f"https://social.example/@p{n}/1", discussion_label="Mastodon", comments=n,
        )
        for n in (50, 51)
    ]  # fmt: skip
    people = [feed(n, title=f"Person {n}", social=True) for n in (50, 51)]
    made = edition.build(
        pool([article, *shared, *morning("article")[:8][1:]], people), settings(), date=TODAY, now=NOW
    )
    (pick,) = [p for p in picks(made) if p.story == 1]
    assert pick.item == 1
    assert pick.reason == "shared by 2 you follow"
    assert pick.others == ()
    assert [s.text for s in pick.discussions] == ["Mastodon 51"]
    assert pick.discussions[0].href == "https://social.example/@p51/1"


def test_boosters_are_votes() -> None:
    article = candidate(1, 1, story=1)
    boost = candidate(
        50, 50, story=1, kind="post", link=article.item.item.link, via=("Ada", "Bo", "Cy"),
        discussion="https://social.example/@z/1", discussion_label="Mastodon",
    )  # fmt: skip
    made = edition.build(
        pool([article, boost], [feed(50, title="Home", social=True)]), settings(), date=TODAY, now=NOW
    )
    (pick,) = [p for p in picks(made) if p.story == 1]
    assert pick.reason.startswith("shared by ")
    assert int(pick.reason.split()[2]) >= 3


VOICE = Suggestion(
    name="Ada Idris",
    profile="https://social.example/@ada",
    by=("Bo", "Cy", "Di"),
    times=4,
    topics=("Science", "Policy"),
    posts=(SuggestedPost(title="A comet in three nights", link="https://social.example/@ada/1"),),
    outline='<outline text="Ada Idris" type="rss" xmlUrl="https://social.example/@ada.rss"/>',
)


def test_once_a_week_the_page_and_the_mail_say_who_is_worth_following() -> None:
    day = f"{TODAY:%A}".lower()
    source = pool([candidate(1), candidate(2, 2)], suggested=(VOICE,))
    assert edition.build(source, settings(breadth_day="never"), date=TODAY, now=NOW).suggested == ()
    made = edition.build(source, settings(breadth_day=day), date=TODAY, now=NOW)
    said = "passed on 4 times by Bo, Cy and 1 more, on Science and Policy"
    assert [one.said for one in made.suggested] == [said]
    assert f"Ada Idris {said}" in edition.visible_text(made)
    assert made.minutes <= 5
    templates = Templates()
    page = templates.site(made, None, recent=())["index.html"].decode()
    assert "Worth following" in page
    assert said in page
    assert "&lt;outline text=&#34;Ada Idris&#34;" in page
    assert '<a href="https://social.example/@ada/1"' in page
    message = templates.message(made)
    assert said in " ".join(message.text.split())
    assert said in message.html
