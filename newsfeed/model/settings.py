"""Settings: what newsfeed.toml may say. Each default, range and choice stands here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MINUTES = Meta(ge=1, le=120)  # of an edition
STORIES = Meta(ge=1, le=100)  # of an edition
SHARE = Meta(ge=0, le=1)  # of the minutes
WORKERS = Meta(ge=0, le=64)  # reading processes; 0: one a core

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the settings' records: like `Record`, but an unknown key is an error."""


class TopicSetting(Setting, frozen=True, kw_only=True):
    """One of the reader's subjects. `share` 0 mutes it; None takes an equal part of what is left."""

    label: str = ""
    share: Annotated[float, SHARE] | None = None
    words: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    parent: str = ""  # shown under that topic unless it has a share of its own


#: The topics for everyone, in the order in which they are shown. Their words, folder names and examples are data:
#: `lexicon/<topic>.toml` and `seeds/<topic>.jsonl` of the languages in `newsfeed/topics/data/languages`.
DEFAULT_TOPICS: Mapping[str, TopicSetting] = {
    "technology": TopicSetting(label="Technology"),
    "marketing": TopicSetting(label="Marketing"),
    "finance": TopicSetting(label="Finance"),
    "sales": TopicSetting(label="Sales"),
    "leadership": TopicSetting(label="Leadership"),
    "science": TopicSetting(label="Science"),
    "policy": TopicSetting(label="Policy"),
    "world": TopicSetting(label="World"),
    "ai": TopicSetting(label="AI", parent="technology"),
    "security": TopicSetting(label="Security", parent="technology"),
    "design": TopicSetting(label="Design", parent="technology"),
}
WORLD = "world"  # general news that fits no narrower topic; a folder named just "News" means it


class EditionSetting(Setting, frozen=True, kw_only=True):
    """What an edition may take and how it is weighed."""

    minutes: Annotated[float, MINUTES] = 5.0
    max_items: Annotated[int, STORIES] | None = None  # None: as many as the minutes hold
    core: str = "technology"
    core_share: Annotated[float, SHARE] = 0.4
    breadth: Literal["depth", "balanced", "breadth"] = "balanced"
    voices: Literal["few", "balanced", "many"] = "balanced"
    lines: Annotated[float, Meta(ge=0, le=0.5)] = 0.08  # share of the minutes for one-line stories
    long_read: bool = True
    off_path: bool = True
    read_articles: Literal["off", "same-site", "all"] = "same-site"
    breadth_day: Literal[Weekday, "never"] = "friday"
    people: Annotated[int, Meta(ge=0, le=10)] = 3


class FetchSetting(Setting, frozen=True, kw_only=True):
    """How the network is asked."""

    connections: Annotated[int, Meta(ge=1, le=500)] = 100
    per_host: Annotated[int, Meta(ge=1, le=20)] = 4
    timeout: Annotated[float, Meta(ge=1, le=600)] = 30.0
    patience: float = 140.0  # seconds that a feed waits for its turn at a host whose requests must be spaced
    max_bytes: Annotated[int, Meta(ge=10_000, le=200_000_000)] = 10_000_000
    manual_floor: Annotated[int, Meta(ge=0, le=86_400)] = 60
    allow_private: tuple[str, ...] = ()  # "127.0.0.1:8808", "127.0.0.0/25:8808"
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    contact: str = ""  # an address added to the User-Agent
    parse_seconds: Annotated[float, Meta(ge=0.5, le=300)] = 10.0
    workers: Annotated[int, WORKERS] = 0


class KeepSetting(Setting, frozen=True, kw_only=True):
    """How long things are kept, in days."""

    database: str = ""  # the earlier name of `Settings.database`
    items: Annotated[int, Meta(ge=30, le=36_500)] = 400
    bodies: Annotated[int, Meta(ge=1, le=36_500)] = 120


