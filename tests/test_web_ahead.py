"""Work done beside the answers: once for several changes, again after each, and ended with the app."""

from __future__ import annotations

import threading

from newsfeed.web.local_app import Ahead


class Slow:
    """Work that lasts until it is released; it counts how often it was started."""

    def __init__(self) -> None:
        self.began, self.go, self.times = threading.Semaphore(0), threading.Semaphore(0), 0

    def __call__(self) -> None:
        self.times += 1
        self.began.release()
        assert self.go.acquire(timeout=300)


def test_it_is_found_again_once_for_all_that_was_changed_meanwhile() -> None:
    looked, slow = Ahead(), Slow()
    looked.want("sliders", slow)
    assert slow.began.acquire(timeout=300)
    assert not looked.wait(0.01)
    for _ in range(5):
        looked.again()
    slow.go.release(2)
    assert looked.wait(300)
    assert slow.times == 2


def test_nothing_is_found_that_nobody_asked_for_lately() -> None:
    looked, found = Ahead(), list[str]()
    looked.again()
    assert looked.wait(300)
    looked.want("sliders", lambda: found.append("sliders"))
    looked.want("rebuild", lambda: found.append("rebuild"))
    looked.want("once", lambda: found.append("once"), once=True)
    assert looked.wait(300)
    looked.again()
    assert looked.wait(300)
    assert sorted(found) == ["once", "rebuild", "rebuild", "sliders", "sliders"]


def test_what_was_asked_for_long_ago_is_let_go() -> None:
    looked, found = Ahead(), list[int]()
    looked._wanted["old"] = (lambda: found.append(1), 0.0)
    looked.again()
    assert looked.wait(300)
    assert not found


def test_a_fault_stops_nothing_that_comes_after() -> None:
    looked, found = Ahead(), list[int]()

    def fail() -> None:
        raise ZeroDivisionError

    looked.want("bad", fail)
    assert looked.wait(300)
    looked.want("good", lambda: found.append(1))
    assert looked.wait(300)
    assert found == [1]


def test_a_closed_app_begins_nothing() -> None:
    looked, slow = Ahead(), Slow()
    looked.want("sliders", slow)
    assert slow.began.acquire(timeout=300)
    looked.again()
    looked.close(0)
    slow.go.release()
    looked.want("sliders", slow)
    assert looked.wait(300)
    assert slow.times == 1
