"""What each rule and constant of the pure rooms contributes: the figures of every set with it and without it.

    python bench/ablate.py stories [NAME …]     F1 of the story sets; wrong and doubtful pairs of a mixed morning
    python bench/ablate.py topics [NAME …]      core macro-F1, sites in two halves and the hand slice: shipped, and with folders
    python bench/ablate.py value [NAME …]       rank correlation, English and German
    python bench/ablate.py text [NAME …]        how many leads of the saved feeds, in two halves, and of posts change
    python bench/ablate.py edition [NAME …] --homes DIR [--labels DIR]   pages of the mornings that `mornings.py --keep DIR` left

NAME (part of a rule's name) picks some of the rules. A rule without a gain on two independent sets goes, unless it is there for
safety or for one wild document and has its test. The mixed morning is all saved feeds with their dates moved into one day.
Needs the shared folder beside the checkout.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import stories as stories_bench
import topics as topics_bench
import value as value_bench

from newsfeed import stories
from newsfeed.model import Item, StoredItem

SHARED = Path(__file__).resolve().parents[2] / "shared"
NEVER = re.compile(r"(?!)")
Changes = Mapping[str, Any]


@contextmanager
def changed(room: str, changes: Changes) -> Iterator[None]:
    """Names of a room ("module.NAME") with other values, in every module that imports them, within the block."""
    before: list[tuple[Any, str, Any]] = []
    try:
        for place, other in changes.items():
            home, _, name = place.rpartition(".")
            old = getattr(importlib.import_module(f"newsfeed.{room}.{home}"), name)
            for key, module in list(sys.modules.items()):
                if key.startswith(f"newsfeed.{room}.") and getattr(module, name, None) is old:
                    before.append((module, name, old))
                    setattr(module, name, other)
        forget()
        yield
    finally:
        for module, name, old in before:
            setattr(module, name, old)
        forget()


def forget() -> None:
    """Empty the caches that depend on constants."""
    for key, module in list(sys.modules.items()):
        if key.startswith("newsfeed."):
            for found in list(vars(module).values()):
                if hasattr(found, "cache_clear"):
                    found.cache_clear()


def nothing(*_: object, **__: object) -> set[int]:
    return set()


def scales(**other: float) -> Any:
    """The weights of evidence with other constants."""
    from newsfeed.topics.linear import Scales

    return type(
        "Scales",
        (Scales,),
        {"__annotations__": dict.fromkeys(other, float), **other},
        frozen=True,
        kw_only=True,
    )


# ------------------------------------------------------------------------------------------------ stories


@cache
def saved() -> Mapping[str, Sequence[Item]]:
    """The items of all saved feeds, by file."""
    folder = SHARED / "feeds"
    names = [str(path.relative_to(folder)) for path in sorted(folder.glob("*/*")) if path.is_file()]
    return asyncio.run(value_bench._read(folder, names))


def mixed() -> tuple[list[StoredItem], dict[int, str]]:
    """One morning of all saved items that have a date, and the outlet of each feed."""
    items, outlets = [], {}
    for feed, (name, found) in enumerate(saved().items(), start=1):
        outlets[feed] = re.sub(r"-?\d{4}.*|\.\w+$", "", name.rpartition("/")[2])
        for item in found:
            if item.published:
                seen = datetime.combine(stories_bench.START.date(), item.published.timetz()).astimezone(UTC)
                items.append(StoredItem(id=len(items) + 1, ref="", feed=feed, item=item, first_seen=seen))
    return items, outlets


def stories_figures() -> list[str]:
    shared = [SHARED / "stories" / name for name in ("dev.jsonl", "dev2.jsonl")]
    gold, bcubed = stories_bench.sets(shared), stories_bench.scorer(SHARED / "tools" / "score_stories.py")
    found = []
    for name, rows in gold.items():
        affairs = stories_bench.affairs(name) if name in stories_bench.AFFAIRS else None
        score = stories_bench.scored(rows, bcubed, affairs)
        found.append(f"{score['bcubed_f1']:.3f}/{score['bcubed_p']:.3f}")
    items, outlets = mixed()
    import msgspec

    dates = {i.id: i.item.published for i in items}
    moved = [
        msgspec.structs.replace(i, item=msgspec.structs.replace(i.item, published=i.first_seen))
        for i in items
    ]
    feed = {i.id: i.feed for i in items}
    far = own = near = 0
    for story in stories.join(moved, [], [], outlets):
        for a, b in combinations(story.items, 2):
            if outlets[feed[a]] == outlets[feed[b]]:
                own += 1
            elif abs((dates[a] - dates[b]).days) > 45:  # type: ignore[operator]
                far += 1
            else:
                near += 1
    return [*found, f"{far} {own} {near}"]


STORIES: dict[str, Changes] = {
    "a name is taken off (NAME)": {"similarity.NAME": 0},
    "of a name two words (NAME 1)": {"similarity.NAME": 1},
    "names of many matters weigh less (COHESION)": {"similarity.COHESION": 1e-9},
    "… by .3 of their weight": {"similarity.LEAST": 0.3},
    "floor of a group's own likeness": {"linkage.FLOOR": 0.0},
    "usual similarity of an event (USUAL) .2": {"linkage.USUAL": 0.2},
    "usual similarity of an event (USUAL) .3": {"linkage.USUAL": 0.3},
    "more asked of little evidence": {"linkage.THIN": 0.0, "linkage.THRESHOLD": 0.36},
    "time": {"linkage.FADE": 1e9},
    "higher threshold in one outlet": {"linkage.ONE_OUTLET": 1.0},
    "table of words": {"terms.TEXTS": 0},
    "boilerplate of a feed dropped": {"similarity.FEED_FROM": 10**9},
    "recurring titles say nothing": {"recurring_title.recurring_titles": nothing},
    "recurring texts say nothing": {"recurring_title.recurring_texts": nothing},
    "round-ups join nothing": {"recurring_title.round_ups": nothing},
    "… lists of headlines": {"recurring_title.LISTED": NEVER},
    "… newsletters": {"recurring_title.NEWSLETTER": NEVER},
    "numbers of a series apart": {"recurring_title.kept_apart": lambda items: {}},
    "… versions": {"recurring_title.VERSION": NEVER},
    "… reruns again": {"recurring_title.AGAIN": NEVER},
    "title counts double": {"terms.TITLE_WEIGHT": 1.0},
    "first words of a text only": {"terms.TEXT_WORDS": 10_000, "terms.TEXT_SIGNS": 10_000},
    "endings off": {"terms.stem": lambda word: word},
    "days out of titles": {"similarity.undated": lambda text: text},
    "unlike items taken as unlike (EDGE)": {"linkage.EDGE": 1e-9},
    "forms of words compared": {"similarity.FORMS": 0},
    "hubs are no page": {"clues._is_a_hub": lambda *_: False},
    "stand-ins are no recording": {"clues._is_a_stand_in": lambda *_: False},
}


# ------------------------------------------------------------------------------------------------ topics


def topics_figures() -> list[str]:
    rows = [json.loads(line) for line in (SHARED / "topics" / "dev.jsonl").read_text("utf-8").splitlines()]
    from newsfeed.topics.tagger import Tagger
    from newsfeed.topics.train import cold_start

    score = topics_bench.scorer().score
    tagger: Tagger = cold_start()
    documents = [topics_bench.document(row) for row in rows]
    alone = {
        r["id"]: {s.topic: s.p for s in t.scores} for r, t in zip(rows, tagger.tag(documents), strict=True)
    }
    filed, _ = topics_bench.predict(rows, 0.1, 0, 0)
    parts = [
        [row for row in rows if topics_bench.fold(row) % 2],
        [row for row in rows if not topics_bench.fold(row) % 2],
        [row for row in rows if row["slice"] == "hand"],
    ]
    return [f"{score(part, found)['macro_f1_core']:.3f}" for found in (alone, filed) for part in parts]


TOPICS: dict[str, Changes] = {
    "rivals speak against": {"linear.Scales": lambda: scales(rivals=0.0)},
    "`other` speaks against": {"linear.Scales": lambda: scales(other=0.0)},
    "long texts count less": {"linear.Scales": lambda: scales(length=0.0)},
    "topics imply their parent": {"lexicon.implied": dict},
    "BROAD topics are no rivals": {"linear.BROAD": frozenset()},
    "traps speak against": {"lexicon.TRAP_SHARE": 0.0},
    "title counts double": {"lexicon.TITLE_WEIGHT": 1.0},
    "sponsors left out": {"vocabulary._SPONSOR": NEVER},
    "folder of the feed": {"tagger.FOLDER_WEIGHT": 0.0},
    "mix of the feed (PSEUDO_ITEMS)": {"train.PSEUDO_ITEMS": 1e9},
    "careful labels (CAREFUL)": {"train.CAREFUL": 0.0},
    "READY": {"train.READY": 0.0, "train.READY_OF_SEEDS": 0.0},
    "calibration (PULL)": {"fitting.PULL": 1e9},
    "share of the model": {"train.SHARE_OF_OWN": 0.5, "train.SHARE_OF_SEEDS": 0.5},
    "documents without a folder count less": {"train.UNLABELLED_WEIGHT": 1.0},
    "twice the penalty on weights": {"fitting.ALPHA": 4e-5},
    "half the penalty on weights": {"fitting.ALPHA": 1e-5},
    "a folder takes nothing from other topics (LOSS)": {"fitting.LOSS": 0.0},
    "rare features left out": {"fitting.LEAST_DOCUMENTS": 1},
}


# ------------------------------------------------------------------------------------------------ value


def value_figures() -> list[str]:
    from newsfeed.topics.build import train_value, value_seeds
    from newsfeed.topics.tagger import Tagger, load

    of = value_bench.graded(SHARED / "worth", SHARED / "feeds")
    tagger: Tagger = load(None, {})
    made = Tagger(
        tagger.lexicon, tagger.model, tagger.scales, tagger.topics, {}, value=train_value(value_seeds())
    )
    import numpy as np

    told = np.array([t.news.value if t.news else 0.0 for t in made.tag([one.document for one in of.items])])
    return [
        f"{value_bench.rank_correlation(told[rows], of.grades[rows]):.3f}" for rows in (~of.german, of.german)
    ]


VALUE: dict[str, Changes] = {
    "who did what": {"value.ACT_SCALE": 1e-9},
    "title counts double": {"linear.TITLE_WEIGHT": 1.0},
    "ridge 1": {"fitting.RIDGE": 1.0},
    "ridge 4": {"fitting.RIDGE": 4.0},
}


# ------------------------------------------------------------------------------------------------ text


@cache
def told(which: str) -> list[Item]:
    """Items of the saved feeds in one half of the alphabet by name, or of the saved posts."""
    files = sorted(saved())
    half = {"first": files[::2], "second": files[1::2]}[which]
    return [item for name in half for item in saved()[name]]


def text_figures() -> list[str]:
    from newsfeed.text import headline, lead, prose_text

    found = []
    for which in ("first", "second"):
        leads = [
            (headline(i.title), lead(prose_text(i.html) if i.html else i.text, i.title, lang=i.lang))
            for i in told(which)
        ]
        plain = _before.setdefault(which, leads)
        found.append(f"{sum(a != b for a, b in zip(leads, plain, strict=True))} of {len(leads)}")
    return found


_before: dict[str, list[tuple[str, str]]] = {}


def _without(group: str) -> Callable[[], Any]:
    from newsfeed.text import boilerplate

    return lambda: {name: rules for name, rules in boilerplate.NOTICES.items() if name != group}


def text_rules() -> dict[str, Changes]:
    from newsfeed.text import boilerplate

    rules: dict[str, Changes] = {
        f"notices: {group}": {
            "boilerplate.NOTICES": {n: r for n, r in boilerplate.NOTICES.items() if n != group}
        }
        for group in boilerplate.NOTICES
    }
    for name in (
        "TELLTALE",
        "TAIL",
        "CUT_OFF",
        "DATELINE",
        "BYLINE_START",
        "LEAD_IN",
        "STAMP",
        "HASHTAG",
        "URL",
    ):
        rules[name] = {f"boilerplate.{name}": NEVER}
    for name in ("_ENTRY", "_GLUED", "_HANGING"):
        rules[name] = {f"leads.{name}": NEVER}
    rules["_names_only"] = {"leads._names_only": lambda sentence: False}
    rules["_says_again"] = {"leads._says_again": lambda key, title: False}
    for name in ("_HINT", "_PIXEL", "_SHORTCODES", "_UNDER_PICTURE", "_ALT", "_ESCAPED_HTML"):
        rules[name] = {f"markup.{name}": NEVER}
    for name in ("_LIVE", "_EMOJI", "_SUFFIX", "_PREFIX"):
        rules[name] = {f"headlines.{name}": NEVER}
    rules["_shouts"] = {"headlines._shouts": lambda text: False}
    return rules


# ------------------------------------------------------------------------------------------------ edition

HOMES = Path()  # folder of the mornings' homes, each with its store
LABELS = SHARED / "worth"  # their grades, and the feeds of each


@cache
def mornings() -> Any:
    """The tool that grades pages."""
    spec = importlib.util.spec_from_file_location("mornings", SHARED / "tools" / "mornings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def pools() -> dict[str, Any]:
    """By morning: its pool, its reader's settings, its day and the time when it was built."""
    from newsfeed import config
    from newsfeed.pipeline.home import Home
    from newsfeed.pipeline.morning.digest import pool_for

    found = {}
    for folder in sorted(path for path in HOMES.iterdir() if path.is_dir()):
        home = Home(folder, config.load(folder), lambda: datetime.now(UTC))
        with home.open_store() as store:
            built = store.latest_edition()
            assert built
            found[folder.name] = (pool_for(home, store, built.date), home.settings, built.date, built.built)
    return found


