"""The vendors of a run are pulled side by side, each for its own step."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from abm_pipeline.defs import _pulls
from abm_pipeline.sources.extract import Progress, StreamReport


class Vendors:
    """Pulls by name that meet at a barrier, so that they end only if they are under way together."""

    def __init__(self, *names: str) -> None:
        self.calls: Counter[str] = Counter()
        self._meet = threading.Barrier(len(names))
        self.pulls = {name: self._pull(name) for name in names}

    def _pull(self, name: str) -> _pulls.Pull:
        def pull(note: Progress) -> list[StreamReport]:
            self.calls[name] += 1
            note("thing", 7)
            if self.calls[name] == 1:
                self._meet.wait(10)
            if name == "down" and self.calls[name] == 1:
                raise RuntimeError("is down")
            return []

        return pull


def test_vendors_overlap_and_one_that_is_down_fails_alone() -> None:
    """Three vendors that wait for each other: two give their reports, the third its error; each was asked once."""
    vendors = Vendors("a", "b", "down")
    assert [] == _pulls.reports("run", "a", vendors.pulls, print)
    with pytest.raises(RuntimeError, match="is down"):
        _pulls.reports("run", "down", vendors.pulls, print)
    assert [] == _pulls.reports("run", "b", vendors.pulls, print)
    assert {"a": 1, "b": 1, "down": 1} == vendors.calls


def test_each_vendor_has_its_own_time() -> None:
    """One takes a fifth of a second, the other none, pulled side by side: each is told its own time, and no other's."""

    def slow(note: Progress) -> list[StreamReport]:
        time.sleep(0.2)
        return []

    pulls: dict[str, _pulls.Pull] = {"slow": slow, "quick": lambda note: []}
    for vendor in pulls:
        _pulls.reports("timed", vendor, pulls, print)
    slow_seconds, quick_seconds = _pulls.seconds("timed", "slow"), _pulls.seconds("timed", "quick")
    assert slow_seconds is not None
    assert quick_seconds is not None
    assert quick_seconds < 0.2 <= slow_seconds
    assert _pulls.seconds("timed", "another") is None


def test_a_step_tried_again_pulls_only_its_own_vendor() -> None:
    """Tried again while others are still to be taken, and after all were: `down` is asked three times, `a` once."""
    vendors = Vendors("a", "down")
    with pytest.raises(RuntimeError):
        _pulls.reports("again", "down", vendors.pulls, print)
    assert [] == _pulls.reports("again", "down", vendors.pulls, print)
    assert [] == _pulls.reports("again", "a", vendors.pulls, print)
    assert [] == _pulls.reports("again", "down", vendors.pulls, print)
    assert {"a": 1, "down": 3} == vendors.calls


def test_a_step_that_waits_says_so_and_no_thread_outlives_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull of a fifth of a second, told every twentieth; afterwards nothing of it runs."""
    monkeypatch.setattr(_pulls, "TELL_SECONDS", 0.05)

    def slow(note: Progress) -> list[StreamReport]:
        note("thing", 12_345)
        time.sleep(0.2)
        return []

    told: list[str] = []
    _pulls.reports("slow", "acme", {"acme": slow}, told.append)
    assert told[0].startswith("acme: 12,345 records so far (most: thing 12,345)")
    assert [] == [thread for thread in threading.enumerate() if thread.name.startswith("pull")]


def test_an_interrupted_step_ends_the_pulls_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vendor would page for ever; the step that waits for another is interrupted, and both end."""
    begun = threading.Event()

    def endless(note: Progress) -> list[StreamReport]:
        for count in range(10**9):
            begun.set()
            note("thing", count)
            time.sleep(0.01)
        return []

    def interrupt(line: str) -> None:
        begun.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(_pulls, "TELL_SECONDS", 0.05)
    with pytest.raises(KeyboardInterrupt):
        _pulls.reports("stopped", "a", {"a": endless, "b": endless}, interrupt)
    assert [] == [thread for thread in threading.enumerate() if thread.name.startswith("pull")]
