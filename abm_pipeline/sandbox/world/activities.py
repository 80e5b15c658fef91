"""Activities in the CRM: Salesforce Task, Event, Campaign and CampaignMember, and the truth behind each version.

Every version carries `_touch` (the touch type it amounts to, or None), `_occurred` (instant by the rule of the
README) and `_company`. A touch is known when a visible version says so.
"""

from __future__ import annotations

import numpy as np

from abm_pipeline.sandbox.world.accounts import BIN_DAYS, Accounts
from abm_pipeline.sandbox.world.campaigns import LEVELS, Campaigns
from abm_pipeline.sandbox.world.crm_people import People
from abm_pipeline.sandbox.world.people import Contacts, Leads
from abm_pipeline.sandbox.world.scales import DAY, NULL, Calendar
from abm_pipeline.sandbox.world.tables import (
    PURGED,
    Array,
    Change,
    Table,
    choose,
    constant,
    objects,
    salesforce_ids,
    versioned,
)
from abm_pipeline.sandbox.world.touches import (
    CALL,
    CANCELLED,
    CONNECTED,
    CONTENT,
    EMAIL,
    EVENT,
    FORM,
    INVITED,
    KINDS,
    MEETING,
    NO_SHOW,
    REPLY,
    TODO,
    WEBINAR,
    Touches,
)

NAMES = np.array(KINDS, object)
NOON = 12 * 3600


def make_campaign_table(campaigns: Campaigns, owner: str) -> tuple[Array, Table]:
    """Campaign ids and their table."""
    count = len(campaigns.name)
    ids = salesforce_ids("701", 100 + 3 * np.arange(count))
    changes = []
    for row in range(count):
        begin, end = int(campaigns.start[row]) * DAY, (int(campaigns.end[row]) + 1) * DAY
        changes.append(Change(row, begin + 60, {"Status": "In Progress", "IsActive": True}))
        spent = round(float(campaigns.budget[row]) * 0.97, 2)
        changes.append(Change(row, end + 60, {"Status": "Completed", "IsActive": False, "ActualCost": spent}))
    columns = {
        "Id": ids,
        "IsDeleted": np.zeros(count, bool),
        "Name": campaigns.name,
        "ParentId": constant(count, None),
        "Type": campaigns.type,
        "Status": constant(count, "Planned"),
        "StartDate": campaigns.start,
        "EndDate": campaigns.end,
        "BudgetedCost": campaigns.budget,
        "ActualCost": np.full(count, np.nan),
        "ExpectedRevenue": campaigns.budget * 8,
        "IsActive": np.zeros(count, bool),
        "OwnerId": constant(count, owner),
        "CurrencyIsoCode": constant(count, "USD"),
        "ABM__c": campaigns.is_abm,
        "Personalisation__c": objects(LEVELS[level] for level in campaigns.level),
        "Channel__c": campaigns.channel,
        "Content_Type__c": campaigns.content_type,
        "Funnel_Stage__c": campaigns.funnel_stage,
    }
    return ids, versioned(columns, campaigns.created, changes)


def _who(touches: Touches, people: People) -> Array:
    """Contact or lead id of each touch."""
    return np.where(touches.contact >= 0, people.contact_ids[touches.contact], people.lead_ids[touches.lead])


def _account(touches: Touches, people: People, accounts: Accounts, created: Array) -> tuple[Array, Array]:
    """Account record of each touch at `created` (position or -1 for leads) and its id."""
    held = np.where(touches.contact >= 0, people.held_by[touches.contact], -1)
    merged = (held >= 0) & (accounts.merged_into[held] >= 0) & (accounts.merged_at[held] <= created)
    held = np.where(merged, accounts.merged_into[held], held)
    return held, choose(held >= 0, accounts.ids[held], None)


def _some(touches: Touches, keep: Array) -> Touches:
    return Touches(*(part[keep] for part in touches.parts()))


