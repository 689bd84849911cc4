"""Delivery of what is finished: files that are replaced whole or not at all, and mail.

`write` and `write_site` are for files; `sending` composes a mail and sends it.
"""

from __future__ import annotations

from newsfeed.deliver.files import write, write_site
