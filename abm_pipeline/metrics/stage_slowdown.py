"""Where deals are stuck: median days in a stage against the stage's own year before. Definition: metrics.md C
(stage_durations: "slowest stage flagged against its own history").

Numerator and denominator are the medians of the window and of the 365 days before it; a median of an even number is the
lower of the middle two. `slowest_stage` has one row a day, for the stage with the highest median of the window; its
status says whether it is slower than it used to be. The interval goes from the lower end of the first median's over the
upper end of the second's to the reverse; it is wider than 95 % need be, and there is none below six stays.

The medians come from how many stays of each length had ended by a day, so that the work does not grow with the year.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import median_rank
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._stages import HISTORY_DAYS, STAGES
from abm_pipeline.storage.engine import Step


def _ends(when: str) -> str:
    """SQL for the ends of a median's interval, from how many stays were no longer (`_intervals.median_of`)."""
    rank = median_rank(f"n_{when}")
    return ", ".join(
        f"min(stay_days) FILTER ({rank} >= 1 AND upto_{when} >= {each}) AS {name}_{when}"
        for name, each in (("low", rank), ("high", f"n_{when} + 1 - {rank}"))
    )


SPEC = MetricSpec(
    id="stage_slowdown",
    title="Time in deal stage, against the year before",
    formula="Median days in a deal stage over the window ÷ median over the 365 days before it.",
    unit="ratio",
    grain="stays that ended in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=("deal_stage", "slowest_stage"),
    guides=("G3",),
    statistic="given",
    parts=(STAGES,),
    example="Negotiation took 21 days by the median of the last 90 and 14 in the year before: 1.5, above.",
    steps=(
        Step(
            "stay_total",
            "How many stays of each length had ended by a day, in each stage and in all.",
            """
            WITH cell AS (
                SELECT CASE WHEN grouping(deal_stage) = 0 THEN 'deal_stage' ELSE 'all' END AS dimension,
                       coalesce(deal_stage, 'all') AS dimension_value, stay_days, left_day, count(*) AS stays
                FROM stay GROUP BY GROUPING SETS ((deal_stage, stay_days, left_day), (stay_days, left_day))
            )
            SELECT *, CAST(sum(stays) OVER (PARTITION BY dimension, dimension_value, stay_days ORDER BY left_day)
                           AS BIGINT) AS upto
            FROM cell""",
        ),
        Step(
            "stay_length",
            "Stays of each length that ended in the window of a day, and in the year before it.",
            f"""
            WITH asked AS (
                SELECT d.day, c.*, d.day - {DEAL_WINDOW_DAYS} AS before_window,
                       d.day - {DEAL_WINDOW_DAYS + HISTORY_DAYS} AS before_year
                FROM days d CROSS JOIN (SELECT DISTINCT dimension, dimension_value, stay_days FROM stay_total) c
            )
            SELECT a.day, a.dimension, a.dimension_value, a.stay_days,
                   coalesce(n.upto, 0) - coalesce(b.upto, 0) AS stays_now,
                   coalesce(b.upto, 0) - coalesce(y.upto, 0) AS stays_before
            FROM asked a
            ASOF LEFT JOIN stay_total n ON n.dimension = a.dimension AND n.dimension_value = a.dimension_value
                       AND n.stay_days = a.stay_days AND n.left_day <= a.day
            ASOF LEFT JOIN stay_total b ON b.dimension = a.dimension AND b.dimension_value = a.dimension_value
                       AND b.stay_days = a.stay_days AND b.left_day <= a.before_window
            ASOF LEFT JOIN stay_total y ON y.dimension = a.dimension AND y.dimension_value = a.dimension_value
                       AND y.stay_days = a.stay_days AND y.left_day <= a.before_year""",
        ),
        Step(
            "stage_slowdown",
            "The two medians of each stage, and the slowest stage of the day once more.",
            f"""
            WITH ranked AS (
                SELECT *, sum(stays_now) OVER upto AS upto_now, sum(stays_now) OVER whole AS n_now,
                       sum(stays_before) OVER upto AS upto_before, sum(stays_before) OVER whole AS n_before
                FROM stay_length
                WINDOW upto AS (PARTITION BY day, dimension, dimension_value ORDER BY stay_days),
                       whole AS (PARTITION BY day, dimension, dimension_value)
            ),
            middle AS (
                SELECT day, {DEAL_WINDOW_DAYS} AS window_days, dimension, dimension_value,
                       min(stay_days) FILTER (upto_now * 2 >= n_now) AS numerator,
                       min(stay_days) FILTER (upto_before * 2 >= n_before AND n_before > 0) AS denominator,
                       any_value(n_now) AS n, {_ends("now")}, {_ends("before")}
                FROM ranked WHERE n_now > 0 GROUP BY ALL
            ),
            compared AS (
                SELECT * EXCLUDE (low_now, high_now, low_before, high_before),
                       numerator / nullif(CAST(denominator AS DOUBLE), 0) AS value,
                       CASE WHEN value IS NOT NULL THEN low_now / nullif(CAST(high_before AS DOUBLE), 0) END AS ci_low,
                       CASE WHEN value IS NOT NULL THEN high_now / nullif(CAST(low_before AS DOUBLE), 0) END AS ci_high
                FROM middle
            )
            SELECT * FROM compared
            UNION ALL
            SELECT * REPLACE ('slowest_stage' AS dimension) FROM compared WHERE dimension = 'deal_stage'
            QUALIFY row_number() OVER (PARTITION BY day ORDER BY numerator DESC, dimension_value) = 1""",
        ),
    ),
)
