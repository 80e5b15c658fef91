"""Companies that others referred to us in the window, by list and tier of who did. Definition: metrics.md E."""

from __future__ import annotations

from abm_pipeline.metrics._advocates import ADVOCATES
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._money import MONEY_SEGMENTS
from abm_pipeline.metrics._segments import COUNTED, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

SPEC = MetricSpec(
    id="referrals",
    title="Referrals",
    formula="Companies referred to us in the window, each once.",
    unit="referrals",
    grain="referred companies",
    window_days=(QUARTER, YEAR),
    segments=MONEY_SEGMENTS,
    guides=("G2", "G5"),
    statistic="count",
    parts=(ADVOCATES,),
    example="Two customers name x.com, one names y.com: 2.",
    steps=(
        Step(
            "referrals",
            "Referrals in every segment of who referred.",
            by_segment(
                "referral_day",
                COUNTED,
                MONEY_SEGMENTS,
            ),
        ),
    ),
)
