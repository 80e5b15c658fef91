"""What the ABM programme sells to customers on top, for what it spends. Definition: metrics.md E, expansion."""

from __future__ import annotations

from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="expansion_to_cost",
    title="Expansion revenue to ABM cost",
    formula="Expansion revenue of listed accounts in the window ÷ cost given to listed accounts in it.",
    unit="ratio",
    grain="deals won in the window",
    window_days=(QUARTER, YEAR),
    segments=("tier",),
    guides=("G1", "G4"),
    statistic="ratio",
    parts=(MONEY,),
    example="5 000 of expansion in a quarter that cost 10 000: 0.5.",
    steps=(
        Step(
            "expansion_to_cost",
            "Both added up by tier.",
            by_segment(
                "(SELECT * FROM money_day WHERE program = 'abm')",
                "sum(expansion) AS numerator, sum(cost) AS denominator, CAST(sum(won) AS BIGINT) AS n",
                ("tier",),
            ),
        ),
    ),
)
