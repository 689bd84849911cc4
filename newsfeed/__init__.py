"""feeds.opml in, one finishable morning page out: every topic in its place and every choice explained."""

__version__ = "0.1.0"
