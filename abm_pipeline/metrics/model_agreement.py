"""Do attribution models agree on which channels earn the pipeline? Kendall's τ-b of their rankings.

The total is the mean over all pairs of models; `models` tells each pair. Intervals are bootstrapped over deals
(`_bootstrap`), as are those of channels' shares in attribution_pipeline and attribution_revenue.
"""

from __future__ import annotations

from abm_pipeline.metrics._bootstrap import DRAWS, MEAN
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.metrics._deal_credit import DEAL_CREDIT, WINDOWS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="model_agreement",
    title="Agreement of attribution models",
    formula="Kendall's τ-b between two models' rankings of channels by credited pipeline; the mean over all pairs of "
    f"models. The interval is that of {DRAWS} draws over deals.",
    unit="correlation",
    grain="deals created in the window",
    window_days=WINDOWS,
    segments=("models",),
    guides=(),
    statistic="given",
    rests_on_score=True,
    parts=(DEAL_CREDIT,),
    example="Linear ranks ads, web, event, last touch ads, event, web: two of three pairs of channels agree, τ = 1/3.",
    steps=(
        Step(
            "model_agreement",
            "Agreement of each pair of models, and its mean.",
            f"""
            WITH model AS (SELECT unnest({list(MODELS)}) AS model, unnest(range({len(MODELS)})) AS model_no),
            deals AS (SELECT day, window_days, any_value(n) AS n FROM credited_created GROUP BY day, window_days)
            SELECT r.day, r.window_days, CASE WHEN r.a = {MEAN} THEN 'all' ELSE 'models' END AS dimension,
                   CASE WHEN r.a = {MEAN} THEN 'all' ELSE a.model || '/' || b.model END AS dimension_value,
                   NULL AS numerator, NULL AS denominator, d.n, r.value,
                   least(r.low, r.value) AS ci_low, greatest(r.high, r.value) AS ci_high
            FROM resampled_created r JOIN deals d USING (day, window_days)
            LEFT JOIN model a ON a.model_no = r.a LEFT JOIN model b ON b.model_no = r.b
            WHERE r.kind = 'agreement' AND d.n > 0
            """,
        ),
    ),
)
