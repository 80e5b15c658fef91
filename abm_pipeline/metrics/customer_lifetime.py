"""How long customers stay, in months, as of the day. Definition: metrics.md E, under clv.

By Kaplan and Meier: customers that are still there count up to today, not as if they left today. The mean goes up to
the longest life seen, so it is a floor while that customer lasts. The naive mean (`estimate` naive_mean), of those that
left only, is shorter the younger the business is.

The interval is by Greenwood's variance of the area under the curve (Klein and Moeschberger, Survival Analysis, 4.5);
there is none while nobody has left.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import SURVIVAL
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.scoring.discrimination import Z95
from abm_pipeline.storage.engine import Step

_ENDS = (f"greatest(months - {Z95!r} * months_error, 0)", f"months + {Z95!r} * months_error")

SPEC = MetricSpec(
    id="customer_lifetime",
    title="Customer lifetime",
    formula="Area under the Kaplan–Meier survival curve up to the longest lifetime seen; numerator: customers lost.",
    unit="months",
    grain="customers so far",
    window_days=(1,),
    segments=("program", "estimate"),
    guides=("G1", "G5"),
    statistic="given",
    parts=(SURVIVAL,),
    example="Left after 60 and 120 days, there since 90 and 180: (60 + 0.75 × 60 + 0.375 × 60) days = 4.2 months.",
    steps=(
        Step(
            "customer_lifetime",
            "Mean lifetimes in total and by programme, and the total's two estimates.",
            f"""
            SELECT day, 1 AS window_days, dimension, dimension_value, lost AS numerator, customers AS denominator,
                   customers AS n, months AS value,
                   CASE WHEN months_error > 0 THEN {_ENDS[0]} END AS ci_low,
                   CASE WHEN months_error > 0 THEN {_ENDS[1]} END AS ci_high
            FROM survival
            UNION ALL
            SELECT day, 1, 'estimate', e.name, lost, CASE e.name WHEN 'naive_mean' THEN lost ELSE customers END,
                   CASE e.name WHEN 'naive_mean' THEN lost ELSE customers END,
                   CASE e.name WHEN 'naive_mean' THEN naive_months ELSE months END,
                   CASE WHEN e.name = 'kaplan_meier' AND months_error > 0 THEN {_ENDS[0]} END,
                   CASE WHEN e.name = 'kaplan_meier' AND months_error > 0 THEN {_ENDS[1]} END
            FROM survival CROSS JOIN (VALUES ('kaplan_meier'), ('naive_mean')) e(name)
            WHERE dimension = 'all'
            """,
        ),
    ),
)
