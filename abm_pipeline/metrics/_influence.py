"""What the metrics of sourced, accelerated and influenced deals share: deals of the window, with how their path went.

Belongs here: `created_story`, deals created in the 90 days up to each day in the state known then, and `won_story`,
deals won in them. The list and the segments are those at the deal's creation.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics import _deal_shares, _paths
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._deal_shares import DEAL_CREDIT_DAYS, RULES
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

STORY = Part(
    "deal_story_days",
    reads=(Input(T.DEAL_CREDIT, DEAL_CREDIT_DAYS),),
    made_by=(*_paths.STEPS, *_deal_shares.STEPS),
    choices=("attribution",),
    steps=(
        Step(
            "deal_story",
            "How each deal's path went; days from which on, null if it never did.",
            f"""
            SELECT deal_id, {
                ", ".join(
                    f"max(day) FILTER (dimension_value = '{what}') AS {what}_day"
                    for what in ("sourced", "helped", *RULES)
                )
            }
            FROM metrics.deal_credit WHERE dimension = 'story' GROUP BY deal_id
            """,
        ),
        Step(
            "created_story",
            "Deals created in the trailing window of each day; helped if marketing touched them once they were open, "
            "by the day.",
            f"""
            WITH expanded AS (
                SELECT d.*, unnest(generate_series(
                           greatest(d.from_day, d.created_day, p.first_day),
                           least(d.until_day, d.created_day + {DEAL_WINDOW_DAYS - 1}, p.last_day),
                           INTERVAL 1 DAY))::DATE AS day
                FROM deal d, params p WHERE d.amount_reporting IS NOT NULL
            )
            SELECT e.*, {DEAL_WINDOW_DAYS} AS window_days, CAST(e.amount_reporting AS DECIMAL(20,2)) AS amount_known,
                   s.sourced_day IS NOT NULL AS is_sourced, coalesce(s.helped_day <= e.day, false) AS is_helped
            FROM expanded e SEMI JOIN days USING (day) LEFT JOIN deal_story s USING (deal_id)
            """,
        ),
        Step(
            "won_story",
            "Deals won in the trailing window of each day.",
            f"""
            SELECT c.*, CAST(c.amount_reporting AS DECIMAL(20,2)) AS amount_known,
                   s.sourced_day IS NOT NULL AS is_sourced,
                   {", ".join(f"s.{rule}_day IS NOT NULL AS is_{rule}" for rule in RULES)},
                   {" OR ".join(f"is_{rule}" for rule in RULES)} AS is_influenced
            FROM closed c LEFT JOIN deal_story s USING (deal_id) WHERE c.is_won AND c.amount_reporting IS NOT NULL
            """,
        ),
    ),
)


def part_of_pipeline(which: str) -> str:
    """SQL aggregates over `created_story`: the amount of the deals that `which` names, of all amounts."""
    x = f"CASE WHEN {which} THEN amount_known ELSE 0 END"
    return (
        f"sum({x}) AS numerator, sum(amount_known) AS denominator, count(*) AS n, "
        "sum(amount_known::DECIMAL(38, 2) * amount_known) AS sum_yy"
    )
