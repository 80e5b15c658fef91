"""Scores of an earlier day, and what happened after: what the metrics of score calibration share.

As of D: the champion's scores of D − 90, of the accounts on the target list then; outcomes of the 90 days after. So no
score knows of an outcome. Quintiles are those of engagement_quintile; 1 holds all without a score above 0.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._segments import quintile
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

FOLLOW_UP_DAYS = 90
"""Days from the scores to the day as of which their outcomes are known."""

CALIBRATION = Part(
    "calibration",
    steps=(
        Step(
            "score_before",
            "Scores of the target list 90 days before each day; accounts with an open deal then are marked.",
            f"""
            WITH scored AS (
                SELECT d.day, s.day AS scored_day, s.account_id, s.score, {quintile("s")} AS engagement_quintile
                FROM days d JOIN score_history s ON s.day = d.day - {FOLLOW_UP_DAYS}
                WHERE s.percentile IS NOT NULL
            )
            SELECT s.*, {FOLLOW_UP_DAYS} AS window_days, coalesce(l.open_deals, 0) > 0 AS had_open_deal
            FROM scored s ASOF LEFT JOIN deal_level l
              ON l.account_id = s.account_id AND l.from_day <= s.scored_day
            """,
        ),
        Step(
            "score_outcome",
            "Of the accounts without an open deal at the time of their score: who opened one in the 90 days after.",
            """
            SELECT s.*, coalesce(o.created_day > s.scored_day, false) AS has_opened
            FROM (SELECT * FROM score_before WHERE NOT had_open_deal) s
            ASOF LEFT JOIN (SELECT DISTINCT account_id, created_day FROM deal WHERE account_id IS NOT NULL) o
              ON o.account_id = s.account_id AND o.created_day <= s.day
            """,
        ),
    ),
    reads=(Input(T.ENGAGEMENT_SCORE, FOLLOW_UP_DAYS + 1),),
)
"""Makes `score_before` and `score_outcome`, a row for each day and scored account."""
