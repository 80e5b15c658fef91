"""What HubSpot's API can reveal at the clock, as truth tables, and what it can't."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.hubspot.contacts import resolved
from abm_pipeline.sandbox.hubspot.deals import STAGE, TYPE_NAMES
from abm_pipeline.sandbox.hubspot.portal import Portal, portal
from abm_pipeline.sandbox.hubspot.store import HubObject
from abm_pipeline.sandbox.world.scales import DAY, to_date
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import rows_at

if TYPE_CHECKING:
    from abm_pipeline.sandbox.world import World

CHANNELS = {
    "email_sent": "email", "email_reply": "email", "email_bounce": "email", "email_open": "email",
    "email_click": "email", "email_forward": "email", "email_unsubscribe": "email", "email_spam_report": "email",
    "call": "phone", "call_connected": "phone", "meeting": "meeting", "meeting_no_show": "meeting",
    "form_fill": "web", "survey_answered": "survey",
}  # fmt: skip


def make_truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows for the truth tables; see `vendor.Vendor.truth`."""
    here = portal(world)
    return {
        "company": pd.DataFrame(here.known.own),
        "record_company": _records(world, here),
        "contact": pd.concat([_contacts(world, here), _addresses(world, here)], ignore_index=True),
        "deal": _deals(world, here),
        "deal_stage": _stages(world, here),
        "lead_event": _lead_events(world, here),
        "touch": pd.concat([_engagements(world, here), _mails(world, here), _forms(world, here)], ignore_index=True),
        "survey_response": _answers(world, here),
        "contradiction": contradictions(world, here),
        "hidden": _hidden(world, here),
    }


def _held(world: World, kind: HubObject) -> tuple[Array, Mapping[str, Array], Array]:
    """Rows that hold (archived ones too while the bin keeps them), their columns, and their ids."""
    rows = np.concatenate([kind.rows(world.instant), kind.rows(world.instant, is_archived=True)])
    columns = {name: values[rows] for name, values in kind.table.columns.items()}
    return rows, columns, kind.ids[kind.table.record[rows]]


def utc(ms: Any) -> pd.Series[Any]:
    """Milliseconds as timestamps."""
    return pd.Series(pd.to_datetime(np.asarray(ms, np.int64), unit="ms", utc=True)).astype("datetime64[us, UTC]")


def _records(world: World, here: Portal) -> pd.DataFrame:
    _, c, ids = _held(world, here.known.kind)
    return pd.DataFrame(
        {"source": "hubspot", "object": "company", "source_id": ids, "company_id": c["_company"], "is_hard": c["_hard"]}
    )


def _contacts(world: World, here: Portal) -> pd.DataFrame:
    _, c, ids = _held(world, here.people.kind)
    return pd.DataFrame(
        {
            "source": "hubspot", "contact_id": ids, "object": "contact", "company_id": c["_company"],
            "role": c["_role"], "is_role_known": [value is not None for value in c["hs_buying_role"]],
            "person": c["_person"], "is_deleted": c["_archived"].astype(bool),
            "created_at": utc(c["_createdate"] * 1000),
        }
    )  # fmt: skip


def email_hash(address: str) -> str:
    """As the staged tables have it."""
    return sha256(address.strip().lower().encode()).hexdigest()


def _addresses(world: World, here: Portal) -> pd.DataFrame:
    """People whom marketing knows by their address alone."""
    m = here.marketing
    mailed = m.event_who[(m.event_at <= _end(world)) & np.array([t is not None for t in m.event_touch], bool)]
    who = np.unique(np.concatenate([mailed, m.submission_who[m.submitted_at <= _end(world)]]))
    people = here.people
    return pd.DataFrame(
        {
            "source": "hubspot", "contact_id": [email_hash(people.email[w]) for w in who], "object": "email",
            "company_id": people.company_id[who], "role": None, "is_role_known": False,
            "person": people.kind.table.columns["_person"][people.kind.first_row[who]], "is_deleted": False,
            "created_at": pd.Series(np.full(len(who), "NaT", "datetime64[us]")).dt.tz_localize("UTC"),
        }
    )  # fmt: skip


