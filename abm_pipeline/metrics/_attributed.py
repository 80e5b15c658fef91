"""What attribution_pipeline and attribution_revenue share: credited amounts as tidy rows."""

from __future__ import annotations

from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.metrics._deal_credit import DEAL_CREDIT, WINDOWS
from abm_pipeline.metrics._deal_shares import DIMENSIONS, UNATTRIBUTED
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step


def attributed(metric: str, end: str, title: str, formula: str, grain: str, example: str) -> MetricSpec:
    """The metric over paths up to `end`: `all` is what any touch earned; `channel` is told under every model,
    `campaign` and `content_type` under the headline model. Segments are named `model/value`."""
    amount = f"CASE m.model {' '.join(f'WHEN {model!r} THEN c.{model}_{end}' for model in MODELS)} END"
    return MetricSpec(
        id=metric,
        title=title,
        formula=formula,
        unit="share",
        grain=grain,
        window_days=WINDOWS,
        segments=DIMENSIONS,
        guides=("G3",),
        statistic="given",
        rests_on_score=True,
        parts=(DEAL_CREDIT,),
        example=example,
        steps=(
            Step(
                metric,
                "Credited amounts and their share of the whole, with bootstrap intervals for channels.",
                f"""
                WITH model AS (
                    SELECT unnest({list(MODELS)}) AS model, unnest(range({len(MODELS)})) AS model_no
                ),
                long AS (
                    SELECT c.day, c.window_days, c.dimension, m.model || '/' || c.dimension_value AS dimension_value,
                           {amount} AS amount, c.total, c.n, k.channel_no - 1 AS channel_no, m.model_no
                    FROM credited_{end} c CROSS JOIN model m CROSS JOIN attribution_choice a
                    LEFT JOIN channel_number k ON c.dimension = 'channel' AND k.channel = c.dimension_value
                    WHERE m.model = a.headline
                       OR c.dimension = 'channel' AND m.model IN (SELECT model FROM attribution_model)
                ),
                every AS (
                    SELECT * FROM long WHERE amount > 0
                    UNION ALL BY NAME
                    SELECT day, window_days, 'all' AS dimension, 'all' AS dimension_value,
                           sum(amount) FILTER (NOT ends_with(dimension_value, '/{UNATTRIBUTED}')) AS amount,
                           any_value(total) AS total, any_value(n) AS n
                    FROM long CROSS JOIN attribution_choice a
                    WHERE dimension = 'channel' AND starts_with(dimension_value, a.headline || '/')
                    GROUP BY day, window_days
                )
                SELECT e.day, e.window_days, e.dimension, e.dimension_value,
                       round(coalesce(CAST(e.amount AS DOUBLE), 0) / 1e16, 4) AS numerator,
                       CAST(e.total AS DOUBLE) / 1e4 AS denominator, e.n,
                       coalesce(CAST(e.amount AS DOUBLE), 0) / 1e12 / nullif(CAST(e.total AS DOUBLE), 0) AS value,
                       least(r.low, value) AS ci_low, greatest(r.high, value) AS ci_high
                FROM every e
                LEFT JOIN resampled_{end} r ON r.kind = 'share' AND r.day = e.day AND r.window_days = e.window_days
                                           AND r.a = e.channel_no AND r.b = e.model_no
                WHERE e.n > 0
                """,
            ),
        ),
    )
