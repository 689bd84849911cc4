"""Handing out what is finished: files replaced whole or not at all, and mail.

`write` and `write_site` are for files; `sending` writes a mail down and hands it over.
"""

from __future__ import annotations

from newsfeed.deliver.files import write, write_site
