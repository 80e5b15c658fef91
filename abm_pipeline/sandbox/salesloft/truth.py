"""What Salesloft's API can reveal at the clock, as rows of the truth tables, and what it can't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.salesloft.records import FIRST, make
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.scales import NEVER
from abm_pipeline.sandbox.world.tables import Array
from abm_pipeline.sandbox.world.truth import utc

SOURCE = "salesloft"


def truth(world: World) -> Mapping[str, pd.DataFrame]:
    """Rows of `record_company`, `contact`, `touch` and `hidden`."""
    tool, now, ids = world.part("salesloft", make), world.instant, world.companies.company_id
    book, people, mails = tool.book, tool.book.people, tool.mails
    there = np.flatnonzero(book.created <= now)
    accounts = pd.DataFrame(
        {
            "source": SOURCE,
            "object": "account",
            "source_id": (there + FIRST["accounts"]).astype(str),
            "company_id": ids[book.company[there]],
            "is_hard": world.companies.agency[book.company[there]] >= 0,
        }
    )
    known = np.flatnonzero((people.created <= now) & (now < people.gone))
    contacts = pd.DataFrame(
        {
            "source": SOURCE,
            "contact_id": (known + FIRST["people"]).astype(str),
            "object": "person",
            "company_id": ids[people.company[known]],
            "role": people.role[known],
            "is_role_known": False,
            "person": people.person[known].astype(int),
            "is_deleted": False,
            "created_at": utc(people.created[known]),
        }
    )
    answered = int(sum((at <= now).sum() for at in (mails.opened, mails.clicked, mails.replied)))
    hidden = pd.DataFrame(
        {
            "source": SOURCE,
            "what": ["person", "time of an opening, click or answer", "unsubscription"],
            "reason": [
                "deleted for good: the API does not tell",
                "a mail only counts them; they are dated at the sending",
                "not part of a mail's record",
            ],
            "rows": [
                int(((people.created <= now) & (people.gone <= now)).sum()),
                answered,
                int((mails.unsubscribed <= now).sum()),
            ],
        }
    )
    return {"record_company": accounts, "contact": contacts, "touch": _touches(world), "hidden": hidden}


def _touches(world: World) -> pd.DataFrame:
    """Mails by what is counted, all at the sending; calls when they were logged."""
    tool, now = world.part("salesloft", make), world.instant
    mails, calls, people = tool.mails, tool.calls, tool.book.people

    def rows(kind: str, suffix: str, touch: str, happened: Array, at: Array, person: Array) -> pd.DataFrame:
        done = np.flatnonzero(happened <= now)
        return pd.DataFrame(
            {
                "company_id": world.companies.company_id[people.company[person[done]]],
                "contact_id": (person[done] + FIRST["people"]).astype(str),
                "source": SOURCE,
                "object": kind,
                "source_id": [f"{kind}:{place + FIRST[kind + 's']}{suffix}" for place in done],
                "occurred_at": utc(at[done]),
                "touch_type": touch,
                "count": 1,
                "channel": "email" if kind == "email" else "phone",
                "is_exposure": touch == "email_sent",
            }
        )

    sent_at = np.minimum(mails.delivered, mails.bounced)
    delivered = np.where(mails.bounced <= now, NEVER, mails.delivered)
    mailed = (
        ("sent", "email_sent", delivered),
        ("open", "email_open", mails.opened),
        ("click", "email_click", mails.clicked),
        ("reply", "email_reply", mails.replied),
        ("bounce", "email_bounce", mails.bounced),
    )
    parts = [rows("email", f":{suffix}", touch, at, sent_at, mails.person) for suffix, touch, at in mailed]
    took = calls.answered < NEVER
    for touch, mask in (("call_connected", took), ("call", ~took)):
        parts.append(rows("call", "", touch, np.where(mask, calls.ended, NEVER), calls.ended, calls.person))
    return pd.concat(parts, ignore_index=True)
