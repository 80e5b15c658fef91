"""Accounts that came on the ABM list within the window. Definition: metrics.md A.

On the list at the start + added − removed = on the list now. Who came and went within the window is in neither.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier", "industry", "region", "employee_band", "owner")

SPEC = MetricSpec(
    id="target_accounts_added",
    title="Target accounts added",
    formula="Accounts on the list at the end of the day that were not on it when the window began.",
    unit="accounts",
    grain="account list as of a day",
    window_days=WINDOWS,
    segments=_SEGMENTS,
    guides=("G1", "G3"),
    statistic="count",
    parts=(STARTS,),
    example="On the list on 31 May: A (1:1), B (1:few), C (1:many). On 30 June: A (1:1), B (1:1), D (1:many). "
    "Added in 30 days: D, 1.",
    steps=(
        Step(
            "target_accounts_added",
            "Listed now and not then, by the segments of today.",
            by_segment(
                """(SELECT w.window_days, a.*
                    FROM account_day a JOIN window_start w USING (day)
                    ANTI JOIN listed_at_start s
                      ON s.day = a.day AND s.window_days = w.window_days AND s.account_id = a.account_id
                    WHERE a.is_listed)""",
                "count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
