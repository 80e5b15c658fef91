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
from abm_pipeline.metrics._base import COMPANY_UNIT, PERSON_AT, PERSON_UNIT, UNIT
from abm_pipeline.metrics._credit_models import ENDS, MODELS
from abm_pipeline.storage.engine import Step

UNATTRIBUTED = "unattributed"
READS = (T.FACT_CAMPAIGN, T.ACCOUNT, T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.FACT_DEAL, T.TOUCH, T.LEAD_STAGE)
set_choices = _credit_models.set_choices


def _cut(share: str) -> str:
    """SQL for a share of the deal's money in whole units; a hair is added so that 0.3 of 10 stays 3."""
    return f"CAST(floor(units * {share} + 0.001) AS BIGINT)"


def _left(end: str) -> str:
    """SQL for what the cut shares of each model leave over at an end: units, and the position they go to."""
    largest = "max(CAST(round({s} * 1e12) AS HUGEINT) * 1048576 + position) % 1048576"
    parts = ", ".join(
        f"{model}: {{left_over: any_value(units) - sum({_cut(f'{model}_{end}')}), "
        f"place: {largest.format(s=f'{model}_{end}')}}}"
        for model in MODELS
    )
    return f"{{{parts}}} AS {end}"


def _under_model(column: str) -> str:
    """SQL for the column that `column` names for the row's model."""
    whens = " ".join(f"WHEN '{model}' THEN {column.format(model=model)}" for model in MODELS)
    return f"CASE m.model {whens} END"


PATHS = (UNIT, COMPANY_UNIT, PERSON_UNIT, PERSON_AT, *_paths.STEPS)
_CREDIT = (
    Step(
        "left_over",
        "What cutting leaves of each deal's money under each model, and the touch that it goes to.",
        f"""
        WITH deal AS (
            SELECT deal_no, {", ".join(_left(end) for end in ENDS)} FROM touch_share GROUP BY deal_no
        )
        SELECT deal_no, m.model, {", ".join(f"{_under_model(end + '.{model}')} AS {end}" for end in ENDS)}
        FROM deal CROSS JOIN attribution_model m
        """,
    ),
    Step(
        "credit",
        "Every model's credit for every touch, and for `unattributed` where there is none.",
        f"""
        WITH shared AS (
            SELECT deal_no, m.model, touch_id, channel, campaign_id, position, n_created, units, is_won,
                   {_under_model("{model}_created")} AS credit, {_under_model("{model}_closed")} AS credit_closed
            FROM touch_share CROSS JOIN attribution_model m WHERE is_there
        ),
        earned AS (
            SELECT s.*, {_cut("credit")} + CASE WHEN position = l.created.place THEN l.created.left_over ELSE 0 END
                       AS units_created,
                   {_cut("credit_closed")} + CASE WHEN position = l.closed.place THEN l.closed.left_over ELSE 0 END
                       AS units_closed
            FROM shared s JOIN left_over l USING (deal_no, model)
            WHERE credit > 0 OR is_won AND credit_closed > 0
        ),
        every AS (
            SELECT deal_no, model, touch_id, channel, campaign_id, is_won, credit, credit_closed,
                   CASE WHEN n_created = 0 THEN 0 * units_created ELSE units_created END AS units_created, units_closed
            FROM earned
            UNION ALL
            SELECT d.deal_no, m.model, '{UNATTRIBUTED}', NULL, NULL, d.is_won,
                   CAST(coalesce(s.n_created, 0) = 0 AS DOUBLE), CAST(s.deal_no IS NULL AS DOUBLE),
                   CASE WHEN coalesce(s.n_created, 0) = 0 THEN d.units ELSE 0 END,
                   CASE WHEN s.deal_no IS NULL THEN d.units ELSE 0 END
            FROM credited_deal d CROSS JOIN attribution_model m LEFT JOIN deal_span s USING (deal_no)
            WHERE d.is_there AND coalesce(s.n_created, 0) = 0
        )
        SELECT d.deal_id, e.model, e.touch_id, e.channel, e.campaign_id, e.credit,
               CAST(e.units_created AS DECIMAL(18,0)) * 0.0001 AS amount_pipeline,
               CASE WHEN e.is_won THEN e.credit_closed END AS credit_revenue,
               CASE WHEN e.is_won THEN CAST(e.units_closed AS DECIMAL(18,0)) * 0.0001 ELSE 0 END AS amount_revenue
        FROM every e JOIN credited_deal d USING (deal_no)
        """,
        is_view=True,
    ),
)
TABLES = {T.DEAL_CREDIT: _deal_shares.STEPS, T.ATTRIBUTION_CREDIT: _CREDIT}
"""What follows on PATHS for each table; the last step yields its rows."""
