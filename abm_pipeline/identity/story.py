"""Why an account is what it is: why each record is a member, who decided what, and what it was called before.

Belongs here: choosing what to tell of an account; `wording` makes sentences of it. A member is told by the strongest
chain of links from the record that stands for the account (its oldest): the chain whose probabilities have the largest
product, then the shortest.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from abm_pipeline.identity import reading
from abm_pipeline.identity.decisions import Decision, decisions_path, read, undone_by
from abm_pipeline.identity.reading import Piece, Record
from abm_pipeline.settings import Settings

NEIGHBOURS = 20  # told of those that were not merged; the nearest first


@dataclass(frozen=True)
class Link:
    """A pair of records that was compared, seen from `to`."""

    key: str
    to: str
    rule: str
    probability: float
    status: str
    reason: str
    evidence: tuple[Piece, ...]


@dataclass(frozen=True)
class Membership:
    """A record of the account and the last link of the chain that leads to it, if links do; rule and probability as the
    member table has them.
    """

    record: Record
    link: Link | None
    rule: str
    probability: float
    stands_for_it: bool


@dataclass(frozen=True)
class Neighbour:
    """A record of another account that was compared with one of this account's, and not merged."""

    link: Link
    account_id: str
    account_name: str


@dataclass(frozen=True)
class Entry:
    """A decision, the undo that ended it, and whether it was made after accounts were last worked out."""

    decision: Decision
    undone: Decision | None
    is_waiting: bool


@dataclass(frozen=True)
class Story:
    """What there is to tell of an account. `domains`: domain, whether a person decided it. `former`: old id, reason."""

    account_id: str
    name: str
    members: tuple[Membership, ...]
    domains: tuple[tuple[str, bool], ...]
    parent: str
    neighbours: tuple[Neighbour, ...]
    more_neighbours: int
    history: tuple[Entry, ...]
    former: tuple[tuple[str, str], ...]


def tell(settings: Settings, account_id: str) -> Story:
    """The story of an account in use."""
    with reading.opened(settings) as con:
        rows = con.execute(
            "SELECT source, source_id, match_rule, match_probability, is_manual FROM identity.member "
            "WHERE account_id = ? ORDER BY source, source_id",
            [account_id],
        ).fetchall()
        members = {f"{source}:{key}": (rule, p) for source, key, rule, p, _ in rows if source != "domain"}
        start = reading.standing_for(con, account_id)
        links = _links(con, account_id)
        inside = [link for link in links if link.to in members and link.status in ("joined", "manual")]
        chains = _strongest(start, inside)
        known = reading.records(con, list(members))
        outside = [link for link in links if link.to not in members and link.key in members]
        neighbours = _neighbours(con, outside)
        account = con.execute("SELECT name, domain FROM identity.account WHERE account_id = ?", [account_id]).fetchall()
        name, domain = account[0] if account else (None, None)
        order = [*chains, *(key for key in members if key not in chains)]
        history = _history(settings, {*members, *(f"domain:{key}" for source, key, *_ in rows if source == "domain")})
        return Story(
            account_id=account_id,
            name=name or domain or account_id,
            members=tuple(Membership(known[key], chains.get(key), *members[key], key == start) for key in order),
            domains=tuple((key, bool(manual)) for source, key, _, _, manual in rows if source == "domain"),
            parent=_parent(con, account_id, list(members), history),
            neighbours=neighbours[:NEIGHBOURS],
            more_neighbours=max(0, len(neighbours) - NEIGHBOURS),
            history=history,
            former=_former(con, account_id),
        )


def history(settings: Settings, account_id: str | None = None) -> tuple[tuple[Entry, ...], tuple[tuple[str, str], ...]]:
    """(decisions, former ids) of an account, or every decision: in the order in which they were made."""
    if account_id is None:
        return _history(settings, None), ()
    with reading.opened(settings) as con:
        rows = con.execute(
            "SELECT source || ':' || source_id FROM identity.member WHERE account_id = ?", [account_id]
        ).fetchall()
        return _history(settings, {row[0] for row in rows}), _former(con, account_id)


def _links(con: duckdb.DuckDBPyConnection, account_id: str) -> list[Link]:
    """Links with an end in the account; those within it from both ends."""
    rows = con.execute(
        """
        WITH mine AS (SELECT source || ':' || source_id AS mine_key FROM identity.member WHERE account_id = $account)
        SELECT mine_key, right_key, match_rule, match_probability, status, reason, evidence
        FROM identity.link JOIN mine ON mine_key = left_key
        UNION ALL
        SELECT mine_key, left_key, match_rule, match_probability, status, reason, evidence
        FROM identity.link JOIN mine ON mine_key = right_key
        ORDER BY 1, 2, 3
        """,
        {"account": account_id},
    ).fetchall()
    return [
        Link(key, to, rule or "", p if p is not None else 1.0, status or "", reason or "", reading.pieces(evidence))
        for key, to, rule, p, status, reason, evidence in rows
    ]


