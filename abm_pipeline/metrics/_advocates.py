"""The shared steps of advocates: companies that customers referred to us, and what became of them."""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import QUARTER, YEAR
from abm_pipeline.metrics._icp import ICP
from abm_pipeline.metrics._money import MONEY
from abm_pipeline.metrics._spec import Part
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

ADVOCATES = Part(
    "advocates",
    reads=(Input(T.FACT_REFERRAL, YEAR),),
    needs=(MONEY, ICP),
    steps=(
        Step(
            "referral_day",
            "Referrals of the windows of each day: whether the referred company is one that we can serve, and whether "
            "it has become a customer since. One named twice counts once, at the first time in the window.",
            f"""
            WITH placed AS (
                SELECT f.day, coalesce(f.referred_key, f.source || ':' || f.source_id) AS referred, c.account_id,
                       r.account_id AS referrer_id
                FROM facts.referral f
                LEFT JOIN company_unit c ON c.company_key = f.referred_key
                LEFT JOIN company_unit r ON r.company_key = f.company_key
            ),
            received AS (
                SELECT d.day, w.window_days, coalesce(p.account_id, p.referred) AS referred,
                       any_value(p.account_id) AS account_id, min(p.day) AS referred_day,
                       arg_min(p.referrer_id, (p.day, p.referrer_id)) AS referrer_id
                FROM days d CROSS JOIN (VALUES ({QUARTER}), ({YEAR})) w(window_days)
                JOIN placed p ON p.day <= d.day AND p.day > d.day - w.window_days
                GROUP BY ALL
            )
            SELECT r.day, r.window_days, coalesce(i.is_serviceable, false) AS is_fit,
                   coalesce(s.first_day > r.referred_day AND s.first_day <= r.day, false) AS is_converted,
                   CASE WHEN l.account_id IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
                   coalesce(l.tier, 'none') AS tier
            FROM received r
            LEFT JOIN icp_account i ON i.account_id = r.account_id
            LEFT JOIN customer_start s ON s.account_id = r.account_id
            LEFT JOIN listed l ON l.account_id = r.referrer_id AND l.day = r.day
            """,
        ),
    ),
)
