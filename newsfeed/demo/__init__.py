"""Sample sources, written for this project, and the loopback server that serves them like live feeds.

Everything in them (outlets, people, events) is invented. Their times are counted back from the moment of serving, so
that they always look like this morning's.
"""

from __future__ import annotations

from newsfeed.demo.samples import MARK, SETTINGS, Served, serve