def _deals(world: World, here: Portal) -> pd.DataFrame:
    _, c, ids = _held(world, here.deals.kind)
    stage = [STAGE[s] for s in c["dealstage"]]
    closed = np.array([s[2] == "true" for s in stage], bool)
    closes = [np.datetime64(str(text)[:10]).astype(int) for text in c["closedate"]]
    day = np.where(closed, closes, c["_createdate"] // DAY).astype(int)
    amount = [None if a is None else float(a) for a in c["amount"]]
    dollars = [
        None if a is None else world.money.dollars(a, str(code), int(d))
        for a, code, d in zip(amount, c["deal_currency_code"], day, strict=True)
    ]
    return pd.DataFrame(
        {
            "source": "hubspot", "deal_id": ids, "company_id": c["_company"],
            "created_at": utc(c["_createdate"] * 1000),
            "closed_day": [to_date(d) if z else None for d, z in zip(closes, closed, strict=True)],
            "is_won": [s[3] == "1.0" and s[2] == "true" for s in stage], "is_closed": closed,
            "stage": [s[1] for s in stage], "amount": np.array([np.nan if a is None else a for a in amount], float),
            "currency": c["deal_currency_code"], "amount_usd": pd.array(dollars, dtype="Float64"),
            "deal_type": [TYPE_NAMES.get(t) for t in c["dealtype"]], "is_listed_at_creation": c["_listed"].astype(bool),
            "is_deleted": c["_archived"].astype(bool), "same_as": _same_as(c["hs_salesforceopportunityid"]),
        }
    )  # fmt: skip


def _same_as(ids: Array) -> list[str | None]:
    return [None if key is None else f"salesforce:{key}" for key in ids]


def _stages(world: World, here: Portal) -> pd.DataFrame:
    """Every stage that a deal was in, from the versions up to now."""
    kind = here.deals.kind
    rows, c, ids = _held(world, kind)
    out = []
    for row, key, gone, same in zip(rows, ids, c["_archived"], _same_as(c["hs_salesforceopportunityid"]), strict=True):
        before = None
        for at in range(int(kind.first_row[kind.table.record[row]]), int(row) + 1):
            stage = kind.table.columns["dealstage"][at]
            if stage != before:
                amount = kind.table.columns["amount"][at]
                value = np.nan if amount is None else float(amount)
                out.append((key, STAGE[stage][1], int(kind.ms[at]), value, bool(gone), same))
            before = stage
    keys, names, stamps, amounts, gones, sames = zip(*out, strict=True) if out else ((),) * 6
    return pd.DataFrame(
        {"deal_id": keys, "stage": names, "entered_at": utc(stamps), "amount": amounts, "is_deleted": gones,
         "same_as": sames}
    )  # fmt: skip


LEAD_STAGES = {"lead": "lead", "marketingqualifiedlead": "mql", "salesqualifiedlead": "sql"}


def _lead_events(world: World, here: Portal) -> pd.DataFrame:
    """First entries into the life-cycle stages that are the lead funnel's."""
    kind = here.people.kind
    out = []
    for row in kind.rows(world.instant).tolist():
        seen: set[str] = set()
        who = kind.ids[kind.table.record[row]]
        for at, value in kind.steps("lifecyclestage", row):
            stage = LEAD_STAGES.get(value)
            if stage is not None and stage not in seen:
                seen.add(stage)
                out.append((f"{who}:{stage}", who, kind.table.columns["_company"][row], stage, at))
    keys, people, companies, stages, stamps = zip(*out, strict=True) if out else ((),) * 5
    return pd.DataFrame(
        {"source": "hubspot", "source_id": keys, "contact_id": people, "company_id": companies, "stage": stages,
         "entered_at": utc(stamps)}
    )  # fmt: skip


def _touches(source_id: Any, kind: str, who: Any, company: Any, at: Any, touch: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "company_id": company, "contact_id": who, "source": "hubspot", "object": kind, "source_id": source_id,
            "occurred_at": utc(at), "touch_type": touch, "count": 1,
        }
    )  # fmt: skip
    frame["channel"] = frame["touch_type"].map(CHANNELS)
    frame["is_exposure"] = frame["touch_type"].eq("email_sent")
    return frame


def _engagements(world: World, here: Portal) -> pd.DataFrame:
    """Engagements that amount to something; none of them is a copy of a Salesforce activity."""
    parts = []
    for name in ("calls", "meetings", "emails", "feedback_submissions"):
        kind = here.store.objects[name]
        rows = kind.rows(world.instant)
        rows = rows[[touch is not None for touch in kind.table.columns["_touch"][rows]]]
        c = {key: values[rows] for key, values in kind.table.columns.items()}
        who = [resolved(here.people, int(place), world.instant) for place in c["_contact"]]
        ids = kind.ids[kind.table.record[rows]]
        parts.append(_touches(ids, name, who, c["_company"], c["_occurred"] * 1000, c["_touch"]))
    return pd.concat(parts, ignore_index=True)


def _end(world: World) -> int:
    return world.instant * 1000 + 999


