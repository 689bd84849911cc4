"""The newsfeed.toml that a new home begins with."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

STARTERS = {
    "us": "United States",
    "europe": "United Kingdom and Europe",
    "german": "German-speaking countries",
}

TEMPLATE = """\
# What you decide about your morning page. Every line may be left out: its default then holds.
# After a change: newsfeed digest --rebuild

timezone = "{timezone}"        # days are cut and times are printed here
languages = ["en"]             # items in other languages go to the ledger
muted = []                     # words you do not wish to read about, e.g. ["royal wedding"]

[edition]
minutes = 5                    # a hard limit for the whole page
core = "technology"            # the subject you live from
core_share = 0.4               # its part of the minutes; the other topics share the rest
# breadth = "balanced"         # "depth": more of fewer topics; "breadth": every topic before a second story of any
# voices = "balanced"          # "few" or "many" different sources over the days
# lines = 0.08                 # part of the minutes kept for big stories told in one line; 0: none
# max_items = 12               # stories at the most; left out, the minutes alone decide
# off_path = true              # one pick may be of what you were shown least of in two weeks
# long_read = true             # one a day, outside the minutes
# read_articles = "same-site"  # for picks with a thin lead: "all" sites, or "off"

# Ours: technology, marketing, finance, sales, leadership, science, policy, and world for general news; each but the
# core topic has an equal part. A topic of your own, or another weight for one of ours (share 0 drops it):
# [topics.logistics]
# label = "Logistics"
# words = ["freight", "container ship", "last mile", "warehouse"]
# examples = ["Port congestion eases as carriers add ships"]
# share = 0.1
# [topics.world]
# share = 0.05

[fetch]
manual_floor = 60              # seconds between two manual refreshes of one feed
# allow_private = ["127.0.0.1:8808"]   # feeds on your own network, host:port each

# For `newsfeed run`, which makes the page every morning by itself (newsfeed schedule on):
# [schedule]
# hour = "06:30"
# days = ["monday", "tuesday", "wednesday", "thursday", "friday"]

# The page as a mail: newsfeed mail setup writes this table.
# [mail]
# to = "me@example.org"

# The pages mirrored into a synced folder or a web root; whoever reads that folder reads them.
# [publish]
# folder = "~/Sync/newsfeed"
# site_url = "https://you.example/news/"
"""


def template(timezone: str) -> str:
    """The text of a new newsfeed.toml."""
    return TEMPLATE.format(timezone=timezone)


def starter(region: str = "us") -> bytes:
    """The list of feeds that a home begins with, by region (see `STARTERS`)."""
    if region != "us":
        return (resources.files("newsfeed.config") / "starters" / f"{region}.opml").read_bytes()
    packaged = (
        resources.files("newsfeed") / "starter.opml"
    )  # in the wheel; in a checkout it stands at the top
    return (
        packaged.read_bytes()
        if packaged.is_file()
        else (Path(__file__).parents[2] / "feeds.opml").read_bytes()
    )
