"""What each system holds: which records, about whom, from when to when, and what they know of renames and takeovers.

Salesforce has several records of one company as a rule; HubSpot and the intent provider one per domain; LinkedIn one
per page; D&B one per country entity, and it is bought last; Marketo what visitors typed.

A record that changes between snapshots has two rows, of which one is seen in each snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from abm_pipeline.sandbox.company_records.arrays import Array, Rng, choose, stream, words
from abm_pipeline.sandbox.company_records.domains import Domains
from abm_pipeline.sandbox.company_records.families import FRANCHISE, Accounts, Entities
from abm_pipeline.sandbox.company_records.shares import (
    DNB,
    HUBSPOT,
    INTENT,
    JUNK,
    LINKEDIN,
    MARKETO,
    SALESFORCE,
    SOURCES,
)

LATE_SOURCE = DNB  # it comes with the third snapshot
BORN_FIRST = 0.82  # records there at the first snapshot; the rest come evenly later
DELETED = 0.015  # of the records, per later snapshot
EDITED = 0.03  # of the records, per later snapshot, for no reason of the company's
# Chance that a record of each source has heard of a rename or takeover of long ago, and that it hears in each snapshot.
KNOWS_OLD_NEWS = (0.62, 0.68, 0.92, 0.8, 0.75, 0.5)
HEARS = (0.35, 0.45, 0.85, 0.6, 0.5, 0.3)
HEAD_IN_CRM, OTHER_IN_CRM = 0.72, 0.30
FRANCHISEE = 0.12  # of a franchise's owners, in the CRM and the bureau; more would make franchises most true pairs
MORE_IN_CRM = 0.30  # chance of each further duplicate
IN_HUB, TWICE_IN_HUB, WITHOUT_DOMAIN_IN_HUB = 0.52, 0.04, 0.12
IN_LINKEDIN, IN_INTENT = 0.82, 0.60
HEAD_IN_BUREAU, OTHER_IN_BUREAU = 0.62, 0.62
TYPED_BY_VISITORS = 0.5  # records per head office; a tenth of it at other entities


@dataclass
class Rows:
    """One row per version of a record; arrays of equal length."""

    record: Array
    source: Array
    account: Array
    entity: Array
    listed: Array  # the domain the record is about (HubSpot, intent), or -1
    born: Array
    since: Array
    until: Array  # first snapshot in which the row is no longer seen
    renamed: Array  # the record knows the new name
    absorbed: Array  # the record knows the acquirer

    def take(self, rows: Array) -> Rows:
        """The picked rows."""
        return Rows(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def make_rows(accounts: Accounts, entities: Entities, domains: Domains, seed: int, snapshots: int) -> Rows:
    """All records about companies, in the order of their numbers, then the second versions of those that change."""
    rng = stream(seed, "sources")
    parts = [
        _crm(rng, accounts, entities),
        _by_domain(rng, HUBSPOT, IN_HUB, accounts, entities, domains),
        _without_domain(rng, accounts, entities, domains),
        _pages(rng, accounts, entities),
        _by_domain(rng, INTENT, IN_INTENT, accounts, entities, domains),
        _bureau(rng, accounts, entities),
        _visitors(rng, accounts, entities),
    ]
    source = np.concatenate([np.full(len(entity), code) for code, entity, _ in parts])
    entity = np.concatenate([entity for _, entity, _ in parts])
    listed = np.concatenate([listed for _, _, listed in parts])
    n = len(source)
    born = choose(rng, [BORN_FIRST, *[(1 - BORN_FIRST) / max(snapshots - 1, 1)] * (snapshots - 1)], n) + 1
    if snapshots >= 3:
        born[source == LATE_SOURCE] = 3
    account = entities.account[entity]
    # A new domain is not listed before the rename.
    fresh = (listed >= 0) & (accounts.old_core[account] != "") & (domains.listed[listed] == domains.account[account])
    born = np.where(fresh, np.maximum(born, np.minimum(accounts.renamed_at[account], snapshots)), born)
    until = np.minimum(born + rng.geometric(DELETED, n), snapshots + 1)
    rows = Rows(
        np.arange(n), source, account, entity, listed, born, born.copy(), until, np.zeros(n, bool), np.zeros(n, bool)
    )
    return _versions(rng, rows, accounts, snapshots)


def _attention(rng: Rng, share: float | Array, weight: Array) -> Array:
    """Which are held, when the share is held on average and weighty companies more."""
    return rng.random(len(weight)) < 1 - (1 - np.minimum(share, 0.97)) ** weight


def _crm(rng: Rng, accounts: Accounts, entities: Entities) -> tuple[int, Array, Array]:
    share = np.where(
        entities.head, HEAD_IN_CRM, np.where(accounts.kind[entities.account] == FRANCHISE, FRANCHISEE, OTHER_IN_CRM)
    )
    held = np.flatnonzero(_attention(rng, share, accounts.weight[entities.account]))
    copies = np.minimum(rng.geometric(1 - MORE_IN_CRM, len(held)), 12)
    rows = np.repeat(held, copies)
    return SALESFORCE, rows, np.full(len(rows), -1)


def _by_domain(
    rng: Rng, source: int, share: float, accounts: Accounts, entities: Entities, domains: Domains
) -> tuple[int, Array, Array]:
    held = np.flatnonzero(_attention(rng, share, accounts.weight[domains.listed_account]))
    if source == HUBSPOT:
        held = np.repeat(held, 1 + (rng.random(len(held)) < TWICE_IN_HUB))
    return source, domains.listed_entity[held], held


def _without_domain(rng: Rng, accounts: Accounts, entities: Entities, domains: Domains) -> tuple[int, Array, Array]:
    share = np.where(domains.account == "", 0.4, WITHOUT_DOMAIN_IN_HUB)
    share = np.where(domains.borrowed, 0.35, share)
    held = entities.first[np.flatnonzero(_attention(rng, share, accounts.weight))]
    return HUBSPOT, held, np.full(len(held), -1)


def _pages(rng: Rng, accounts: Accounts, entities: Entities) -> tuple[int, Array, Array]:
    brand = entities.first[np.flatnonzero(accounts.page > 0)]
    country = np.flatnonzero(~entities.head & (entities.page > 0) & (entities.page != accounts.page[entities.account]))
    pages = np.concatenate([brand, country])
    held = np.sort(pages[_attention(rng, IN_LINKEDIN, accounts.weight[entities.account[pages]])])
    return LINKEDIN, held, np.full(len(held), -1)


def _bureau(rng: Rng, accounts: Accounts, entities: Entities) -> tuple[int, Array, Array]:
    owner = accounts.kind[entities.account] == FRANCHISE
    share = np.where(entities.head, HEAD_IN_BUREAU, np.where(owner, FRANCHISEE, OTHER_IN_BUREAU))
    held = np.flatnonzero(_attention(rng, share, accounts.weight[entities.account]))
    return DNB, held, np.full(len(held), -1)


def _visitors(rng: Rng, accounts: Accounts, entities: Entities) -> tuple[int, Array, Array]:
    mean = np.where(entities.head, TYPED_BY_VISITORS, TYPED_BY_VISITORS / 10) * accounts.weight[entities.account]
    rows = np.repeat(np.arange(len(mean)), np.minimum(rng.poisson(mean), 10))
    return MARKETO, rows, np.full(len(rows), -1)


def _versions(rng: Rng, rows: Rows, accounts: Accounts, snapshots: int) -> Rows:
    """Split the records that hear of a change, or are edited, while they live."""
    n = len(rows.record)
    heard = {}
    for news, at, has in (
        ("renamed", accounts.renamed_at[rows.account], accounts.old_core[rows.account] != ""),
        ("absorbed", accounts.acquired_at[rows.account], accounts.parent[rows.account] >= 0),
    ):
        old = rng.random(n) < np.array(KNOWS_OLD_NEWS)[rows.source]
        lag = rng.geometric(np.array(HEARS)[rows.source]) - 1
        when = np.where(at == 0, np.where(old, 0, 99), at + lag)
        heard[news] = np.where(has, when, 99)
        getattr(rows, news)[:] = heard[news] <= rows.born
    edit = rows.born + rng.geometric(EDITED, n)
    change = np.minimum(edit, np.minimum(*(np.where(h > rows.born, h, 99) for h in heard.values())))
    split = np.flatnonzero((change < rows.until) & (change <= snapshots))
    second = rows.take(split)
    second.since = change[split]
    for news, when in heard.items():
        setattr(second, news, when[split] <= second.since)
    rows.until[split] = change[split]
    return Rows(**{f.name: np.concatenate([getattr(rows, f.name), getattr(second, f.name)]) for f in fields(rows)})


def junk_counts(source: Array) -> Array:
    """How many junk records each source gets, given the records about companies."""
    return np.array([round(JUNK[s] * int((source == s).sum())) for s in range(len(SOURCES))])


def make_ids(source: Array, page: Array, duns: Array, seed: int) -> Array:
    """The id of each record in its source: 18 characters, numbers, page and bureau numbers where those are the key."""
    rng = stream(seed, "ids")
    n = len(source)
    number = rng.permutation(max(9 * n, 1000))[:n]
    letters = words(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz"))
    out = words([str(k) for k in (number + 10_000_000).tolist()])
    crm = np.flatnonzero(source == SALESFORCE)
    text = np.full(len(crm), "0015e00000", dtype=object)
    rest = number[crm]
    for _ in range(5):
        text = text + letters[rest % 62]
        rest = rest // 62
    out[crm] = text + "AA" + letters[rng.integers(0, 26, len(crm))]
    for code, key in ((LINKEDIN, page), (DNB, duns)):
        rows = np.flatnonzero((source == code) & (key > 0))
        # A second record of the same number gets a number of its own.
        fresh = rows[np.unique(key[rows], return_index=True)[1]]
        out[fresh] = words([f"{k:09d}" if code == DNB else str(k) for k in key[fresh].tolist()])
    return out
