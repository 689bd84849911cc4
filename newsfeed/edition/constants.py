"""All numbers that may be tuned in the choice of an edition.

The formulas are those of the design note on selection: a monotone submodular objective over topics, scores and voices,
greedy under a budget of minutes. Each number is marked with its origin:

- [pages] `python bench/ablate.py edition`: grades of seven mornings with it and without it, "Pages" in bench/RESULTS.md
- [reader] `python bench/selection.py`: sixty mornings of a simulated reader, "Pages" in bench/RESULTS.md
- [value] `python bench/value_evidence.py`, "What else tells it" in bench/RESULTS.md
- [note] the design note on selection; [page] what fits or reads well on the page, checked by a test
- [guard] bounds that keep arithmetic, or figures from few cases, sensible
- [promise] what the reader is promised, checked by a test; or a setting, if it has the name of one
"""

from __future__ import annotations

from typing import Final

from newsfeed.breadth.asked import BIG, SOURCE_CAP, STANDS
from newsfeed.model.edition import ACCOUNT_DAYS

__all__ = ["ACCOUNT_DAYS", "BIG", "SOURCE_CAP", "STANDS"]

# --- the objective
KAPPA: Final = {"depth": 2.0, "balanced": 0.5, "breadth": 0.1}  # [pages, reader]
BETA: Final = 1.0  # [pages, reader]
GAMMA: Final = {"few": 0.0, "balanced": 0.04, "many": 0.10}  # [reader]
ETA: Final = 4.0  # [reader]
# [pages, reader] score by which a story may be worse than the best use of the minutes, if it adds more to topics and voices
NEARLY: Final = 0.12
EXCEPTIONAL: Final = 0.5  # [pages] score from which a story gives its place to none
SILENT: Final = 4.0  # [pages, reader] x the part of voices among what is nearly as good
VOICE_DAYS: Final = 28  # [note] a source unheard for so long has the largest voice, 1 + 28 / 14 = 3
DEBT_KEEPS: Final = 0.75  # [note]
DEBT_MOST: Final = 3.0  # [note]

# --- score of a story: 2^(-age / half-life) x (news value + outlets + interest + engagement), within 0..1
NEWS_WEIGHT: Final = 0.75  # [pages] x grade / 3
# [value] x how far a source's mean value is from that of all, added to each of its items' grades
RECORD: Final = 0.3
RECORD_PSEUDO_ITEMS: Final = 8.0  # [value] of the mean of all, in a source's own mean
UNJUDGED: Final = 1.0  # [value] the grade of what has no news value yet: filler
OUTLETS_WEIGHT: Final = 0.45  # [pages] x min(1, log2(outlets) / 3): eight outlets are as big as it gets
INTEREST_WEIGHT: Final = 0.10  # [note] up or down
# [value] up or down: percentile among the source's own items; .5 where unknown
ENGAGEMENT_WEIGHT: Final = 0.05
HALF_LIFE_OF_EVENTS: Final = 48.0  # [pages] hours
HALF_LIFE_OF_IDEAS: Final = 84.0  # [pages]
EVENT: Final = "event"
IDEAS: Final = frozenset({"analysis", "research", "opinion"})
STALE: Final = 0.2  # [note] below this freshness an item is too old to stand in an edition
# [note] outlets are counted within so many hours of the story's newest item
OUTLET_HOURS: Final = HALF_LIFE_OF_EVENTS
ENGAGEMENT_LEAST: Final = 5  # [guard] the fewest known scores for a percentile
SOURCE_PSEUDO_ITEMS: Final = 4.0  # [note] pseudo-items of the overall mix in a source's own mix

# --- interest inside a topic, from few signals (§6 of the note)
# [note] pseudo-stories by which a topic's usual rate is drawn to the expected rate
INTEREST_SHRINK: Final = 20.0
INTEREST_RATE: Final = 0.25  # [note]
INTEREST_BEGUN: Final = 2.0  # [note] pseudo-thumbs of a source: those of eight stories at that rate

# --- what makes an item worse than its facts
# x score of a headline without a usable lead: if no item has one, and if all others have one. The more common leads
# are, the more likely something comparable has one.
LEADLESS: Final = (0.75, 0.35)  # [pages]
LEAD_LEAST: Final = 8  # [page] words from which a lead is usable
# If so many stories of the day have a usable lead, one that is only a headline gets a line instead of a place.
LED: Final = 0.6  # [page]
# [promise] an undated item counts as a day older than when it was found
UNDATED_HOURS: Final = 24.0
# [pages] x score of a headline that doesn't say what it is about ("They didn’t.", "Show of 4 June")
SUBJECTLESS: Final = 0.5
LISTEN_EVERY: Final = 2.5  # [promise] minutes of the page for each story that is to be heard or watched
# [pages] the least minutes a pick is weighed with, or the shortest would always win
LEAST_MINUTES: Final = 0.2

# --- thresholds
GOOD: Final = 0.30  # [pages, reader]
LINE: Final = 0.20  # [pages]
# [pages] score from which what tells no news (a how-to, a release, an advert …) has a place while enough else waits
NO_NEWS_GOOD: Final = 0.36
MUST_KNOW: Final = 2.5  # [value] grade from which the page says that a story must be known
STRONG: Final = 2.0  # [promise] grade from which a story may lead the page, and stand on it without a topic
BRIDGE: Final = 0.3  # [pages]
# [pages] the least probability of a second topic: below, it is wrong too often
SECOND: Final = 0.7
# [pages] of a few words alone the tagger must be so sure of a topic
SURE: Final = 0.8
# [pages] log-odds by which a topic must exceed the source's usual topic to be named before it
SURER: Final = 0.5
CERTAIN: Final = 0.001  # [guard] probabilities are kept this far from 0 and 1 when two are compared
FAINT: Final = 0.02  # [guard] a smaller part of a story belongs to no topic
# [promise] a shown story returns when its outlets have at least doubled, to at least this number,
UPDATE_OUTLETS: Final = 6
# [promise] or when two outlets have this many new words in a headline, and in common
NOVEL_WORDS: Final = 1 / 3
NOVEL_LEAST: Final = 3  # [promise]

