"""Contacts known per target account. Definition: metrics.md A.

A person counts once however many records it has, at the employer of the day. Accounts without anybody are part of the
mean; how many they are says accounts_without_contacts.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="contacts_per_account",
    title="Contacts known per account",
    formula="Σ contacts known of target accounts ÷ target accounts.",
    unit="contacts",
    grain="target accounts",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G2",),
    statistic="mean",
    example="Three target accounts with 4, 2 and 0 contacts: 6 ÷ 3 = 2.",
    steps=(
        Step(
            "contacts_per_account",
            "Contacts of listed accounts in every segment.",
            by_segment(
                "(SELECT *, 1 AS window_days FROM account_day WHERE is_listed)",
                "CAST(sum(contacts_known) AS BIGINT) AS numerator, count(*) AS denominator, count(*) AS n, "
                "CAST(sum(contacts_known * contacts_known) AS BIGINT) AS sum_squares",
            ),
        ),
    ),
)
