"""The ABM list over time: tier and target flag of every account, from what CRM records say and said.

Where the source tracks changes of the fields (`staged.company_change`), those are the record's history: the value
before the first change holds since the record's creation, each new value from the day of its change.

Where it does not, captured versions are all there is. A version holds from the day the source names (`tier_since_day`),
if that was newly set; the first known version otherwise from the record's creation, a later one from its modification;
what was read later overrules from its start on. What a source forgets is then not known here either: of a tier that
began and ended before the first capture nothing is left, days before the first `tier_since_day` count as not listed.

Deletion ends the stay. Where two live records of an account in one source are listed at once, the higher tier of the
targets counts. Where several sources have said anything of an account's tier or target flag by a day, the first of them
in the programme's precedence decides that day, also that the account is not listed.
`valid_from` and `valid_to` are starts of days in the reporting zone; days off the list have no row.
"""

from __future__ import annotations

from abm_pipeline.storage.engine import Step

TIERS = (
    Step(
        "tier_version",
        "every captured version of a record, once, with the listing it states",
        """
        SELECT
            r.account_id, r.record_key, c.created_at, c.modified_at, c.is_deleted,
            CASE WHEN NOT c.is_deleted THEN c.tier END AS tier,
            NOT c.is_deleted AND coalesce(c.is_target, c.tier IS NOT NULL) AS is_target,
            c.is_target IS NOT NULL OR c.tier IS NOT NULL AS is_said,
            c.tier_since_day
        FROM staged.company AS c
        JOIN record_account AS r ON r.source = c.source AND r.source_id = c.source_id
        QUALIFY row_number() OVER (
            PARTITION BY c.source, c.source_id, c.modified_at ORDER BY c.captured_at DESC, c.day DESC
        ) = 1
        """,
    ),
    Step(
        "tracked_value",
        "values of tracked fields from their instant on, empty text for none; the first old value from the creation on",
        """
        WITH tracked AS (
            SELECT r.account_id, r.record_key, r.created_at, c.*
            FROM latest_company_change AS c
            JOIN record_account AS r ON r.source = c.source AND r.source_id = c.company_source_id
            WHERE NOT c.is_deleted AND c."column" IN ('tier', 'is_target')
        )
        SELECT account_id, record_key, "column", entered_at AS start_at, 1 AS turn,
            arg_max(coalesce(value_now, ''), source_id) AS value
        FROM tracked GROUP BY ALL
        UNION ALL
        SELECT account_id, record_key, "column", least(any_value(created_at), min(entered_at)), 0,
            arg_min(coalesce(value_first, ''), (entered_at, source_id))
        FROM tracked GROUP BY account_id, record_key, "column"
        """,
    ),
    Step(
        "tracked_version",
        "tier and target flag together at each instant at which one changed; an untracked one as first captured",
        """
        WITH point AS (
            SELECT account_id, record_key, start_at, turn,
                max(value) FILTER ("column" = 'tier') AS tier, max(value) FILTER ("column" = 'is_target') AS is_target
            FROM tracked_value GROUP BY account_id, record_key, start_at, turn
        ),
        first_capture AS (
            SELECT record_key, arg_min(coalesce(tier, ''), modified_at) AS tier,
                arg_min(is_target, modified_at) AS is_target
            FROM tier_version WHERE NOT is_deleted GROUP BY record_key
        )
        SELECT
            p.account_id, p.record_key, p.start_at, p.turn,
            nullif(coalesce(last_value(p.tier IGNORE NULLS) OVER record, f.tier), '') AS tier,
            coalesce(last_value(p.is_target IGNORE NULLS) OVER record = 'true', f.is_target, false) AS is_target
        FROM point AS p LEFT JOIN first_capture AS f USING (record_key)
        WINDOW record AS (PARTITION BY p.record_key ORDER BY p.start_at, p.turn)
        """,
    ),
    Step(
        "tier_start",
        "the day from which each version holds; `place` is the order of reading",
        """
        WITH captured AS (
            SELECT
                v.account_id, v.record_key, v.modified_at AS start_at, 2 AS turn, v.tier, v.is_target, v.is_said,
                CASE
                    WHEN v.is_deleted OR h.record_key IS NOT NULL THEN timezone(zone, modified_at)::DATE
                    WHEN tier_since_day IS NOT NULL
                        AND tier_since_day IS DISTINCT FROM lag(tier_since_day) OVER record THEN tier_since_day
                    WHEN row_number() OVER record = 1 THEN timezone(zone, coalesce(created_at, modified_at))::DATE
                    ELSE timezone(zone, modified_at)::DATE
                END AS first_day
            FROM tier_version AS v CROSS JOIN params
            LEFT JOIN (SELECT DISTINCT record_key FROM tracked_version) AS h USING (record_key)
            WINDOW record AS (PARTITION BY record_key ORDER BY modified_at)
        )
        SELECT *, row_number() OVER (PARTITION BY record_key ORDER BY start_at, turn) AS place
        FROM (
            SELECT * FROM captured
            UNION ALL
            SELECT v.*, true, timezone(zone, v.start_at)::DATE FROM tracked_version AS v CROSS JOIN params
        )
        """,
    ),
    Step(
        "tier_voice",
        "sources that have said anything of an account's listing, from when on, and their place in the precedence",
        """
        SELECT v.*, (coalesce(list_position(p.precedence['tier'], v.source), 999), v.source) AS voice
        FROM (
            SELECT account_id, split_part(record_key, ':', 1) AS source, min(first_day) AS first_day
            FROM tier_start WHERE is_said GROUP BY ALL
        ) AS v CROSS JOIN params AS p
        """,
    ),
    Step(
        "tier_stay",
        "days on which a record is listed, until any later version starts",
        """
        SELECT * FROM (
            SELECT
                account_id, split_part(record_key, ':', 1) AS source, tier, is_target, first_day,
                coalesce(min(first_day) OVER (
                    PARTITION BY record_key ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
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
            SELECT account_id, first_day AS day FROM tier_stay
            UNION SELECT account_id, end_day FROM tier_stay
            UNION SELECT account_id, first_day FROM tier_voice
        ),
        heard AS (
            SELECT b.account_id, b.day, arg_min(v.source, v.voice) AS source
            FROM bound AS b JOIN tier_voice AS v ON v.account_id = b.account_id AND v.first_day <= b.day
            GROUP BY ALL
        )
        SELECT
            h.account_id, h.day,
            coalesce(bool_or(s.is_target), false) AS is_target,
            p.tiers[coalesce(
                min(list_position(p.tiers, s.tier)) FILTER (s.is_target), min(list_position(p.tiers, s.tier))
            )] AS tier
        FROM heard AS h CROSS JOIN params AS p
        LEFT JOIN tier_stay AS s
            ON s.account_id = h.account_id AND s.source = h.source AND s.first_day <= h.day AND h.day < s.end_day
        GROUP BY h.account_id, h.day, p.tiers
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