class SecretSetting(Setting, frozen=True, kw_only=True):
    """Where a secret lies: an environment variable's name, a file only its owner can read, or the system's keyring."""

    env: str = ""
    file: str = ""
    keyring: str = ""  # the user name that it is kept under, for the service "newsfeed"


class ScheduleSetting(Setting, frozen=True, kw_only=True):
    """When the edition is handed out, in the reader's zone."""

    hour: str = "06:30"
    days: tuple[Weekday, ...] = WEEKDAYS
    # How many minutes before the hour the feeds are asked and the page is made
    ahead: Annotated[int, Meta(ge=0, le=240)] = 20


class MailSetting(Setting, frozen=True, kw_only=True):
    """How the edition is sent by mail. Without `to` there is no mail."""

    to: str = ""
    sender: str = ""  # the sender's address; empty: the same as `to`
    sender_name: str = "newsfeed"
    by: Literal["smtp", "sendmail", "maildir", "eml"] = "smtp"
    host: str = ""
    port: Annotated[int, Meta(ge=0, le=65_535)] = 0  # 0: 587 for starttls, 465 for tls
    security: Literal["starttls", "tls", "none"] = "starttls"  # none: for a server on this machine
    user: str = ""  # empty: the same as the sender's address
    password: SecretSetting = SecretSetting()
    path: str = ""  # the sendmail program, the maildir, or the folder of .eml files
    empty_days: bool = False
    thread: bool = False  # all mornings in one conversation
    timeout: Annotated[float, Meta(ge=1, le=300)] = 30.0  # seconds for each answer of the server


class PublishSetting(Setting, frozen=True, kw_only=True):
    """Where the pages are mirrored to, and the public address they have there."""

    folder: str = ""
    site_url: str = ""


#: Composers of networks, by the name that the setting has for each: what people call it, its address, and how long a text
#: may be (0: no limit is known). The text is filled in, the reader sends it; `text` holds the link unless `url` stands
#: apart. One with a `host` needs the reader's server after the name: "mastodon=your.server".
COMPOSERS: Mapping[str, tuple[str, str, int]] = {
    "bluesky": ("Bluesky", "https://bsky.app/intent/compose?text={text}", 300),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}", 0),
    "mastodon": ("Mastodon", "https://{host}/share?text={text}", 500),
    "threads": ("Threads", "https://www.threads.net/intent/post?text={text}", 500),
    "x": ("X", "https://x.com/intent/post?text={text}", 280),
}


class ShareSetting(Setting, frozen=True, kw_only=True):
    """How kept links may be shown to others."""

    networks: tuple[
        str, ...
    ] = ()  # networks whose share pages are offered: "bluesky", "linkedin", "mastodon=your.server", …
    links: bool = False  # whether kept links with a note are written to links.xml and links.json
    title: str = "Links"


class PersonSetting(Setting, frozen=True, kw_only=True):
    """A person to whom stories on some topics, or with some words, may be passed on."""

    label: str = ""
    topics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    mail: str = ""


class NotifySetting(Setting, frozen=True, kw_only=True):
    """Where to send a notice, once each morning, that the page is ready. The address itself is a secret."""

    url: str = ""


class Settings(Setting, frozen=True, kw_only=True):
    """All that the reader decides. `home` is where everything lies."""

    home: str = "."
    timezone: str = "UTC"
    database: str = ""  # an address: sqlite:///folder/newsfeed.db, postgresql://user@host/database
    languages: tuple[str, ...] = ("en",)
    muted: tuple[str, ...] = ()
    topics: Mapping[str, TopicSetting] = {}
    edition: EditionSetting = EditionSetting()
    fetch: FetchSetting = FetchSetting()
    keep: KeepSetting = KeepSetting()
    schedule: ScheduleSetting = ScheduleSetting()
    mail: MailSetting = MailSetting()
    publish: PublishSetting = PublishSetting()
    share: ShareSetting = ShareSetting()
    people: Mapping[str, PersonSetting] = {}
    notify: NotifySetting = NotifySetting()
    secrets: Mapping[str, SecretSetting] = {}  # host -> where its secret lies
