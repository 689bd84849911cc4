"""The account of a pick as a flat table: the form of digest.json, and of editions that were stored before `Account`."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, TypeAlias

from newsfeed.model.edition import Account, Gain, RunnerUp

Table: TypeAlias = Mapping[str, float | str]

# The keys of the table, in their order, each with the field that it holds.
_OF_ACCOUNT = {
    "pass": "by", "length": "length", "worth": "score.value", "freshness": "score.freshness", "hours": "score.age",
    "half-life": "score.half_life", "grade": "grade", "thumbs": "score.thumbs", "record": "record", "held": "score.held",
    "kind": "kind", "deciding words": "terms", "part of news": "score.news", "outlets": "outlets",
    "part of outlets": "score.outlets", "part of interest": "score.interest", "liking": "liking",
    "part of engagement": "score.engagement", "weight": "score.weight", "telling": "score.penalty", "flaws": "flaws",
}  # fmt: skip
_OF_TOPIC = {"topic": "topic", "share": "share", "debt": "debt"}
_OF_GAIN = {
    "gain": "total", "gain of topic": "topic", "gain of worth": "score", "gain of voice": "voice", "minutes": "minutes",
    "rivals": "rivals", "kappa": "kappa",
}  # fmt: skip
_OF_RUNNER_UP = {
    "runner-up": "ref", "title of runner-up": "title", "gain of runner-up": "gain", "minutes of runner-up": "minutes",
}  # fmt: skip


def flat(account: Account) -> dict[str, float | str]:
    """The account as a flat table, by the key names of digest.json."""
    table = _taken(_OF_ACCOUNT, account)
    if not account.length:
        del table["length"]
    table |= {f"topic {name}": part for name, part in account.topics.items()}
    if account.topic:
        table |= _taken(_OF_TOPIC, account)
    if (gain := account.gain) is not None:
        table |= _taken(_OF_GAIN, gain)
        for name, weight in gain.weights.items():
            table |= {f"weight of {name}": weight, f"told of {name}": gain.told.get(name, 0.0)}
        if gain.runner_up:
            table |= _taken(_OF_RUNNER_UP, gain.runner_up)
    return table


def _taken(keys: Mapping[str, str], record: Account | Gain | RunnerUp) -> dict[str, float | str]:
    found = {key: attrgetter(place)(record) for key, place in keys.items()}
    return {key: value if isinstance(value, str) else float(value) for key, value in found.items()}


def _as_record(table: Table) -> dict[str, Any]:
    """The account that a flat table holds, as it is stored now; keys that are missing take the default."""

    def given(keys: Mapping[str, str]) -> dict[str, Any]:
        return {place: table[key] for key, place in keys.items() if key in table}

    def under(prefix: str) -> dict[str, float | str]:
        return {key.removeprefix(prefix): value for key, value in table.items() if key.startswith(prefix)}

    own: dict[str, Any] = given(_OF_ACCOUNT | _OF_TOPIC)
    score = {place.removeprefix("score."): own.pop(place) for place in [*own] if place.startswith("score.")}
    score["held"], own["outlets"] = bool(score.get("held")), int(own.get("outlets", 1))
    gain = None
    if "gain" in table:
        second = given(_OF_RUNNER_UP) if table.get("runner-up") else None
        told = {"weights": under("weight of "), "told": under("told of "), "runner_up": second}
        gain = {**given(_OF_GAIN), **told, "rivals": int(table.get("rivals", 0))}
    return {**own, "score": score, "topics": under("topic "), "gain": gain}


def as_records(kept: Any) -> Any:
    """A stored edition, decoded from JSON, with accounts in the older flat form turned into records."""
    if isinstance(kept, list):
        return [as_records(one) for one in kept]
    if not isinstance(kept, dict):
        return kept
    return {
        key: _as_record(value) if key == "account" and "pass" in value else as_records(value)
        for key, value in kept.items()
    }
