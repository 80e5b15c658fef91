"""What Outreach's API can reveal at the clock, as rows of the truth tables, and what it can't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.outreach.records import PROSPECT, make
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NEVER
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import utc

SOURCE = "outreach"


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows of `record_company`, `contact`, `touch` and `hidden`."""
    tool, now, ids = world.part("outreach", make), world.instant, world.companies.company_id
    book, people = tool.book, tool.book.people
    there = np.flatnonzero(book.created <= now)
    company = book.company[there]
    no_key = (company % 11 == 5) & (company % 3 == 0) & np.array([crm is None for crm in book.crm[there]], bool)
    accounts = pd.DataFrame(
        {
            "source": SOURCE,
            "object": "account",
            "source_id": (there + 1).astype(str),
            "company_id": ids[company],
            "is_hard": no_key | (world.companies.agency[company] >= 0),
        }
    )
    known = np.flatnonzero((people.created <= now) & (now < people.gone))
    contacts = pd.DataFrame(
        {
            "source": SOURCE,
            "contact_id": (known + PROSPECT).astype(str),
            "object": "prospect",
            "company_id": ids[people.company[known]],
            "role": people.role[known],
            "is_role_known": False,
            "person": people.person[known].astype(int),
            "is_deleted": tool.trashed[known] <= now,
            "created_at": utc(people.created[known]),
        }
    )
    purged = int(((people.created <= now) & (people.gone <= now)).sum())
    hidden = pd.DataFrame(
        {
            "source": [SOURCE],
            "what": ["prospect"],
            "reason": ["deleted for good: the API tells deletions by webhook only"],
            "rows": [purged],
        }
    )
    return {"record_company": accounts, "contact": contacts, "touch": _touches(world), "hidden": hidden}


def _touches(world: World) -> pd.DataFrame:
    tool, now = world.part("outreach", make), world.instant
    mails, calls, people = tool.mails, tool.calls, tool.book.people
    opened = np.where(mails.reopened <= now, mails.reopened, mails.opened)
    # A mail that bounces after all was not delivered.
    sent = np.where(mails.bounced <= now, NEVER, mails.delivered)
    mailed = (
        ("sent", "email_sent", sent),
        ("open", "email_open", opened),
        ("click", "email_click", mails.clicked),
        ("reply", "email_reply", mails.replied),
        ("bounce", "email_bounce", mails.bounced),
        ("unsubscribe", "email_unsubscribe", mails.unsubscribed),
    )

    def rows(kind: str, suffix: str, touch: str, channel: str, at: Array, person: Array) -> pd.DataFrame:
        done = np.flatnonzero(at <= now)
        return pd.DataFrame(
            {
                "company_id": world.companies.company_id[people.company[person[done]]],
                "contact_id": (person[done] + PROSPECT).astype(str),
                "source": SOURCE,
                "object": kind,
                "source_id": [f"{kind}:{place + 1}{suffix}" for place in done],
                "occurred_at": utc(at[done]),
                "touch_type": touch,
                "count": 1,
                "channel": channel,
                "is_exposure": touch == "email_sent",
            }
        )

    parts = [rows("mailing", f":{suffix}", touch, "email", at, mails.person) for suffix, touch, at in mailed]
    # A call logged by hand is known by when it was completed.
    by_hand = np.arange(len(calls.dialed)) % 7 == 3
    at = np.where(calls.ended <= now, np.where(by_hand, calls.ended, calls.dialed), NEVER)
    took = calls.answered < NEVER
    parts.append(rows("call", "", "call_connected", "phone", np.where(took, at, NEVER), calls.person))
    parts.append(rows("call", "", "call", "phone", np.where(took, NEVER, at), calls.person))
    return pd.concat(parts, ignore_index=True)
