"""What customers say and do, each on its day: answers to surveys, tickets, use of the product, referrals, reviews.

A ticket stands on the day it was opened, whenever it was solved; a reader takes `solved_at` as known only once it has
passed. Usage of one company, product and feature from two sources stays two rows.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.facts._base import Fact
from abm_pipeline.facts._dated import COMPANY_KEY, local_day, reached, standing
from abm_pipeline.storage.engine import Step


def _record(fact: Table, staged: Table, day: str, columns: str) -> Fact:
    """A fact whose rows are the staged records, with keys for company and person."""
    rows = Step(
        f"new_{fact.name}",
        f"one row a {fact.name} record",
        f"SELECT day, source, source_id, {COMPANY_KEY} AS company_key, {columns} FROM standing_{staged.name}",
        is_view=True,
    )
    return Fact(fact, (staged,), (standing(staged, day), rows), reached(staged, day))


_CONTACT = "source || ':' || contact_source_id AS contact_key"
SURVEY = _record(
    t.FACT_SURVEY,
    t.SURVEY_RESPONSE,
    local_day("answered_at"),
    f"{_CONTACT}, survey_id, survey_type, score, answered_at",
)
TICKET = _record(
    t.FACT_TICKET,
    t.TICKET,
    local_day("opened_at"),
    f"{_CONTACT}, priority, opened_at, solved_at, first_reply_minutes, satisfaction",
)
USAGE = _record(t.FACT_USAGE, t.USAGE_DAY, "usage_on_day", "product, feature, active_users, events")
REFERRAL = _record(
    t.FACT_REFERRAL,
    t.REFERRAL,
    "referred_day",
    "'domain:' || referred_domain AS referred_key, source || ':' || deal_source_id AS deal_id",
)
REVIEW = _record(t.FACT_REVIEW, t.REVIEW, "reviewed_day", "site, rating, rating_max")