def make_tasks(
    cal: Calendar,
    touches: Touches,
    people: People,
    accounts: Accounts,
    campaigns: Campaigns,
    campaign_ids: Array,
    owner_ids: Array,
    offset: Array,
) -> Table:
    """Mails, calls and to-dos; some logged days late, edited later, never completed or deleted."""
    rng = cal.rng("tasks")
    touches = _some(touches, np.isin(touches.kind, (EMAIL, REPLY, CALL, CONNECTED, TODO)))
    count, kind = len(touches.kind), touches.kind
    draw = rng.random((5, count))
    day = (touches.instant + offset[touches.company] * 3600) // DAY
    late = draw[0] < 0.04
    created = touches.instant + np.where(late, (1 + (draw[1] * 6).astype(np.int64)) * DAY, 30)
    done = np.where(late, created, touches.instant)
    is_call = (kind == CALL) | (kind == CONNECTED)
    open_ = (draw[2] < 0.01) | ((kind == TODO) & (draw[2] < 0.3))
    held, account_ids = _account(touches, people, accounts, created)
    listed = (kind == EMAIL) & (draw[3] < 0.6)
    mail = campaigns.of_type("Email")
    slot = np.clip(np.searchsorted(campaigns.start[mail], day, side="right") - 1, 0, len(mail) - 1)
    disposition = np.where(kind == CONNECTED, "Connected", np.where(draw[4] < 0.5, "Left Voicemail", "No Answer"))
    unfilled = is_call & (draw[3] < 0.05)
    touch = choose((kind == TODO) | open_, None, np.where(unfilled, "call", NAMES[kind]))
    changes = accounts.moves(np.flatnonzero(held >= 0), held[held >= 0], created[held >= 0])
    fill = created + (2 + (draw[1] * 7).astype(np.int64)) * DAY
    for row in np.flatnonzero(unfilled):
        values = {"CallDisposition": disposition[row], "_touch": None if open_[row] else NAMES[kind[row]]}
        changes.append(Change(int(row), int(fill[row]), values))
    for row in np.flatnonzero(~is_call & (draw[4] < 0.02)):
        changes.append(Change(int(row), int(fill[row]), {"Description": "Notes added later"}))
    for row in np.flatnonzero((draw[4] > 0.993) & (kind != TODO)):
        at = int(created[row] + (1 + int(draw[1][row] * 40)) * DAY)
        changes.append(Change(int(row), at, {"IsDeleted": True, "_touch": None}))
        changes.append(Change(int(row), at + BIN_DAYS * DAY, {PURGED: True}))
    on_day = done // DAY == day
    subject = np.array(["Email: product update", "Re: your question", "Call", "Call", "Prepare account plan"], object)
    columns = {
        "_company": touches.company,
        "_touch": touch,
        "_occurred": np.where(on_day, done, day * DAY + NOON),
        "Id": salesforce_ids("00T", 10_000 + 2 * np.arange(count)),
        "IsDeleted": np.zeros(count, bool),
        "WhoId": _who(touches, people),
        "WhatId": np.where(listed, campaign_ids[mail[slot]], account_ids),
        "AccountId": account_ids,
        "Subject": subject[kind],
        "Description": constant(count, None),
        "ActivityDate": day,
        "Status": np.where(open_, "Not Started", "Completed").astype(object),
        "Priority": constant(count, "Normal"),
        "Type": np.array(["Email", "Email Reply", "Call", "Call", "Other"], object)[kind],
        "TaskSubtype": np.where(
            listed, "ListEmail", np.array(["Email", "Email", "Call", "Call", "Task"], object)[kind]
        ),
        "CallDurationInSeconds": np.where(
            kind == CONNECTED, 120 + (draw[0] * 1500).round(), np.where(kind == CALL, 20.0, np.nan)
        ),
        "CallType": choose(is_call, np.where(draw[1] < 0.9, "Outbound", "Inbound"), None),
        "CallDisposition": choose(is_call & ~unfilled, disposition, None),
        "IsClosed": ~open_,
        "CompletedDateTime": np.where(open_, NULL, done),
        "OwnerId": owner_ids[touches.company],
    }
    return versioned(columns, created, changes)


