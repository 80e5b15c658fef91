"""Accounts that left the ABM list within the window. Definition: metrics.md A.

The tier is the one that the account left.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier", "industry", "region", "employee_band", "owner")

SPEC = MetricSpec(
    id="target_accounts_removed",
    title="Target accounts removed",
    formula="Accounts on the list when the window began that are not on it at the end of the day.",
    unit="accounts",
    grain="account list as of a day",
    window_days=WINDOWS,
    segments=_SEGMENTS,
    guides=("G1", "G3"),
    statistic="count",
    parts=(STARTS,),
    example="On the list on 31 May: A (1:1), B (1:few), C (1:many). On 30 June: A (1:1), B (1:1), D (1:many). "
    "Removed in 30 days: C, 1, of tier 1:many.",
    steps=(
        Step(
            "target_accounts_removed",
            "Listed then and not now, by the tier then.",
            by_segment(
                """(SELECT s.* FROM listed_at_start s
                    ANTI JOIN listed l ON l.day = s.day AND l.account_id = s.account_id)""",
                "count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
