"""Surge events: interest of target accounts in tracked topics that is new, or has risen. Definition: metrics.md B."""

from __future__ import annotations

from abm_pipeline.metrics._segments import COUNTED, SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics._surges import SURGES, WEEK_DAYS
from abm_pipeline.storage.engine import Step

_SEGMENTS = (*SEGMENTS, "surge", "topic")

SPEC = MetricSpec(
    id="intent_surge",
    title="New and risen surges",
    formula="Pairs of target account and tracked topic that in the week began to surge (on none of the 7 days before) "
    "or whose score rose by at least 10 over the most of the 7 days before.",
    unit="surges",
    grain="target account × topic × week",
    window_days=(WEEK_DAYS,),
    segments=_SEGMENTS,
    guides=("G3",),
    statistic="count",
    parts=(SURGES,),
    example="A surges on crm at 70, as last week: none. B surges on crm at 65, having not last week: new. C surges at "
    "82, at most 70 last week: risen. The value is 2. A topic of two providers counts once.",
    steps=(
        Step(
            "intent_surge",
            "Surges of listed accounts in every segment, by kind and by topic.",
            by_segment(
                """(SELECT a.*, s.window_days, s.topic, s.surge
                    FROM surge_week s JOIN account_day a USING (day, account_id) WHERE a.is_listed)""",
                COUNTED,
                _SEGMENTS,
            ),
        ),
    ),
)
