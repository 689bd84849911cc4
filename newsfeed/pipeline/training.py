"""Training: when policy says so, in a child process whose failure leaves the weights in force as they are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from newsfeed import deliver
from newsfeed.errors import SettingsError
from newsfeed.model import FeedState
from newsfeed.pipeline import tagging
from newsfeed.pipeline.home import Home
from newsfeed.store import Store
from newsfeed.topics import retrain

LEARNED = timedelta(days=60)  # items that training reads
MOST = 50_000
PATIENCE = 300.0  # seconds that a training may take
TRAINED, FAILED = "topics trained", "topics training failed"  # notes in the store; a failure rests for a day


def train_if_due(home: Home, store: Store, *, choosing: bool = True, force: bool = False) -> str:
    """Train anew in a child process when policy says so; returns why it did, or "".

    `choosing`: a page is about to be chosen; before that the first training waits until it can change much.
    Whatever goes wrong in the child leaves the weights in force as they are.

    Raises:
        SettingsError: forced, and the child failed; its text says how.
    """
    states = {s.feed: s for s in store.states()}
    now = home.clock()
    inputs = _inputs(home, states.values())
    corrections = tagging.labels(store, states)
    many = store.count_window(now - LEARNED)
    trained = last(store) if home.model_path.exists() else None
    if (
        not (choosing or force or trained)
        and store.count_window(now - LEARNED, shown=True) < retrain.FIRST_ITEMS
    ):
        return ""  # what little waits to be shown is tagged anew when a page is chosen
    why = retrain.due(trained, now=now, items=many, corrections=len(corrections), inputs=inputs)
    if not force and (not why or (store.get_meta(FAILED) or "").startswith(now.date().isoformat())):
        return ""
    documents = [
        tagging.document(i, states.get(i.feed)) for i in store.window(now - LEARNED, body="text")[-MOST:]
    ]
    folders = {str(s.feed): s.subscription.folders + s.subscription.categories for s in states.values()}
    job = retrain.job(documents, folders, corrections, home.settings.topics)
    command = [sys.executable, "-m", "newsfeed.topics.retrain"]
    try:
        done = subprocess.run(command, input=job, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return _failed(store, now, f"training could not run ({type(error).__name__})", force)
    if done.returncode != 0:
        return _failed(
            store,
            now,
            next(reversed(done.stderr.decode("utf-8", "replace").strip().splitlines()), "training failed"),
            force,
        )
    deliver.write(home.model_path, done.stdout)
    note = retrain.Trained(at=now, items=many, corrections=len(corrections), inputs=inputs)
    store.set_meta(TRAINED, msgspec.json.encode(note).decode())
    store.set_meta(FAILED, None)
    return why or "asked for"


def _failed(store: Store, now: datetime, cause: str, force: bool) -> str:
    store.set_meta(FAILED, f"{now.date().isoformat()} {cause}")
    if force:
        raise SettingsError("training", cause, "The weights in force stay as they were.")
    return ""


def trouble(store: Store) -> str:
    """When and why the last training failed, "" where it didn't."""
    day, _, cause = (store.get_meta(FAILED) or "").partition(" ")
    return f"the training of {day} failed: {cause or 'no cause is known'}" if day else ""


def _inputs(home: Home, states: Iterable[FeedState]) -> str:
    """A hash of what training depends on besides items: folders and the topics' settings."""
    folders = sorted((s.feed, s.subscription.folders, s.subscription.categories) for s in states)
    return hashlib.sha256(msgspec.json.encode([folders, home.settings.topics], order="sorted")).hexdigest()[
        :16
    ]


def last(store: Store) -> retrain.Trained | None:
    """What the weights in force were made of; None for the shipped ones."""
    text = store.get_meta(TRAINED)
    return msgspec.json.decode(text, type=retrain.Trained) if text else None
