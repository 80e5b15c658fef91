"""People in the CRM: Salesforce User, Contact and Lead, with duplicates, merges, deletions and conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world.accounts import BIN_DAYS, Accounts, variant
from abm_pipeline.sandbox.world.companies import Companies
from abm_pipeline.sandbox.world.names import COUNTRIES, ROLES
from abm_pipeline.sandbox.world.people import ROLE_NAMES, ZONES, Contacts, Leads, Users
from abm_pipeline.sandbox.world.scales import DAY, NULL, Calendar
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

TRUE_ROLE = {"economic_buyer": "decision_maker"}


@dataclass(frozen=True)
class People:
    """Ids by position in Contacts and Leads, the account record that holds each contact, and the tables."""

    contact_ids: Array
    lead_ids: Array
    held_by: Array
    contacts: Table
    leads: Table


def make_user_table(users: Users) -> tuple[Array, Table]:
    """Ids of the users and their table. Users are never deleted."""
    count = len(users.name)
    ids = salesforce_ids("005", 100 + 11 * np.arange(count))
    zones = list(ZONES)
    first = [name.split(" ", 1) for name in users.name]
    columns = {
        "Id": ids,
        "Username": objects(f"{a}.{b}@northwind-abm.example".lower() for a, b in first),
        "Email": objects(f"{a}.{b}@northwind-abm.example".lower() for a, b in first),
        "FirstName": objects(a for a, _ in first),
        "LastName": objects(b for _, b in first),
        "Name": users.name,
        "IsActive": np.arange(count) % 9 != 8,
        "Department": objects("Sales" if i % 6 else "Marketing" for i in range(count)),
        "Title": objects("Account Executive" if i % 6 else "Marketing Manager" for i in range(count)),
        "ManagerId": objects(None if i < 3 else ids[i % 3] for i in range(count)),
        "ProfileId": constant(count, "00eBn000000PROFAAA"),
        "UserRoleId": constant(count, None),
        "TimeZoneSidKey": objects(zones[z] for z in users.zone),
    }
    return ids, versioned(columns, users.created)


def make_people(
    cal: Calendar,
    companies: Companies,
    contacts: Contacts,
    leads: Leads,
    accounts: Accounts,
    owner_ids: Array,
    busy: Array,
) -> People:
    """Contact and Lead records. `busy` marks contacts with touches: only the others are ever deleted."""
    rng = cal.rng("crm people")
    size = len(contacts.company)
    held = accounts.holder(contacts.company, contacts.created, rng.random(size), 0.3)
    twins = np.flatnonzero((rng.random(size) < 0.012) & (contacts.created < (cal.horizon - 50) * DAY))
    source = np.concatenate([np.arange(size), twins])
    count = len(source)
    is_twin = np.arange(count) >= size
    ids = salesforce_ids("003", 2000 + 5 * np.arange(count))
    created = contacts.created[source].copy()
    created[size:] += rng.integers(1, 40, len(twins)) * DAY
    changes = accounts.moves(np.arange(count), held[source], created)
    for row in size + np.flatnonzero(rng.random(len(twins)) < 0.5):
        at = int(created[row] + int(rng.integers(5, 120)) * DAY)
        changes.append(Change(int(row), at, {"IsDeleted": True, "MasterRecordId": ids[source[row]]}))
        changes.append(Change(int(row), at + BIN_DAYS * DAY, {PURGED: True}))
    for row in np.flatnonzero(~busy & (contacts.lead < 0) & (rng.random(size) < 0.04)):
        at = int(max(created[row] + DAY, (cal.start + int(rng.integers(0, cal.days))) * DAY + 3600))
        changes.append(Change(int(row), at, {"IsDeleted": True}))
        changes.append(Change(int(row), at + BIN_DAYS * DAY, {PURGED: True}))
    columns = _contact_columns(rng, companies, contacts, source, is_twin, ids, accounts.ids[held][source], owner_ids)
    lead_ids = salesforce_ids("00Q", 3000 + 3 * np.arange(len(leads.company)))
    lead_table = _leads(cal, rng, companies, contacts, leads, accounts, lead_ids, ids, held, owner_ids)
    return People(ids[:size], lead_ids, held, versioned(columns, created, changes), lead_table)


def _contact_columns(
    rng: np.random.Generator,
    companies: Companies,
    contacts: Contacts,
    source: Array,
    is_twin: Array,
    ids: Array,
    account_ids: Array,
    owner_ids: Array,
) -> dict[str, Array]:
    count = len(source)
    gaps = rng.random((4, count))
    roles = [ROLE_NAMES[r] for r in contacts.role[source]]
    unknown = gaps[0] < 0.15
    first, last = contacts.first[source], contacts.last[source]
    company = contacts.company[source]
    return {
        "_company": company,
        "_role": objects(TRUE_ROLE.get(r, r) for r in roles),
        "_person": source,
        "Id": ids,
        "IsDeleted": np.zeros(count, bool),
        "MasterRecordId": constant(count, None),
        "AccountId": account_ids,
        "FirstName": objects(None if g < 0.02 else f for g, f in zip(gaps[1], first, strict=True)),
        "LastName": last,
        "Name": objects(n if g < 0.02 else f"{f} {n}" for g, f, n in zip(gaps[1], first, last, strict=True)),
        "Title": objects(
            None if t and g < 0.5 else v for t, g, v in zip(is_twin, gaps[2], contacts.title[source], strict=True)
        ),
        "Email": objects(
            None if g < 0.03 and not t else e for t, g, e in zip(is_twin, gaps[2], contacts.email[source], strict=True)
        ),
        "Phone": contacts.phone[source],
        "MobilePhone": constant(count, None),
        "LeadSource": objects("Lead Conversion" if item >= 0 else "List" for item in contacts.lead[source]),
        "MailingCountry": objects(
            None if g < 0.3 else c for g, c in zip(gaps[3], companies.country[company], strict=True)
        ),
        "OwnerId": owner_ids[company],
        "HasOptedOutOfEmail": gaps[3] > 0.985,
        "Buying_Role__c": objects(None if u else ROLES[r][0] for u, r in zip(unknown, roles, strict=True)),
    }


def _leads(
    cal: Calendar,
    rng: np.random.Generator,
    companies: Companies,
    contacts: Contacts,
    leads: Leads,
    accounts: Accounts,
    ids: Array,
    contact_ids: Array,
    held: Array,
    owner_ids: Array,
) -> Table:
    """Lead records and the versions their way through the funnel makes."""
    count = len(ids)
    became = np.full(count, -1, np.int64)
    from_lead = np.flatnonzero(contacts.lead >= 0)
    became[contacts.lead[from_lead]] = from_lead
    changes: list[Change] = []
    for row in range(count):
        created = int(leads.created[row])
        changes.append(Change(row, created + 6 * 3600 + row % 3600, {"Status": "Working"}))
        if leads.mql[row] > 0:
            changes.append(Change(row, int(leads.mql[row]), {"Status": "MQL", "MQL_Date__c": leads.mql[row]}))
        if leads.sql[row] > 0:
            changes.append(Change(row, int(leads.sql[row]), {"Status": "SQL", "SQL_Date__c": leads.sql[row]}))
        if leads.unqualified[row] > 0:
            changes.append(Change(row, int(leads.unqualified[row]), {"Status": "Unqualified"}))
        if leads.converted[row] > 0:
            person = int(became[row])
            values: dict[str, Any] = {
                "Status": "Converted",
                "IsConverted": True,
                "ConvertedDate": np.int64(leads.converted[row] // DAY),
                "ConvertedContactId": contact_ids[person],
                "ConvertedAccountId": accounts.ids[held[person]],
            }
            changes.append(Change(row, int(leads.converted[row]), values))
            later = accounts.moves(np.array([row]), held[[person]], leads.converted[[row]])
            changes += [Change(c.row, c.at, {"ConvertedAccountId": c.values["AccountId"]}) for c in later]
    gaps = rng.random((2, count))
    roles = [ROLE_NAMES[contacts.role[p]] if p >= 0 else None for p in became]
    company = leads.company
    typed = [variant(rng, companies.name[c], companies.legal_name[c], 0.4) for c in company]
    columns = {
        "_company": company,
        "_hard": leads.hidden,
        "_person": np.where(became >= 0, became, len(contacts.company) + np.arange(count)),
        "_role": objects(role and TRUE_ROLE.get(role, role) for role in roles),
        "Id": ids,
        "IsDeleted": np.zeros(count, bool),
        "MasterRecordId": constant(count, None),
        "FirstName": leads.first,
        "LastName": leads.last,
        "Name": objects(f"{a} {b}" for a, b in zip(leads.first, leads.last, strict=True)),
        "Company": objects(typed),
        "Title": leads.title,
        "Email": leads.email,
        "Phone": constant(count, None),
        "Website": leads.website,
        "Country": objects(
            None if g < 0.3 else COUNTRIES[companies.country[c]][0] for g, c in zip(gaps[0], company, strict=True)
        ),
        "Industry": objects(None if g < 0.5 else companies.industry[c] for g, c in zip(gaps[1], company, strict=True)),
        "Status": constant(count, "Open"),
        "LeadSource": objects(("Web", "Webinar", "LinkedIn", "Trade Show")[int(g * 4)] for g in gaps[0]),
        "Rating": objects((None, "Cold", "Warm", "Hot")[int(g * 4)] for g in gaps[1]),
        "OwnerId": owner_ids[company],
        "IsConverted": np.zeros(count, bool),
        "ConvertedDate": np.full(count, NULL),
        "ConvertedAccountId": constant(count, None),
        "ConvertedContactId": constant(count, None),
        "ConvertedOpportunityId": constant(count, None),
        "MQL_Date__c": np.full(count, NULL),
        "SQL_Date__c": np.full(count, NULL),
    }
    return versioned(columns, leads.created, changes)
