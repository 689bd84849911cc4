"""Every constant behind the choice of an edition, in one table.

The formulas are those of the design note on selection: a monotone submodular objective over topics, scores and
voices, greedy under a budget of minutes. Where a figure was tuned, the simulation in `bench/selection.py` shows
what it does; most of them change little within the ranges named there.

| name | value | what it means |
|---|---|---|
| KAPPA | .5 (depth 2, breadth .1) | how soon a topic's next story counts less than its first |
| BETA | 1 | weight of plain score in the objective: what matters most beats one more topic's filler |
| GAMMA | .04 (few 0, many .10) | weight of hearing many sources |
| ETA | .7 | how strongly a topic's debt raises its weight |
| GOOD | .36 | from it on a story is good enough for its topic's guaranteed place: half between filler and worth a place |
| LINE | .20 | the line: below it a story isn't worth the reader's minutes, a little below fresh filler (.25) |
| STANDS | .5 | probability from which a story stands for a topic |
| BRIDGE | .3 | second topic of a story that touches two, if the tagger gives it SECOND |
| SOURCE_CAP | .20 | of the minutes, for a source's second and later picks |
| FLOOR | .60 (depth .3, breadth 1.0) | of the minutes, kept for one story of each topic |
| MUST | .50 | of the minutes, for must-read sources |
| BIG | 4 | outlets from which a story is big |
| SHORT_EDITION | 5 min | below it at least SHORT_LINES of the minutes go to lines |
"""

from __future__ import annotations

from typing import Final

from newsfeed.breadth.bounds import ACCOUNT_DAYS, BIG, SOURCE_CAP, STANDS

__all__ = ["ACCOUNT_DAYS", "BIG", "SOURCE_CAP", "STANDS"]

# --- the objective
KAPPA: Final = {"depth": 2.0, "balanced": 0.5, "breadth": 0.1}
BETA: Final = 1.0
GAMMA: Final = {"few": 0.0, "balanced": 0.04, "many": 0.10}
ETA: Final = 0.7
VOICE_DAYS: Final = 28  # a source unheard for so long has the largest voice, 1 + 28 / 14 = 3
DEBT_KEEPS: Final = 0.75
DEBT_MOST: Final = 3.0

# --- score of a story: 2^(-age / half-life) x (news value + outlets + interest + engagement), within 0..1
NEWS_WEIGHT: Final = 0.75  # x grade / 3
RECORD: Final = 0.3  # x how far a source's mean value is from that of all, added to each of its items' grades
RECORD_PSEUDO_ITEMS: Final = 8.0  # of the mean of all, in a source's own mean
UNJUDGED: Final = 1.0  # the grade of what has no news value yet: filler
OUTLETS_WEIGHT: Final = 0.45  # x min(1, log2(outlets) / 3): eight outlets are as big as it gets
INTEREST_WEIGHT: Final = 0.10  # up or down
ENGAGEMENT_WEIGHT: Final = 0.05  # up or down: percentile among the source's own items; .5 where unknown
HALF_LIFE_OF_EVENTS: Final = 48.0  # hours
HALF_LIFE_OF_IDEAS: Final = 84.0
IDEAS: Final = frozenset({"analysis", "research", "opinion"})
STALE: Final = 0.2  # below this freshness an item is too old to stand in an edition
OUTLET_HOURS: Final = 48.0  # outlets are counted within so many hours of the story's newest item
ENGAGEMENT_LEAST: Final = 5  # with fewer known scores the percentile is unknown
SOURCE_PSEUDO_ITEMS: Final = 4.0  # pseudo-items of the overall mix in a source's own mix

# --- interest inside a topic, from few signals (§6 of the note)
INTEREST_SHRINK: Final = 20.0  # stories of the topic by which its usual rate is drawn to the one expected
INTEREST_RATE: Final = 0.25
INTEREST_BEGUN: Final = 2.0  # thumbs that a source begins with: those of eight stories at that rate

# --- what makes an item worse than its facts
# x score of a headline without a usable lead: where no item has one, and where all others have. The commoner leads
# are, the sooner something comparable is told with one.
LEADLESS: Final = (0.75, 0.35)
LEAD_LEAST: Final = 8  # words from which a lead is usable
# Where so much of the day has a usable lead, a story that is only a headline is told in a line, as what it is.
LED: Final = 0.6
UNDATED_HOURS: Final = 24.0  # nobody knows when it was written: taken as a day older than it was found
UNDATED: Final = 0.6  # x score: and it is no surer for coming from a source that writes seldom
SUBJECTLESS: Final = (
    0.5  # x score of a headline that doesn't say what it is about ("They didn’t.", "Show of 4 June")
)
LISTEN_EVERY: Final = 2.5  # minutes of the page for each story that is to be heard or watched
LEAST_MINUTES: Final = 0.2  # a pick is weighed as if it took so much, or the thinnest would always win

