"""What customers bought on top: won expansion deals. Definition: metrics.md E.

By kind, list and tier at the deal's creation. Renewals are no expansion. Where the source does not say the kind, the
deal's product lines do: a category that the account had not bought before is a cross_sell, else it is an upsell; none
where there are no lines. They count as first told, so that a later edit changes no past day.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY, MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.metrics.asp import LINES
from abm_pipeline.storage.engine import Step

EXPANSION = Part(
    "expansion",
    needs=(LINES, MONEY),
    once=(
        Step(
            "category_told",
            "Categories that won deals sold, by the lines told first.",
            """
            WITH told AS (
                SELECT source || ':' || deal_source_id AS deal_id, day AS told_day, category FROM staged.deal_line
                WHERE category IS NOT NULL AND NOT coalesce(is_deleted, false)
                QUALIFY rank() OVER (PARTITION BY source, deal_source_id ORDER BY day) = 1
            ),
            won AS (SELECT deal_id, account_id, min(closed_day) AS closed_day FROM deal WHERE is_won GROUP BY ALL)
            SELECT DISTINCT w.*, t.told_day, t.category FROM won w JOIN told t USING (deal_id)
            """,
        ),
        Step(
            "expansion_kind",
            "Whether a deal sold a category that its account had not bought before, from the day that is known.",
            """
            SELECT e.deal_id, e.told_day,
                   CASE WHEN bool_or(b.deal_id IS NULL) THEN 'cross_sell' ELSE 'upsell' END AS kind
            FROM category_told e LEFT JOIN category_told b
              ON b.account_id = e.account_id AND b.category = e.category AND b.closed_day < e.closed_day
             AND b.told_day <= e.told_day
            GROUP BY e.deal_id, e.told_day
            """,
        ),
    ),
)

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
    parts=(EXPANSION,),
    example="An upsell of 3 000 and a cross-sell of 2 000 won in June: 5 000; the renewal of 9 000 does not count.",
    steps=(
        Step(
            "expanded",
            "Expansion deals won in the windows, in the state of the day.",
            f"""
            SELECT d.day, w.window_days, e.program, e.tier, e.amount_reporting,
                   coalesce(nullif(e.kind, 'none'), k.kind, 'none') AS kind
            FROM days d CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
            JOIN (FROM deal WHERE is_won AND deal_type = 'expansion' AND amount_reporting IS NOT NULL) e
              ON e.closed_day <= d.day AND e.closed_day > d.day - w.window_days
             AND d.day BETWEEN e.from_day AND e.until_day
            LEFT JOIN expansion_kind k ON k.deal_id = e.deal_id AND k.told_day <= d.day
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
