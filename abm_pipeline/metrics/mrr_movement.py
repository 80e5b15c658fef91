"""What moved in recurring revenue since the start of the window, by kind. Definition: metrics.md E.

By account: new (never paid before), resurrection (paid before, not at the start), expansion, contraction, churn, flat.
One whose subscription runs has not churned, even if its amount has no rate to the reporting currency.
The movements add up to the change, which is `all`.
"""

from __future__ import annotations

from abm_pipeline.metrics._customers import CUSTOMERS, YEAR
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

MONTH = 30

SPEC = MetricSpec(
    id="mrr_movement",
    title="Movements of recurring revenue",
    formula="Σ (recurring revenue now − at the start of the window), by what happened to each account.",
    unit="money",
    grain="accounts that were customers at the start or are now",
    window_days=(MONTH, YEAR),
    segments=("movement",),
    guides=("G3",),
    statistic="count",
    parts=(CUSTOMERS,),
    example="One account new with 100, one from 100 to 150, one that paid 80 left: 100 + 50 − 80 = 70.",
    steps=(
        Step(
            "mrr_moved",
            "Accounts that were customers at the start or are now, with what they paid and pay.",
            f"""
            WITH moment AS (
                SELECT d.day, w.window_days, d.day - w.window_days AS then_day
                FROM days d CROSS JOIN (VALUES ({MONTH}), ({YEAR})) w(window_days)
            ),
            paying AS (
                SELECT t.day, t.window_days, m.account_id, false AS was_customer, 0 AS mrr_then, m.mrr AS mrr_now
                FROM moment t JOIN mrr_level m ON t.day >= m.from_day AND t.day < m.until_day
                WHERE m.subscriptions > 0
                UNION ALL
                SELECT t.day, t.window_days, m.account_id, true, m.mrr, 0
                FROM moment t JOIN mrr_level m ON t.then_day >= m.from_day AND t.then_day < m.until_day
                WHERE m.subscriptions > 0
            ),
            both_ends AS (
                SELECT day, window_days, account_id, bool_or(was_customer) AS was_customer,
                       bool_or(NOT was_customer) AS is_customer, sum(mrr_then) AS mrr_then, sum(mrr_now) AS mrr_now
                FROM paying GROUP BY day, window_days, account_id
            )
            SELECT b.*, CASE WHEN NOT is_customer THEN 'churn'
                             WHEN NOT was_customer AND c.first_day <= b.day - b.window_days THEN 'resurrection'
                             WHEN NOT was_customer THEN 'new' WHEN mrr_now = mrr_then THEN 'flat'
                             WHEN mrr_now > mrr_then THEN 'expansion' ELSE 'contraction' END AS movement
            FROM both_ends b JOIN customer_life c USING (account_id)
            """,
        ),
        Step(
            "mrr_movement",
            "Changes added up by movement.",
            by_segment(
                "mrr_moved",
                "sum(mrr_now - mrr_then) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
                ("movement",),
            ),
        ),
    ),
)
