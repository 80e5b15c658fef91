"""Attribution: which touches get which share of a deal, under each model. Definition: metrics.md C.

Belongs here: the rows of `attribution_credit`, and the split of money. What a path is stands in `_paths`, what a model
is in `_credit_models`.

For pipeline the touches before the deal was created share it, for revenue of a won deal those up to the day it closed.
A deal without such a touch credits `unattributed`. Money is split in ten-thousandths, each share cut off; what is left
over goes to the last of the touches with the largest share, so that the parts always add up to the amount. Deals as
last known; a deal deleted since has none.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics import _credit_models, _deal_shares, _paths
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.metrics._deal_shares import UNATTRIBUTED
from abm_pipeline.storage.engine import Step

READS = (T.FACT_CAMPAIGN, T.ACCOUNT, T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.FACT_DEAL, T.LEAD_STAGE)
"""Beside touches, and transitions of the paths of deals."""
set_choices = _credit_models.set_choices


def _cut(share: str) -> str:
    """SQL for a share of the deal's money in whole units; a hair is added so that 0.3 of 10 stays 3."""
    return f"CAST(floor(units * {share} + 0.001) AS BIGINT)"


def _left(model: str) -> str:
    """SQL for what the cut shares of a model leave over of a path's money: units, and the position they go to."""
    largest = f"max(CAST(round({model} * 1e12) AS HUGEINT) * 1048576 + position) % 1048576"
    return f"{{left_over: any_value(units) - sum({_cut(model)}), place: {largest}}} AS {model}"


def _under_model(table: str) -> str:
    """SQL for the table's column of the row's model."""
    return f"CASE m.model {' '.join(f'WHEN {model!r} THEN {table}.{model}' for model in MODELS)} END"


DEALS = _paths.DEALS
DAILY = (_deal_shares.TRACED,)
"""After DEALS, for the days asked for: whose touches are read. `_paths.TOUCHES` follows."""

WHOLE = (
    Step(
        "traced",
        "Accounts of deals, each with the first day of their paths.",
        "SELECT account_no, min(first_day) AS from_day FROM credited_deal WHERE account_no IS NOT NULL GROUP BY ALL",
    ),
    Step(
        "ending",
        "All paths whose touches get credit: up to the creation of each deal, and to the close of the won.",
        """
        SELECT 'created' AS ending, created_day AS day, CAST(NULL AS DATE) AS last_day, true AS is_converted, *
        FROM credited_deal
        UNION ALL
        SELECT 'closed', closed_day, closed_day, true, * FROM credited_deal WHERE is_won
        """,
    ),
    Step("ended", "The days whose effects are asked for.", "SELECT DISTINCT ending, day FROM ending"),
    _paths.EFFECT,
)
"""After DEALS: the same for all deals. `_paths.TOUCHES` follows."""

CREDIT = (
    Step(
        "ended",
        "Both paths of the deals created on the days asked for, numbered.",
        """
        SELECT CAST(row_number() OVER (ORDER BY ending, deal_id) AS INTEGER) AS path_no, *
        FROM ending WHERE created_day IN (SELECT day FROM days)
        """,
    ),
    _paths.PATH,
    _paths.PATH_CHANNEL,
    _paths.WHOLE_PATH,
    _paths.TOUCH_SHARE,
    Step(
        "left_over",
        "What cutting leaves of each path's money under each model, and the touch that it goes to.",
        f"""
        WITH path_left AS (
            SELECT path_no, {", ".join(map(_left, MODELS))}
            FROM touch_share JOIN ended USING (path_no) GROUP BY path_no
        )
        SELECT path_no, m.model, {_under_model("l")} AS rest FROM path_left l CROSS JOIN attribution_model m
        """,
    ),
    Step(
        "credit",
        "Every model's credit for every touch, and for `unattributed` where there is none.",
        f"""
        WITH shared AS (
            SELECT s.path_no, m.model, s.touch_id, s.channel, k.campaign_id, s.position, {_under_model("s")} AS credit
            FROM touch_share s JOIN engagement_kind k USING (kind) CROSS JOIN attribution_model m
        ),
        earned AS (
            SELECT s.* EXCLUDE (position), e.units AS amount,
                   {_cut("credit")} + CASE WHEN position = l.rest.place THEN l.rest.left_over ELSE 0 END AS part
            FROM shared s JOIN ended e USING (path_no) JOIN left_over l USING (path_no, model) WHERE credit > 0
            UNION ALL
            SELECT e.path_no, m.model, '{UNATTRIBUTED}', NULL, NULL, 1, e.units, e.units
            FROM ended e ANTI JOIN whole_path USING (path_no) CROSS JOIN attribution_model m
        ),
        both_ends AS (
            SELECT e.deal_id, s.model, s.touch_id, any_value(s.channel) AS channel,
                   any_value(s.campaign_id) AS campaign_id, any_value(e.is_won) AS is_won,
                   coalesce(sum(s.credit) FILTER (e.ending = 'created'), 0) AS credit,
                   coalesce(sum(s.credit) FILTER (e.ending = 'closed'), 0) AS credit_closed,
                   CASE WHEN any_value(s.amount) IS NOT NULL
                        THEN coalesce(sum(s.part) FILTER (e.ending = 'created'), 0) END AS units_created,
                   CASE WHEN any_value(s.amount) IS NOT NULL
                        THEN coalesce(sum(s.part) FILTER (e.ending = 'closed'), 0) END AS units_closed
            FROM earned s JOIN ended e USING (path_no) GROUP BY e.deal_id, s.model, s.touch_id
        )
        SELECT deal_id, model, touch_id, channel, campaign_id, credit,
               CAST(units_created AS DECIMAL(18,0)) * 0.0001 AS amount_pipeline,
               CASE WHEN is_won THEN credit_closed END AS credit_revenue,
               CASE WHEN is_won THEN CAST(units_closed AS DECIMAL(18,0)) * 0.0001 ELSE 0 END AS amount_revenue
        FROM both_ends
        """,
        is_view=True,
    ),
)
"""After touches, for deals created on the days asked for; the last yields the rows of `attribution_credit`."""

_DAILY = (*DEALS, *DAILY, *_paths.TOUCHES, _paths.ENDED, *_paths.PATHS)
TABLES = {
    T.CHANNEL_TRANSITION: _DAILY,
    T.DEAL_CREDIT: (*_DAILY, *_paths.SHARES, *_deal_shares.STEPS),
    T.ATTRIBUTION_CREDIT: (*DEALS, *WHOLE, *_paths.TOUCHES, *CREDIT),
}
"""All steps of each table in order; the last yields its rows."""
