"""Referred companies that fit the ideal customer. Definition: metrics.md E, referrals.

Fit is passing the filter of whom we can serve in market.yaml; a company that no account knows does not pass.
"""

from __future__ import annotations

from abm_pipeline.metrics._advocates import ADVOCATES
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="referral_fit",
    title="Referrals that fit",
    formula="Referred companies that pass the filter of market.yaml ÷ referred companies, in the window.",
    unit="share",
    grain="referred companies",
    window_days=(QUARTER, YEAR),
    segments=MONEY_SEGMENTS,
    guides=("G2", "G5"),
    statistic="proportion",
    parts=(ADVOCATES,),
    example="Four companies referred, three of them in a served region: 75 %.",
    steps=(
        Step(
            "referral_fit",
            "Referrals in every segment of who referred.",
            by_segment(
                "referral_day",
                "count(*) FILTER (is_fit) AS numerator, count(*) AS denominator, count(*) AS n",
                MONEY_SEGMENTS,
            ),
        ),
    ),
)
