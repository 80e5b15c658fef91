"""Target accounts whose tier changed within the window. Definition: metrics.md A.

Dimension tier_move says from which tier to which (`one_to_few>one_to_one`). Moved and moved back is no move.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier_move", "industry", "region", "employee_band", "owner")

SPEC = MetricSpec(
    id="target_tier_moves",
    title="Tier moves",
    formula="Accounts on the list both when the window began and at the end of the day, in another tier.",
    unit="accounts",
    grain="account list as of a day",
    window_days=WINDOWS,
    segments=_SEGMENTS,
    guides=("G1", "G3"),
    statistic="count",
    parts=(STARTS,),
    example="On the list on 31 May: A (1:1), B (1:few), C (1:many). On 30 June: A (1:1), B (1:1), D (1:many). "
    "Moved in 30 days: B, one_to_few>one_to_one, 1.",
    steps=(
        Step(
            "target_tier_moves",
            "Listed then and now in two tiers.",
            by_segment(
                """(SELECT s.* EXCLUDE (tier), s.tier || '>' || l.tier AS tier_move
                    FROM listed_at_start s JOIN listed l ON l.day = s.day AND l.account_id = s.account_id
                    WHERE l.tier <> s.tier)""",
                "count(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
