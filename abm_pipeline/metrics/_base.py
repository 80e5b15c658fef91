"""The shared steps that metrics read: who an account is, what was on the list, deals and closed deals, as of a day.

Belongs here: steps that read facts, identity and scores and yield relations for many metrics. Not here: the wide
account table (`_accounts`), or what a metric means (its own file).

A state "as of D" is the one valid at the end of D in the reporting zone. A version valid from one instant to another
is so on the days `local day of valid_from … local day of valid_to − 1`; hence all SQL below works on days.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import Type
from abm_pipeline.metrics._kept import Kept
from abm_pipeline.metrics._segments import quintile
from abm_pipeline.metrics._setup import WHO_DID
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.journal import ENDS
from abm_pipeline.storage.lake import Input

DEAL_WINDOW_DAYS = 90
"""Trailing window of the metrics of closed deals."""

LONGEST_DEAL_WINDOW_DAYS = 365
"""The longest window of metrics that split closed deals by the score at their creation (annual_contract_value)."""

REACHED_DAYS = 90
"""Days up to a deal's creation in which a campaign must have reached the account, to have been personal to it."""

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
DEAL_LEVEL = Step(
    "deal_level",
    "From a day on: an account's open deals and their amount, and what it has bought so far. Amounts that could not be "
    "converted are not in the sums; the run's notes count them.",
    """
    WITH edge AS (
        SELECT account_id, from_day AS day, 1 AS deals, CAST(NOT is_closed AS INTEGER) AS opened, 0 AS won,
               CASE WHEN NOT is_closed THEN coalesce(amount_reporting, 0) ELSE 0 END AS open_amount, 0 AS won_amount
        FROM deal_version WHERE account_id IS NOT NULL
        UNION ALL
        SELECT account_id, until_day + 1, -1, -CAST(NOT is_closed AS INTEGER), 0,
               CASE WHEN NOT is_closed THEN -coalesce(amount_reporting, 0) ELSE 0 END, 0
        FROM deal_version WHERE account_id IS NOT NULL
        UNION ALL
        SELECT account_id, greatest(from_day, closed_day), 0, 0, 1, 0, coalesce(amount_reporting, 0)
        FROM deal_version WHERE account_id IS NOT NULL AND is_won AND closed_day <= until_day
        UNION ALL
        SELECT account_id, until_day + 1, 0, 0, -1, 0, -coalesce(amount_reporting, 0)
        FROM deal_version WHERE account_id IS NOT NULL AND is_won AND closed_day <= until_day
    ),
    change AS (
        SELECT account_id, day, sum(deals) AS deals, sum(opened) AS opened, sum(won) AS won,
               sum(open_amount) AS open_amount, sum(won_amount) AS won_amount
        FROM edge GROUP BY account_id, day
    )
    SELECT account_id, day AS from_day, CAST(sum(deals) OVER upto AS BIGINT) AS deals,
           CAST(sum(opened) OVER upto AS BIGINT) AS open_deals, CAST(sum(won) OVER upto AS BIGINT) AS won_deals,
           sum(open_amount) OVER upto AS open_pipeline, sum(won_amount) OVER upto AS won_revenue
    FROM change WINDOW upto AS (PARTITION BY account_id ORDER BY day ROWS UNBOUNDED PRECEDING)
    """,
)
DEAL_ORIGIN = Kept(
    "deal_origin",
    {"account_id": Type.TEXT, "engagement_quintile": Type.TEXT, "personalisation": Type.TEXT},
    key=("account_id",),
    asked=f"""
        SELECT DISTINCT created_day FROM deal_version, params p
        WHERE account_id IS NOT NULL AND from_day <= p.last_day AND until_day >= p.first_day
          AND (NOT is_closed OR closed_day > p.first_day - {LONGEST_DEAL_WINDOW_DAYS})
    """,
    reads=lambda _: (
        Input(T.ENGAGEMENT_SCORE),
        Input(T.TOUCH, REACHED_DAYS),
        Input(T.FACT_CAMPAIGN),
        Input(T.FACT_DEAL, way=ENDS),
        *WHO_DID,
    ),
    steps=(
        Step(
            "deal_origin",
            "Accounts on the days on which their deals were created, if open on a day asked for or closed in its year, "
            "as no metric shows others: the engagement quintile, and the most personal level (account, industry, "
            "generic) of the campaigns that had reached the account in the 90 days up to then. Exposures are included, "
            "since an ad is what was made personal.",
            f"""
            WITH created AS (
                SELECT DISTINCT v.account_id, f.account_no, v.created_day AS day
                FROM deal_version v SEMI JOIN days d ON d.day = v.created_day JOIN firm f USING (account_id)
            ),
            reached AS (
                SELECT DISTINCT coalesce(c.account_no, r.account_no) AS account_no, t.day,
                       CASE f.personalisation WHEN 'account' THEN 3 WHEN 'industry' THEN 2 ELSE 1 END AS level
                FROM facts.touch t
                JOIN facts.campaign f ON f.campaign_id = t.campaign_id
                 AND f.personalisation IN ('account', 'industry', 'generic')
                LEFT JOIN company_unit c ON c.company_key = t.company_key
                LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
                WHERE t.touch_type NOT IN (SELECT touch_type FROM failed_type)
                  AND coalesce(c.account_no, r.account_no) IN (SELECT account_no FROM created)
            ),
            -- Of each level, only the last day up to the deal's creation matters.
            most_personal AS (
                SELECT c.account_id, c.day, max(c.level) AS level
                FROM (SELECT *, unnest([1, 2, 3]) AS level FROM created) c
                ASOF JOIN reached r ON r.account_no = c.account_no AND r.level = c.level AND r.day <= c.day
                WHERE r.day > c.day - {REACHED_DAYS} GROUP BY c.account_id, c.day
            )
            SELECT c.day, c.account_id, {quintile("s")} AS engagement_quintile,
                   CASE m.level WHEN 3 THEN 'account' WHEN 2 THEN 'industry' WHEN 1 THEN 'generic' END
                       AS personalisation
            FROM created c CROSS JOIN params p
            LEFT JOIN scoring.engagement_score s
              ON s.account_id = c.account_id AND s.day = c.day AND s.window_days = p.score_window
            LEFT JOIN most_personal m ON m.account_id = c.account_id AND m.day = c.day
            """,
        ),
    ),
)
ENGAGED_START = Kept(
    "engaged_start",
    {"account_id": Type.TEXT, "engagement_quintile": Type.TEXT},
    key=("account_id",),
    asked="SELECT day FROM scored",
    reads=lambda _: (Input(T.ENGAGEMENT_SCORE, 2),),
    steps=(
        Step(
            "engaged_start",
            "Accounts that are over the engaged threshold and were not on the day before.",
            f"""
            WITH engaged AS (
                SELECT s.* FROM scoring.engagement_score s, params p
                WHERE s.is_engaged AND s.window_days = p.score_window
                  AND s.day BETWEEN p.first_day - 1 AND p.last_day
            )
            SELECT s.day, s.account_id, {quintile("s")} AS engagement_quintile
            FROM engaged s SEMI JOIN days USING (day)
            ANTI JOIN (SELECT account_id, CAST(day + 1 AS DATE) AS day FROM engaged) b USING (account_id, day)
            """,
        ),
    ),
)
KEPT = (DEAL_ORIGIN, ENGAGED_START)
"""Kept rows that DEALS read."""

