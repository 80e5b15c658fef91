"""What Stripe's API can reveal at the clock, for tests; and what it can't, with the reason."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pandas as pd

from abm_pipeline.sandbox.stripe.book import CUSTOMER, INVOICE, SUBSCRIPTION, Book
from abm_pipeline.sandbox.stripe.render import Render
from abm_pipeline.sandbox.world import World
from abm_pipeline.sandbox.world.names import FREE_MAIL
from abm_pipeline.sandbox.world.scales import DAY, NEVER
from abm_pipeline.sandbox.world.tables import Array, objects
from abm_pipeline.sandbox.world.truth import dates, utc


def truth(world: World) -> dict[str, pd.DataFrame]:
    """Rows by table: record_company, contact, subscription, invoice, hidden."""
    render = Render(world)
    b, now, names = render.book, world.instant, world.companies.company_id
    email = objects(world.people.contacts.email[p].lower() if p >= 0 else None for p in b.person)
    domain = [None if address is None else address.partition("@")[2] for address in email]
    is_hard = np.array([d is None or d in FREE_MAIL for d in domain]) & (b.crm_id == None)  # noqa: E711
    seen = (b.born <= now) & (b.gone > now)
    named = np.flatnonzero(seen & (b.person >= 0))
    subs = np.flatnonzero(b.made.start[b.subscription] <= now)
    bills = np.flatnonzero((b.dated <= now) & (b.dropped > now))
    place = b.subscription[subs]
    mrr = b.made.mrr_of(place, np.full(len(subs), now))
    over = b.made.end[place]
    return {
        "record_company": pd.DataFrame({
            "source": "stripe", "object": "customer", "source_id": render.ids[CUSTOMER],
            "company_id": names[b.company], "is_hard": is_hard,
        })[seen],
        "contact": pd.DataFrame(
            {
                "source": "stripe",
                "contact_id": [sha256(address.encode()).hexdigest() for address in email[named]],
                "object": "customer",
                "company_id": names[b.company[named]],
                "role": None,
                "is_role_known": False,
                "person": b.person[named],
                "is_deleted": False,
                "created_at": utc(b.born[named]),
            }
        ),
        "subscription": pd.DataFrame({
            "source": "stripe", "source_id": render.ids[SUBSCRIPTION][subs],
            "company_id": names[b.company[b.owner[subs]]], "mrr": mrr / 100, "currency": b.made.currency[place],
            "started_day": dates(b.made.start[place] // DAY),
            "ended_day": dates(np.where(over <= now, over // DAY, NEVER)),
        }),
        "invoice": pd.DataFrame({
            "source": "stripe", "source_id": render.ids[INVOICE][bills],
            "company_id": names[b.company[b.owner[b.of[bills]]]], "amount": b.amount[bills] / 100,
            "amount_paid": np.where(b.paid[bills] <= now, b.amount[bills], 0) / 100,
            "issued_day": dates(np.where(b.finalized[bills] <= now, b.finalized[bills] // DAY, NEVER)),
            "paid_day": dates(np.where(b.paid[bills] <= now, b.paid[bills] // DAY, NEVER)),
        }),
        "hidden": pd.DataFrame(_hidden(b, now)),
    }  # fmt: skip


def _hidden(b: Book, now: int) -> dict[str, Array | list[str] | str]:
    """Facts that no request brings to light."""
    old = now - 30 * DAY
    mine = np.isin(b.made.change_of, b.subscription) & (b.made.change_at > b.made.start[b.made.change_of])
    lost = [int((b.gone <= old).sum()), int((mine & (b.made.change_at <= old)).sum())]
    return {
        "source": "stripe",
        "what": ["customers deleted", "changes of what a subscription brings"],
        "reason": objects(["lists leave deleted ones out, events last 30 days", "events last 30 days"]),
        "rows": np.array(lost),
    }
