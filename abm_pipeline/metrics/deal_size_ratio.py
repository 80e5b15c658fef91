"""Deal size of the programme against the rest. Definition: metrics.md C (usual: 2 to 3).

Numerator and denominator are the two means. n is the number of deals of the smaller side.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._intervals import log_interval
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step


def _variance(program: str) -> str:
    """SQL aggregate: the variance of the logarithm of a side's mean; null below two deals."""
    which = f"FILTER (program = '{program}')"
    total = f"nullif(CAST(sum(amount_reporting) {which} AS DOUBLE), 0)"
    squares = f"CAST(sum(amount_reporting::DECIMAL(38, 4) * amount_reporting) {which} AS DOUBLE)"
    n = f"count(*) {which}"
    return f"(({squares} / ({total} * {total}) - 1.0 / nullif({n}, 0)) * {n} / nullif({n} - 1, 0))"


SPEC = MetricSpec(
    id="deal_size_ratio",
    title="Deal size, ABM to non-ABM",
    formula="Mean amount won from accounts on the list ÷ mean amount won from others, in the window.",
    unit="ratio",
    grain="deals won in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=(),
    guides=("G3",),
    statistic="given",
    example="30 000 on average from accounts on the list, 10 000 from others: 3.",
    steps=(
        Step(
            "deal_size_ratio",
            "The two means, the smaller count, and the interval of their ratio on the log scale (delta method).",
            f"""
            WITH compared AS (
            SELECT day, window_days, 'all' AS dimension, 'all' AS dimension_value,
                   CAST(sum(amount_reporting) FILTER (program = 'abm') AS DOUBLE)
                       / nullif(count(*) FILTER (program = 'abm'), 0) AS numerator,
                   CAST(sum(amount_reporting) FILTER (program = 'non_abm') AS DOUBLE)
                       / nullif(count(*) FILTER (program = 'non_abm'), 0) AS denominator,
                   least(count(*) FILTER (program = 'abm'), count(*) FILTER (program = 'non_abm')) AS n,
                   numerator / nullif(denominator, 0) AS value, {_variance("abm")} + {_variance("non_abm")} AS variance
            FROM closed WHERE is_won AND amount_reporting IS NOT NULL
            GROUP BY day, window_days
            )
            SELECT * EXCLUDE (variance), {log_interval("value", "variance")} FROM compared""",
        ),
    ),
)
