"""What penetration_low and penetration_high share: engaged contacts over one bound of the committee size.

Pooled: Σ engaged contacts ÷ Σ committee size over the target accounts of a segment, not a mean of shares. An account
with more engaged contacts than its committee is not cut back to 1. Contacts of one account are not independent, so the
interval is that of a ratio over accounts, and n counts accounts.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step


def penetration(identifier: str, title: str, bound: str) -> MetricSpec:
    """The SPEC over the `bound` (`committee_low` or `committee_high`) of the committee size."""
    which = "upper" if bound == "committee_high" else "lower"
    return MetricSpec(
        id=identifier,
        title=title,
        formula=f"Σ contacts of target accounts with an engagement in 90 days ÷ Σ {which} bound of committee size.",
        unit="share",
        grain="target accounts, pooled",
        window_days=(90,),
        segments=SEGMENTS,
        guides=("G3",),
        statistic="ratio",
        rests_on_score=True,
        choices=("committee_sizes",),
        example="Two accounts with committees of 4 to 6, and 3 and 2 engaged contacts: at least 5 ÷ 12 = 41.7 %, at "
        "most 5 ÷ 8 = 62.5 %.",
        steps=(
            Step(
                identifier,
                f"Engaged contacts against the {which} bound of committee size, pooled in every segment.",
                by_segment(
                    f"""(SELECT *, 90 AS window_days, contacts_engaged AS x, {bound} AS y
                         FROM account_day WHERE is_listed AND {bound} IS NOT NULL)""",
                    "sum(x) AS numerator, sum(y) AS denominator, count(*) AS n, "
                    "sum(x * x) AS sum_xx, sum(x * y) AS sum_xy, sum(y * y) AS sum_yy",
                ),
            ),
        ),
    )
