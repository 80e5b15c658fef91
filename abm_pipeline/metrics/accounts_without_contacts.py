"""Share of the list of which nobody is known. Definition: metrics.md A (contacts known)."""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="accounts_without_contacts",
    title="Target accounts without contacts",
    formula="Target accounts with no contact known ÷ target accounts.",
    unit="share",
    grain="target accounts",
    window_days=(1,),
    segments=SEGMENTS,
    guides=("G2",),
    statistic="proportion",
    example="Three target accounts with 4, 2 and 0 contacts: 1 ÷ 3 = 33 %.",
    steps=(
        Step(
            "accounts_without_contacts",
            "Listed accounts without a contact in every segment.",
            by_segment(
                "(SELECT *, 1 AS window_days FROM account_day WHERE is_listed)",
                "count(*) FILTER (contacts_known = 0) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