def page_of(name: str) -> dict[str, Any]:
    """One page's grades."""
    from newsfeed.edition import build
    from newsfeed.model import ledger

    pool, settings, day, now = pools()[name]
    made = build(pool, settings, date=day, now=now)
    grades = mornings().Grades(LABELS)
    rows = {row["name"]: row["feeds"].split(",") for row in mornings().rows(LABELS / "mornings.tsv")}
    picks = [pick for section in made.sections for pick in section.picks]
    graded = [(pick, grades.find(pick.link, pick.title)) for pick in picks]
    known = [grade["grade"] for _, grade in graded if grade]
    top = [grade["grade"] for pick, grade in graded if grade and pick.section == "top"]
    items = {one.item.id: one.item.item for one in pool.candidates}
    shown = [(one.link, one.title) for one in (*picks, *made.lines)]
    strikes = sum(grade["grade"] < 0.5 for grade in (grades.find(*one) for one in shown) if grade)
    titles = {title[:40] for _, title in shown}
    shown += [
        (items[entry.item].link, items[entry.item].title)
        for entry in made.ledger
        if entry.cause == ledger.SAME and any(title in entry.detail for title in titles)
    ]
    seen = {id(grade) for grade in (grades.find(*one) for one in shown) if grade}
    must = [one for feed in rows[name] for one in grades.of_feed[feed] if one["grade"] > 2.5]

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values) if values else 0.0

    return {
        "grade": mean(known),
        "top": mean(top),
        "good": mean([grade >= 1.75 for grade in known]),
        "strikes": strikes,
        "told": mean([id(one) in seen for one in must]) if must else None,
        "used": made.minutes / made.budget_minutes,
        "picks": len(picks),
    }


