"""HTML into safe HTML, plain text, leads, words, languages and canonical links. Pure; knows nothing of feeds.

- `markup`: the only sanitiser (nh3), and the way from safe HTML to plain text and prose, without captions and footers
- `bodies`: the text of an entry, cleaned at once or later
- `prose`: sentences, words, minutes, and which language a text is in
- `leads`: the one or two extracted sentences under a headline
- `dates`: the names of the calendar, and days as people write them
- `titles`: one safe line for a headline, an author, a name; parts of a series, and whether a title names a subject
- `links`: one address for one page
- `outline_options`: what the attributes of an outline mean
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from newsfeed.lazy import loader

if TYPE_CHECKING:
    from newsfeed.text.dates import latest_day, undated
    from newsfeed.text.leads import lead, lead_within, stands_alone
    from newsfeed.text.links import canonical_url, link_url, safe_url
    from newsfeed.text.markup import clean_html, plain_text, prose_text
    from newsfeed.text.outline_options import is_no, is_yes, options
    from newsfeed.text.prose import (
        WORDS_A_MINUTE,
        count_words,
        detect_language,
        first_words,
        opening,
        plausible_language,
        reading_minutes,
        sentences,
        words_pattern,
    )
    from newsfeed.text.titles import (
        alike,
        clean_line,
        headline,
        names_a_subject,
        of_earlier_year,
        of_show,
        say_the_same,
        series_name,
        strip_inline,
        unmangle,
        weighty,
    )

__getattr__ = loader(
    __name__,
    {
        "dates": "latest_day undated",
        "leads": "lead lead_within stands_alone",
        "links": "canonical_url link_url safe_url",
        "markup": "clean_html plain_text prose_text",
        "outline_options": "is_no is_yes options",
        "prose": "WORDS_A_MINUTE count_words detect_language first_words opening plausible_language reading_minutes sentences words_pattern",
        "titles": "alike clean_line headline names_a_subject of_earlier_year of_show say_the_same series_name strip_inline unmangle weighty",
    },
)
