"""The rest of the CRM: accounts that nobody works, as messy as imported lists and years of hands leave them.

Belongs here: what Salesforce and HubSpot hold of companies that the programme never touches. Nothing is done with
these records, so no number hangs on them but those that hang on an account which one of them may be part of. They are
of two sorts:

- *Strangers*: families, namesakes, country entities, renamed and acquired companies with the names, websites, parents
  and duplicates that `company_records` gives them, test and placeholder records among them.
- *Shadows* of companies that the programme does work, as told in `shadows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.company_records.places import COUNTRIES as PLACES
from abm_pipeline.sandbox.world.names import COUNTRIES
from abm_pipeline.sandbox.world.scales import DAY, NULL
from abm_pipeline.sandbox.world.shadows import make_shadows
from abm_pipeline.sandbox.world.tables import Array, Change, Table, objects, salesforce_ids, versioned

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

# Brands made, of which whole families are kept until so many CRM records are there.
BRANDS, STRANGERS = {"tiny": 100, "demo": 130, "large": 600}, {"tiny": 24, "demo": 140, "large": 700}
REGIONS = {place[0]: place[1] for place in COUNTRIES.values()}
FIRST_NUMBER = 900_000


@dataclass(frozen=True)
class Neighbours:
    """`companies` are rows of the truth table `company`; `accounts` is more of Salesforce's Account.

    `hub` are fields of HubSpot companies by HubSpot's names, with `company_id`. The hidden column `_company` of
    `accounts` counts on from the world's companies.
    """

    companies: pd.DataFrame
    accounts: Table
    hub: list[dict[str, Any]]


def neighbours(world: World) -> Neighbours:
    """The neighbours of a world, made once."""
    return world.part("neighbours", _make)


def served(world: World) -> dict[str, Table]:
    """Salesforce's tables as the org serves them."""
    return world.part("served", lambda w: w.tables | {"Account": _joined(w.tables["Account"], neighbours(w).accounts)})


def company_ids(world: World) -> Array:
    """Ids by the number that the served records' hidden column `_company` holds."""
    return np.concatenate([world.companies.company_id, neighbours(world).companies.company_id.to_numpy(object)])


def _joined(left: Table, right: Table) -> Table:
    return Table(
        {name: np.concatenate([values, right.columns[name]]) for name, values in left.columns.items()},
        np.concatenate([left.valid_from, right.valid_from]),
        np.concatenate([left.valid_to, right.valid_to]),
        np.concatenate([left.record, right.record + int(left.record.max()) + 1]),
    )


def _make(world: World) -> Neighbours:
    rng = world.calendar.rng("neighbours")
    strangers, companies, hub = _strangers(world, rng)
    shadows, more = make_shadows(world, rng, _ids(500_000 + np.arange(1000)))
    known = pd.concat([companies, more], ignore_index=True)
    number = {key: place for place, key in enumerate([*world.companies.company_id, *known.company_id])}
    rows = pd.concat([strangers, shadows], ignore_index=True)
    return Neighbours(known, _accounts(world, rng, rows, number), hub)


