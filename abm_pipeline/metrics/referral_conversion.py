"""Referred companies that became customers after the referral and by the day. Definition: metrics.md E, referrals."""

from __future__ import annotations

from abm_pipeline.metrics._advocates import ADVOCATES
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY_SEGMENTS
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="referral_conversion",
    title="Referrals converted",
    formula="Referred companies that have become customers since ÷ referred companies, in the window.",
    unit="share",
    grain="referred companies",
    window_days=(QUARTER, YEAR),
    segments=MONEY_SEGMENTS,
    guides=("G2", "G5"),
    statistic="proportion",
    parts=(ADVOCATES,),
    example="Four companies referred, one bought since; another had bought before: 25 %.",
    steps=(
        Step(
            "referral_conversion",
            "Referrals in every segment of who referred.",
            by_segment(
                "referral_day",
                "count(*) FILTER (is_converted) AS numerator, count(*) AS denominator, count(*) AS n",
                MONEY_SEGMENTS,
            ),
        ),
    ),
)
