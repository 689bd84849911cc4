"""The words of newsfeed, as frozen records handed from room to room.

One word for one thing, everywhere: see the table in CONTRIBUTING.md. Records do no work; whoever has one can
trust it not to change. All times are timezone-aware and in UTC; days (`date`) are the reader's local days.
Every record can be written as JSON and read back by msgspec without loss.
"""

from newsfeed.model.base import PAGE_END, Day, Record
from newsfeed.model.edition import (
    Breadth,
    BreadthRow,
    Edition,
    FeedReport,
    Labels,
    LedgerEntry,
    Line,
    Pick,
    Section,
    ShortLine,
    Span,
    SuggestedPost,
    Suggestion,
    TopicAccount,
    Untold,
)
from newsfeed.model.feeds import ASKED_AGAIN, Cause, Failure, FeedState, NotModified, Request, Response
from newsfeed.model.items import Counts, Enclosure, FeedUpdate, Item, KnownItem, Parsed, StoredItem
from newsfeed.model.lists import Folder, Problem, Subscription, SubscriptionList
from newsfeed.model.pool import Candidate, FeedFacts, History, Pool, Shown, Told
from newsfeed.model.settings import (
    WEEKDAYS,
    EditionSetting,
    FetchSetting,
    KeepSetting,
    MailSetting,
    PublishSetting,
    ScheduleSetting,
    SecretSetting,
    Setting,
    Settings,
    TopicSetting,
)
from newsfeed.model.topics import Correction, Story, Tagging, Term, TopicScore

__all__ = [
    "ASKED_AGAIN",
    "PAGE_END",
    "WEEKDAYS",
    "Breadth",
    "BreadthRow",
    "Candidate",
    "Cause",
    "Correction",
    "Counts",
    "Day",
    "Edition",
    "EditionSetting",
    "Enclosure",
    "Failure",
    "FeedFacts",
    "FeedReport",
    "FeedState",
    "FeedUpdate",
    "FetchSetting",
    "Folder",
    "History",
    "Item",
    "KeepSetting",
    "KnownItem",
    "Labels",
    "LedgerEntry",
    "Line",
    "MailSetting",
    "NotModified",
    "Parsed",
    "Pick",
    "Pool",
    "Problem",
    "PublishSetting",
    "Record",
    "Request",
    "Response",
    "ScheduleSetting",
    "SecretSetting",
    "Section",
    "Setting",
    "Settings",
    "ShortLine",
    "Shown",
    "Span",
    "StoredItem",
    "Story",
    "Subscription",
    "SubscriptionList",
    "SuggestedPost",
    "Suggestion",
    "Tagging",
    "Term",
    "Told",
    "TopicAccount",
    "TopicScore",
    "TopicSetting",
    "Untold",
]
