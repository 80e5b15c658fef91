"""Overlap of the two teams' top 20 accounts. Definition: metrics.md F (G3: "rank your top 20 target accounts").

Of the 20 highest accounts of each team, how many are the other's too; of as many as the shorter ranking has, where one
has fewer than 20. Ties on the 20th place are decided by account id.
"""

from __future__ import annotations

from abm_pipeline.metrics._rankings import RANKINGS, TOP, as_of_each_day
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="alignment_overlap",
    title="Overlap of the teams' top 20",
    formula="Accounts among the first 20 of both teams ÷ 20.",
    unit="share",
    grain="accounts ranked by either team",
    window_days=(1,),
    segments=(),
    guides=("G3",),
    statistic="proportion",
    parts=(RANKINGS,),
    example="13 of marketing's first 20 are among sales' first 20: 13 ÷ 20 = 65 %.",
    steps=(
        Step(
            "top_overlap",
            "The first places of both teams, as long as the shorter of the two.",
            f"""
            WITH numbered AS (
                SELECT *, row_number() OVER (PARTITION BY turn_day, ranked_by ORDER BY place, account_id) AS number
                FROM ranked
            ),
            depth AS (
                SELECT turn_day, least({TOP}, min(accounts)) AS depth
                FROM (SELECT turn_day, ranked_by, count(*) AS accounts FROM ranked GROUP BY ALL)
                GROUP BY turn_day HAVING count(*) = 2
            )
            SELECT d.turn_day, count(s.account_id) AS numerator, any_value(d.depth) AS denominator,
                   any_value(d.depth) AS n
            FROM depth d
            JOIN numbered m ON m.turn_day = d.turn_day AND m.ranked_by = 'marketing' AND m.number <= d.depth
            LEFT JOIN numbered s ON s.turn_day = d.turn_day AND s.ranked_by = 'sales' AND s.number <= d.depth
             AND s.account_id = m.account_id
            GROUP BY d.turn_day""",
        ),
        Step("alignment_overlap", "The overlap that holds on each day.", as_of_each_day("top_overlap")),
    ),
)
