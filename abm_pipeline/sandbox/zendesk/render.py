"""Zendesk's objects as JSON: nulls explicit, ids as numbers, times with a Z."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NULL
from abm_pipeline.sandbox.world.tables import Table
from abm_pipeline.sandbox.zendesk.records import AGENTS, COMMENTS, SUBJECTS, records

SITE = "https://z3n-northwind.zendesk.com/api/v2"
GROUP, BRAND, FORM, FIELD = 17_100, 17_200, 17_300, 17_400


def when(seconds: int) -> str | None:
    """An instant."""
    if seconds == NULL:
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def at_record(table: Table, record: int) -> int:
    """The first version of a record."""
    return int(np.searchsorted(table.record, record))


def organization(world: World, row: int) -> dict[str, Any]:
    """One organization."""
    table = records(world)["organization"]
    c = {name: values[row] for name, values in table.columns.items()}
    ident = int(c["id"])
    return {
        "url": f"{SITE}/organizations/{ident}.json",
        "id": ident,
        "name": world.companies.name[c["_company"]],
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": c["external_id"],
        "created_at": when(c["CreatedDate"]),
        "updated_at": when(table.valid_from[row]),
        "domain_names": list(c["domains"]),
        "details": "",
        "notes": c["notes"],
        "group_id": None,
        "tags": [],
        "organization_fields": {},
        "deleted_at": when(table.valid_from[row]) if c["deleted"] else None,
    }


def user(world: World, row: int) -> dict[str, Any]:
    """One user: an agent, or somebody who asks."""
    table, people = records(world)["user"], world.people.contacts
    c = {name: values[row] for name, values in table.columns.items()}
    ident, person, record = int(c["id"]), int(c["_person"]), int(table.record[row])
    organizations = records(world)["organization"]
    owner = at_record(organizations, int(c["_owner"])) if c["has_organization"] else None
    is_agent = record < AGENTS
    return {
        "id": ident,
        "url": f"{SITE}/users/{ident}.json",
        "name": f"Agent {record + 1}" if is_agent else f"{people.first[person]} {people.last[person]}",
        "email": f"agent{record + 1}@northwind-abm.example"
        if is_agent
        else people.email[person].lower()
        if c["has_email"]
        else None,
        "created_at": when(c["CreatedDate"]),
        "updated_at": when(table.valid_from[row]),
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "phone": c["phone"],
        "shared_phone_number": None,
        "photo": None,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": None if owner is None else int(organizations.columns["id"][owner]),
        "role": "agent" if is_agent else "end-user",
        "verified": True,
        "external_id": None,
        "tags": [],
        "alias": "",
        "active": bool(c["active"]),
        "shared": False,
        "shared_agent": False,
        "last_login_at": None,
        "two_factor_auth_enabled": False,
        "signature": None,
        "details": None,
        "notes": None,
        "role_type": None,
        "custom_role_id": None,
        "is_billing_admin": False,
        "moderator": is_agent,
        "ticket_restriction": None if is_agent else "requested",
        "only_private_comments": False,
        "restricted_agent": not is_agent,
        "suspended": False,
        "default_group_id": GROUP if is_agent else None,
        "report_csv": False,
        "user_fields": {},
    }


def ticket(world: World, row: int, *, has_metrics: bool) -> dict[str, Any]:
    """One ticket; a deleted one is scrubbed. Its metrics are inside it, if asked for."""
    tables = records(world)
    table, users, ratings = tables["ticket"], tables["user"], tables["rating"]
    c = {name: values[row] for name, values in table.columns.items()}
    ident, requester = int(c["id"]), at_record(users, int(c["_user"]))
    author = int(users.columns["id"][requester])
    owner = at_record(tables["organization"], int(users.columns["_owner"][requester]))
    is_gone = c["status"] == "deleted"
    rating: dict[str, Any] = {"score": "unoffered"}
    if c["rating"] >= 0:
        version = at_record(ratings, int(c["rating"])) + 1
        rating = {"score": ratings.columns["score"][version], "id": int(ratings.columns["id"][version])}
        if ratings.columns["comment"][version]:
            rating["comment"] = COMMENTS[int(c["rating"]) % len(COMMENTS)]
    kinds = ("problem", "incident", "question", "task")
    subject = "SCRUBBED" if is_gone else SUBJECTS[int(c["subject"])]
    agent = int(users.columns["id"][at_record(users, ident % AGENTS)])
    made: dict[str, Any] = {
        "url": f"{SITE}/tickets/{ident}.json",
        "id": ident,
        "external_id": None,
        "via": {"channel": ("email", "web", "api")[ident % 3], "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": when(c["CreatedDate"]),
        "updated_at": when(c["updated_at"]),
        "type": None if c["type"] < 0 else kinds[int(c["type"])],
        "subject": subject,
        "raw_subject": subject,
        "description": subject,
        "priority": None if c["priority"] < 0 else ("low", "normal", "high", "urgent")[int(c["priority"])],
        "status": c["status"],
        "recipient": None,
        "requester_id": author,
        "submitter_id": author,
        "assignee_id": agent,
        "organization_id": int(tables["organization"].columns["id"][owner])
        if users.columns["has_organization"][requester]
        else None,
        "group_id": GROUP,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": [],
        "custom_fields": [{"id": FIELD, "value": None}],
        "satisfaction_rating": rating,
        "sharing_agreement_ids": [],
        "custom_status_id": 1,
        "encoded_id": f"NW{ident:06d}",
        "fields": [{"id": FIELD, "value": None}],
        "followup_ids": [],
        "ticket_form_id": FORM,
        "brand_id": BRAND,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
        "generated_timestamp": int(table.valid_from[row]),
    }
    if has_metrics:
        made["metric_set"] = _metrics(ident, c)
    return made


def _metrics(ident: int, c: dict[str, Any]) -> dict[str, Any]:
    """Times of a ticket, in calendar and business minutes."""
    is_answered, is_solved = c["replied_at"] != NULL, c["solved_at"] != NULL
    reply = int(c["_reply"]) if is_answered else None
    full = int(c["solved_at"] - c["CreatedDate"]) // 60 if is_solved else None
    return {
        "url": f"{SITE}/ticket_metrics/{ident}.json",
        "id": 20_000 + ident,
        "ticket_id": ident,
        "created_at": when(c["CreatedDate"]),
        "updated_at": when(c["updated_at"]),
        "group_stations": 1,
        "assignee_stations": 1,
        "reopens": 0,
        "replies": int(is_answered),
        "assignee_updated_at": when(c["replied_at"]),
        "requester_updated_at": when(c["CreatedDate"]),
        "status_updated_at": when(c["updated_at"]),
        "initially_assigned_at": when(c["CreatedDate"]),
        "assigned_at": when(c["CreatedDate"]),
        "solved_at": when(c["solved_at"]),
        "latest_comment_added_at": when(c["updated_at"]),
        "reply_time_in_minutes": {"calendar": reply, "business": None if reply is None else reply // 3},
        "first_resolution_time_in_minutes": {"calendar": full, "business": None if full is None else full // 3},
        "full_resolution_time_in_minutes": {"calendar": full, "business": None if full is None else full // 3},
        "agent_wait_time_in_minutes": {"calendar": 0, "business": 0},
        "requester_wait_time_in_minutes": {"calendar": reply, "business": None if reply is None else reply // 3},
        "on_hold_time_in_minutes": {"calendar": 0, "business": 0},
    }


def rating(world: World, row: int) -> dict[str, Any]:
    """One satisfaction rating."""
    tables = records(world)
    table, tickets, users = tables["rating"], tables["ticket"], tables["user"]
    c = {name: values[row] for name, values in table.columns.items()}
    ident, place = int(c["id"]), at_record(tickets, int(c["_ticket"]))
    return {
        "url": f"{SITE}/satisfaction_ratings/{ident}.json",
        "id": ident,
        "assignee_id": int(users.columns["id"][at_record(users, int(tickets.columns["id"][place]) % AGENTS)]),
        "group_id": GROUP,
        "requester_id": int(users.columns["id"][at_record(users, int(tickets.columns["_user"][place]))]),
        "ticket_id": int(tickets.columns["id"][place]),
        "score": c["score"],
        "created_at": when(c["CreatedDate"]),
        "updated_at": when(table.valid_from[row]),
        "comment": COMMENTS[int(table.record[row]) % len(COMMENTS)] if c["comment"] else None,
        "reason": "No reason provided",
        "reason_code": 0,
        "reason_id": None,
    }
