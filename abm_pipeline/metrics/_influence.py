"""What the metrics of sourced, accelerated and influenced deals share: deals of the window, with how their path went.

Belongs here: `created_story`, deals created in the 90 days up to each day in the state known then, and `won_story`,
deals won in them. The list and the segments are those at the deal's creation.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._deal_credit import DEAL_CREDIT
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step

RULES = ("has_three_engagements", "has_recent_engagement", "has_abm_event")
"""What makes a deal of a listed account influenced, each by itself."""

STORY = Part(
    "deal_story_days",
    needs=(DEAL_CREDIT,),
    steps=(
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
            SELECT e.*, {DEAL_WINDOW_DAYS} AS window_days, CAST(e.amount_reporting AS DECIMAL(18,2)) AS amount_known,
                   s.is_sourced, coalesce(s.helped_day <= e.day, false) AS is_helped
            FROM expanded e SEMI JOIN days USING (day) JOIN deal_story s USING (deal_id)
            """,
        ),
        Step(
            "won_story",
            "Deals won in the trailing window of each day.",
            f"""
            SELECT c.*, CAST(c.amount_reporting AS DECIMAL(18,2)) AS amount_known, s.is_sourced,
                   {", ".join(f"s.{rule}" for rule in RULES)},
                   {" OR ".join(f"s.{rule}" for rule in RULES)} AS is_influenced
            FROM closed c JOIN deal_story s USING (deal_id) WHERE c.is_won AND c.amount_reporting IS NOT NULL
            """,
        ),
    ),
)


def part_of_pipeline(which: str) -> str:
    """SQL aggregates over `created_story`: the amount of the deals that `which` names, of all amounts."""
    x = f"CASE WHEN {which} THEN amount_known ELSE 0 END"
    return (
        f"sum({x}) AS numerator, sum(amount_known) AS denominator, count(*) AS n, sum({x} * {x}) AS sum_xx, "
        f"sum({x} * amount_known) AS sum_xy, sum(amount_known * amount_known) AS sum_yy"
    )