def _mails(world: World, here: Portal) -> pd.DataFrame:
    m, people = here.marketing, here.people
    known = np.array([touch is not None for touch in m.event_touch], bool)
    places = np.flatnonzero((m.event_at <= _end(world)) & known)
    ids = [f"{m.events[p]['id']}:{m.events[p]['created']}" for p in places]
    who = m.event_who[places]
    hashes = [email_hash(people.email[w]) for w in who]
    touch = [m.event_touch[p] for p in places]
    return _touches(ids, "email_event", hashes, people.company_id[who], m.event_at[places], touch)


def _forms(world: World, here: Portal) -> pd.DataFrame:
    m, people = here.marketing, here.people
    places = np.flatnonzero(m.submitted_at <= _end(world))
    who = m.submission_who[places]
    ids = [f"{m.forms[m.submission_form[p]]['id']}:{m.submissions[p]['conversionId']}" for p in places]
    hashes = [email_hash(people.email[w]) for w in who]
    return _touches(ids, "form_submission", hashes, people.company_id[who], m.submitted_at[places], "form_fill")


def _answers(world: World, here: Portal) -> pd.DataFrame:
    kind = here.store.objects["feedback_submissions"]
    rows = kind.rows(world.instant)
    c = {name: values[rows] for name, values in kind.table.columns.items()}
    return pd.DataFrame(
        {
            "source": "hubspot", "source_id": kind.ids[kind.table.record[rows]], "company_id": c["_company"],
            "contact_id": [resolved(here.people, int(place), world.instant) for place in c["_contact"]],
            "survey_type": [str(text).lower() for text in c["hs_survey_type"]],
            "score": [float(text) for text in c["hs_value"]], "answered_at": utc(c["_occurred"] * 1000),
        }
    )  # fmt: skip


def contradictions(world: World, here: Portal) -> pd.DataFrame:
    """Values of a copy that are not those of its original, where both have one: left is Salesforce, right HubSpot."""
    users = {
        key: str(name)
        for key, name in zip(world.tables["User"].columns["Id"], world.tables["User"].columns["Name"], strict=True)
    }
    owners = {row["id"]: f"{row['firstName']} {row['lastName']}" for row in here.owners}
    out: list[tuple[str, str, str, str, str, str]] = []

    def compare(table: str, name: str, kind: HubObject, key: str, pairs: dict[str, tuple[str, Any, Any]]) -> None:
        records, at = rows_at(world, name)
        original = {str(records.columns["Id"][row]): row for row in at}
        for row in kind.rows(world.instant).tolist():
            copied = kind.table.columns[key][row]
            if copied not in original:
                continue
            for column, (field, left_of, right_of) in pairs.items():
                left = left_of(records.columns[field][original[copied]])
                right = right_of(kind.table.columns[_PROPERTY[column]][row])
                if left is not None and right is not None and left != right:
                    keys = f"salesforce:{copied}", f"hubspot:{kind.ids[kind.table.record[row]]}"
                    out.append((table, *keys, column, left, right))

    compare(
        "company", "Account", here.known.kind, "salesforceaccountid",
        {
            "name": ("Name", _text, _text), "industry": ("Industry", _text, _text),
            "employee_count": ("NumberOfEmployees", _number, _number), "owner_name": ("OwnerId", users.get, owners.get),
        },
    )  # fmt: skip
    compare(
        "deal", "Opportunity", here.deals.kind, "hs_salesforceopportunityid",
        {
            "amount": ("Amount", _number, _number), "stage": ("StageName", _text, lambda s: STAGE[s][1]),
            "close_day": ("CloseDate", lambda d: str(to_date(int(d))), lambda text: str(text)[:10]),
        },
    )  # fmt: skip
    columns = ["table", "left", "right", "column", "left_value", "right_value"]
    return pd.DataFrame(out, columns=columns)


_PROPERTY = {
    "name": "name", "industry": "industry", "employee_count": "numberofemployees", "owner_name": "hubspot_owner_id",
    "amount": "amount", "stage": "dealstage", "close_day": "closedate",
}  # fmt: skip


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> str | None:
    return None if value in (None, "") or np.isnan(float(value)) else f"{float(value):g}"


def _hidden(world: World, here: Portal) -> pd.DataFrame:
    m = here.marketing
    machines = sum(
        1 for at, event in zip(m.event_at, m.events, strict=True) if at <= _end(world) and event.get("filteredEvent")
    )
    merged = [*here.known.kind.merged_into.values(), *here.people.kind.merged_into.values()]
    lost = sum(1 for _, at in merged if at <= world.instant)
    return pd.DataFrame(
        {
            "source": "hubspot", "what": ["touch", "company, contact"],
            "reason": ["opens that HubSpot marks as made by machines", "records that were merged away before a pull"],
            "rows": [machines, lost],
        }
    )  # fmt: skip
