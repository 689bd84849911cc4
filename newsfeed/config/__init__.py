"""newsfeed.toml and the environment -> Settings. The only reader of the environment.

A setting is looked for in this order: environment (`NEWSFEED_EDITION__MINUTES=6`), `newsfeed.toml` in the home,
default. tomllib and msgspec do the reading: together they load in a tenth of the time of a settings framework,
and their errors carry the path of the bad key, from which its line is found.
"""

from newsfeed.config.checking import ADDRESS, CHOICES, RANGES, THIS_MACHINE, publish_folder
from newsfeed.config.explaining import PLAIN
from newsfeed.config.machine import detect_timezone, frozen_clock, has_display, home_folder, user_folders
from newsfeed.config.places import FILE, with_table
from newsfeed.config.reading import (
    DEFAULT_TOPICS,
    OTHER_VARIABLES,
    PREFIX,
    has_starters_limit,
    load,
    parse,
)
from newsfeed.config.secret import (
    KEYRING_SERVICE,
    MAIL_VARIABLE,
    forget_in_keyring,
    has_mail_variable,
    keep_in_keyring,
    mail_password,
    secret,
    secrets,
)
from newsfeed.config.starting import STARTERS, TEMPLATE, starter, template

__all__ = [
    "ADDRESS",
    "CHOICES",
    "DEFAULT_TOPICS",
    "FILE",
    "KEYRING_SERVICE",
    "MAIL_VARIABLE",
    "OTHER_VARIABLES",
    "PLAIN",
    "PREFIX",
    "RANGES",
    "STARTERS",
    "TEMPLATE",
    "THIS_MACHINE",
    "detect_timezone",
    "forget_in_keyring",
    "frozen_clock",
    "has_display",
    "has_mail_variable",
    "has_starters_limit",
    "home_folder",
    "keep_in_keyring",
    "load",
    "mail_password",
    "parse",
    "publish_folder",
    "secret",
    "secrets",
    "starter",
    "template",
    "user_folders",
    "with_table",
]
