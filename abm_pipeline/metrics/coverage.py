"""Target account coverage: who has seen or heard of us at all. Definition: metrics.md B.

An exposure (an impression, an e-mail sent) counts here as much as an engagement. Windows: 90 days, and the 60 in which
a one-to-one programme should have reached its list. Dimension `channel` says by which channels; it overlaps, since an
account is reached by several. Why an account is not covered stands in account_metrics_daily.uncovered_reason.
"""

from __future__ import annotations

from abm_pipeline.metrics._accounts import CHANNELS
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_LISTED = """(
    SELECT a.*, w.window_days, CASE w.window_days WHEN 60 THEN channels_60 ELSE channels_90 END AS channels
    FROM account_day a CROSS JOIN (SELECT unnest([60, 90]) AS window_days) w WHERE a.is_listed)"""
_BITS = ", ".join(f"('{channel}', {1 << i})" for i, channel in enumerate(CHANNELS))

SPEC = MetricSpec(
    id="coverage",
    title="Target account coverage",
    formula="Target accounts with any touch or exposure in the window ÷ target accounts.",
    unit="share",
    grain="target accounts",
    window_days=(60, 90),
    segments=(*SEGMENTS, "channel"),
    guides=("G3",),
    statistic="proportion",
    example="Of 100 target accounts, 40 had an impression, an e-mail or more in 90 days: 40 ÷ 100 = 40 %.",
    steps=(
        Step(
            "coverage",
            "Reached among listed accounts in every segment, and by each channel.",
            by_segment(_LISTED, "count(*) FILTER (channels <> 0) AS numerator, count(*) AS denominator, count(*) AS n")
            + f"""
        UNION ALL BY NAME
        SELECT l.day, l.window_days, 'channel' AS dimension, c.channel AS dimension_value,
               count(*) FILTER (l.channels & c.bit <> 0) AS numerator, count(*) AS denominator, count(*) AS n
        FROM {_LISTED} l CROSS JOIN (VALUES {_BITS}) c(channel, bit)
        GROUP BY l.day, l.window_days, c.channel""",
        ),
    ),
)
