"""The account of a pick as a flat table: the form of digest.json, and of editions that were stored before `Account`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from newsfeed.model.edition import Account, Gain, RunnerUp, Score

Table: TypeAlias = Mapping[str, float | str]


def flat(account: Account) -> dict[str, float | str]:
    """The account as a flat table, by the key names of digest.json."""
    score, gain = account.score, account.gain
    table: dict[str, float | str] = {"pass": account.by}
    if account.length:
        table["length"] = account.length
    table |= {
        "worth": score.value,
        "freshness": score.freshness,
        "hours": score.age,
        "half-life": score.half_life,
        "grade": account.grade,
        "thumbs": score.thumbs,
        "record": account.record,
        "held": float(score.held),
        "kind": account.kind,
        "deciding words": account.terms,
        "part of news": score.news,
        "outlets": float(account.outlets),
        "part of outlets": score.outlets,
        "part of interest": score.interest,
        "liking": account.liking,
        "part of engagement": score.engagement,
        "weight": score.weight,
        "telling": score.penalty,
        "flaws": account.flaws,
        **{f"topic {name}": part for name, part in account.topics.items()},
    }
    if account.topic:
        table |= {"topic": account.topic, "share": account.share, "debt": account.debt}
    if gain is None:
        return table
    table |= {
        "gain": gain.total,
        "gain of topic": gain.topic,
        "gain of worth": gain.score,
        "gain of voice": gain.voice,
        "minutes": gain.minutes,
        "rivals": float(gain.rivals),
        "kappa": gain.kappa,
    }
    for name, weight in gain.weights.items():
        table |= {f"weight of {name}": weight, f"told of {name}": gain.told.get(name, 0.0)}
    if second := gain.runner_up:
        table |= {
            "runner-up": second.ref,
            "title of runner-up": second.title,
            "gain of runner-up": second.gain,
            "minutes of runner-up": second.minutes,
        }
    return table


def from_flat(table: Table) -> Account:
    """The account that a flat table holds; keys that are missing take the default."""

    def number(key: str, usual: float = 0.0) -> float:
        value = table.get(key, usual)
        return float(value) if isinstance(value, float | int) else usual

    def words(key: str) -> str:
        return str(table.get(key, ""))

    def under(prefix: str) -> dict[str, float]:
        return {key.removeprefix(prefix): number(key) for key in table if key.startswith(prefix)}

    second = RunnerUp(
        ref=words("runner-up"),
        title=words("title of runner-up"),
        gain=number("gain of runner-up"),
        minutes=number("minutes of runner-up"),
    )
    gain = Gain(
        total=number("gain"),
        topic=number("gain of topic"),
        score=number("gain of worth"),
        voice=number("gain of voice"),
        minutes=number("minutes"),
        rivals=int(number("rivals")),
        kappa=number("kappa"),
        weights=under("weight of "),
        told=under("told of "),
        runner_up=second if second.ref else None,
    )
    return Account(
        by=words("pass"),
        score=Score(
            value=number("worth"),
            freshness=number("freshness"),
            news=number("part of news"),
            outlets=number("part of outlets"),
            interest=number("part of interest"),
            engagement=number("part of engagement"),
            weight=number("weight", 1.0),
            penalty=number("telling", 1.0),
            age=number("hours"),
            half_life=number("half-life"),
            thumbs=number("thumbs"),
            held=bool(number("held")),
        ),
        grade=number("grade"),
        record=number("record"),
        kind=words("kind"),
        terms=words("deciding words"),
        outlets=int(number("outlets", 1.0)),
        liking=words("liking"),
        flaws=words("flaws"),
        topics=under("topic "),
        topic=words("topic"),
        share=number("share"),
        debt=number("debt"),
        gain=gain if "gain" in table else None,
        length=number("length"),
    )


def as_records(kept: Any) -> Any:
    """A stored edition, decoded from JSON, with accounts in the older flat form turned into records."""
    if isinstance(kept, list):
        return [as_records(one) for one in kept]
    if not isinstance(kept, dict):
        return kept
    return {
        key: msgspec.to_builtins(from_flat(value))
        if key == "account" and "pass" in value
        else as_records(value)
        for key, value in kept.items()
    }
