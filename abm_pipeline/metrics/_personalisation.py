"""How personal the campaigns were that a deal's account was reached by before the deal: what metrics share by level.

Belongs here: the level of a deal. Not here: win rates by it (`win_rate`).
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._base import DEAL_WINDOW_DAYS
from abm_pipeline.metrics._spec import EVER, Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

REACHED_DAYS = 90
"""Days up to a deal's creation in which a campaign must have reached the account."""

PERSONALISATION = Part(
    "personalisation",
    once=(
        Step(
            "deal_personalisation",
            "The most personal level (account, industry, generic) of the campaigns that reached a deal's account in "
            "the 90 days up to its creation, exposures included, since an ad is what was made personal; deals without "
            "such a campaign have no row.",
            f"""
            WITH deal_of AS (
                SELECT DISTINCT d.deal_id, f.account_no, d.created_day
                FROM deal d JOIN firm f USING (account_id)
                SEMI JOIN (
                    SELECT deal_id FROM deal, params p
                    WHERE is_closed AND closed_day BETWEEN p.first_day - {DEAL_WINDOW_DAYS - 1} AND p.last_day
                ) USING (deal_id)
            ),
            reach_day AS (
                SELECT DISTINCT CAST(unnest(generate_series(created_day - {REACHED_DAYS - 1}, created_day,
                                                            INTERVAL 1 DAY)) AS DATE) AS day
                FROM (SELECT DISTINCT created_day FROM deal_of)
            ),
            reached AS (
                SELECT DISTINCT coalesce(c.account_no, r.account_no) AS account_no, t.day,
                       CASE f.personalisation WHEN 'account' THEN 3 WHEN 'industry' THEN 2 ELSE 1 END AS level
                FROM (SELECT * FROM facts.touch SEMI JOIN reach_day USING (day)) t
                JOIN facts.campaign f ON f.campaign_id = t.campaign_id
                 AND f.personalisation IN ('account', 'industry', 'generic')
                LEFT JOIN company_unit c ON c.company_key = t.company_key
                LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
                WHERE t.touch_type NOT IN (SELECT touch_type FROM failed_type)
            )
            -- Of each level, only the last day up to the deal's creation matters.
            SELECT d.deal_id,
                   CASE max(d.level) WHEN 3 THEN 'account' WHEN 2 THEN 'industry' ELSE 'generic' END AS personalisation
            FROM (SELECT *, unnest([1, 2, 3]) AS level FROM deal_of) d
            ASOF JOIN reached r ON r.account_no = d.account_no AND r.level = d.level AND r.day <= d.created_day
            WHERE r.day >= d.created_day - {REACHED_DAYS - 1}
            GROUP BY d.deal_id
            """,
        ),
    ),
    reads=(Input(T.TOUCH, EVER), Input(T.FACT_CAMPAIGN)),
)
"""Makes `deal_personalisation` (deal_id, personalisation) of the deals closed in the window of a day asked for: it is
settled when the deal is created."""
