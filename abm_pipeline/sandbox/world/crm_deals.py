"""Deals in the CRM: Opportunity with all its versions, its history, contact roles and lines, products and exchange
rates.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world.accounts import BIN_DAYS, Accounts
from abm_pipeline.sandbox.world.campaigns import Campaigns
from abm_pipeline.sandbox.world.companies import Companies
from abm_pipeline.sandbox.world.deals import PROBABILITY, STAGES, Deals
from abm_pipeline.sandbox.world.names import ROLES
from abm_pipeline.sandbox.world.people import ROLE_NAMES, Contacts
from abm_pipeline.sandbox.world.scales import DAY, NEVER, NULL, Calendar, to_date, to_day
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

FORECAST = ("Pipeline", "Pipeline", "BestCase", "MostLikely", "Closed", "Omitted")
CATEGORY_NAMES = {"BestCase": "Best Case", "MostLikely": "Most Likely"}
PRODUCTS = (
    ("Core Platform", "Platform"),
    ("Platform Plus", "Platform"),
    ("Insight Module", "Analytics"),
    ("Forecast Module", "Analytics"),
    ("Connector Pack", "Integration"),
    ("Onboarding", "Services"),
    ("Premium Support", "Services"),
    ("Training", "Services"),
)
STARTING_RATES = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79}


@dataclass(frozen=True)
class Money:
    """Monthly exchange rates: units of each currency per US dollar, by first day of the month."""

    month_starts: Array
    rates: dict[str, Array]
    table: Table

    def dollars(self, amount: float, currency: str, day: int) -> float | None:
        """The amount in US dollars at the rate of `day`; None for an unknown currency."""
        if currency not in self.rates:
            return None
        slot = max(0, int(np.searchsorted(self.month_starts, day, side="right")) - 1)
        return float(amount / self.rates[currency][slot])


def make_money(cal: Calendar) -> Money:
    """Exchange rates for every month of the timeline and its backlog."""
    rng = cal.rng("money")
    month = to_date(cal.start - cal.scale.backlog_days - 60).replace(day=1)
    starts: list[int] = []
    while to_day(month) <= cal.horizon:
        starts.append(to_day(month))
        month = (month + dt.timedelta(days=32)).replace(day=1)
    rates: dict[str, Array] = {}
    for currency, first in STARTING_RATES.items():
        walk = np.exp(np.cumsum(rng.normal(0, 0.012, len(starts))))
        rates[currency] = np.full(len(starts), 1.0) if currency == "USD" else (first * walk).round(6)
    rows = [(code, slot) for slot in range(len(starts)) for code in rates]
    last = to_day(dt.date(9999, 12, 31))
    changes = [
        Change(row, starts[slot + 1] * DAY, {"NextStartDate": np.int64(starts[slot + 1])})
        for row, (_, slot) in enumerate(rows)
        if slot + 1 < len(starts)
    ]
    columns = {
        "Id": salesforce_ids("04w", 10 + 3 * np.arange(len(rows))),
        "IsoCode": objects(code for code, _ in rows),
        "ConversionRate": np.array([rates[code][slot] for code, slot in rows]),
        "StartDate": np.array([starts[slot] for _, slot in rows]),
        "NextStartDate": np.full(len(rows), last),
    }
    table = versioned(columns, np.array([starts[slot] * DAY for _, slot in rows]), changes)
    return Money(np.array(starts), rates, table)


def make_deal_tables(
    cal: Calendar,
    companies: Companies,
    contacts: Contacts,
    contact_ids: Array,
    accounts: Accounts,
    deals: Deals,
    campaigns: Campaigns,
    campaign_ids: Array,
    owner_ids: Array,
) -> dict[str, Table]:
    """Opportunity, OpportunityHistory, OpportunityContactRole, OpportunityLineItem and Product2 by name."""
    rng, size = cal.rng("deal tables"), len(deals.company)
    ids = salesforce_ids("006", 4000 + 9 * np.arange(size))
    held = accounts.holder(deals.company, deals.created, rng.random(size), 0.2)
    changes = accounts.moves(np.arange(size), held, deals.created)
    history: list[tuple[int, int, dict[str, Any]]] = []
    first: list[dict[str, Any]] = []
    gone = np.full(size, NEVER, np.int64)
    for row in range(size):
        steps = _steps(rng, deals, row)
        first.append(steps[0][1])
        history.append((row, steps[0][0], steps[0][1]))
        for at, values in steps[1:]:
            changes.append(Change(row, at, values))
            history.append((row, at, values))
        if rng.random() < 0.012:
            at = int(deals.created[row] + rng.integers(3, 60) * DAY)
            gone[row] = at
            changes.append(Change(row, at, {"IsDeleted": True}))
            changes.append(Change(row, at + BIN_DAYS * DAY, {PURGED: True}))
    has_lines = rng.random(size) < 0.7
    columns: dict[str, Array] = {
        "_company": deals.company,
        "_listed": deals.listed,
        "Id": ids,
        "IsDeleted": np.zeros(size, bool),
        "AccountId": accounts.ids[held],
        "Name": objects(f"{companies.name[c]} – {k}" for c, k in zip(deals.company, deals.kind, strict=True)),
        "Type": deals.kind,
        "NextStep": constant(size, None),
        "LeadSource": objects((None, "Web", "Outbound", "Event", "Partner")[int(u * 5)] for u in rng.random(size)),
        "CampaignId": _primary_campaign(rng, deals, campaigns, campaign_ids),
        "HasOpportunityLineItem": has_lines,
        "Pricebook2Id": objects("01sBn00000PRICEIAA" if lines else None for lines in has_lines),
        "OwnerId": owner_ids[deals.company],
        "CurrencyIsoCode": deals.currency,
    }
    for name, sample in first[0].items():
        starts = [item[name] for item in first]
        columns[name] = objects(starts) if isinstance(sample, str) else np.array(starts)
    products = _products(cal)
    return {
        "Opportunity": versioned(columns, deals.created, changes),
        "OpportunityHistory": _history(history, ids, owner_ids[deals.company], gone),
        "OpportunityContactRole": _roles(rng, deals, ids, contacts, contact_ids, gone),
        "OpportunityLineItem": _lines(rng, deals, ids, products, has_lines, gone),
        "Product2": products,
    }


def _state(stage: int, amount: float, close_day: int, at: int) -> dict[str, Any]:
    """Fields of an opportunity that move with its stage."""
    close, forecast = to_date(close_day), FORECAST[stage]
    quarter = (close.month - 1) // 3 + 1
    return {
        "StageName": STAGES[stage],
        "Amount": amount,
        "Probability": PROBABILITY[stage],
        "ExpectedRevenue": round(amount * PROBABILITY[stage] / 100, 2),
        "CloseDate": np.int64(close_day),
        "IsClosed": stage >= 4,
        "IsWon": stage == 4,
        "ForecastCategory": forecast,
        "ForecastCategoryName": CATEGORY_NAMES.get(forecast, forecast),
        "Fiscal": f"{close.year} {quarter}",
        "FiscalYear": float(close.year),
        "FiscalQuarter": float(quarter),
        "LastStageChangeDate": np.int64(at),
    }


def _steps(rng: np.random.Generator, deals: Deals, row: int) -> list[tuple[int, dict[str, Any]]]:
    """Versions of one deal: stage changes, then now and then an amount corrected days after closing."""
    steps = deals.steps[row]
    final = int(deals.closed[row]) // DAY
    if row == deals.closed_before_created:
        created = int(deals.created[row])
        _, stage, amount = steps[-1]
        return [(created, _state(stage, amount, created // DAY - 9, created))]
    guess = max(int(deals.created[row]) // DAY + 75, int(deals.created[row]) // DAY + 20)
    out = []
    for at, stage, amount in steps:
        close = final if stage >= 4 else max(guess, at // DAY + 12)
        shown = np.nan if stage == 0 and rng.random() < 0.04 else amount
        out.append((at, _state(stage, shown, close, at)))
    if rng.random() < 0.025:
        at, stage, amount = steps[-1]
        late = at + int(rng.integers(2, 12)) * DAY
        out.append((late, {**_state(stage, round(amount * 1.05, 2), final, at)}))
    return out


def _history(rows: list[tuple[int, int, dict[str, Any]]], ids: Array, owners: Array, gone: Array) -> Table:
    """One snapshot a change, with the amount and close date before it; deleted with its deal."""
    count = len(rows)
    deal = np.array([row for row, _, _ in rows])
    same = np.concatenate([[False], deal[1:] == deal[:-1]])
    values = [item for _, _, item in rows]
    amount = np.array([item["Amount"] for item in values])
    close = np.array([item["CloseDate"] for item in values])
    columns = {
        "Id": salesforce_ids("008", 5000 + 2 * np.arange(count)),
        "IsDeleted": np.zeros(count, bool),
        "OpportunityId": ids[deal],
        "CreatedById": owners[deal],
        "StageName": objects(item["StageName"] for item in values),
        "Amount": amount,
        "ExpectedRevenue": np.array([item["ExpectedRevenue"] for item in values]),
        "CloseDate": close,
        "Probability": np.array([item["Probability"] for item in values]),
        "ForecastCategory": objects(item["ForecastCategory"] for item in values),
        "PrevAmount": np.where(same, np.roll(amount, 1), np.nan),
        "PrevCloseDate": np.where(same, np.roll(close, 1), NULL),
    }
    created = np.array([at for _, at, _ in rows], np.int64)
    return _with_parent(columns, created, deal, gone)


def _with_parent(columns: dict[str, Array], created: Array, deal: Array, gone: Array) -> Table:
    """Children are deleted with their deal; those that would come after it never come."""
    keep = created < gone[deal]
    columns = {name: values[keep] for name, values in columns.items()}
    created, deal = created[keep], deal[keep]
    changes = []
    for row in np.flatnonzero(gone[deal] < NEVER):
        at = int(gone[deal[row]])
        changes.append(Change(int(row), at, {"IsDeleted": True}))
        changes.append(Change(int(row), at + BIN_DAYS * DAY, {PURGED: True}))
    return versioned(columns, created, changes)


def _roles(
    rng: np.random.Generator, deals: Deals, ids: Array, contacts: Contacts, contact_ids: Array, gone: Array
) -> Table:
    """One to four committee members on each deal, the first primary."""
    low, known = contacts.known_at(deals.company, deals.created // DAY)
    rows = [
        (deal, int(low[deal]) + int(member), place == 0)
        for deal in range(len(ids))
        if known[deal] > 0
        for place, member in enumerate(rng.permutation(int(known[deal]))[: int(rng.integers(1, 5))])
    ]
    deal = np.array([row[0] for row in rows])
    person = np.array([row[1] for row in rows])
    columns = {
        "Id": salesforce_ids("00K", 6000 + 3 * np.arange(len(rows))),
        "IsDeleted": np.zeros(len(rows), bool),
        "OpportunityId": ids[deal],
        "ContactId": contact_ids[person],
        "Role": objects(ROLES[ROLE_NAMES[r]][0] for r in contacts.role[person]),
        "IsPrimary": np.array([row[2] for row in rows], bool),
    }
    return _with_parent(columns, deals.created[deal] + 90, deal, gone)


def _products(cal: Calendar) -> Table:
    count = len(PRODUCTS)
    columns = {
        "Id": salesforce_ids("01t", 10 + np.arange(count)),
        "IsDeleted": np.zeros(count, bool),
        "Name": objects(name for name, _ in PRODUCTS),
        "ProductCode": objects(f"P-{i:03d}" for i in range(count)),
        "Family": objects(family for _, family in PRODUCTS),
        "IsActive": np.ones(count, bool),
    }
    return versioned(columns, np.full(count, (cal.start - 900) * DAY))


def _lines(rng: np.random.Generator, deals: Deals, ids: Array, products: Table, has_lines: Array, gone: Array) -> Table:
    """One to three lines a deal, from its proposal on (or its creation), that add up to the agreed amount."""
    rows: list[tuple[int, int, float, float, int, int]] = []
    for each in np.flatnonzero(has_lines):
        steps = deals.steps[each]
        at = next((moment for moment, stage, _ in steps if stage >= 2), steps[-1][0])
        at = int(deals.created[each]) if each == deals.closed_before_created else at
        shares = rng.dirichlet(np.full(int(rng.integers(1, 4)), 4.0))
        for place, share in enumerate(shares):
            rows.append(
                (
                    int(each),
                    int(rng.integers(8)),
                    float(rng.integers(1, 20)),
                    float(deals.amount[each] * share),
                    place,
                    at,
                )
            )
    deal = np.array([row[0] for row in rows])
    product = np.array([row[1] for row in rows])
    quantity, total = np.array([row[2] for row in rows]), np.array([row[3] for row in rows]).round(2)
    columns = {
        "Id": salesforce_ids("00k", 7000 + 3 * np.arange(len(rows))),
        "IsDeleted": np.zeros(len(rows), bool),
        "OpportunityId": ids[deal],
        "Product2Id": products.columns["Id"][product],
        "PricebookEntryId": objects(f"01uBn00000{i:05d}AAA" for i in product),
        "ProductCode": products.columns["ProductCode"][product],
        "Name": products.columns["Name"][product],
        "Quantity": quantity,
        "UnitPrice": (total / quantity).round(4),
        "ListPrice": (total / quantity * 1.1).round(2),
        "TotalPrice": total,
        "Discount": np.full(len(rows), np.nan),
        "ServiceDate": np.full(len(rows), NULL),
        "SortOrder": np.array([row[4] + 1.0 for row in rows]),
        "CurrencyIsoCode": deals.currency[deal],
    }
    return _with_parent(columns, np.array([row[5] for row in rows], np.int64) + 30, deal, gone)


def _primary_campaign(rng: np.random.Generator, deals: Deals, campaigns: Campaigns, campaign_ids: Array) -> Array:
    """Primary campaign source on a third of the deals: one that ran in the weeks before."""
    out: list[str | None] = []
    for created, u in zip(deals.created // DAY, rng.random(len(deals.created)), strict=True):
        running = np.flatnonzero((campaigns.start <= created) & (campaigns.end >= created - 30))
        out.append(None if u > 0.33 or not len(running) else campaign_ids[running[int(u * 3 * len(running))]])
    return objects(out)
