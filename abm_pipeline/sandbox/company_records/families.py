"""The truth: groups, accounts (brands, divisions, acquired companies) and their country entities.

Belongs here: who exists, who owns whom since when, who was renamed when, and each one's real keys (page, phone, DUNS;
domains are in `domains`). Does not belong here: what any system knows of it (`sources`).

An account's parent always has a smaller position than its child, so parents make no cycle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from abm_pipeline.sandbox.company_records import names as naming
from abm_pipeline.sandbox.company_records import words as w
from abm_pipeline.sandbox.company_records.arrays import Array, Rng, another, choose, draw, stream, within
from abm_pipeline.sandbox.company_records.names import Names
from abm_pipeline.sandbox.company_records.places import COUNTRIES

KINDS = (
    "standalone",
    "stranger",
    "near_name",
    "franchise",
    "head",
    "sister_related",
    "sister",
    "division",
    "acquired",
    "junk",
)
STANDALONE, STRANGER, NEAR, FRANCHISE, HEAD, SISTER_RELATED, SISTER, DIVISION, ACQUIRED, JUNK = range(len(KINDS))

# Shares of all accounts.
IN_FAMILY = 0.30
STRANGERS = 0.06
NEAR_NAMES = 0.025
RENAMED = 0.05
FRANCHISES = 0.0005
# Of the children in a family: related sister, unrelated sister, division, acquired.
CHILD_KINDS = (0.22, 0.18, 0.27, 0.33)
SECOND_LEVEL = 0.15  # children whose parent is another child
# When a change happened: long before the first snapshot, or just before each snapshot in turn.
LONG_AGO = 0.6
HAS_PAGE = {DIVISION: 0.45, FRANCHISE: 1.0}
HAS_PAGE_ELSE = 0.82
COUNTRY_PAGE = 0.08  # country entities with a page of their own
# Number of country entities: weight of each bracket and the bracket's lowest and highest count.
ENTITY_BRACKETS = ((0.80, 1, 1), (0.13, 2, 3), (0.055, 4, 8), (0.015, 9, 22))
OWN_PHONE = 0.75  # entities with a switchboard of their own, else the head office's
SECOND_SITE = 0.03  # entities with another site in the country, which has a number and a DUNS of its own
GROUP_PHONE = 0.15  # children who answer on the parent's number


@dataclass
class Accounts:
    """One row per account; arrays of equal length."""

    kind: Array
    parent: Array
    acquired_at: Array  # snapshot from which the parent counts; 0 from before the first
    names: Names
    old_core: Array  # the name before a rename, empty if none
    renamed_at: Array  # snapshot from which the new name is the company's name; 0 from before the first
    industry: Array
    country: Array
    employees: Array
    page: Array  # organisation number on the social network, 0 if none
    weight: Array  # how much the systems care about it, about 1 on average
    owner: Array  # for near names: whose name it resembles; else -1


@dataclass
class Entities:
    """One row per country entity, head office first, ordered by account."""

    account: Array
    head: Array
    country: Array
    city: Array
    form: Array
    native_form: Array
    area: Array
    line: Array
    duns: Array
    page: Array
    employees: Array
    local_only: Array
    first: Array  # position of each account's head office


def make_accounts(n: int, seed: int, snapshots: int) -> Accounts:
    """n accounts with families, names and ages."""
    rng = stream(seed, "families")
    kind, parent, rank = _families(rng, n)
    weights = [c.weight for c in COUNTRIES]
    country = choose(rng, weights, n)
    for child in _levels(parent):
        same = child[rng.random(len(child)) < 0.6]
        country[same] = country[parent[same]]
    accounts = Accounts(
        kind=kind,
        parent=parent,
        acquired_at=np.where(kind == ACQUIRED, _when(rng, n, snapshots), 0),
        names=naming.empty(n),
        old_core=np.full(n, "", dtype=object),
        renamed_at=np.zeros(n, dtype=np.int64),
        industry=np.zeros(n, dtype=np.int64),
        country=country,
        employees=np.exp(
            rng.normal(4.2, 1.7, n) + np.where(kind == HEAD, 1.8, 0) + np.where(kind == STRANGER, -1, 0)
        ).astype(np.int64)
        + 1,
        page=np.zeros(n, dtype=np.int64),
        weight=rng.gamma(1.6, 1 / 1.6, n) * np.where(np.isin(kind, (HEAD, FRANCHISE)), 1.6, 1.0),
        owner=np.full(n, -1),
    )
    _name(rng, accounts, rank)
    _rename(rng, accounts, snapshots)
    has = rng.random(n) < np.select([kind == k for k in HAS_PAGE], list(HAS_PAGE.values()), HAS_PAGE_ELSE)
    accounts.page[has] = rng.permutation(40 * n)[: has.sum()] + 1000
    return accounts


def _when(rng: Rng, n: int, snapshots: int) -> Array:
    recent = (1 - LONG_AGO) / snapshots
    return choose(rng, [LONG_AGO, *[recent] * snapshots], n)


def _families(rng: Rng, n: int) -> tuple[Array, Array, Array]:
    """Kinds, parents and the rank of a child within its family."""
    kind = np.full(n, STANDALONE)
    parent = np.full(n, -1)
    rank = np.zeros(n, dtype=np.int64)
    sizes = 2 + np.minimum(rng.zipf(1.9, n), 38)  # heavy tail: most have two children, a few dozens
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), IN_FAMILY * n))]
    start = np.r_[0, np.cumsum(sizes)[:-1]].astype(np.int64)
    members = int(sizes.sum())
    head = np.repeat(start, sizes)
    rank[:members] = np.arange(members) - head
    child = np.flatnonzero(rank[:members] > 0)
    kind[start] = HEAD
    parent[child] = head[child]
    kind[child] = np.array([SISTER_RELATED, SISTER, DIVISION, ACQUIRED])[choose(rng, CHILD_KINDS, len(child))]
    # A grandchild hangs on an earlier child that is itself a child of the head, so there are three levels at most.
    deep = child[(rng.random(len(child)) < SECOND_LEVEL) & (rank[child] > 1)]
    uncle = deep - 1 - (rng.random(len(deep)) * (rank[deep] - 1)).astype(np.int64)
    fits = (parent[uncle] == head[uncle]) & (kind[uncle] != DIVISION) & ~np.isin(uncle, deep)
    parent[deep[fits]] = uncle[fits]
    rest = rng.permutation(np.arange(members, n))
    cuts = np.cumsum([round(n * share) for share in (STRANGERS, NEAR_NAMES)] + [max(1, round(n * FRANCHISES))])
    kind[rest[: cuts[0]]] = STRANGER
    kind[rest[cuts[0] : cuts[1]]] = NEAR
    kind[rest[cuts[1] : cuts[2]]] = FRANCHISE
    return kind, parent, rank


def _levels(parent: Array) -> list[Array]:
    """Children of heads, then grandchildren."""
    has = np.flatnonzero(parent >= 0)
    first = has[parent[parent[has]] < 0]
    return [first, has[parent[parent[has]] >= 0]]


def _name(rng: Rng, accounts: Accounts, rank: Array) -> None:
    kind, names = accounts.kind, accounts.names
    languages = np.array([w.LANGUAGES.index(c.language if c.language != "fi" else "sv") for c in COUNTRIES])[
        accounts.country
    ]
    languages[rng.random(len(kind)) < 0.25] = 0  # an English name wherever they are
    for position, language in enumerate(w.LANGUAGES):
        rows = np.flatnonzero(languages == position)
        made, industry = naming.invent(rng, len(rows), language)
        names.put(rows, made)
        accounts.industry[rows] = industry
    strangers = np.flatnonzero(kind == STRANGER)
    names.put(strangers, naming.common(rng, len(strangers), max(8, len(strangers) // 6)))
    similar = np.flatnonzero(kind == NEAR)
    models = rng.choice(np.flatnonzero(np.isin(kind, (STANDALONE, STRANGER, HEAD))), len(similar))
    accounts.owner[similar] = models
    names.put(similar, naming.near(rng, names.core[models]))
    accounts.industry[similar] = np.where(
        rng.random(len(similar)) < 0.5, accounts.industry[models], accounts.industry[similar]
    )
    accounts.country[similar] = np.where(
        rng.random(len(similar)) < 0.5, accounts.country[models], accounts.country[similar]
    )
    for child in _levels(accounts.parent):
        kin = child[np.isin(kind[child], (SISTER_RELATED, DIVISION))]
        names.put(
            kin, naming.after_parent(rng, names.short[accounts.parent[kin]], rank[kin] - 1, kind[kin] == DIVISION)
        )


def _rename(rng: Rng, accounts: Accounts, snapshots: int) -> None:
    """Some companies change their name: to an invented word, to their initials, or by a new word beside the old."""
    n = len(accounts.kind)
    may = ~np.isin(accounts.kind, (STRANGER, NEAR, DIVISION))
    rows = np.flatnonzero((rng.random(n) < RENAMED / may.mean()) & may)
    names = accounts.names
    how = choose(rng, (5, 2, 3), len(rows))
    accounts.old_core[rows] = names.core[rows]
    initials = np.array(
        ["".join(part[0] for part in core.split() if part[0].isalpha()) for core in names.core[rows]], dtype=object
    )
    coined = naming.coin(rng, len(rows))
    how = np.where((how == 1) & (np.array([len(text) for text in initials]) < 3), 0, how)
    new = np.choose(how, [coined, initials, names.short[rows] + " " + draw(rng, w.TAILS, len(rows))])
    new = np.where(new == accounts.old_core[rows], coined, new)
    names.core[rows] = new
    names.short[rows] = new
    names.english[rows] = ""
    names.native[rows] = ""
    accounts.renamed_at[rows] = _when(rng, len(rows), snapshots)


def make_entities(accounts: Accounts, seed: int) -> Entities:
    """The country entities of all accounts: different countries within an account, but for franchises."""
    rng = stream(seed, "entities")
    n = len(accounts.kind)
    bracket = choose(rng, [b[0] for b in ENTITY_BRACKETS], n)
    low, high = np.array([b[1] for b in ENTITY_BRACKETS]), np.array([b[2] for b in ENTITY_BRACKETS])
    count = rng.integers(low[bracket], high[bracket] + 1)
    big = np.isin(accounts.kind, (HEAD, SISTER)) & (rng.random(n) < 0.3)
    count = np.where(big, count + rng.integers(1, 6, n), count)
    count = np.where(np.isin(accounts.kind, (STRANGER, DIVISION)) & (rng.random(n) < 0.75), 1, count)
    owners = np.minimum(10 + rng.pareto(1.2, n) * 14, 160).astype(np.int64)
    count = np.where(accounts.kind == FRANCHISE, owners, count)
    account = np.repeat(np.arange(n), count)
    head = within(account) == 0
    country = np.where(head, accounts.country[account], choose(rng, [c.weight for c in COUNTRIES], len(account)))
    franchise = accounts.kind[account] == FRANCHISE
    country = np.where(franchise & (rng.random(len(account)) < 0.8), accounts.country[account], country)
    _, once = np.unique(np.where(franchise, -1 - np.arange(len(account)), account * 100 + country), return_index=True)
    keep = np.sort(once)
    sites = 1 + (rng.random(len(keep)) < np.where(franchise[keep], 0, SECOND_SITE))
    keep = np.repeat(keep, sites)
    account, country, franchise = account[keep], country[keep], franchise[keep]
    head = within(account) == 0
    m = len(account)
    cities, forms, natives = (
        np.array([len(getattr(c, f)) for c in COUNTRIES])[country] for f in ("cities", "forms", "native_forms")
    )
    first = np.searchsorted(account, np.arange(n))
    area, line = rng.integers(200, 990, m), rng.integers(2_000_000, 9_999_999, m)
    shares = ~head & (rng.random(m) >= OWN_PHONE) & ~franchise
    inherits = head & (accounts.parent[account] >= 0) & (rng.random(m) < GROUP_PHONE)
    source = np.where(shares, first[account], np.where(inherits, first[accounts.parent[account]], np.arange(m)))
    source = source[source]  # the parent's head office may itself answer on the grandparent's number
    page = accounts.page[account].copy()
    own = ~head & (rng.random(m) < COUNTRY_PAGE)
    page[own] = rng.permutation(60 * m)[: own.sum()] + 50 * n + 100_000
    return Entities(
        account=account,
        head=head,
        country=country,
        city=(rng.random(m) * cities).astype(np.int64),
        # Head offices take any form; the common ones stand first.
        form=np.minimum(rng.geometric(0.35, m) - 1, forms - 1),
        native_form=np.where(natives > 0, (rng.random(m) * np.maximum(natives, 1)).astype(np.int64), -1),
        area=area[source],
        line=line[source],
        duns=rng.permutation(4 * m + 500_000)[:m] * (900_000_000 // (4 * m + 500_000)) + 10_000_019,
        page=page,
        employees=np.maximum(
            np.where(head, accounts.employees[account], accounts.employees[account] * rng.beta(1, 6, m)), 1
        ).astype(np.int64),
        local_only=~head & (rng.random(m) < 0.03) & ~franchise,
        first=first,
    )


def parents_at(accounts: Accounts, snapshot: int) -> Array:
    """Each account's parent at a snapshot, -1 if none (yet)."""
    return np.where(accounts.acquired_at <= snapshot, accounts.parent, -1)


def roots(parent: Array) -> Array:
    """The ultimate parent of each account."""
    root = np.where(parent >= 0, parent, np.arange(len(parent)))
    while True:
        above = root[root]
        if (above == root).all():
            return root
        root = above


def namesake(rng: Rng, accounts: Accounts, rows: Array) -> Array:
    """For each account another of the same name, else of the family, else any: whom a person confuses it with."""
    _, code = np.unique(accounts.names.core.astype(str), return_inverse=True)
    found = another(rng, code[rows], code)
    kin = np.where(accounts.parent[rows] >= 0, accounts.parent[rows], rng.integers(0, len(code), len(rows)))
    return np.where((found < 0) | (found == rows), kin, found)
