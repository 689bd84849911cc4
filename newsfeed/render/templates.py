"""Edition -> every file of the site, and the message: what the templates are drawn for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from newsfeed.model import Breadth, Edition
from newsfeed.render import mail_message, pages
from newsfeed.render.mail_message import Message
from newsfeed.render.template_engine import TemplateEngine
from newsfeed.text.spoken import speaking


class Templates(TemplateEngine):
    """All templates with what is drawn by them. Same templates + same edition = same bytes, in its language."""

    def site(
        self,
        edition: Edition,
        breadth: Breadth | None = None,
        recent: Sequence[Edition | date] = (),
        site_url: str = "",
    ) -> dict[str, bytes]:
        """Every file of the site by its relative name.

        `recent` are editions, or only their dates, for the archive's index and the feeds; `edition` itself may be
        among them. `site_url` is the site's public address, if it has one: feeds get absolute links only then.
        """
        with speaking(edition.lang):
            return pages.site(self, edition, breadth, recent, site_url)

    def stale(self, edition: Edition, notice: str) -> bytes:
        """`index.html` with an earlier edition under a notice of why there is no newer one."""
        with speaking(edition.lang):
            return pages.morning(self, edition, root="", notice=notice)

    def message(self, edition: Edition, site_url: str = "") -> Message:
        """The edition as a mail; see `mail_message.write`."""
        with speaking(edition.lang):
            return mail_message.write(self, edition, site_url=site_url)
