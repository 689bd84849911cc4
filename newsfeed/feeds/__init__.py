"""Decisions about a feed: what an answer changes, when to ask again, how healthy it is. Pure.

The clock and the jitter are passed in, nothing is read or written.
"""
