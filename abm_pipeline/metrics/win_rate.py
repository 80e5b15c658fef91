"""Win rate: won among the deals closed in the window. Definition: metrics.md C.

Open deals are in neither part. The list, tier and engagement quintile of a deal are those at the end of the day it was
created ("win rate by tier at opportunity creation"): what was done to win it had only begun then, and a later tier
move cannot count the deal twice. So is the level of personalisation: the most personal campaign that reached the
account in the 90 days before. Every type of deal counts.

Preset `amount`: won amount ÷ amount closed. Deals whose amount is unknown or could not be converted are in neither.
"""

from __future__ import annotations

from dataclasses import replace

from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._personalisation import PERSONALISATION
from abm_pipeline.metrics._segments import SEGMENTS, by_segment
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.storage.engine import Step

_SEGMENTS = (*SEGMENTS, "personalisation")
_CLOSED = """(
    SELECT c.*, coalesce(p.personalisation, 'none') AS personalisation
    FROM closed c LEFT JOIN deal_personalisation p USING (deal_id))"""
# Whole units of money, whose squares and products stay exact in sums.
_AMOUNTS = f"""(
    SELECT *, CAST(round(amount_reporting) AS DECIMAL(18,0)) AS y,
           CASE WHEN is_won THEN CAST(round(amount_reporting) AS DECIMAL(18,0)) ELSE 0 END AS x
    FROM {_CLOSED} WHERE amount_reporting IS NOT NULL)"""

_BY_COUNT = MetricSpec(
    id="win_rate",
    title="Win rate",
    formula="Deals won ÷ deals won or lost, of those closed in the window.",
    unit="share",
    grain="deals closed in the window",
    window_days=(DEAL_WINDOW_DAYS,),
    segments=_SEGMENTS,
    guides=("G3", "G2"),
    statistic="proportion",
    parts=(PERSONALISATION,),
    example="6 won, 19 lost and 18 still open: 6 ÷ (6 + 19) = 24 %.",
    steps=(
        Step(
            "win_rate",
            "Won among closed deals in every segment.",
            by_segment(
                _CLOSED, "count(*) FILTER (is_won) AS numerator, count(*) AS denominator, count(*) AS n", _SEGMENTS
            ),
        ),
    ),
)
_BY_AMOUNT = replace(
    _BY_COUNT,
    title="Win rate by amount",
    formula="Amount won ÷ amount won or lost, of the deals closed in the window, in the reporting currency.",
    statistic="weighted",
    example="Won 60 000, lost 40 000 and 100 000: 60 000 ÷ 200 000 = 30 %.",
    steps=(
        Step(
            "win_rate",
            "Amounts won and closed in every segment, with the squares for the interval.",
            by_segment(
                _AMOUNTS,
                "sum(x) AS numerator, sum(y) AS denominator, count(*) AS n, sum(y::DECIMAL(38,0) * y) AS sum_yy",
                _SEGMENTS,
            ),
        ),
    ),
)
SPEC = replace(_BY_COUNT, presets={"amount": _BY_AMOUNT})
