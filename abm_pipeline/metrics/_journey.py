"""The journey stage of the list on every day of the quarter before a day: who moved on, and since when each is there.

Belongs here: the part of progression and time_in_stage. Stages are those of `account_stage`, by the same rule; those of
the days before are kept, and made where they are not, so that a day's numbers do not depend on which other days were
computed. Only days with scores count: before the first of them nobody's stage is known.
"""

from __future__ import annotations

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import ACCOUNT_STAGES, Type
from abm_pipeline.metrics._accounts import ENGAGED_DAYS, STAGE
from abm_pipeline.metrics._kept import Kept
from abm_pipeline.metrics._setup import WHO
from abm_pipeline.metrics._spec import Part
from abm_pipeline.metrics._starts import STARTS, WINDOWS
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

LOOKBACK = max(WINDOWS)
_BEST = ", ".join(
    f"max(stage_no) OVER (PARTITION BY account_id ORDER BY day RANGE BETWEEN INTERVAL 1 DAY FOLLOWING "
    f"AND INTERVAL {window} DAYS FOLLOWING) AS best_{window}"
    for window in WINDOWS
)

STAGE_DAY = Kept(
    "stage_day",
    {"account_id": Type.TEXT, "tier": Type.TEXT, "stage_no": Type.INT, "is_new": Type.BOOL},
    key=("account_id",),
    asked="SELECT day FROM scored",
    window_days=LOOKBACK + 1,
    reads=lambda journey: (
        Input(T.TOUCH, max(ENGAGED_DAYS, journey.aware_window_days) + 1),
        Input(T.ENGAGEMENT_SCORE, 2),
        Input(T.FACT_DEAL),
        *WHO,
    ),
    steps=(
        Step(
            "journey_item",
            "Persons engaged, and accounts reached at all, by day: what a stage asks of touches.",
            f"""
            WITH placed AS (
                SELECT coalesce(c.account_no, r.account_no) AS account_no, t.day,
                       CASE WHEN NOT t.is_exposure AND e.touch_type IS NOT NULL THEN hash(r.person_id) END AS contact,
                       r.person_id IS NOT NULL AS is_named
                FROM facts.touch t
                JOIN params p ON t.day >= p.first_day - greatest({ENGAGED_DAYS}, p.aware_window)
                LEFT JOIN company_unit c ON c.company_key = t.company_key
                LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
                LEFT JOIN engaging_type e ON e.touch_type = t.touch_type
                WHERE t.touch_type NOT IN (SELECT touch_type FROM failed_type)
            ),
            seen AS (
                SELECT 'contacts' AS kind, account_no, contact AS item, day FROM placed
                WHERE contact IS NOT NULL AND is_named
                UNION ALL
                SELECT 'aware', account_no, 0, day FROM placed
            )
            SELECT kind, account_no, item, max(day) AS day FROM seen, params p WHERE account_no IS NOT NULL
            GROUP BY kind, account_no, item, greatest(day, p.first_day - 1)
            """,
        ),
        Step(
            "journey_reach",
            "From a day on: how many persons are engaged, and whether the account is reached, in their windows.",
            f"""
            WITH stay AS (
                SELECT i.*, CASE kind WHEN 'contacts' THEN {ENGAGED_DAYS} ELSE p.aware_window END AS days,
                       day - lag(day) OVER w AS since, lead(day) OVER w - day AS until
                FROM journey_item i, params p WINDOW w AS (PARTITION BY kind, account_no, item ORDER BY day)
            ),
            edge AS (
                SELECT kind, account_no, day, 1 AS weight FROM stay WHERE since IS NULL OR since >= days
                UNION ALL
                SELECT kind, account_no, day + days, -1 FROM stay WHERE until IS NULL OR until >= days
            ),
            change AS (
                SELECT account_no, greatest(day, first_day - 1) AS day,
                       coalesce(sum(weight) FILTER (kind = 'contacts'), 0) AS contacts,
                       coalesce(sum(weight) FILTER (kind = 'aware'), 0) AS aware
                FROM edge, params WHERE day <= last_day GROUP BY account_no, greatest(day, first_day - 1)
            )
            SELECT account_no, day AS from_day, CAST(sum(contacts) OVER w AS BIGINT) AS contacts,
                   CAST(sum(aware) OVER w AS BIGINT) AS aware
            FROM change WINDOW w AS (PARTITION BY account_no ORDER BY day)
            """,
        ),
        Step(
            "journey_score",
            "The champion's scores in the journey's window.",
            """
            SELECT s.day, s.account_id, s.score, s.is_engaged FROM scoring.engagement_score s JOIN params p
              ON s.model = p.champion AND s.model_version = p.model_version AND s.window_days = p.journey_window
            WHERE s.day BETWEEN p.first_day - 1 AND p.last_day
            """,
        ),
        Step(
            "stage_day",
            "The stage, from 1 (unaware), of each listed account on each day with scores, and whether it was in "
            "another one the day before, or in none: off the list, or without scores.",
            f"""
            WITH expanded AS (
                SELECT l.account_id, l.tier, l.tier_rank,
                       unnest(generate_series(greatest(l.from_day, p.first_day - 1),
                                              least(l.until_day, p.last_day), INTERVAL 1 DAY))::DATE AS day
                FROM listed_span l, params p
            ),
            here AS (
                SELECT x.day, x.account_id, f.account_no, arg_min(x.tier, x.tier_rank) AS tier
                FROM expanded x SEMI JOIN journey_score s USING (day) JOIN firm f USING (account_id) GROUP BY ALL
            ),
            staged AS (
                SELECT u.day, u.account_id, u.tier,
                       list_position([{", ".join(f"'{stage}'" for stage in ACCOUNT_STAGES)}], {STAGE}) AS stage_no
                FROM here u CROSS JOIN params p
                LEFT JOIN journey_score e ON e.account_id = u.account_id AND e.day = u.day
                ASOF LEFT JOIN journey_reach r ON r.account_no = u.account_no AND r.from_day <= u.day
                ASOF LEFT JOIN deal_level d ON d.account_id = u.account_id AND d.from_day <= u.day
            ),
            marked AS (
                SELECT *, NOT coalesce(lag(stage_no) OVER w = stage_no AND lag(day) OVER w = day - 1, false) AS is_new
                FROM staged WINDOW w AS (PARTITION BY account_id ORDER BY day)
            )
            SELECT * FROM marked SEMI JOIN days USING (day)
            """,
        ),
    ),
)