# --- thresholds
GOOD: Final = 0.36
LINE: Final = 0.20
MUST_KNOW: Final = 2.5  # grade from which the page says that a story must be known
STRONG: Final = 2.0  # grade from which a story may lead the page, and stand on it without a topic
BRIDGE: Final = 0.3
SECOND: Final = (
    0.7  # a second topic must be so probable: the tagger's second thoughts are wrong too often below
)
SURE: Final = 0.8  # a topic that the tagger is so sure of stands, however new it is to the reader's sources
SURER: Final = (
    0.5  # log-odds by which the tagger must be surer of a topic to name it before the source's usual one
)
CERTAIN: Final = 0.001  # no probability is nearer to 0 or 1 than this when two are compared
POSSIBLE: Final = 0.35  # a topic that only the source's habit lifts must be at least so probable
FAINT: Final = 0.02  # a smaller part of a story belongs to no topic
UPDATE_OUTLETS: Final = 6  # a shown story returns when its outlets at least doubled and are so many
NOVEL_WORDS: Final = (
    1 / 3
)  # or when two outlets have so much in a headline, and in common, that no earlier item had
NOVEL_LEAST: Final = 3

# --- shares of the minutes
FLOOR: Final = {"depth": 0.3, "balanced": 0.6, "breadth": 1.0}
MUST: Final = 0.50
WIDELY: Final = 0.70  # reached by floors and what three sources or more tell
SHORT_EDITION: Final = 5.0
SHORT_LINES: Final = 0.15
DEEPER: Final = 0.08  # kept for the longer leads of Top and of the core topic
PEOPLE: Final = 0.10
FRAME_MOST: Final = 0.45  # "In short" gives way where the frame would take more

# --- keys of sections, beside the names of topics
TOP_KEY: Final = "top"
PEOPLE_KEY: Final = "people"
OTHER: Final = "other"
LONG: Final = "long"
SINCE: Final = "since"
LISTEN: Final = "listen"

# --- what is printed
PICKS_A_MINUTE: Final = 3.4  # what more of the minutes hold is told in lines
PICK_MINUTES: Final = 0.05  # to look up, find and decide, for each pick
TOP: Final = 3
NEVER_TOP: Final = frozenset(
    {"howto", "release", "promo", "talk", "personal", "question", "housekeeping", "entertainment"}
)
TOP_WORDS: Final = 60
LEAD_WORDS: Final = 35
CORE_WORDS: Final = 100
SHORT_WORDS: Final = 9
LINE_WORDS: Final = 18
OTHERS: Final = 3
REASON_CHARACTERS: Final = 16  # kept of them for the reason at its end
QUIET_CHARACTERS: Final = 90  # of a pick's quiet line, so that it stays one line on a wide screen
EARLIER: Final = 3
SINCE_PICKS: Final = 5
SINCE_MINUTES: Final = 1.0

# --- people
PEOPLE_GOOD: Final = 0.45  # where few passed a post on, it must be worth a place by its words
PEOPLE_WORDS: Final = 12  # links, tags and names apart

# --- the long read
LONG_WORDS: Final = 800
LONG_SECONDS: Final = 15 * 60
# Worth before freshness: a long piece ages slowly, but it has to deserve its half hour.
LONG_GOOD: Final = GOOD
LONG_LEAD: Final = 12  # words that say what it is about

# --- reasons that are news in themselves
TOLD_BY: Final = 3
SHARED_BY: Final = 2
QUIET_DAYS: Final = 7
UNSEEN_DAYS: Final = 2
OFF_PATH_DAYS: Final = 14

SELDOM: Final = 0.5  # items a day up to which a source is a quiet one

TIE: Final = 1e-12

# Affairs
AFFAIR_PICKS = 2  # of one affair, unless it is the day:
DAY_SHARE = 0.5  # of the outlets of general news tell it
GENERAL = 3  # stories of several outlets that an outlet tells part of; then it is one of general news
DAY_LEAST = 4  # outlets of general news; fewer make no day
