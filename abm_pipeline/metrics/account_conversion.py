"""Account conversion: engaged target accounts that have bought. Definition: metrics.md C (G1).

The accounts are those on the list at the end of the day that were over the engaged threshold on some day of the window;
converted are those of them with a deal won in it. Accounts that bought without being engaged are in neither part: they
say nothing of what engagement turns into.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

ENGAGED_BEFORE = Part("engaged_before", reads=(Input(T.ENGAGEMENT_SCORE, DEAL_WINDOW_DAYS),))

SPEC = MetricSpec(
    id="account_conversion",
    title="Account conversion",
    formula="Engaged target accounts with a deal won in the window ÷ target accounts engaged in the window.",
    unit="share",
    grain="target accounts engaged in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=SEGMENTS,
    guides=("G1",),
    statistic="proportion",
    rests_on_score=True,
    parts=(ENGAGED_BEFORE,),
    example="Of 100 target accounts engaged in the window 15 have bought: 15 %.",
    steps=(
        Step(
            "engaged_in_window",
            "Listed accounts whose last engaged day up to the day is in the window.",
            f"""
            SELECT a.*, {DEAL_WINDOW_DAYS} AS window_days
            FROM (SELECT * FROM account_day WHERE is_listed) a
            ASOF JOIN (SELECT account_id, day FROM score_history WHERE is_engaged) e
              ON e.account_id = a.account_id AND e.day <= a.day
            WHERE e.day > a.day - {DEAL_WINDOW_DAYS}""",
        ),
        Step(
            "account_conversion",
            "Those that bought among them, in every segment.",
            by_segment(
                """(SELECT e.*, w.account_id IS NOT NULL AS is_converted
                    FROM engaged_in_window e
                    LEFT JOIN (SELECT DISTINCT day, account_id FROM closed WHERE is_won) w USING (day, account_id))""",
                "count(*) FILTER (is_converted) AS numerator, count(*) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
