"""The shared steps that metrics read: who an account is, what was on the list, deals and closed deals, as of a day.

Belongs here: steps that read facts, identity and scores and yield relations for many metrics. Not here: the wide
account table (`_accounts`), or what a metric means (its own file).

A state "as of D" is the one valid at the end of D in the reporting zone. A version valid from one instant to another
is so on the days `local day of valid_from … local day of valid_to − 1`; hence all SQL below works on days.
"""

from __future__ import annotations

from abm_pipeline.metrics._segments import quintile
from abm_pipeline.storage.engine import Step

DEAL_WINDOW_DAYS = 90
"""Trailing window of the metrics of closed deals."""

LONGEST_DEAL_WINDOW_DAYS = 365
"""The longest window of metrics that split closed deals by the score at their creation (annual_contract_value)."""

COHORT_DAYS = 90
"""Length of the cohort window of engagement_to_opportunity."""

FOLLOW_UP_DAYS = (30, 60, 90)
"""How long its cohorts are followed."""

UNIT = Step(
    "unit",
    "The account that numbers are kept by: the account itself, or its ultimate parent; numbered, to sort and join by, "
    "in an order that does not hang on ids, which remember what was served before.",
    """
    WITH leveled AS (
        SELECT a.account_id,
               CASE WHEN p.account_level = 'parent' THEN a.ultimate_parent_id ELSE a.account_id END AS unit_id
        FROM identity.account a, params p
    )
    SELECT l.account_id, l.unit_id, dense_rank() OVER (ORDER BY u.domain, u.name, l.unit_id) AS account_no
    FROM leveled l LEFT JOIN identity.account u ON u.account_id = l.unit_id
    """,
)
COMPANY_UNIT = Step(
    "company_unit",
    "company_key of facts → account.",
    """
    SELECT m.source || ':' || m.source_id AS company_key, u.unit_id AS account_id, u.account_no
    FROM identity.member m JOIN unit u USING (account_id)
    """,
)
PERSON_UNIT = Step(
    "person_unit",
    "contact_key of facts → person, account and role of today, and the day since when the record is known (the "
    "beginning, if not told). What somebody did is placed by `person_at`.",
    """
    SELECT r.source || ':' || r.source_id AS contact_key, r.person_id, u.unit_id AS account_id, u.account_no, r.role,
           r.is_deleted,
           coalesce(CAST(timezone(p.reporting_timezone, r.created_at) AS DATE), DATE '1900-01-01') AS known_day
    FROM identity.person r LEFT JOIN unit u USING (account_id), params p
    """,
)
PERSON_AT = Step(
    "person_at",
    "The same by day: account and role from one day to another, for ever but for who changed employer. Touches join it "
    "by key and day, so that each finds one row.",
    """
    WITH moved AS (
        SELECT h.source || ':' || h.source_id AS contact_key, u.unit_id AS account_id, u.account_no, h.role,
               h.valid_from_day AS from_day, coalesce(h.valid_to_day - 1, DATE '9999-12-30') AS until_day
        FROM identity.person_history h JOIN unit u USING (account_id)
    )
    SELECT *, DATE '1900-01-01' AS from_day, DATE '9999-12-30' AS until_day
    FROM person_unit ANTI JOIN moved USING (contact_key)
    UNION ALL BY NAME
    SELECT m.*, r.person_id, r.is_deleted, r.known_day FROM moved m JOIN person_unit r USING (contact_key)
    """,
)
PERSON_STAY = Step(
    "person_stay",
    "From when to when each record says that a person is known at an account: since its first day, until they changed "
    "employer or were deleted. Who is deleted is told by the record that stands for a person; one that no version told "
    "of before it was is known on no day.",
    """
    WITH gone AS (
        SELECT r.person_id, min(CAST(timezone(p.reporting_timezone, v.modified_at) AS DATE)) AS gone_day
        FROM staged.contact v JOIN person_unit r ON r.contact_key = v.source || ':' || v.source_id, params p
        WHERE v.is_deleted AND r.is_deleted AND r.contact_key = r.person_id GROUP BY r.person_id
    )
    SELECT a.account_id, a.person_id, greatest(a.known_day, a.from_day) AS stay_day,
           least(a.until_day, coalesce(g.gone_day - 1, a.until_day)) AS last_day
    FROM person_at a JOIN person_unit s ON s.contact_key = a.person_id LEFT JOIN gone g ON g.person_id = a.person_id
    WHERE a.account_id IS NOT NULL AND (NOT s.is_deleted OR g.gone_day IS NOT NULL) AND stay_day <= last_day
    """,
)
FIRM = Step(
    "firm",
    "What is known of each account, with the bounds of its committee: mapped, else by the first line of the "
    "programme whose min_employees is reached (an unknown size reaches only a line from 0).",
    """
    WITH sized AS (
        SELECT *, (SELECT min(c.position) FROM committee_size c WHERE c.min_employees <= coalesce(employee_count, 0))
                      AS size_position
        FROM identity.account
    )
    SELECT a.account_id, u.account_no, a.name, a.domain, coalesce(a.industry, 'unknown') AS industry,
           coalesce(a.region, 'unknown') AS region, a.employee_band, a.owner_name,
           coalesce(a.owner_name, 'unknown') AS owner,
           coalesce(a.committee_size, c.low) AS committee_low, coalesce(a.committee_size, c.high) AS committee_high
    FROM sized a
    JOIN unit u ON u.account_id = a.account_id AND u.unit_id = a.account_id
    LEFT JOIN committee_size c ON c.position = a.size_position
    """,
)
LISTED_SPAN = Step(
    "listed_span",
    "Days on which an account was on the ABM list, by tier. A parent has the highest tier among its family.",
    """
    WITH span AS (
        SELECT u.unit_id AS account_id, t.tier,
               CAST(timezone(p.reporting_timezone, t.valid_from) AS DATE) AS from_day,
               coalesce(CAST(timezone(p.reporting_timezone, t.valid_to) AS DATE) - 1, DATE '9999-12-30') AS until_day
        FROM identity.tier_history t JOIN unit u USING (account_id), params p
        WHERE t.is_target
    )
    SELECT account_id, coalesce(tier, 'unknown') AS tier, from_day, until_day,
           CASE tier WHEN 'one_to_one' THEN 1 WHEN 'one_to_few' THEN 2 WHEN 'one_to_many' THEN 3 ELSE 4 END AS tier_rank
    FROM span WHERE from_day <= until_day
    """,
)
DEAL_VERSION = Step(
    "deal_version",
    "Each deal's state by days of validity. Versions that lasted less than a day's end drop out.",
    """
    WITH dated AS (
        SELECT d.*, c.account_id, coalesce(d.owner_name, d.owner_id, 'unknown') AS owner,
               CAST(timezone(p.reporting_timezone, d.valid_from) AS DATE) AS from_day,
               coalesce(CAST(timezone(p.reporting_timezone, d.valid_to) AS DATE) - 1, DATE '9999-12-30') AS until_day,
               CAST(timezone(p.reporting_timezone, d.created_at) AS DATE) AS created_day
        FROM facts.deal d LEFT JOIN company_unit c USING (company_key), params p
    )
    SELECT * FROM dated WHERE from_day <= until_day
    """,
)
DEAL = Step(
    "deal",
    "Deal versions with their segments: list and tier, and engagement quintile, at the end of the day the deal was "
    "created, so that a later tier move never counts a deal twice.",
    f"""
    WITH created AS (SELECT DISTINCT account_id, created_day FROM deal_version WHERE account_id IS NOT NULL),
    tier_then AS (
        SELECT c.account_id, c.created_day, arg_min(l.tier, l.tier_rank) AS tier
        FROM created c JOIN listed_span l
          ON l.account_id = c.account_id AND c.created_day BETWEEN l.from_day AND l.until_day
        GROUP BY ALL
    ),
    -- Scores are read for the deals alone that are open on a day asked for, or closed in its year: of no other does a
    -- metric show the quintile.
    asked AS (
        SELECT DISTINCT account_id, created_day AS day
        FROM deal_version, params p
        WHERE account_id IS NOT NULL AND from_day <= p.last_day AND until_day >= p.first_day
          AND (NOT is_closed OR closed_day > p.first_day - {LONGEST_DEAL_WINDOW_DAYS})
    ),
    score_then AS (
        SELECT s.account_id, s.day AS created_day, {quintile("s")} AS engagement_quintile
        FROM score_history s SEMI JOIN asked a ON a.account_id = s.account_id AND a.day = s.day
    )
    SELECT v.*, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program, coalesce(t.tier, 'none') AS tier,
           coalesce(f.industry, 'unknown') AS industry, coalesce(f.region, 'unknown') AS region,
           coalesce(f.employee_band, 'unknown') AS employee_band,
           coalesce(s.engagement_quintile, 'unknown') AS engagement_quintile
    FROM deal_version v
    LEFT JOIN tier_then t ON t.account_id = v.account_id AND t.created_day = v.created_day
    LEFT JOIN score_then s ON s.account_id = v.account_id AND s.created_day = v.created_day
    LEFT JOIN firm f ON f.account_id = v.account_id
    """,
)
SCORE_HISTORY = Step(
    "score_history",
    "The champion's scores over its longest window, on every day there is. Only its files are attached.",
    """
    SELECT s.day, s.account_id, s.score, s.percentile, s.is_engaged
    FROM scoring.engagement_score s, params p WHERE s.window_days = p.score_window
    """,
    is_view=True,
)
FIRST_ENGAGED = Step(
    "first_engaged",
    "Day on which an account first went over the engaged threshold, with its segments on that day. Accounts over it "
    "on the first day with scores are left out: when they began is not known; so are those of no cohort asked for.",
    f"""
    WITH known AS (SELECT account_id, min(day) AS first_day FROM score_history WHERE is_engaged GROUP BY account_id),
    asked AS (
        SELECT account_id, known.first_day AS day FROM known, params p
        WHERE known.first_day > (SELECT min(day) FROM scoring.engagement_score)
          AND known.first_day > p.first_day - {COHORT_DAYS + max(FOLLOW_UP_DAYS)}
    ),
    begun AS (
        SELECT s.account_id, s.day AS first_day, {quintile("s")} AS engagement_quintile
        FROM score_history s SEMI JOIN asked a ON a.account_id = s.account_id AND a.day = s.day
    ),
    tier_then AS (
        SELECT b.account_id, arg_min(l.tier, l.tier_rank) AS tier
        FROM begun b JOIN listed_span l
          ON l.account_id = b.account_id AND b.first_day BETWEEN l.from_day AND l.until_day
        GROUP BY ALL
    )
    SELECT b.account_id, b.first_day, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
           coalesce(t.tier, 'none') AS tier, coalesce(f.industry, 'unknown') AS industry,
           coalesce(f.region, 'unknown') AS region, coalesce(f.employee_band, 'unknown') AS employee_band,
           coalesce(f.owner, 'unknown') AS owner, b.engagement_quintile
    FROM begun b
    LEFT JOIN tier_then t ON t.account_id = b.account_id
    LEFT JOIN firm f ON f.account_id = b.account_id
    """,
)
ONCE = (
    UNIT,
    COMPANY_UNIT,
    PERSON_UNIT,
    PERSON_AT,
    PERSON_STAY,
    FIRM,
    LISTED_SPAN,
    DEAL_VERSION,
    SCORE_HISTORY,
    DEAL,
    FIRST_ENGAGED,
)
"""Steps that do not depend on the days asked for, but for what they leave out: `params` tells their first and last."""

