"""Gross revenue retention over 12 months, at the parent account. Definition: metrics.md E.

Each family counts with what it pays now, but no more than then: growth never hides a loss. Never above 1.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMER_SEGMENTS, CUSTOMERS, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="grr",
    title="Gross revenue retention",
    formula="Σ min(recurring revenue now, a year ago) ÷ Σ recurring revenue a year ago, of the customers of then.",
    unit="share",
    grain="parent accounts that were customers a year ago",
    window_days=(YEAR,),
    segments=CUSTOMER_SEGMENTS,
    guides=("G3",),
    statistic="weighted",
    parts=(CUSTOMERS,),
    example="Three families of 100: now 150, 80 and 0. (100 + 80 + 0) ÷ 300 = 60 %.",
    steps=(
        Step(
            "grr",
            "Recurring revenue of the customers at the start, then and now, in every segment.",
            by_segment(
                "(SELECT *, least(mrr_now, mrr_then) AS x FROM kept_family WHERE window_days = 365)",
                "sum(x) AS numerator, sum(mrr_then) AS denominator, count(*) AS n, "
                "sum(mrr_then::DECIMAL(38, 4) * mrr_then) AS sum_yy",
                CUSTOMER_SEGMENTS,
            ),
        ),
    ),
)