DEAL = Step(
    "deal",
    "Deal versions with their segments: list and tier, and engagement quintile, at the end of the day the deal was "
    "created, so that a later tier move never counts a deal twice.",
    """
    WITH created AS (SELECT DISTINCT account_id, created_day FROM deal_version WHERE account_id IS NOT NULL),
    tier_then AS (
        SELECT c.account_id, c.created_day, arg_min(l.tier, l.tier_rank) AS tier
        FROM created c JOIN listed_span l
          ON l.account_id = c.account_id AND c.created_day BETWEEN l.from_day AND l.until_day
        GROUP BY ALL
    )
    SELECT v.*, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program, coalesce(t.tier, 'none') AS tier,
           coalesce(f.industry, 'unknown') AS industry, coalesce(f.region, 'unknown') AS region,
           coalesce(f.employee_band, 'unknown') AS employee_band,
           coalesce(o.engagement_quintile, 'unknown') AS engagement_quintile
    FROM deal_version v
    LEFT JOIN tier_then t ON t.account_id = v.account_id AND t.created_day = v.created_day
    LEFT JOIN deal_origin o ON o.account_id = v.account_id AND o.day = v.created_day
    LEFT JOIN firm f ON f.account_id = v.account_id
    """,
)
FIRST_ENGAGED = Step(
    "first_engaged",
    "Day on which an account first went over the engaged threshold, with its segments on that day. Accounts over it "
    "on the first day with scores are left out: when they began is not known; so are those of no cohort asked for.",
    f"""
    WITH begun AS (
        SELECT account_id, min(day) AS first_day, arg_min(engagement_quintile, day) AS engagement_quintile
        FROM engaged_start GROUP BY account_id
    ),
    asked AS (
        SELECT b.* FROM begun b, params p
        WHERE b.first_day > (SELECT min(day) FROM scored)
          AND b.first_day > p.first_day - {COHORT_DAYS + max(FOLLOW_UP_DAYS)}
    ),
    tier_then AS (
        SELECT b.account_id, arg_min(l.tier, l.tier_rank) AS tier
        FROM asked b JOIN listed_span l
          ON l.account_id = b.account_id AND b.first_day BETWEEN l.from_day AND l.until_day
        GROUP BY ALL
    )
    SELECT b.account_id, b.first_day, CASE WHEN t.tier IS NULL THEN 'non_abm' ELSE 'abm' END AS program,
           coalesce(t.tier, 'none') AS tier, coalesce(f.industry, 'unknown') AS industry,
           coalesce(f.region, 'unknown') AS region, coalesce(f.employee_band, 'unknown') AS employee_band,
           coalesce(f.owner, 'unknown') AS owner, b.engagement_quintile
    FROM asked b
    LEFT JOIN tier_then t ON t.account_id = b.account_id
    LEFT JOIN firm f ON f.account_id = b.account_id
    """,
)
WHO_IS_WHO = (UNIT, COMPANY_UNIT, PERSON_UNIT, PERSON_AT)
"""Run once for all tables of a refresh: what everything is placed by."""
ONCE = (PERSON_STAY, FIRM, LISTED_SPAN, DEAL_VERSION, DEAL_LEVEL)
"""After them, steps that do not depend on the days asked for; kept rows are made with them."""
DEALS = (DEAL, FIRST_ENGAGED)
"""After KEPT: the same, but for what they leave out; `params` tells the first and last day asked for."""

SCORE_HISTORY = Step(
    "score_history",
    "The champion's scores over its longest window, as far back as anybody reads. Only its files are attached.",
    """
    SELECT s.day, s.account_id, s.score, s.percentile, s.is_engaged
    FROM scoring.engagement_score s, params p WHERE s.window_days = p.score_window
    """,
    is_view=True,
)
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
DAILY = (SCORE_HISTORY, SCORE_DAY, LISTED, CLOSED, OPEN)
"""Steps over the days asked for."""
