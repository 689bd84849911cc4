"""What may be tuned in the account of breadth, and three bounds that the choice of an edition shares with it."""

from __future__ import annotations

from typing import Final

STANDS: Final = 0.5  # probability from which a story stands for a topic
BIG: Final = 4  # outlets from which a story is big
SOURCE_CAP: Final = 0.20  # of the minutes, for a source's second and later picks

ACCOUNT_DAYS: Final = 7  # nothing is said before so many days of history
SUPPLY_LEAST: Final = 3
DELIVERY_LEAST: Final = 10
SINGLE_VOICE: Final = 0.6
ONE_SIDE: Final = 0.7  # of a big story's tellers: if so many share a label, it is told from one side
ONE_SIDE_LEAST: Final = 5  # big stories whose tellers have labels; fewer are chance
# Silence is no sign while the reader gives hardly any. The overall rate of so many is sure to 22 % (1 / sqrt 20), so
# that half of it, which a topic is compared with, is surely another rate.
UNREAD_SIGNS: Final = 20
UNREAD_SURE: Final = 0.95
