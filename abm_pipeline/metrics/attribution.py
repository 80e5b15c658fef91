"""Attribution: which touches get which share of a deal, under each model. Definition: metrics.md C.

Belongs here: first, last and linear touch at account level. What a model is stands in one place (`_SHARE`): the share
that the touches up to the i-th of n have together.

A path is every engagement of every contact of the deal's account, in order of time: for pipeline in the 365 days before
the deal was created, for revenue of a won deal on to the day it closed. Exposures earn no credit. A deal without such
a touch credits `unattributed`. Money is split in ten-thousandths by rounding the running share, so that the parts
always add up to the amount. Deals as last known; a deal deleted since has none.
"""

from __future__ import annotations

from abm_pipeline.metrics._base import COMPANY_UNIT, PERSON_AT, PERSON_UNIT, UNIT
from abm_pipeline.storage.engine import Step

LOOKBACK_DAYS = 365
MODELS = ("first", "last", "linear")
UNATTRIBUTED = "unattributed"


def _credit(n: str) -> str:
    """SQL for the credit of the touch at `position` of `n`; 0 past the end of the path."""
    return f"""CASE WHEN position > {n} THEN 0 ELSE CASE model
        WHEN 'first' THEN CAST(position = 1 AS DOUBLE)
        WHEN 'last' THEN CAST(position = {n} AS DOUBLE)
        WHEN 'linear' THEN 1.0 / {n} END END"""


def _part(n: str, upto: str) -> str:
    """SQL for the units of money that the first `upto` touches of `n` have together."""
    return f"""CASE model WHEN 'first' THEN CASE WHEN {upto} >= 1 THEN units ELSE 0 END
        WHEN 'last' THEN CASE WHEN {upto} >= {n} THEN units ELSE 0 END
        WHEN 'linear' THEN units * least({upto}, {n}) // nullif({n}, 0) END"""


def _money(n: str) -> str:
    """SQL for the money of the touch at `position` of `n`."""
    return f"CAST({_part(n, 'position')} - {_part(n, '(position - 1)')} AS DECIMAL(18,0)) * 0.0001"


STEPS = (
    UNIT,
    COMPANY_UNIT,
    PERSON_UNIT,
    PERSON_AT,
    Step(
        "credited_deal",
        "Each deal as last known, its amount in ten-thousandths of the reporting currency.",
        """
        WITH last_version AS (
            SELECT deal_id, arg_max(d, d.valid_from) AS d FROM facts.deal d GROUP BY deal_id
        )
        SELECT v.deal_id, c.account_id, v.d.created_at AS created_at, v.d.is_won AS is_won,
               v.d.closed_day AS closed_day,
               CAST(timezone(p.reporting_timezone, v.d.created_at) AS DATE) AS created_day,
               CAST(v.d.amount_reporting * 10000 AS BIGINT) AS units
        FROM last_version v LEFT JOIN company_unit c ON c.company_key = v.d.company_key, params p
        WHERE v.d.valid_to IS NULL
        """,
    ),
    Step(
        "engagement",
        "Engagements of accounts that have a deal.",
        """
        SELECT coalesce(c.account_id, r.account_id) AS account_id, t.day, t.occurred_at, t.touch_id, t.channel,
               t.campaign_id
        FROM facts.touch t
        SEMI JOIN engaging_type e ON e.touch_type = t.touch_type
        LEFT JOIN company_unit c ON c.company_key = t.company_key
        LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
        WHERE NOT t.is_exposure
          AND coalesce(c.account_id, r.account_id) IN (SELECT account_id FROM credited_deal)
        """,
    ),
    Step(
        "path",
        "The touches of each deal in order, how many there were at its creation, and how many at its close.",
        f"""
        WITH reached AS (
            SELECT d.*, t.touch_id, t.channel, t.campaign_id, t.occurred_at,
                   t.occurred_at <= d.created_at AS is_before
            FROM credited_deal d JOIN engagement t
              ON t.account_id = d.account_id AND t.day >= d.created_day - {LOOKBACK_DAYS}
             AND (t.occurred_at <= d.created_at OR d.is_won AND t.day <= d.closed_day)
        )
        SELECT deal_id, units, is_won, touch_id, channel, campaign_id,
               row_number() OVER (PARTITION BY deal_id ORDER BY occurred_at, touch_id) AS position,
               count(*) FILTER (is_before) OVER (PARTITION BY deal_id) AS n_created,
               count(*) OVER (PARTITION BY deal_id) AS n_closed
        FROM reached
        """,
    ),
    Step(
        "credit",
        "Every model's credit for every touch, and for `unattributed` where there is none.",
        f"""
        WITH shared AS (
            SELECT deal_id, model, touch_id, channel, campaign_id, is_won, {_credit("n_created")} AS credit,
                   {_credit("n_closed")} AS credit_closed,
                   CASE WHEN n_created = 0 THEN 0 * units ELSE {_money("n_created")} END AS amount_pipeline,
                   {_money("n_closed")} AS amount_closed
            FROM path CROSS JOIN (SELECT unnest({list(MODELS)}) AS model)
            UNION ALL
            SELECT d.deal_id, model, '{UNATTRIBUTED}', NULL, NULL, d.is_won,
                   CAST(coalesce(p.n_created, 0) = 0 AS DOUBLE), CAST(p.deal_id IS NULL AS DOUBLE),
                   CASE WHEN coalesce(p.n_created, 0) = 0 THEN d.units ELSE 0 END * 0.0001,
                   CASE WHEN p.deal_id IS NULL THEN d.units ELSE 0 END * 0.0001
            FROM credited_deal d CROSS JOIN (SELECT unnest({list(MODELS)}) AS model)
            LEFT JOIN (SELECT DISTINCT deal_id, n_created FROM path) p ON p.deal_id = d.deal_id
        )
        SELECT deal_id, model, touch_id, channel, campaign_id, credit, amount_pipeline,
               CASE WHEN is_won THEN credit_closed END AS credit_revenue,
               CASE WHEN is_won THEN amount_closed ELSE 0 END AS amount_revenue
        FROM shared WHERE credit > 0 OR is_won AND credit_closed > 0
        """,
    ),
)
"""The last yields the rows of `attribution_credit`."""