def _strangers(world: World, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, list[dict[str, Any]]]:
    """Salesforce's records, the companies they are of, and HubSpot's records of the same companies."""
    scale = world.calendar.scale.name
    from abm_pipeline.sandbox.company_records import make  # which imports names of this package

    made = make(BRANDS[scale], int(rng.integers(1 << 30)))
    key = ["source", "source_id"]
    both = made.records[-1].merge(made.truth[-1], on=key)
    # No domain of theirs may be one of the world's: what happens there is somebody else's.
    ours = set(world.companies.domain)
    sites = both.website.fillna("").str.lower() + " " + both.domain.fillna("")
    clash = set(both.group_id[[any(part in ours for part in _hosts(text)) for text in sites]])
    crm = both[(both.source == "salesforce") & ~both.group_id.isin(clash)]
    kept, room = set(), STRANGERS[scale]
    for group, size in crm.groupby("group_id", sort=False).size().items():
        if size <= min(room, STRANGERS[scale] // 3):
            kept.add(group)
            room -= size
    crm, hub = crm[crm.group_id.isin(kept)], both[(both.source == "hubspot") & both.group_id.isin(kept)]
    before = made.records[0].set_index(key)
    older = before.reindex(pd.MultiIndex.from_frame(crm[key]))
    crm = crm.assign(old_name=older["name"].to_numpy(object), old_website=older["website"].to_numpy(object))
    ids = _ids(np.arange(len(crm)))
    id_of = dict(zip("salesforce:" + crm.source_id, ids, strict=True))
    crm = crm.assign(
        company_id="N" + crm.account_id,
        key=ids,
        parent_key=objects(id_of.get(text) if isinstance(text, str) else None for text in crm.parent),
    )
    parents: dict[str, str] = dict(made.parents[-1].itertuples(index=False))
    firsts = pd.concat([crm, hub]).drop_duplicates("account_id")
    wide = {place.code: place for place in PLACES}
    spoken = {name: place for place in PLACES for name in (*place.names, place.code)}
    seen = set(firsts.account_id)
    companies = pd.DataFrame(
        {
            "company_id": "N" + firsts.account_id,
            "name": firsts["name"],
            "domain": firsts.domain.fillna(firsts.website),
            "parent": [
                "N" + parents[account] if parents.get(account) in seen else None for account in firsts.account_id
            ],
            "industry": firsts.industry,
            "region": [REGIONS.get(spoken[c].code, "EMEA") if c in spoken else None for c in firsts.country],
            "country": [wide[spoken[c].code].names[0] if c in spoken else None for c in firsts.country],
            "employees": firsts.employee_count.astype("float64").fillna(0).astype(int),
            "is_ever_target": False,
        }
    )
    return crm, companies, [_hub_row(row, id_of) for row in hub.to_dict("records")]


def _hosts(text: str) -> list[str]:
    return [part.removeprefix("www.") for part in text.replace("/", " ").replace(":", " ").split()]


def _ids(places: Array) -> Array:
    return salesforce_ids("001", FIRST_NUMBER + 7 * places)


def _hub_row(row: Mapping[Any, Any], id_of: dict[str, Any]) -> dict[str, Any]:
    def text(name: str) -> str | None:
        return None if pd.isna(row[name]) else str(row[name])

    copied = [
        id_of[other] for other in (row["xref"] if isinstance(row["xref"], list | np.ndarray) else ()) if other in id_of
    ]
    return {
        "name": text("name"), "domain": text("domain"), "website": text("website"), "phone": text("phone"),
        "country": text("country"), "city": text("city"), "industry": text("industry"),
        "numberofemployees": text("employee_count"), "salesforceaccountid": copied[0] if copied else None,
        "company_id": "N" + row["account_id"],
    }  # fmt: skip


def _accounts(world: World, rng: np.random.Generator, rows: pd.DataFrame, number: dict[str, int]) -> Table:
    """The records as the CRM has them; a name or website that was another once is a later version."""
    cal, size = world.calendar, len(rows)
    users = world.tables["User"].columns["Id"]
    born = np.where(
        rng.random(size) < 0.85, cal.start - rng.integers(40, 900, size), rng.integers(cal.start, cal.horizon, size)
    )
    created = born * DAY + rng.integers(7 * 3600, 19 * 3600, size)

    def text(name: str) -> Array:
        return objects(None if pd.isna(value) or value == "" else str(value) for value in rows[name])

    spoken = {name: place.code for place in PLACES for name in (*place.names, place.code)}
    name, site = text("name"), text("website")
    was, was_at = text("old_name"), text("old_website")
    changes = []
    for place in np.flatnonzero(pd.notna(rows["old_name"].to_numpy(object))):
        if (was[place], was_at[place]) != (name[place], site[place]):
            at = int(rng.integers(cal.start, cal.horizon)) * DAY + 50_000
            changes.append(Change(int(place), at, {"Name": name[place], "Website": site[place]}))
            name[place], site[place] = was[place], was_at[place]
    nothing = objects([None] * size)
    columns = {
        "_company": np.array([number[key] for key in rows.company_id]),
        # The second record of a worked company holds nothing; whether it is found moves no number.
        "_hard": rows.company_id.str.startswith("N").to_numpy(bool),
        "Id": text("key"),
        "IsDeleted": np.zeros(size, bool),
        "MasterRecordId": nothing,
        "Name": objects(value or "[not provided]" for value in name),
        "Type": objects("Prospect" if u < 0.4 else None for u in rng.random(size)),
        "ParentId": text("parent_key"),
        "BillingCity": text("city"),
        "BillingCountry": text("country"),
        "BillingCountryCode": objects(
            spoken.get(value) if u < 0.6 else None for value, u in zip(rows.country, rng.random(size), strict=True)
        ),
        "Phone": text("phone"),
        "Website": site,
        "Industry": text("industry"),
        "AnnualRevenue": np.full(size, np.nan),
        "NumberOfEmployees": rows.employee_count.astype("float64").to_numpy(),
        "OwnerId": users[rng.integers(0, len(users), size)],
        "AccountSource": objects("List" for _ in range(size)),
        "CurrencyIsoCode": objects("USD" for _ in range(size)),
        "ABM_Tier__c": nothing,
        "Target_Account__c": np.zeros(size, bool),
        "ABM_Tier_Since__c": np.full(size, NULL),
        "Committee_Size__c": np.full(size, np.nan),
    }
    return versioned(columns, created, changes)
