"""Meta's campaigns and insights as canonical rows. No row tells a company: Meta reveals none."""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.sources._mapping import Reference, Select, VendorMapping

# Budgets are in the currency's smallest unit, which for some currencies is the unit itself. One by day is that of the
# run, where the run has an end. Times have the account's offset: their first ten characters are its days.
_CAMPAIGN = """
WITH told AS (
    SELECT
        c.*, a.currency,
        CASE WHEN a.currency IN
            ('CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND') THEN 1.00 ELSE 0.01
        END AS unit,
        TRY_CAST(left(c.start_time, 10) AS DATE) AS start_day,
        TRY_CAST(left(c.stop_time, 10) AS DATE) - 1 AS end_day
    FROM src.campaign AS c LEFT JOIN ref.ad_account AS a ON a.account_id = c.account_id
)
SELECT
    _from, id AS source_id, name, 'ads' AS channel,
    CAST(unit * CAST(coalesce(nullif(lifetime_budget, 0), daily_budget * (end_day - start_day + 1)) AS DECIMAL(30, 0))
        AS DECIMAL(18, 4)) AS budget,
    currency, start_day, end_day, coalesce(status = 'DELETED', false) AS is_deleted, updated_time AS modified_at
FROM told
"""

# What is nought is absent. Which actions are conversions is the programme's to say.
_DELIVERY = """
WITH told AS (
    SELECT
        d.*, a.timezone_name,
        coalesce(
            CAST(json_extract(p.options, '$.meta.conversion_actions') AS VARCHAR[]), ['lead']
        ) AS wanted
    FROM src.campaign_day AS d CROSS JOIN params AS p LEFT JOIN ref.ad_account AS a ON a.account_id = d.account_id
)
SELECT
    _from, concat_ws(':', campaign_id, 'all', date_start) AS source_id, timezone_name AS account_time_zone,
    campaign_id AS campaign_source_id, coalesce(impressions, 0) AS impressions,
    coalesce(inline_link_clicks, 0) AS clicks,
    greatest(coalesce(inline_post_engagement, 0) - coalesce(inline_link_clicks, 0), 0) AS engagements,
    CAST(coalesce(list_sum(list_transform(
        list_filter(actions, lambda a: list_contains(wanted, json_extract_string(a, '$.action_type'))),
        lambda a: TRY_CAST(json_extract_string(a, '$.value') AS DOUBLE)
    )), 0) AS BIGINT) AS conversions,
    coalesce(spend, 0) AS spend, account_currency AS currency, false AS is_approximate,
    CAST(_from.day AS TIMESTAMPTZ) AS modified_at
FROM told
"""

MAPPING = VendorMapping(
    selects=(Select(T.CAMPAIGN, "campaign", _CAMPAIGN), Select(T.AD_DELIVERY, "campaign_day", _DELIVERY)),
    references=(Reference("ad_account", ("currency", "timezone_name"), ((T.AD_DELIVERY, None), (T.CAMPAIGN, None))),),
)
