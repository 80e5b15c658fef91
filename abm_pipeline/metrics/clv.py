"""Customer lifetime value, of all customers and by programme. Definition: metrics.md E.

Preset `mrr` (the default): mean recurring revenue of today's customers × mean lifetime × gross margin, if one is given.
Preset `transactional`: mean won amount × won deals a customer and year × mean lifetime in years × gross margin, over
the deals won in the last year. The lifetime is customer_lifetime's.
"""

from __future__ import annotations

from dataclasses import replace

from abm_pipeline.metrics._customers import SURVIVAL
from abm_pipeline.metrics._money import MONEY
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_MRR = MetricSpec(
    id="clv",
    title="Customer lifetime value",
    formula="Mean monthly recurring revenue × mean lifetime in months × gross margin (1 if none is given).",
    unit="money",
    grain="customers",
    window_days=(1,),
    segments=("program",),
    guides=("G1", "G5"),
    statistic="given",
    parts=(SURVIVAL,),
    example="Customers pay 500 a month on average and stay 30 months: 15 000.",
    steps=(
        Step(
            "clv",
            "Mean revenue times mean lifetime.",
            """
            SELECT day, 1 AS window_days, dimension, dimension_value, mean_mrr AS numerator,
                   CAST(NULL AS DOUBLE) AS denominator, customers AS n, clv AS value
            FROM worth
            """,
        ),
    ),
)
_TRANSACTIONAL = replace(
    _MRR,
    title="Customer lifetime value from sales",
    formula="Mean won amount × won deals a customer and year × mean lifetime in years × gross margin.",
    example="A sale brings 5 000, a customer buys twice a year and stays 2.5 years: 25 000.",
    parts=(SURVIVAL, MONEY),
    steps=(
        Step(
            "clv",
            "Mean sale, times sales a customer and year, times lifetime in years.",
            """
            WITH sold AS (
                SELECT day, 'all' AS dimension, 'all' AS dimension_value, sum(revenue) AS revenue, sum(won) AS won
                FROM money_day WHERE window_days = 365 GROUP BY day
                UNION ALL
                SELECT day, 'program', program, sum(revenue), sum(won)
                FROM money_day WHERE window_days = 365 GROUP BY day, program
            )
            -- mean sale × sales a customer is revenue a customer
            SELECT day, 1 AS window_days, dimension, dimension_value,
                   CAST(s.revenue AS DOUBLE) / nullif(s.won, 0) AS numerator, CAST(NULL AS DOUBLE) AS denominator,
                   w.customers AS n, CAST(s.revenue AS DOUBLE) / w.customers * w.months / 12 * c.margin AS value
            FROM sold s JOIN worth w USING (day, dimension, dimension_value) CROSS JOIN customer_choice c
            """,
        ),
    ),
)
SPEC = replace(_MRR, presets={"transactional": _TRANSACTIONAL})
