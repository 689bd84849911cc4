"""newsfeed.toml and the environment -> Settings. The only reader of the environment.

A setting is looked for in this order: environment (`NEWSFEED_EDITION__MINUTES=6`), `newsfeed.toml` in the home,
default. tomllib and msgspec do the reading: together they load in a tenth of the time of a settings framework,
and their errors carry the path of the bad key, from which its line is found.
"""

from newsfeed.config.environment import (
    detect_timezone,
    forget_in_keyring,
    frozen_clock,
    has_display,
    has_mail_variable,
    home_folder,
    keep_in_keyring,
    mail_password,
    secrets,
    user_folders,
)
from newsfeed.config.loading import (
    ADDRESS,
    THIS_MACHINE,
    has_starters_limit,
    load,
    names_languages,
    parse,
    publish_folder,
)
from newsfeed.config.toml_file import FILE, STARTERS, edited, starter, template
