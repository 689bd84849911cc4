"""Many workers are as polite as one: a host never gets more requests at once than a single newsfeed would send."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from itertools import pairwise

import homes
import pytest
from homes import Entry, rss
from serving import Exchange, Server
from teams import TestTeam

from newsfeed.model import FetchSetting, Subscription

HOSTS, EACH, WORKERS = 10, 100, 4


def slow(body: bytes, seconds: float = 0.05):
    async def play(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await exchange.reply(body=body)

    return play


def sweep(team: TestTeam, workers: int) -> None:
    running = [team.process("worker", "fetch", "--once") for _ in range(workers)]
    for one in running:
        said, _ = one.communicate(timeout=400)
        assert one.returncode == 0, said


@pytest.mark.slow
def test_a_thousand_feeds_of_ten_hosts_by_four_workers(team: TestTeam) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(host=f"127.0.0.{n + 1}")) for n in range(HOSTS)]
        team.allow(*(server.place for server in servers))
        urls = []
        for n, server in enumerate(servers):
            body = rss(f"Host {n}", [Entry(f"Host {n} says hello")], base=f"https://h{n}.example")
            urls += [server.play(f"/{m}.xml", slow(body)) for m in range(EACH)]
        for name, half in (("ada", urls[: len(urls) // 2 + 100]), ("bob", urls[len(urls) // 2 - 100 :])):
            reader = team.readers.add(name)
            with team.store(reader) as store:
                store.sync([Subscription(url=url, title="x", folders=("y",)) for url in half], team.moment)
        team.at(homes.NOON)
        sweep(team, WORKERS)
    limit = FetchSetting().per_host
    assert max(server.most_at_once for server in servers) <= limit
    assert {server.most_at_once for server in servers} == {limit}  # and no host got fewer than from one
    for server in servers:
        assert len(server.seen) == EACH
        assert len({seen.path for seen in server.seen}) == EACH
    assert team.count("shared.feed", "last_good is not null") == HOSTS * EACH
    assert team.count("shared.feed", "leased_until is not null") == 0


@pytest.mark.slow
def test_a_host_that_refuses_is_asked_once_a_second_by_however_many(team: TestTeam) -> None:
    with Server() as server:
        team.allow(server.place)
        urls = [server.reply(f"/{n}.xml", 503) for n in range(12)]
        for n in range(3):
            reader = team.readers.add(f"reader{n}")
            with team.store(reader) as store:
                store.sync([Subscription(url=url, title="x") for url in urls], team.moment)
        team.at(homes.NOON)
        sweep(team, 3)
        begun = sorted(seen.at for seen in server.seen)
    assert len(begun) == len(urls)
    apart = [later - earlier for earlier, later in pairwise(begun)]
    assert (
        sum(gap < 0.9 for gap in apart) < FetchSetting().per_host
    )  # those already under way when it first refused
