"""What content the list consumes, by place in the funnel and by how closely it is made for them.

Definition: metrics.md B (content gaps). How well content fits an industry is known by the campaign it belongs to:
generic, made for the industry, or for the account. Content of no campaign is `unknown`.
"""

from __future__ import annotations

from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import WINDOWS
from abm_pipeline.metrics._volume import VOLUME, VOLUME_SEGMENTS
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="content_consumption",
    title="Consumption of mid- and bottom-funnel content",
    formula="Consumption of mid- or bottom-of-funnel content ÷ all consumption of content by target accounts; "
    "dimension "
    "funnel_stage: the share of each stage, personalisation: of each level of fit.",
    unit="share",
    grain="consumption of content by target accounts",
    window_days=WINDOWS,
    segments=(*VOLUME_SEGMENTS, "funnel_stage", "personalisation"),
    guides=("G3",),
    statistic="proportion",
    rests_on_score=True,
    parts=(VOLUME,),
    example="Six blogs read, three case studies, one pricing guide: 4 ÷ 10 = 40 % deeper; top 60 %, mid 30 %, "
    "bottom 10 %.",
    steps=(
        Step(
            "content_consumption",
            "Deeper consumption in every segment, and the share of each stage and level of fit.",
            """
            WITH consumed AS (
                SELECT day, window_days, dimension, dimension_value,
                       sum(amount) FILTER (split IN ('mid', 'bottom')) AS deeper, sum(amount) AS amount
                FROM volume WHERE kind = 'content' GROUP BY ALL
            )
            SELECT day, window_days, dimension, dimension_value, CAST(coalesce(deeper, 0) AS BIGINT) AS numerator,
                   CAST(amount AS BIGINT) AS denominator, CAST(amount AS BIGINT) AS n
            FROM consumed
            UNION ALL BY NAME
            SELECT v.day, v.window_days, CASE kind WHEN 'content' THEN 'funnel_stage' ELSE 'personalisation' END
                       AS dimension, v.split AS dimension_value, CAST(v.amount AS BIGINT) AS numerator,
                   CAST(c.amount AS BIGINT) AS denominator, CAST(c.amount AS BIGINT) AS n
            FROM volume v JOIN consumed c USING (day, window_days)
            WHERE v.kind IN ('content', 'content_fit') AND v.dimension = 'all' AND c.dimension = 'all'
            """,
        ),
    ),
)
