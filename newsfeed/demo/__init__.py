"""Sample sources, written for this project, and the loopback server that gives them out as live feeds would be.

Everything in them (outlets, people, events) is invented. Their times are set back from the moment of serving, so
that they always read like this morning's.
"""

from __future__ import annotations

from newsfeed.demo.samples import MARK, SETTINGS, Served, serve
