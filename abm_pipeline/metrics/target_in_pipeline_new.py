"""Target accounts new in the pipeline: all their open deals were created in the window. Definition: metrics.md C (G4).

An account with an older deal still open was in the pipeline before. n is the number of accounts on the list.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="target_in_pipeline_new",
    title="Target accounts new in pipeline",
    formula="Target accounts with an open deal whose open deals were all created in the window.",
    unit="accounts",
    grain="target accounts",
    window_days=(30, 90),
    segments=SEGMENTS,
    guides=("G4",),
    statistic="count",
    example="Open deals of 10 June and 20 June: new in the 30 days to 30 June; with one of January too: not.",
    steps=(
        Step(
            "target_in_pipeline_new",
            "Listed accounts by the age of their oldest open deal, in every segment.",
            by_segment(
                """(SELECT a.*, w.window_days, coalesce(o.oldest > a.day - w.window_days, false) AS is_new
                    FROM account_day a CROSS JOIN (VALUES (30), (90)) w(window_days)
                    LEFT JOIN (SELECT day, account_id, min(created_day) AS oldest FROM open_deal GROUP BY ALL) o
                      USING (day, account_id)
                    WHERE a.is_listed)""",
                "count(*) FILTER (is_new) AS numerator, CAST(NULL AS BIGINT) AS denominator, count(*) AS n",
            ),
        ),
    ),
)
