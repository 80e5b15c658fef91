"""Months of gross margin until a customer has repaid what winning it cost. Definition: metrics.md D."""

from __future__ import annotations

from abm_pipeline.metrics._customers import SURVIVAL, YEAR
from abm_pipeline.metrics._money import ACQUISITION
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="payback",
    title="CAC payback",
    formula="Acquisition cost of a customer ÷ (mean monthly recurring revenue × gross margin).",
    unit="months",
    grain="new customers of the last year",
    window_days=(YEAR,),
    segments=("program",),
    guides=("G3",),
    statistic="given",
    parts=(SURVIVAL, ACQUISITION),
    example="Won for 12 000, brings 1 000 a month: 12 months.",
    steps=(
        Step(
            "payback",
            "Set against what customers bring.",
            """
            SELECT c.day, c.window_days, c.dimension, c.dimension_value, c.cac AS numerator,
                   w.monthly_margin AS denominator, c.n, c.cac / nullif(w.monthly_margin, 0) AS value
            FROM acquisition_cost c LEFT JOIN worth w USING (day, dimension, dimension_value)
            """,
        ),
    ),
)
