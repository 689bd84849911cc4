"""The words of newsfeed as frozen records, which all packages hand to each other.

One word for one thing, everywhere: see the table in CONTRIBUTING.md. Records do no work; whoever has one can
trust it not to change. All times are timezone-aware and in UTC; days (`date`) are the reader's local days.
Every record can be written as JSON and read back by msgspec without loss.
"""

from newsfeed.model.base import PAGE_END, Day, Record
from newsfeed.model.edition import (
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
    QuietPart,
    RunnerUp,
    Score,
    Section,
    ShortLine,
    Span,
    SuggestedPost,
    Suggestion,
    TopicAccount,
    Untold,
)
from newsfeed.model.feeds import (
    ASKED_AGAIN,
    UNAUTHORIZED,
    UNENCRYPTED,
    Cause,
    Failure,
    FeedState,
    Folder,
    NotModified,
    Options,
    Problem,
    Request,
    Response,
    Subscription,
    SubscriptionList,
)
from newsfeed.model.items import (
    KINDS,
    Correction,
    Counts,
    Enclosure,
    FeedUpdate,
    Item,
    Kept,
    KnownItem,
    NewsValue,
    Parsed,
    Passed,
    StoredItem,
    Story,
    Tagging,
    Term,
    TopicScore,
)
from newsfeed.model.pool import (
    Candidate,
    EditionSummary,
    FeedFacts,
    History,
    Pool,
    Shown,
    Told,
    TopicSummary,
    summary,
    told,
)
from newsfeed.model.settings import (
    DEFAULT_TOPICS,
    WEEKDAYS,
    WORLD,
    EditionSetting,
    FetchSetting,
    KeepSetting,
    MailSetting,
    NotifySetting,
    PersonSetting,
    PublishSetting,
    ScheduleSetting,
    SecretSetting,
    Setting,
    Settings,
    ShareSetting,
    TopicSetting,
)
