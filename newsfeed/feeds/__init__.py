"""All that is decided of a feed: what an answer changes, when to ask again, how it fares. Pure.

The clock and the jitter are passed in, nothing is read or written.
"""