_pages: dict[str, float] = {}


def edition_figures() -> list[str]:
    pages = {name: page_of(name) for name in pools()}

    def mean(key: str) -> float:
        values = [page[key] for page in pages.values() if page[key] is not None]
        return sum(values) / len(values)

    plain = {name: _pages.setdefault(name, page["grade"]) for name, page in pages.items()}
    better = sum(page["grade"] > plain[name] + 0.005 for name, page in pages.items())
    worse = sum(page["grade"] < plain[name] - 0.005 for name, page in pages.items())
    figures = [f"{mean(key):.2f}" for key in ("grade", "top", "good", "strikes", "told", "used")]
    return [*figures, f"{mean('picks'):.1f}", f"+{better} -{worse}"]


def edition_rules() -> dict[str, Changes]:
    from newsfeed.edition.choose import Chooser

    def without(name: str) -> Any:
        return type("Chooser", (Chooser,), {name: lambda self, state, *_: state})

    return {
        "topics (only the score counts)": {
            "constants.KAPPA": dict.fromkeys(("depth", "balanced", "breadth"), 1e9)
        },
        "score beside topics (BETA)": {"constants.BETA": 0.0},
        "voices (GAMMA)": {"constants.GAMMA": dict.fromkeys(("few", "balanced", "many"), 0.0)},
        "floor of topics": {"constants.FLOOR": dict.fromkeys(("depth", "balanced", "breadth"), 0.0)},
        "told widely": {"choose.Chooser": without("told_widely")},
        "a broader page (NEARLY)": {"constants.NEARLY": 0.0},
        "over the cap": {"choose.Chooser": without("over_cap")},
        "freshness": {"constants.HALF_LIFE_OF_EVENTS": 1e9, "constants.HALF_LIFE_OF_IDEAS": 1e9},
        "ideas last longer": {"constants.HALF_LIFE_OF_IDEAS": 48.0},
        "STALE": {"constants.STALE": 0.0},
        "news value": {"constants.NEWS_WEIGHT": 1e-9},
        "record of the source": {"constants.RECORD": 0.0},
        "outlets": {"constants.OUTLETS_WEIGHT": 0.0},
        "engagement": {"constants.ENGAGEMENT_WEIGHT": 0.0},
        "LEADLESS": {"constants.LEADLESS": (1.0, 1.0)},
        "bare headlines are lines (LED)": {"constants.LED": 2.0},
        "UNDATED_HOURS": {"constants.UNDATED_HOURS": 0.0},
        "SUBJECTLESS": {"constants.SUBJECTLESS": 1.0},
        "LISTEN_EVERY": {"constants.LISTEN_EVERY": 0.1},
        "LEAST_MINUTES": {"constants.LEAST_MINUTES": 0.0},
        "GOOD .25": {"constants.GOOD": 0.25},
        "GOOD .36": {"constants.GOOD": 0.36},
        "LINE .15": {"constants.LINE": 0.15},
        "LINE .25": {"constants.LINE": 0.25},
        "two topics (BRIDGE)": {"constants.BRIDGE": 2.0},
        "SURER": {"constants.SURER": 1e9},
        "SOURCE_CAP": {"constants.SOURCE_CAP": 1.0},
        "DEEPER": {"constants.DEEPER": 0.0},
        "what tells no news never leads": {"layout.NO_NEWS": frozenset()},
        "what tells no news must be good (NO_NEWS_GOOD)": {"constants.NO_NEWS_GOOD": 0.0},
        "STRONG leads": {"constants.STRONG": 9.0},
        "PEOPLE_GOOD": {"constants.PEOPLE_GOOD": 0.2},
        "PICKS_A_MINUTE 3": {"constants.PICKS_A_MINUTE": 3.0},
        "PICKS_A_MINUTE 4": {"constants.PICKS_A_MINUTE": 4.0},
        "near-duplicates": {"building.near_duplicates": lambda texts: []},
        "series": {"filtering._series": lambda lone, feeds: ()},
        "two reports of a night": {"filtering._reports": lambda lone: ()},
        "AFFAIR_PICKS": {"constants.AFFAIR_PICKS": 99},
        "OUTLET_HOURS": {"constants.OUTLET_HOURS": 1e6},
    }


# ------------------------------------------------------------------------------------------------ all


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("room", choices=("stories", "topics", "value", "text", "edition"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--homes", type=Path, help="mornings that were kept, for `edition`")
    parser.add_argument("--labels", type=Path, help="the folder of their grades, as for `mornings.py`")
    given = parser.parse_args()
    global HOMES, LABELS
    HOMES, LABELS = given.homes or HOMES, given.labels or LABELS
    room, rules, figures = {
        "stories": ("stories", STORIES, stories_figures),
        "topics": ("topics", TOPICS, topics_figures),
        "value": ("topics", VALUE, value_figures),
        "text": ("text", text_rules() if given.room == "text" else {}, text_figures),
        "edition": ("edition", edition_rules() if given.room == "edition" else {}, edition_figures),
    }[given.room]
    width = max(map(len, rules))
    print(f"{'(as it is)':{width}}  {'  '.join(figures())}", flush=True)
    for name, changes in rules.items():
        if not given.names or any(part in name for part in given.names):
            made = {k: v() if k.endswith(".Scales") else v for k, v in changes.items()}
            with changed(room, made):
                print(f"{name:{width}}  {'  '.join(figures())}", flush=True)


if __name__ == "__main__":
    main()
