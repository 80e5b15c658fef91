"""What customers bought on top: won expansion deals. Definition: metrics.md E.

By kind (upsell, cross_sell; none where the source does not say), list and tier at the deal's creation. Renewals are no
expansion.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY, MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="expansion_revenue",
    title="Expansion revenue",
    formula="Σ amount of the expansion deals won in the window, in the reporting currency.",
    unit="money",
    grain="expansion deals won",
    window_days=(QUARTER, YEAR),
    segments=(*MONEY_SEGMENTS, "kind"),
    guides=("G1", "G2", "G4", "G5"),
    statistic="count",
    parts=(MONEY,),
    example="An upsell of 3 000 and a cross-sell of 2 000 won in June: 5 000; the renewal of 9 000 does not count.",
    steps=(
        Step(
            "expanded",
            "Expansion deals won in the windows, in the state of the day.",
            f"""
            SELECT d.day, w.window_days, e.program, e.tier, coalesce(e.kind, 'none') AS kind, e.amount_reporting
            FROM days d CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
            JOIN (FROM deal WHERE is_won AND deal_type = 'expansion' AND amount_reporting IS NOT NULL) e
              ON e.closed_day <= d.day AND e.closed_day > d.day - w.window_days
             AND d.day BETWEEN e.from_day AND e.until_day
            """,
        ),
        Step(
            "expansion_revenue",
            "Amounts added up in every segment.",
            by_segment(
                "expanded",
                "sum(amount_reporting) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                (*MONEY_SEGMENTS, "kind"),
            ),
        ),
    ),
)
