"""Contacts that have ever talked with us. Definition: metrics.md A.

A two-way interaction is one that both sides took part in: an e-mail answered, a call answered, a meeting held, a chat.
What was only sent, shown or read is none. It counts for good, at the employer of its day.
"""

from __future__ import annotations

from abm_pipeline.metrics._people import PEOPLE, of_accounts
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="contact_connected_rate",
    title="Contacts connected",
    formula="Contacts of target accounts with at least one two-way interaction (e-mail answered, call answered, "
    "meeting, chat) so far ÷ contacts known.",
    unit="share",
    grain="contacts of target accounts",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G2",),
    statistic="clustered",
    parts=(PEOPLE,),
    example="Four contacts: one answered an e-mail, one was met last year, one was sent ten e-mails, one opened "
    "three: 2 ÷ 4 = 50 %.",
    steps=(
        Step(
            "contact_connected_rate",
            "Connected among known contacts in every segment.",
            by_segment(
                """(SELECT a.*, 1 AS window_days, c.contacts_connected
                    FROM account_day a JOIN contact_day c USING (day, account_id) WHERE a.is_listed)""",
                "CAST(sum(contacts_connected) AS BIGINT) AS numerator, "
                "CAST(sum(contacts_known) AS BIGINT) AS denominator, CAST(sum(contacts_known) AS BIGINT) AS n, "
                + of_accounts("contacts_connected", "contacts_known"),
            ),
        ),
    ),
)
