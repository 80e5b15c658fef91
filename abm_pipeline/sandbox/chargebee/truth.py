"""What Chargebee's API can reveal at the clock, for tests; and what it can't, with the reason."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.chargebee.records import records
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.customers import customers
from abm_pipeline.sandbox.world.names import FREE_MAIL
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import objects
from abm_pipeline.sandbox.world.truth import dates, utc


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows by table: record_company, contact, subscription, invoice, hidden."""
    made, names, tables = customers(world), world.companies.company_id, records(world)
    seen = {name: table.visible(world.instant) for name, table in tables.items()}
    c, s, i = ({k: v[seen[n]] for k, v in tables[n].columns.items()} for n in ("customer", "subscription", "invoice"))
    email = objects(world.people.contacts.email[p].lower() if p >= 0 else None for p in c["_person"])
    free = np.array([e is None or e.partition("@")[2] in FREE_MAIL for e in email])
    people = [
        (person, company, born)
        for column in ("_person", "_other")
        for person, company, born in zip(c[column], c["_company"], c["CreatedDate"], strict=True)
        if person >= 0
    ]
    who, company, born = (np.array(part, np.int64) for part in zip(*people, strict=True))
    hashes = [sha256(world.people.contacts.email[p].lower().encode()).hexdigest() for p in who]
    place = s["_place"]
    owner = tables["customer"].columns["_company"][np.searchsorted(tables["customer"].record, s["_owner"])]
    payer = tables["customer"].columns["_company"][np.searchsorted(tables["customer"].record, i["_owner"])]
    over = s["status"] == "cancelled"
    contact = pd.DataFrame({
        "source": "chargebee", "contact_id": hashes, "object": "customer", "company_id": names[company], "role": None,
        "is_role_known": False, "person": who, "is_deleted": False, "created_at": utc(born),
    })  # fmt: skip
    return {
        "record_company": pd.DataFrame({
            "source": "chargebee", "object": "customer", "source_id": c["id"], "company_id": names[c["_company"]],
            "is_hard": free & np.array([crm is None for crm in c["crm_id"]]),
        }),
        "contact": contact.drop_duplicates("contact_id"),
        "subscription": pd.DataFrame({
            "source": "chargebee", "source_id": s["id"], "company_id": names[owner],
            "mrr": np.where(over, 0, s["mrr"]) / 100, "currency": made.currency[place],
            "started_day": dates(made.start[place] // DAY),
            "ended_day": dates(np.where(over, s["cancelled_at"] // DAY, NEVER)),
        }),
        "invoice": pd.DataFrame({
            "source": "chargebee", "source_id": i["id"], "company_id": names[payer], "amount": i["total"] / 100,
            "amount_paid": np.where(i["status"] == "paid", i["total"], 0) / 100,
            "issued_day": dates(i["date"] // DAY), "paid_day": dates(i["paid_at"] // DAY),
        }),
        "hidden": pd.DataFrame({
            "source": ["chargebee"], "what": ["earlier versions of subscriptions"],
            "reason": ["a record is listed as it is now"],
            "rows": [int((tables["subscription"].valid_to <= world.instant).sum())],
        }),
    }  # fmt: skip
