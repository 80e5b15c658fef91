"""Decisions in force that can't all be true, in words. Belongs here: nothing but finding and naming them.

Merges make groups of records; what is said of one record of a group is said of all of it. So "never merge" of two
records of one group contradicts the merges between them, and so do two parents of one group, or a domain pinned to two.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abm_pipeline.identity.decisions import Decision


def contradictions(decisions: Sequence[Decision]) -> list[str]:
    """A sentence for each contradiction among the decisions in force; empty if there is none."""
    merges = [d for d in decisions if d.kind == "merge"]
    group = _groups(merges)
    return [
        *_never_but_merged(decisions, merges, group),
        *_two_owners(decisions, group),
        *_parents(decisions, group),
    ]


def _groups(merges: Sequence[Decision]) -> dict[str, str]:
    """A record's group, named by one of its records; records without a merge are not in it."""
    above: dict[str, str] = {}

    def top(key: str) -> str:
        while above.setdefault(key, key) != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for merge in merges:
        above[top(merge.left)] = top(merge.right)
    return {key: top(key) for key in list(above)}


def _never_but_merged(
    decisions: Sequence[Decision], merges: Sequence[Decision], group: dict[str, str]
) -> Iterator[str]:
    for never in decisions:
        if never.kind == "never_merge" and never.left in group and group[never.left] == group.get(never.right):
            path = _path(merges, never.left, never.right)
            joined = " and ".join(merge.place for merge in path)
            yield (
                f"{never.place} says that {never.left} and {never.right} are never one account, but "
                f"{joined} {'merges' if len(path) == 1 else 'together merge'} them"
            )


def _path(merges: Sequence[Decision], start: str, end: str) -> list[Decision]:
    """The fewest merges that lead from one record to another."""
    around: dict[str, list[tuple[str, Decision]]] = defaultdict(list)
    for merge in merges:
        around[merge.left].append((merge.right, merge))
        around[merge.right].append((merge.left, merge))
    came: dict[str, tuple[str, Decision] | None] = {start: None}
    ahead = deque([start])
    while end not in came:
        here = ahead.popleft()
        for there, merge in around[here]:
            if there not in came:
                came[there] = (here, merge)
                ahead.append(there)
    path, step = [], came[end]
    while step is not None:
        path.append(step[1])
        step = came[step[0]]
    return path[::-1]


def _two_owners(decisions: Sequence[Decision], group: dict[str, str]) -> Iterator[str]:
    first: dict[str, Decision] = {}
    for pin in (d for d in decisions if d.kind == "pin_domain"):
        other = first.setdefault(pin.right, pin)
        if group.get(other.left, other.left) != group.get(pin.left, pin.left):
            yield f"{other.place} pins {pin.source_id_b} to {other.left}, {pin.place} to {pin.left}"


def _parents(decisions: Sequence[Decision], group: dict[str, str]) -> Iterator[str]:
    chosen: dict[str, tuple[str, Decision]] = {}
    for decision in (d for d in decisions if d.kind == "set_parent"):
        child, parent = (group.get(key, key) for key in (decision.left, decision.right))
        if child == parent:
            yield f"{decision.place} makes {decision.left} its own parent, as it is merged with {decision.right}"
            continue
        known, other = chosen.setdefault(child, (parent, decision))
        if known != parent:
            parents = " and ".join(d.right or "none" for d in (other, decision))
            yield f"{other.place} and {decision.place} give {decision.left} two parents, {parents}"
    yield from _circles(chosen)


def _circles(chosen: dict[str, tuple[str, Decision]]) -> Iterator[str]:
    done: set[str] = set()
    for start in chosen:
        way: list[str] = []
        here = start
        while here in chosen and here not in done:
            done.add(here)
            way.append(here)
            here = chosen[here][0]
        if here in way:
            circle = [*way[way.index(here) :], here]
            named = " and ".join(chosen[child][1].place for child, _ in pairwise(circle))
            yield f"{named} make a company its own ancestor"