def _strongest(start: str | None, links: Sequence[Link]) -> dict[str, Link | None]:
    """The last link of the strongest chain from `start` to each record, in the order in which the chains end."""
    around: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        around[link.to].append(link)
    out: dict[str, Link | None] = {}
    ahead: list[tuple[float, int, str, int]] = [(0.0, 0, start, -1)] if start is not None else []
    came: list[Link] = []
    while ahead:
        cost, steps, key, last = heapq.heappop(ahead)
        if key in out:
            continue
        out[key] = came[last] if last >= 0 else None
        for link in around[key]:
            if link.key not in out:
                came.append(link)
                weight = -math.log(max(link.probability, 1e-12))
                heapq.heappush(ahead, (cost + weight, steps + 1, link.key, len(came) - 1))
    return out


def _neighbours(con: duckdb.DuckDBPyConnection, links: Sequence[Link]) -> tuple[Neighbour, ...]:
    """Accounts that were compared with this one and stayed apart, the most probable first, each by its nearest pair."""
    rows = con.execute(
        """
        SELECT m.source || ':' || m.source_id, m.account_id, coalesce(a.name, a.domain, m.account_id)
        FROM identity.member AS m LEFT JOIN identity.account AS a USING (account_id)
        WHERE m.source || ':' || m.source_id IN (SELECT unnest($keys::VARCHAR[]))
        """,
        {"keys": [link.to for link in links]},
    ).fetchall()
    place = {key: (account, name) for key, account, name in rows}
    nearest: dict[str, Neighbour] = {}
    # what was refused before what waits for an answer
    for link in sorted(links, key=lambda link: (link.status == "review", -link.probability, link.key, link.to)):
        if link.to in place:
            nearest.setdefault(place[link.to][0], Neighbour(link, *place[link.to]))
    return tuple(nearest.values())


def _parent(con: duckdb.DuckDBPyConnection, account_id: str, keys: list[str], entries: Sequence[Entry]) -> str:
    """The parent account, its top and why it is the parent; empty if there is none."""
    rows = con.execute(
        """
        SELECT a.parent_account_id, p.name, CASE WHEN a.ultimate_parent_id <> a.parent_account_id THEN u.name END
        FROM identity.account AS a
        LEFT JOIN identity.account AS p ON p.account_id = a.parent_account_id
        LEFT JOIN identity.account AS u ON u.account_id = a.ultimate_parent_id
        WHERE a.account_id = ?
        """,
        [account_id],
    ).fetchall()
    decided = [e.decision for e in entries if e.decision.kind == "set_parent" and e.undone is None and not e.is_waiting]
    mine = [d for d in decided if d.left in keys]
    if not rows or rows[0][0] is None:
        return f"none, as {mine[0].by} decided ({mine[0].decision_id})" if mine else ""
    parent, name, top = rows[0]
    said = con.execute(
        """
        SELECT c.source || ':' || c.source_id, c.source || ':' || c.parent_source_id
        FROM staged.company AS c
        JOIN identity.member AS m ON m.source = c.source AND m.source_id = c.parent_source_id
        WHERE c.source || ':' || c.source_id IN (SELECT unnest($keys::VARCHAR[])) AND m.account_id = $parent
        ORDER BY 1, 2 LIMIT 1
        """,
        {"keys": keys, "parent": parent},
    ).fetchall()
    if mine:
        why = f"{mine[0].by} decided it ({mine[0].decision_id})"
    elif said:
        why = f"{said[0][0]} names {said[0][1]} as its parent"
    else:
        why = "by domains and names"
    return f"{name or parent} ({parent}): {why}{f'; the top of the family is {top}' if top else ''}"


def _history(settings: Settings, keys: set[str] | None) -> tuple[Entry, ...]:
    """Decisions that name one of the keys, and undos of those; all if `keys` is None."""
    decisions = read(decisions_path(settings))
    ended, resolved = undone_by(decisions), reading.resolved_at(settings)
    named = {d.decision_id for d in decisions if keys is None or d.left in keys or d.right in keys}
    for d in decisions:
        if d.undoes in named:
            named.add(d.decision_id)
    return tuple(
        Entry(d, ended.get(d.decision_id), d.at is not None and (resolved is None or d.at > resolved))
        for d in decisions
        if d.decision_id in named
    )


def _former(con: duckdb.DuckDBPyConnection, account_id: str) -> tuple[tuple[str, str], ...]:
    rows = con.execute(
        "SELECT old_account_id, reason FROM identity.redirect WHERE account_id = ? ORDER BY 1", [account_id]
    ).fetchall()
    return tuple((old, reason) for old, reason in rows)
