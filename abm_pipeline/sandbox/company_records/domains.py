"""Who owns which domain: brands, country entities, former names, divisions on a host of their parent's domain.

Every domain has one owner here. Shared ones (site builders, free mail, agencies, portals) are planted on records by
`keys`. About one small company in eight has no domain at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.company_records.arrays import Array, Rng, blank, choose, draw, stream, words
from abm_pipeline.sandbox.company_records.families import (
    ACQUIRED,
    DIVISION,
    FRANCHISE,
    HEAD,
    SISTER,
    SISTER_RELATED,
    Accounts,
    Entities,
)
from abm_pipeline.sandbox.company_records.places import COUNTRIES
from abm_pipeline.sandbox.company_records.scripts import slug

NO_DOMAIN = 0.12  # of companies with fewer than 100 employees
OWN_COUNTRY_DOMAIN = 0.45  # of country entities other than the head office
FRANCHISEE_DOMAIN = 0.25
# A division lives on a path of the parent's site, on a host of the parent's domain, or has a domain of its own.
DIVISION_HOME = (0.4, 0.3, 0.3)
SISTER_ON_HOST = 0.08  # sister brands on a host of the group's domain
GENERIC = ("com", "com", "com", "net", "io", "co", "eu", "org", "biz", "ai", "info", "tech", "group", "global")


@dataclass
class Domains:
    """Domains by account and entity (empty if none), and the list of all with their owners."""

    account: Array
    old: Array
    entity: Array  # the entity's own country domain
    mail: Array  # by account: the domain of its people's addresses
    borrowed: Array  # by account: the domain is the parent's
    listed: Array
    listed_account: Array
    listed_entity: Array


def make_domains(accounts: Accounts, entities: Entities, seed: int) -> Domains:
    """Give every company its domains."""
    rng = stream(seed, "domains")
    n = len(accounts.kind)
    taken: set[str] = set()
    tld = words([c.tld for c in COUNTRIES])
    city = words([c.cities[0].split("@")[0].split("/")[0] for c in COUNTRIES])[accounts.country]
    none = (accounts.employees < 100) & (rng.random(n) < NO_DOMAIN) & ~np.isin(accounts.kind, (HEAD, FRANCHISE))
    home = choose(rng, DIVISION_HOME, n)
    division = (accounts.kind == DIVISION) & (home < 2)
    hosted = np.isin(accounts.kind, (SISTER, SISTER_RELATED)) & (rng.random(n) < SISTER_ON_HOST)
    on_parent = division | hosted
    domain = blank(n)
    own = np.flatnonzero(~none & ~on_parent)
    domain[own] = _allocate(
        rng, accounts.names.core[own], accounts.names.short[own], tld[accounts.country[own]], city[own], taken
    )
    mail = domain.copy()
    for _ in range(2):  # grandchildren after children
        rows = np.flatnonzero(on_parent & (domain == ""))
        base = domain[np.maximum(accounts.parent[rows], 0)]
        host = words([slug(core.rsplit(" ", 1)[-1]) or "www2" for core in accounts.names.core[rows]])
        path = (home[rows] == 0) & division[rows]
        domain[rows] = np.where((base == "") | path, base, host + "." + base)
        mail[rows] = base
    twice = np.flatnonzero(on_parent & pd.Series(domain, dtype=object).duplicated().to_numpy())
    domain[twice] = domain[accounts.parent[twice]]
    shared = np.flatnonzero((accounts.parent >= 0) & ~on_parent & (rng.random(n) < 0.2) & (accounts.kind != ACQUIRED))
    mail[shared] = np.where(domain[accounts.parent[shared]] != "", domain[accounts.parent[shared]], domain[shared])
    borrowed = on_parent & (accounts.parent >= 0) & (domain == domain[np.maximum(accounts.parent, 0)])
    old = blank(n)
    moved = np.flatnonzero((accounts.old_core != "") & (domain != "") & (rng.random(n) < 0.85))
    old[moved] = _allocate(
        rng, accounts.old_core[moved], accounts.old_core[moved], tld[accounts.country[moved]], city[moved], taken
    )
    entity = _entity_domains(rng, accounts, entities, domain, borrowed, tld, taken)
    return _listed(Domains(domain, old, entity, mail, borrowed, domain, domain, domain), entities)


def _entity_domains(
    rng: Rng, accounts: Accounts, entities: Entities, domain: Array, borrowed: Array, tld: Array, taken: set[str]
) -> Array:
    account = entities.account
    m = len(account)
    out = blank(m)
    has = ~entities.head & (domain[account] != "") & ~borrowed[account]
    franchise = accounts.kind[account] == FRANCHISE
    rows = np.flatnonzero(has & (rng.random(m) < np.where(franchise, FRANCHISEE_DOMAIN, OWN_COUNTRY_DOMAIN)))
    label = words([text.split(".")[0] for text in domain[account[rows]]])
    code = words([c.code.lower() for c in COUNTRIES])[entities.country[rows]]
    place = words(
        [
            slug(COUNTRIES[c].cities[k].split("@")[0].split("/")[0])
            for c, k in zip(entities.country[rows], entities.city[rows], strict=True)
        ]
    )
    plain = np.where(franchise[rows], label + place + ".com", label + "." + tld[entities.country[rows]])
    for candidate in (plain, label + "-" + code + ".com", label + place + "." + tld[entities.country[rows]]):
        _take(out, rows, candidate, taken)
    return out


def _take(out: Array, rows: Array, candidate: Array, taken: set[str]) -> None:
    """Give rows that have none yet their candidate, first come first served."""
    free = out[rows] == ""
    fresh = pd.Series(candidate, dtype=object)
    good = free & ~fresh.where(free).duplicated().to_numpy() & ~fresh.isin(taken).to_numpy()
    out[rows[good]] = candidate[good]
    taken.update(candidate[good])


def _allocate(rng: Rng, core: Array, short: Array, tld: Array, city: Array, taken: set[str]) -> Array:
    """A domain for each name, none twice: the obvious one to the first who asks, ever odder ones to the rest."""
    n = len(core)
    out = blank(n)
    rows = np.arange(n)
    joined = words([slug(text)[:32] or "company" for text in core])
    brief = words([slug(text)[:24] or "company" for text in short])
    brief = np.where(np.array([len(text) for text in brief]) < 3, joined, brief)
    hyphened = words([slug(text, "-")[:36].strip("-") or "company" for text in core])
    initials = words(["".join(p[0] for p in text.split("-") if p) for text in hyphened])
    initials = np.where(np.array([len(text) for text in initials]) < 3, joined, initials)
    place = words([slug(text) for text in city])
    end = np.where(rng.random(n) < 0.5, "com", tld)
    label = np.choose(choose(rng, (5, 4, 1, 1), n), [joined, brief, hyphened, initials])
    candidates = [
        label + "." + end,
        joined + "." + tld,
        joined + "." + draw(rng, GENERIC, n),
        hyphened + "." + np.where(rng.random(n) < 0.5, "com", tld),
        brief
        + draw(rng, ("group", "hq", "online", "global", "inc", "corp", "co", "team", "app", "world"), n)
        + "."
        + end,
        joined + place + "." + end,
        draw(rng, ("the", "get", "my", "go", "we-are-"), n) + brief + "." + draw(rng, GENERIC, n),
        joined + words([str(k) for k in rng.integers(2, 999, n)]) + "." + end,
        joined + "-" + words([str(k) for k in rng.permutation(10 * n + 7)[:n]]) + ".com",
    ]
    for candidate in candidates:
        _take(out, rows, candidate, taken)
    return out


def _listed(made: Domains, entities: Entities) -> Domains:
    """The list of all domains by owner: brands', former, countries'."""
    own = np.flatnonzero((made.account != "") & ~made.borrowed)
    old = np.flatnonzero(made.old != "")
    country = np.flatnonzero(made.entity != "")
    made.listed = np.concatenate([made.account[own], made.old[old], made.entity[country]])
    made.listed_account = np.concatenate([own, old, entities.account[country]])
    made.listed_entity = np.concatenate([entities.first[own], entities.first[old], country])
    return made
