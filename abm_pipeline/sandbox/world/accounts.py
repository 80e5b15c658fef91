"""Account records in the CRM: name and website variants, duplicates, merges, and the target list as operations keep
it.

Belongs here: Salesforce Account and AccountHistory. Duplicates that share no key with their twin ("hard") exist
only for companies that are not listed and have no deals, so that exact keys can reach the truth about everything
that is measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world.companies import Companies, Tiers
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, NEVER, NULL, Calendar
from abm_pipeline.sandbox.world.tables import (
    PURGED,
    Array,
    Change,
    Table,
    constant,
    objects,
    salesforce_ids,
    versioned,
)

TIER_TEXT = {0: "1:1", 1: "1:Few", 2: "1:Many"}
BIN_DAYS = 15


@dataclass
class Accounts:
    """Account records: the company of each, whether its keys are missing, the record it was merged into and when."""

    ids: Array
    company: Array
    is_hard: Array
    created: Array
    merged_into: Array
    merged_at: Array
    primary: Array
    soft_twin: Array
    table: Table = field(init=False)
    history: Table = field(init=False)

    def holder(self, companies: Array, instants: Array, draw: Array, share: float) -> Array:
        """Account record a new record of the company is put under: mostly the first, sometimes a soft duplicate."""
        row = self.primary[companies]
        twin = self.soft_twin[companies]
        usable = (twin >= 0) & (draw < share)
        usable &= (self.created[twin] < instants) & (instants < self.merged_at[twin])
        return np.where(usable, twin, row)

    def moves(self, rows: Array, held: Array, created: Array) -> list[Change]:
        """Changes of `AccountId` for records `rows` whose account `held` is merged away after they were created."""
        at = self.merged_at[held]
        moved = np.flatnonzero((self.merged_into[held] >= 0) & (at > created) & (at < NEVER))
        return [Change(int(rows[i]), int(at[i]), {"AccountId": self.ids[self.merged_into[held[i]]]}) for i in moved]


def make_accounts(
    cal: Calendar, companies: Companies, tiers: Tiers, born: Array, owner_ids: Array, with_deals: Array
) -> Accounts:
    """All account records with their versions."""
    rng, size = cal.rng("accounts"), len(companies)
    quiet = ~companies.ever_target & ~with_deals & (companies.agency < 0)
    quiet[companies.agency[companies.agency >= 0]] = False
    primary = np.full(size, -1, np.int64)
    holders = np.flatnonzero(companies.has_crm)
    primary[holders] = np.arange(len(holders))
    doubled = np.sort(rng.choice(holders, max(3, round(0.042 * len(holders))), replace=False))
    doubled = doubled[companies.agency[doubled] < 0]
    hard_twin = quiet[doubled] & (rng.random(len(doubled)) < 0.5)
    company = np.concatenate([holders, doubled])
    count, firsts = len(company), len(holders)
    is_twin = np.arange(count) >= firsts
    twin_row = firsts + np.arange(len(doubled))
    soft_twin = np.full(size, -1, np.int64)
    soft_twin[doubled[~hard_twin]] = twin_row[~hard_twin]
    created = born[company].copy()
    room = np.maximum(1, cal.horizon - 40 - born[doubled] // DAY)
    created[firsts:] += (1 + (rng.random(len(doubled)) * room * 0.9).astype(np.int64)) * DAY
    merged_at = np.full(count, NEVER, np.int64)
    merged_into = np.full(count, -1, np.int64)
    joins = twin_row[~hard_twin & (rng.random(len(doubled)) < 0.45)]
    merge_day = np.maximum(cal.start + rng.integers(10, cal.days, len(joins)), created[joins] // DAY + 8)
    merged_at[joins] = merge_day * DAY + 40_000
    merged_into[joins] = primary[company[joins]]
    ids = salesforce_ids("001", 1000 + 7 * np.arange(count))
    hard = np.zeros(count, bool)
    hard[twin_row[hard_twin]] = True
    websites = _websites(rng, companies, company, is_twin, hard, quiet)
    hard |= companies.agency[company] >= 0
    hard |= np.array([site is None or "." not in site for site in websites])
    made = Accounts(ids, company, hard, created, merged_into, merged_at, primary, soft_twin)
    columns = _columns(rng, companies, made, owner_ids, websites, is_twin)
    changes, history = _changes(cal, rng, companies, tiers, made)
    made.table = versioned(columns, created, changes)
    made.history = history
    return made


def _websites(
    rng: np.random.Generator, companies: Companies, company: Array, is_twin: Array, hard: Array, quiet: Array
) -> Array:
    """Website texts in the shapes people type; missing or useless only where nothing measured depends on them."""
    sites: list[str | None] = []
    for row, owner in enumerate(company):
        u, v = rng.random(2)
        agency = companies.agency[owner]
        domain = companies.domain[agency if agency >= 0 else owner]
        country = COUNTRIES[companies.country[owner]][0].lower()
        shapes = (
            f"https://www.{domain}",
            f"http://{domain}",
            f"www.{domain}",
            domain,
            f"https://{domain}/",
            f"https://www.{domain}/en/home",
            f"HTTP://WWW.{domain.upper()}",
            f"{country}.{domain}",
            f"https://{country}.{domain}/about?ref=crm",
            f" {domain} ",
        )
        if hard[row] or (quiet[owner] and not is_twin[row] and u < 0.10):
            sites.append(None if v < 0.75 else ("n/a", "localhost", "none", "http://intranet")[int(rng.integers(4))])
        else:
            weights = int(v * 6) if u < 0.75 else 6 + int(v * 4)
            sites.append(shapes[weights])
    return objects(sites)


def variant(rng: np.random.Generator, short: str, legal: str, strength: float) -> str:
    """A company name as somebody would type it: legal form, case, typo, `&`."""
    u = rng.random()
    if u > strength:
        return legal if rng.random() < 0.6 else short
    if u < strength * 0.25:
        return legal.upper()
    if u < strength * 0.45:
        return short.lower()
    if u < strength * 0.65:
        place = int(rng.integers(1, len(short) - 2))
        return short[:place] + short[place + 1] + short[place] + short[place + 2 :]
    if u < strength * 0.85:
        return f"{short} Group"
    return f"The {short} Company"


def _columns(
    rng: np.random.Generator, companies: Companies, made: Accounts, owner_ids: Array, websites: Array, is_twin: Array
) -> dict[str, Array]:
    """The fields of every record as it was created."""
    company, count = made.company, len(made.company)
    names = [
        variant(
            rng, companies.name[c], companies.legal_name[c], 0.9 if made.is_hard[r] else 0.5 if is_twin[r] else 0.15
        )
        for r, c in enumerate(company)
    ]
    gaps = rng.random((5, count))
    countries = companies.country[company]
    codes = [COUNTRIES[c] for c in countries]
    parents = np.where(companies.parent[company] >= 0, made.primary[companies.parent[company]], -1)
    people = companies.employees[company].astype(float)

    def some(draw: Array, share: float, values: Iterable[Any]) -> Array:
        """The values with a share of them missing."""
        return objects(None if u < share else v for u, v in zip(draw, values, strict=True))

    committee = np.where(people >= 1000, 8 + (gaps[4] * 25).round() % 3, 4 + (gaps[4] * 25).round() % 3)
    return {
        "_company": company,
        "_hard": made.is_hard,
        "Id": made.ids,
        "IsDeleted": np.zeros(count, bool),
        "MasterRecordId": constant(count, None),
        "Name": objects(names),
        "Type": some(gaps[0], 0.3, np.where(gaps[1] < 0.2, "Customer", "Prospect").tolist()),
        "ParentId": objects(None if p < 0 or t else made.ids[p] for p, t in zip(parents, is_twin, strict=True)),
        "BillingCity": some(gaps[0], 0.08, companies.city[company]),
        "BillingCountry": some(
            gaps[1], 0.05, [c if u < 0.8 else k[0] for c, k, u in zip(countries, codes, gaps[2], strict=True)]
        ),
        "BillingCountryCode": some(gaps[1], 0.05, [k[0] for k in codes]),
        "Phone": some(
            gaps[2],
            0.22,
            [f"{k[6]} {int(u * 800 + 100)} {int(u * 9e6):07d}" for k, u in zip(codes, gaps[3], strict=True)],
        ),
        "Website": websites,
        "Industry": some(gaps[3], 0.06, companies.industry[company]),
        "AnnualRevenue": np.where(gaps[4] < 0.12, np.nan, companies.revenue[company]),
        "NumberOfEmployees": np.where(gaps[3] < 0.10, np.nan, people),
        "OwnerId": owner_ids[company],
        "AccountSource": some(
            gaps[0], 0.4, np.array(["Web", "Outbound", "Partner", "Event"], object)[(gaps[4] * 4).astype(int)]
        ),
        "CurrencyIsoCode": objects(k[2] for k in codes),
        "ABM_Tier__c": constant(count, None),
        "Target_Account__c": np.zeros(count, bool),
        "ABM_Tier_Since__c": np.full(count, NULL),
        "Committee_Size__c": np.where(companies.ever_target[company] & (gaps[2] < 0.15) & ~is_twin, committee, np.nan),
    }


def _changes(
    cal: Calendar, rng: np.random.Generator, companies: Companies, tiers: Tiers, made: Accounts
) -> tuple[list[Change], Table]:
    """Tier moves (with their history rows), renames, new websites and merges."""
    changes: list[Change] = []
    tracked: list[tuple[int, int, str, str | None, str | None]] = []
    state: dict[int, tuple[str | None, str]] = {}
    ends = {(int(c), int(e)) for c, e in zip(tiers.company, tiers.valid_to, strict=True)}
    starts = {(int(c), int(f)) for c, f in zip(tiers.company, tiers.valid_from, strict=True)}
    moments = [(int(f), int(c), int(t)) for c, t, f in zip(tiers.company, tiers.tier, tiers.valid_from, strict=True)]
    moments += [(end, company, -1) for company, end in ends - starts if end < NEVER]
    for day, company, tier in sorted(moments):
        row, at = int(made.primary[company]), day * DAY + 21_600 + company
        text = TIER_TEXT.get(tier)
        values: dict[str, Any] = {
            "ABM_Tier__c": text,
            "Target_Account__c": tier >= 0,
            "ABM_Tier_Since__c": np.int64(day),
        }
        changes.append(Change(row, at, values))
        before, flag = state.get(company, (None, "false"))
        after = "true" if tier >= 0 else "false"
        tracked.append((row, at, "ABM_Tier__c", before, text))
        if flag != after:
            tracked.append((row, at, "Target_Account__c", flag, after))
        state[company] = (text, after)
    for renamed in np.flatnonzero(rng.random(len(made.company)) < 0.02):
        owner = made.company[renamed]
        at = int((cal.start + rng.integers(5, cal.days)) * DAY + 52_000)
        changes.append(Change(int(renamed), at, {"Name": f"{companies.name[owner]} International"}))
    for loser in np.flatnonzero(made.merged_into >= 0):
        at = int(made.merged_at[loser])
        changes.append(Change(int(loser), at, {"IsDeleted": True, "MasterRecordId": made.ids[made.merged_into[loser]]}))
        changes.append(Change(int(loser), at + BIN_DAYS * DAY, {PURGED: True}))
    return changes, _history(made, tracked)


def _history(made: Accounts, tracked: list[tuple[int, int, str, str | None, str | None]]) -> Table:
    """Field tracking rows of the tier and the target flag."""
    count = len(tracked)
    table = versioned(
        {
            "Id": salesforce_ids("017", 500 + 3 * np.arange(count)),
            "IsDeleted": np.zeros(count, bool),
            "AccountId": objects(made.ids[row] for row, *_ in tracked),
            "Field": objects(item[2] for item in tracked),
            "DataType": objects("DynamicEnum" if item[2] == "ABM_Tier__c" else "Boolean" for item in tracked),
            "OldValue": objects(item[3] for item in tracked),
            "NewValue": objects(item[4] for item in tracked),
        },
        np.array([item[1] for item in tracked], np.int64),
    )
    return table
