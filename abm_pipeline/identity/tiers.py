"""The ABM list over time: tier and target flag of every account, from the versions of its CRM records.

A version holds from the day the source names (`tier_since_day`), where that was newly set; the first known version
otherwise from the record's creation, a later one from its modification. A version read later overrules earlier ones
from its start on. Deletion ends the stay. Where two live records of an account are listed at once, the higher tier of
the targets counts. `valid_from` and `valid_to` are starts of days in the reporting zone; days off the list have no row.

What a source forgets is not known here either: a CRM gives today's state, so of a tier that began and ended before the
first capture nothing is left, and the state before the first version's `tier_since_day` is taken as not listed.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

TIERS = (
    Step(
        "tier_version",
        "every known version of a record, once, with the listing it states",
        """
        SELECT
            r.account_id, r.record_key, c.created_at, c.modified_at, c.is_deleted,
            CASE WHEN NOT c.is_deleted THEN c.tier END AS tier,
            NOT c.is_deleted AND coalesce(c.is_target, c.tier IS NOT NULL) AS is_target,
            c.tier_since_day
        FROM staged.company AS c
        JOIN record_account AS r ON r.source = c.source AND r.source_id = c.source_id
        QUALIFY row_number() OVER (
            PARTITION BY c.source, c.source_id, c.modified_at ORDER BY c.captured_at DESC, c.day DESC
        ) = 1
        """,
    ),
    Step(
        "tier_start",
        "the day from which each version holds",
        """
        SELECT
            v.*,
            CASE
                WHEN is_deleted THEN timezone(zone, modified_at)::DATE
                WHEN tier_since_day IS DISTINCT FROM lag(tier_since_day) OVER record AND tier_since_day IS NOT NULL
                    THEN tier_since_day
                WHEN row_number() OVER record = 1 THEN timezone(zone, coalesce(created_at, modified_at))::DATE
                ELSE timezone(zone, modified_at)::DATE
            END AS first_day
        FROM tier_version AS v CROSS JOIN params
        WINDOW record AS (PARTITION BY record_key ORDER BY modified_at)
        """,
    ),
    Step(
        "tier_stay",
        "days on which a record is listed, until any later version starts",
        """
        SELECT * FROM (
            SELECT
                account_id, tier, is_target, first_day,
                coalesce(min(first_day) OVER (
                    PARTITION BY record_key ORDER BY modified_at ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                ), DATE '9999-12-31') AS end_day
            FROM tier_start
        )
        WHERE first_day < end_day AND (is_target OR tier IS NOT NULL)
        """,
    ),
    Step(
        "tier_state",
        "the listing of each account from every day on which it may change",
        """
        WITH bound AS (
            SELECT account_id, first_day AS day FROM tier_stay UNION SELECT account_id, end_day FROM tier_stay
        )
        SELECT
            b.account_id, b.day,
            coalesce(bool_or(s.is_target), false) AS is_target,
            p.tiers[coalesce(
                min(list_position(p.tiers, s.tier)) FILTER (s.is_target), min(list_position(p.tiers, s.tier))
            )] AS tier
        FROM bound AS b CROSS JOIN params AS p
        LEFT JOIN tier_stay AS s ON s.account_id = b.account_id AND s.first_day <= b.day AND b.day < s.end_day
        GROUP BY b.account_id, b.day, p.tiers
        """,
    ),
    Step(
        "new_tier_history",
        "stays on the list: states that differ from the one before, until the next",
        """
        WITH change AS (
            SELECT * FROM tier_state
            WINDOW account AS (PARTITION BY account_id ORDER BY day)
            QUALIFY row_number() OVER account = 1
                OR tier IS DISTINCT FROM lag(tier) OVER account
                OR is_target IS DISTINCT FROM lag(is_target) OVER account
        ),
        stay AS (
            SELECT *, lead(day) OVER (PARTITION BY account_id ORDER BY day) AS end_day FROM change
        )
        SELECT
            account_id, tier, is_target,
            timezone(zone, day::TIMESTAMP) AS valid_from,
            CASE WHEN end_day < DATE '9999-12-31' THEN timezone(zone, end_day::TIMESTAMP) END AS valid_to
        FROM stay CROSS JOIN params
        WHERE is_target OR tier IS NOT NULL
        """,
    ),
)