JOURNEY = Part(
    "journey_day",
    needs=(STARTS,),
    choices=("journey",),
    kept=(STAGE_DAY,),
    steps=(
        Step(
            "stage_start",
            "Accounts at the start of each window, with their stage then, and whether they came into a later one "
            "within it.",
            f"""
            WITH told AS (
                SELECT s.* FROM stage_day s, params p
                WHERE s.day BETWEEN p.first_day - {LOOKBACK} AND p.last_day
                  AND (s.is_new OR s.day IN (SELECT start_day FROM window_start))
            )
            SELECT w.day, w.window_days, s.account_id, s.tier, f.industry, f.region, f.employee_band, s.stage_no,
                   coalesce(CASE w.window_days {" ".join(f"WHEN {w} THEN s.best_{w}" for w in WINDOWS)} END
                            > s.stage_no, false) AS is_moved
            FROM window_start w JOIN (SELECT *, {_BEST} FROM told) s ON s.day = w.start_day
            JOIN firm f USING (account_id)
            """,
        ),
        Step(
            "journey_day",
            f"Since how many days each account is in its stage, at most {LOOKBACK + 1}. A day off the list begins "
            "anew; days without scores do not.",
            f"""
            WITH gap AS (
                SELECT day, lag(day) OVER (ORDER BY day) AS day_before FROM scored QUALIFY day_before < day - 1
            ),
            told AS (
                SELECT s.* FROM stage_day s, params p
                WHERE s.day BETWEEN p.first_day - {LOOKBACK} AND p.last_day
                  AND (s.is_new OR s.day IN (SELECT day FROM days) OR s.day IN (SELECT day_before FROM gap))
            ),
            begun AS (
                SELECT t.* REPLACE (t.is_new AND NOT coalesce(
                           lag(t.stage_no) OVER w = t.stage_no AND lag(t.day) OVER w = g.day_before, false) AS is_new)
                FROM told t LEFT JOIN gap g ON g.day = t.day WINDOW w AS (PARTITION BY t.account_id ORDER BY t.day)
            ),
            since AS (
                SELECT *, max(CASE WHEN is_new THEN day END) OVER (PARTITION BY account_id ORDER BY day) AS since_day
                FROM begun
            )
            SELECT day, account_id, tier, stage_no,
                   CAST(least(coalesce(day - since_day, {LOOKBACK}), {LOOKBACK}) + 1 AS BIGINT) AS stage_days
            FROM since SEMI JOIN days USING (day)
            """,
        ),
    ),
    columns=("stage_days",),
)