# --- shares of the minutes
FLOOR: Final = {"depth": 0.3, "balanced": 0.6, "breadth": 1.0}  # [pages, reader]
MUST: Final = 0.50  # [promise]
WIDELY: Final = 0.70  # [reader] reached by floors and what three sources or more tell
SHORT_EDITION: Final = 5.0  # [page]
SHORT_LINES: Final = 0.15  # [page]
DEEPER: Final = 0.08  # [page] kept for the longer leads of Top and of the core topic
PEOPLE: Final = 0.10  # [promise]

# --- keys of sections, beside the names of topics
TOP_KEY: Final = "top"
PEOPLE_KEY: Final = "people"
OTHER: Final = "other"
LONG: Final = "long"
SINCE: Final = "since"
LISTEN: Final = "listen"

# --- what is printed
PICKS_A_MINUTE: Final = 3.4  # [pages] what fits beyond that gets lines
PICK_MINUTES: Final = 0.05  # [promise] to look up, find and decide, for each pick
TOP: Final = 3  # [page]
TOP_WORDS: Final = 60  # [page]
LEAD_WORDS: Final = 35  # [page]
CORE_WORDS: Final = 100  # [page]
LINE_WORDS: Final = 18  # [page]
OTHERS: Final = 3  # [page]
QUIET_CHARACTERS: Final = 90  # [page] of a pick's quiet line, so that it stays one line on a wide screen
REASON_CHARACTERS: Final = 16  # [page] of these, reserved for the reason at the end
EARLIER: Final = 3  # [page]
BIG_WORDS: Final = 12  # [page] of the largest story that is left out, in the foot
WHY_WORDS: Final = 10  # [page] of a runner-up's title
NAME_CHARACTERS: Final = 40  # [page] of what a feed is called
POST_WORDS: Final = 50  # [page] quoted of a post
DISCUSSIONS: Final = 2  # [page]
NAMED_FEEDS: Final = 3  # [page] in the foot, of feeds that need the reader
NAMED_TOPICS: Final = 8  # [page] in the foot, of feeds that are quiet
NAMED_BY: Final = 2  # [page] of those who passed a suggested voice on
UNTOLD: Final = 5  # [page] big stories without a place that are kept by name
# [promise] reserved, because "completed at 09:10" may be added to the promise later
REVISED_WORDS: Final = 3
# [promise] days after which a failing feed no longer counts as missing this morning
FAILED_DAYS: Final = 2
# [page] if this part of a source's items has a topic, the source explains why the topic is quiet
SUPPLIES: Final = 0.15
SINCE_PICKS: Final = 5  # [promise]
SINCE_MINUTES: Final = 1.0  # [promise]

# --- people
PEOPLE_GOOD: Final = 0.45  # [pages] a post that few passed on must be worth a place by its words
PEOPLE_WORDS: Final = 12  # [promise] links, tags and names apart

# --- the long read
LONG_WORDS: Final = 800  # [promise]
LONG_SECONDS: Final = 15 * 60  # [promise]
# Without freshness: a long piece ages slowly, but it must deserve its half hour.
LONG_GOOD: Final = 0.36  # [pages]
LONG_LEAD: Final = 12  # [promise] words that say what it is about

# --- reasons that are news in themselves
TOLD_BY: Final = 3  # [promise]
SHARED_BY: Final = 2  # [promise]
QUIET_DAYS: Final = 7  # [promise]
UNSEEN_DAYS: Final = 2  # [promise]
OFF_PATH_DAYS: Final = 14  # [promise]

SELDOM: Final = 0.5  # [promise] items a day up to which a source is a quiet one

# --- limits of repetition
TIE: Final = 1e-12  # [guard] sums that differ by less are equal
FIT_TRIES: Final = 5  # [guard] the most attempts to lay out a page that keeps its minutes
DUPLICATE_ROUNDS: Final = 4  # [guard] rounds of looking for near-duplicates among what was chosen
SMALLEST_PICK: Final = 0.1  # [guard] minutes; with less room left, the choice isn't made again

# --- near-duplicates and series
ALIKE: Final = 0.88  # [promise] cosine of word counts from which two texts are near-duplicates
# [guard] with fewer different words, two texts may be alike by chance ("Weekly links")
ALIKE_LEAST: Final = 8
OFTEN: Final = 3  # [guard] a word in so many titles of a source doesn't identify an event
NIGHT_HOURS: Final = 18.0  # [promise] within which a source reports on one event twice
STEM: Final = 6  # [guard] words with so many first letters in common are the same: "withdraws", "withdrawn"
NEW_SENTENCES: Final = 6  # [guard] of a lead that may say what is new

# --- affairs
# [promise] picks of one affair, and stories of it that are told at all but for big ones, unless it dominates the day, that is:
AFFAIR_PICKS: Final = 2
DAY_SHARE: Final = 0.5  # [promise] this part of the outlets of general news tells it
# [promise] an outlet that tells so many stories of several outlets is one of general news
GENERAL: Final = 3
DAY_LEAST: Final = 4  # [promise] the fewest outlets of general news to judge that by