def make_events(
    cal: Calendar,
    touches: Touches,
    people: People,
    contacts: Contacts,
    accounts: Accounts,
    deal_ids: Array,
    owner_ids: Array,
    offset: Array,
) -> Table:
    """Meetings booked ahead whose outcome is filled in afterwards, and a few internal ones."""
    rng = cal.rng("events")
    touches = _some(touches, np.isin(touches.kind, (MEETING, NO_SHOW, CANCELLED)))
    count, kind = len(touches.kind), touches.kind
    draw = rng.random((4, count))
    booked = touches.instant - (1 + (draw[0] * 13).astype(np.int64)) * DAY
    booked = np.minimum(np.maximum(booked, contacts.created[touches.contact] + 600), touches.instant - 600)
    internal = draw[1] < 0.02
    held, account_ids = _account(touches, people, accounts, booked)
    met = np.where(draw[2] > 0.65, "Held - Next Step", "Held")
    outcome = np.where(kind == MEETING, met, np.where(kind == NO_SHOW, "No Show", "Cancelled"))
    wait = 3600 + np.where(draw[2] < 0.05, 2 * DAY, 0)
    changes = accounts.moves(np.arange(count), held, booked)
    for row in np.flatnonzero(draw[3] > 0.02):
        values = {
            "Meeting_Outcome__c": outcome[row],
            "_touch": None if internal[row] or kind[row] == CANCELLED else NAMES[kind[row]],
        }
        changes.append(Change(int(row), int(touches.instant[row] + wait[row]), values))
    minutes = np.where(draw[0] < 0.6, 30.0, 60.0)
    columns = {
        "_company": touches.company,
        "_touch": constant(count, None),
        "_occurred": touches.instant,
        "Id": salesforce_ids("00U", 8000 + 3 * np.arange(count)),
        "IsDeleted": np.zeros(count, bool),
        "WhoId": _who(touches, people),
        "WhatId": np.where(touches.deal >= 0, deal_ids[touches.deal], account_ids),
        "AccountId": account_ids,
        "Subject": np.where(
            internal, "Internal preparation", np.where(touches.deal >= 0, "Deal review", "Introduction")
        ).astype(object),
        "Type": np.where(internal, "Internal", "Meeting").astype(object),
        "EventSubtype": constant(count, "Event"),
        "ActivityDate": (touches.instant + offset[touches.company] * 3600) // DAY,
        "ActivityDateTime": touches.instant,
        "StartDateTime": touches.instant,
        "EndDateTime": touches.instant + (minutes * 60).astype(np.int64),
        "DurationInMinutes": minutes,
        "IsAllDayEvent": np.zeros(count, bool),
        "IsRecurrence": np.zeros(count, bool),
        "Location": objects(None if u < 0.5 else "Video call" for u in draw[1]),
        "Meeting_Outcome__c": constant(count, None),
        "OwnerId": owner_ids[touches.company],
    }
    return versioned(columns, booked, changes)


def make_members(
    cal: Calendar,
    touches: Touches,
    people: People,
    contacts: Contacts,
    leads: Leads,
    campaigns: Campaigns,
    campaign_ids: Array,
) -> Table:
    """Campaign members: invited or registered first where there is a date, responded when they did."""
    rng = cal.rng("members")
    touches = _some(touches, np.isin(touches.kind, (WEBINAR, EVENT, INVITED, CONTENT, FORM)))
    count, kind = len(touches.kind), touches.kind
    draw = rng.random((3, count))
    dated = np.isin(kind, (WEBINAR, EVENT, INVITED))
    day = touches.instant // DAY
    created = np.where(dated, touches.instant - (1 + (draw[0] * 20).astype(np.int64)) * DAY, touches.instant + 5)
    is_lead = touches.lead >= 0
    became = np.full(len(leads.company), -1, np.int64)
    from_lead = np.flatnonzero(contacts.lead >= 0)
    became[contacts.lead[from_lead]] = from_lead
    changes = []
    final = {WEBINAR: "Attended", EVENT: "Attended", CONTENT: "Downloaded", FORM: "Submitted"}
    for row in np.flatnonzero(dated):
        at = int(touches.instant[row]) + 5400
        if kind[row] == INVITED:
            if draw[1][row] < 0.5:
                changes.append(Change(int(row), at, {"Status": "No Show"}))
            continue
        values = {
            "Status": "Attended",
            "HasResponded": True,
            "FirstRespondedDate": day[row],
            "_touch": NAMES[kind[row]],
        }
        changes.append(Change(int(row), at, values))
    for row in np.flatnonzero(is_lead):
        lead = touches.lead[row]
        if leads.converted[lead] > 0:
            person = people.contact_ids[became[lead]]
            changes.append(Change(int(row), int(leads.converted[lead]) + 5, {"ContactId": person}))
    for row in np.flatnonzero(draw[2] < 0.004):
        changes.append(Change(int(row), int(created[row] + (30 + int(draw[1][row] * 60)) * DAY), {PURGED: True}))
    responded = ~dated
    columns = {
        "_company": touches.company,
        "_touch": choose(responded, NAMES[kind], None),
        "_occurred": day * DAY + NOON,
        "Id": salesforce_ids("00v", 9000 + 2 * np.arange(count)),
        "IsDeleted": np.zeros(count, bool),
        "CampaignId": campaign_ids[touches.campaign],
        "LeadId": choose(is_lead, people.lead_ids[touches.lead], None),
        "ContactId": choose(is_lead, None, people.contact_ids[touches.contact]),
        "AccountId": constant(count, None),
        "Status": objects(
            "Invited" if d and u < 0.4 and k == INVITED else "Registered" if d else final[int(k)]
            for d, u, k in zip(dated, draw[1], kind, strict=True)
        ),
        "HasResponded": responded,
        "FirstRespondedDate": np.where(responded, day, NULL),
        "LeadOrContactId": np.where(is_lead, people.lead_ids[touches.lead], people.contact_ids[touches.contact]),
    }
    return versioned(columns, created, changes)
