"""What may be tuned in the choice of an edition; nowhere else does the room keep such a number.

The formulas are those of the design note on selection: a monotone submodular objective over topics, scores and voices,
greedy under a budget of minutes. Where the numbers are from, one mark a line:

- [pages] `python bench/ablate.py edition`: grades of seven mornings with it and without it, "Pages" in bench/RESULTS.md
- [reader] `python bench/selection.py`: sixty mornings of a simulated reader, "Pages" in bench/RESULTS.md
- [value] `python bench/value_evidence.py`, "What else tells it" in bench/RESULTS.md
- [note] the design note on selection; [page] what fits or reads well on the page, held by a test
- [guard] what keeps arithmetic or a figure of few cases from nonsense
- [promise] what the reader is promised, held by a test; a setting where the name is that of one
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
ETA: Final = 0.7  # [note]
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
IDEAS: Final = frozenset({"analysis", "research", "opinion"})
STALE: Final = 0.2  # [note] below this freshness an item is too old to stand in an edition
# [note] outlets are counted within so many hours of the story's newest item
OUTLET_HOURS: Final = HALF_LIFE_OF_EVENTS
ENGAGEMENT_LEAST: Final = 5  # [guard] with fewer known scores the percentile is unknown
SOURCE_PSEUDO_ITEMS: Final = 4.0  # [note] pseudo-items of the overall mix in a source's own mix

# --- interest inside a topic, from few signals (§6 of the note)
# [note] stories of the topic by which its usual rate is drawn to the one expected
INTEREST_SHRINK: Final = 20.0
INTEREST_RATE: Final = 0.25  # [note]
INTEREST_BEGUN: Final = 2.0  # [note] thumbs that a source begins with: those of eight stories at that rate

# --- what makes an item worse than its facts
# x score of a headline without a usable lead: where no item has one, and where all others have. The commoner leads
# are, the sooner something comparable is told with one.
LEADLESS: Final = (0.75, 0.35)  # [pages]
LEAD_LEAST: Final = 8  # [page] words from which a lead is usable
# Where so much of the day has a usable lead, a story that is only a headline is told in a line, as what it is.
LED: Final = 0.6  # [page]
# [promise] nobody knows when it was written: taken as a day older than it was found
UNDATED_HOURS: Final = 24.0
# [pages] x score of a headline that doesn't say what it is about ("They didn’t.", "Show of 4 June")
SUBJECTLESS: Final = 0.5
LISTEN_EVERY: Final = 2.5  # [promise] minutes of the page for each story that is to be heard or watched
# [pages] a pick is weighed as if it took so much, or the thinnest would always win
LEAST_MINUTES: Final = 0.2

# --- thresholds
GOOD: Final = 0.36  # [pages]
LINE: Final = 0.20  # [pages]
MUST_KNOW: Final = 2.5  # [value] grade from which the page says that a story must be known
STRONG: Final = 2.0  # [promise] grade from which a story may lead the page, and stand on it without a topic
BRIDGE: Final = 0.3  # [pages]
# [pages] a second topic must be so probable: the tagger's second thoughts are wrong too often below
SECOND: Final = 0.7
# [pages] a topic that the tagger is so sure of stands, however new it is to the reader's sources
SURE: Final = 0.8
SURER: Final = 0.5  # [pages] log-odds by which the tagger must be surer of a topic to name it before the source's usual one
CERTAIN: Final = 0.001  # [guard] no probability is nearer to 0 or 1 than this when two are compared
FAINT: Final = 0.02  # [guard] a smaller part of a story belongs to no topic
UPDATE_OUTLETS: Final = 6  # [promise] a shown story returns when its outlets at least doubled and are so many
NOVEL_WORDS: Final = (
    1 / 3
)  # [promise] or when two outlets have so much in a headline, and in common, that no earlier item had
NOVEL_LEAST: Final = 3  # [promise]

# --- shares of the minutes
FLOOR: Final = {"depth": 0.3, "balanced": 0.6, "breadth": 1.0}  # [pages, reader]
MUST: Final = 0.50  # [promise]
WIDELY: Final = 0.70  # [reader] reached by floors and what three sources or more tell
SHORT_EDITION: Final = 5.0  # [page]
SHORT_LINES: Final = 0.15  # [page]
DEEPER: Final = 0.08  # [page] kept for the longer leads of Top and of the core topic
PEOPLE: Final = 0.10  # [promise]
FRAME_MOST: Final = 0.45  # [page] "In short" gives way where the frame would take more

# --- keys of sections, beside the names of topics
TOP_KEY: Final = "top"
PEOPLE_KEY: Final = "people"
OTHER: Final = "other"
LONG: Final = "long"
SINCE: Final = "since"
LISTEN: Final = "listen"

# --- what is printed
PICKS_A_MINUTE: Final = 3.4  # [pages] what more of the minutes hold is told in lines
PICK_MINUTES: Final = 0.05  # [promise] to look up, find and decide, for each pick
TOP: Final = 3  # [page]
NEVER_TOP: Final = frozenset(
    {"howto", "release", "promo", "talk", "personal", "question", "housekeeping", "entertainment"}
)
TOP_WORDS: Final = 60  # [page]
LEAD_WORDS: Final = 35  # [page]
CORE_WORDS: Final = 100  # [page]
SHORT_WORDS: Final = 9  # [page]
LINE_WORDS: Final = 18  # [page]
OTHERS: Final = 3  # [page]
REASON_CHARACTERS: Final = 16  # [page] kept of them for the reason at its end
QUIET_CHARACTERS: Final = 90  # [page] of a pick's quiet line, so that it stays one line on a wide screen
EARLIER: Final = 3  # [page]
BIG_WORDS: Final = 12  # [page] of the largest story that is left out, in the foot
WHY_WORDS: Final = 10  # [page] of a runner-up's title
NAME_CHARACTERS: Final = 40  # [page] of what a feed is called
POST_WORDS: Final = 50  # [page] quoted of a post
DISCUSSIONS: Final = 2  # [page]
NAMED_FEEDS: Final = 3  # [page] in the foot, of those that need their owner
NAMED_TOPICS: Final = 8  # [page] in the foot, of those that are quiet
NAMED_BY: Final = 2  # [page] of those who passed a suggested voice on
UNTOLD: Final = 5  # [page] big stories without a place that are kept by name
# [promise] "completed at 09:10" may join the promise later: its minutes are kept for it
REVISED_WORDS: Final = 3
# [promise] after so many a failed feed is its owner's matter, and says nothing of this morning
FAILED_DAYS: Final = 2
# [page] of a source's items are a topic's: then the quiet of that topic is explained by it
SUPPLIES: Final = 0.15
SINCE_PICKS: Final = 5  # [promise]
SINCE_MINUTES: Final = 1.0  # [promise]

# --- people
PEOPLE_GOOD: Final = 0.45  # [pages] where few passed a post on, it must be worth a place by its words
PEOPLE_WORDS: Final = 12  # [promise] links, tags and names apart

# --- the long read
LONG_WORDS: Final = 800  # [promise]
LONG_SECONDS: Final = 15 * 60  # [promise]
# Worth before freshness: a long piece ages slowly, but it has to deserve its half hour.
LONG_GOOD: Final = GOOD
LONG_LEAD: Final = 12  # [promise] words that say what it is about

# --- reasons that are news in themselves
TOLD_BY: Final = 3  # [promise]
SHARED_BY: Final = 2  # [promise]
QUIET_DAYS: Final = 7  # [promise]
UNSEEN_DAYS: Final = 2  # [promise]
OFF_PATH_DAYS: Final = 14  # [promise]

SELDOM: Final = 0.5  # [promise] items a day up to which a source is a quiet one

# --- how long it is tried
TIE: Final = 1e-12  # [guard] sums that differ by less are equal
FIT_TRIES: Final = 5  # [guard] pages that are laid out until one keeps its minutes
DUPLICATE_ROUNDS: Final = 4  # [guard] rounds of looking for near-duplicates among what was chosen
SMALLEST_PICK: Final = 0.1  # [guard] minutes; less room than this is no reason to choose again

# --- what tells the same
ALIKE: Final = 0.88  # [promise] cosine of word counts from which two texts are near-duplicates
# [guard] different words below which two texts may be alike by chance ("Weekly links")
ALIKE_LEAST: Final = 8
OFTEN: Final = 3  # [guard] titles of a source that have a word: then it says nothing of which event
NIGHT_HOURS: Final = 18.0  # [promise] within which a source reports on one event twice
STEM: Final = 6  # [guard] letters by which two words are one: "withdraws", "withdrawn"
NEW_SENTENCES: Final = 6  # [guard] of a lead that may say what is new

# --- affairs
AFFAIR_PICKS: Final = 2  # [promise] of one affair, unless it is the day:
DAY_SHARE: Final = 0.5  # [promise] of the outlets of general news tell it
# [promise] stories of several outlets that an outlet tells part of; then it is one of general news
GENERAL: Final = 3
DAY_LEAST: Final = 4  # [promise] outlets of general news; fewer make no day
