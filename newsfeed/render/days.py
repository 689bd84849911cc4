"""Days in English words, the same on every machine whatever its locale."""

from __future__ import annotations

from datetime import date

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def in_words(day: date) -> str:
    """A day without its year: Sunday 22 November."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"
