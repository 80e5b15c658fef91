"""People of target accounts moving on in the lead funnel. Definition: metrics.md B.

The cohort is fixed when the window begins: people of the accounts listed then, at the stage that they were at. Where in
the funnel it is lost says dimension stage: lead to mql, mql to sql, sql to opportunity.
"""

from __future__ import annotations

from abm_pipeline.metrics._funnel import FUNNEL_PART
from abm_pipeline.metrics._segments import by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._starts import WINDOWS
from abm_pipeline.storage.engine import Step

_SEGMENTS = ("tier", "industry", "region", "employee_band", "owner", "stage")

SPEC = MetricSpec(
    id="contact_conversion",
    title="Contact conversion",
    formula="People of target accounts that reached the next funnel stage (lead, mql, sql, a deal of the account) "
    "within "
    "the window ÷ people at a stage when it began.",
    unit="share",
    grain="people of target accounts at the start of the window",
    window_days=WINDOWS,
    segments=_SEGMENTS,
    guides=("G2",),
    statistic="proportion",
    parts=(FUNNEL_PART,),
    example="30 days ago: four leads, two mql. Since then one lead became mql, one mql became sql, and a new lead "
    "came: "
    "2 ÷ 6; lead 1 ÷ 4, mql 1 ÷ 2.",
    steps=(
        Step(
            "contact_conversion",
            "Moved among the cohort in every segment, and from each stage.",
            by_segment(
                "funnel_start",
                "CAST(sum(moved) AS BIGINT) AS numerator, CAST(sum(people) AS BIGINT) AS denominator, "
                "CAST(sum(people) AS BIGINT) AS n",
                _SEGMENTS,
            ),
        ),
    ),
)
