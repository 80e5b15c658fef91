"""Lifetime value ÷ acquisition cost. Definition: metrics.md D; healthy from 3 on.

Lifetime value as in clv's preset `mrr`, cost and new customers of the last 365 days as in cac.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import SURVIVAL, YEAR
from abm_pipeline.metrics._money import ACQUISITION
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="ltv_cac",
    title="LTV : CAC",
    formula="Mean monthly recurring revenue × mean lifetime × gross margin ÷ acquisition cost of a customer.",
    unit="ratio",
    grain="new customers of the last year",
    window_days=(YEAR,),
    segments=("program",),
    guides=("G3",),
    statistic="given",
    parts=(SURVIVAL, ACQUISITION),
    example="A customer is worth 150 000 and cost 50 000 to win: 3.",
    steps=(
        Step(
            "ltv_cac",
            "Set against what customers bring.",
            """
            SELECT c.day, c.window_days, c.dimension, c.dimension_value, w.clv AS numerator,
                   c.cac AS denominator, c.n, w.clv / nullif(c.cac, 0) AS value
            FROM acquisition_cost c LEFT JOIN worth w USING (day, dimension, dimension_value)
            """,
        ),
    ),
)
