"""Conversion along the lead funnel, by cohort: lead → MQL → SQL → opportunity → won. Definition: metrics.md C.

`window_days` is the follow-up. The cohort of a step as of D are the people who entered its first stage in the 90 days
ending D − follow-up; converted are those who entered the next on the same day or within the follow-up, so that nobody
is cut short. `funnel_step` has the four steps, each with its own cohort; `all` is lead → won, from end to end.

Opportunity is a deal of the person's account created on or after the day of the stage before, won is a deal of it
closed won on or after: in account-based selling the account buys. Who skips a stage is not in its cohort.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import COHORT_DAYS
from abm_pipeline.metrics._leads import LEADS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

FOLLOW_UP_DAYS = (90, 180)

SPEC = MetricSpec(
    id="lead_conversion",
    title="Lead conversion",
    formula="People of a 90-day cohort in the stage who reach the next within the window after ÷ the cohort.",
    unit="share",
    grain="people who entered the stage in the cohort",
    window_days=FOLLOW_UP_DAYS,
    segments=("funnel_step",),
    guides=("G5", "G1"),
    statistic="proportion",
    parts=(LEADS,),
    example="Of 4 leads of the cohort 3 become MQL within 90 days and one on day 91: lead_to_mql is 3 ÷ 4 = 75 %.",
    steps=(
        Step(
            "funnel_entry",
            "People and stages with the day of entry; an opportunity is entered by a sales-qualified person.",
            """
            WITH opened AS (
                SELECT l.person_id, l.account_id, min(d.created_day) AS entered_day
                FROM lead_day l JOIN (SELECT DISTINCT account_id, created_day FROM deal) d
                  ON d.account_id = l.account_id AND d.created_day >= l.entered_day
                WHERE l.stage = 'sql' GROUP BY ALL
            )
            SELECT person_id, account_id, stage, entered_day FROM lead_day
            UNION ALL
            SELECT person_id, account_id, 'opportunity', entered_day FROM opened""",
        ),
        Step(
            "funnel_move",
            "Each entry with the day on which the person reached the next stage, if they did.",
            """
            WITH step AS (
                SELECT * FROM (VALUES ('lead', 'mql', 'lead_to_mql'), ('mql', 'sql', 'mql_to_sql'),
                    ('sql', 'opportunity', 'sql_to_opportunity'), ('opportunity', 'won', 'opportunity_to_won'),
                    ('lead', 'won', 'all')) v(stage, next_stage, funnel_step)
            ),
            won AS (
                SELECT DISTINCT account_id, closed_day FROM deal
                WHERE is_won AND account_id IS NOT NULL
            )
            SELECT e.person_id, s.funnel_step, e.entered_day,
                   coalesce(min(w.closed_day), min(n.entered_day)) AS moved_day
            FROM funnel_entry e JOIN step s USING (stage)
            LEFT JOIN funnel_entry n
              ON n.person_id = e.person_id AND n.stage = s.next_stage AND n.entered_day >= e.entered_day
            LEFT JOIN won w
              ON s.next_stage = 'won' AND w.account_id = e.account_id AND w.closed_day >= e.entered_day
            GROUP BY ALL""",
        ),
        Step(
            "lead_conversion",
            "People of each day's cohort, and those who moved in time: summed over days of entry, not people.",
            f"""
            WITH cell AS (
                SELECT funnel_step, window_days, entered_day, count(*) AS people,
                       count(*) FILTER (moved_day <= entered_day + window_days) AS moved
                FROM funnel_move CROSS JOIN (SELECT unnest({list(FOLLOW_UP_DAYS)}) AS window_days) GROUP BY ALL
            )
            SELECT d.day, c.window_days, CASE WHEN funnel_step = 'all' THEN 'all' ELSE 'funnel_step' END AS dimension,
                   funnel_step AS dimension_value, sum(moved) AS numerator, sum(people) AS denominator,
                   sum(people) AS n
            FROM days d JOIN cell c
              ON c.entered_day BETWEEN d.day - c.window_days - {COHORT_DAYS - 1} AND d.day - c.window_days
            GROUP BY ALL""",
        ),
    ),
)