SCORE_DAY = Step(
    "score_day",
    "The champion's scores on the days asked for, in all its windows.",
    """
    SELECT s.* FROM scoring.engagement_score s SEMI JOIN days USING (day), params p
    WHERE s.model = p.champion AND s.model_version = p.model_version AND s.day BETWEEN p.first_day AND p.last_day
    """,
)
LISTED = Step(
    "listed",
    "Accounts on the ABM list at the end of each day, with the tier then.",
    """
    WITH expanded AS (
        SELECT l.account_id, l.tier, l.tier_rank,
               unnest(generate_series(greatest(l.from_day, p.first_day), least(l.until_day, p.last_day),
                                      INTERVAL 1 DAY))::DATE AS day
        FROM listed_span l, params p
    )
    SELECT day, account_id, arg_min(tier, tier_rank) AS tier
    FROM expanded SEMI JOIN days USING (day) GROUP BY day, account_id
    """,
)
CLOSED = Step(
    "closed",
    "Deals closed in the trailing window of each day, in the state known then; the day the deal is dated closed counts "
    "once the books say so. Cycle days are null where the deal is dated closed before it was created.",
    f"""
    WITH expanded AS (
        SELECT d.*, unnest(generate_series(
                   greatest(d.from_day, d.closed_day, p.first_day),
                   least(d.until_day, d.closed_day + {DEAL_WINDOW_DAYS - 1}, p.last_day), INTERVAL 1 DAY))::DATE AS day
        FROM deal d, params p WHERE d.is_closed AND d.closed_day IS NOT NULL
    )
    SELECT *, {DEAL_WINDOW_DAYS} AS window_days,
           CASE WHEN closed_day >= created_day THEN closed_day - created_day END AS cycle_days
    FROM expanded SEMI JOIN days USING (day)
    """,
)
OPEN = Step(
    "open_deal",
    "Deals open at the end of each day.",
    """
    WITH expanded AS (
        SELECT d.*, unnest(generate_series(greatest(d.from_day, p.first_day), least(d.until_day, p.last_day),
                                           INTERVAL 1 DAY))::DATE AS day
        FROM deal d, params p WHERE NOT d.is_closed
    )
    SELECT * FROM expanded SEMI JOIN days USING (day)
    """,
)
DAILY = (SCORE_DAY, LISTED, CLOSED, OPEN)
"""Steps over the days asked for."""
