"""Delivery, spend and reach of each campaign on each day: the rows of `campaign_metrics`.

Belongs here: what one day tells of a campaign. Spend is the campaign's own total; rows by company are approximate and
only say whom it reached; a mail that bounced reached nobody. A campaign without delivery or touch on a day has no row.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

STEPS = (
    Step(
        "campaign_day",
        "Spend and touches of a campaign on a day; accounts reached by anything, engaged by engagements.",
        """
        WITH delivered AS (
            SELECT day, campaign_id, sum(impressions) AS impressions, sum(clicks) AS clicks,
                   sum(amount_reporting) AS amount_reporting
            FROM facts.spend WHERE company_key IS NULL GROUP BY day, campaign_id
        ),
        touched AS (
            SELECT t.day, t.campaign_id, coalesce(c.account_id, r.account_id) AS account_id,
                   NOT t.is_exposure AND e.touch_type IS NOT NULL AS is_engagement,
                   sum(CAST(t.weight_count AS BIGINT)) AS weight
            FROM facts.touch t
            LEFT JOIN company_unit c ON c.company_key = t.company_key
            LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
            LEFT JOIN engaging_type e ON e.touch_type = t.touch_type
            WHERE t.campaign_id IS NOT NULL AND t.touch_type NOT IN (SELECT touch_type FROM failed_type) GROUP BY ALL
        ),
        reached AS (
            SELECT day, campaign_id, coalesce(sum(weight) FILTER (is_engagement), 0) AS touches,
                   count(DISTINCT account_id) AS accounts_reached,
                   count(DISTINCT account_id) FILTER (is_engagement) AS accounts_engaged
            FROM touched GROUP BY day, campaign_id
        )
        SELECT day, campaign_id, m.campaign_name, coalesce(m.source, split_part(campaign_id, ':', 1)) AS source,
               m.channel, m.personalisation, m.is_abm, d.impressions, d.clicks, d.amount_reporting,
               coalesce(r.touches, 0) AS touches, coalesce(r.accounts_reached, 0) AS accounts_reached,
               coalesce(r.accounts_engaged, 0) AS accounts_engaged
        FROM delivered d FULL JOIN reached r USING (day, campaign_id)
        LEFT JOIN facts.campaign m USING (campaign_id)
        SEMI JOIN days USING (day)
        """,
    ),
)
