"""Signals of customers on a day: use, adoption, tickets, satisfaction, engagement, trend, renewal; and the health made
of them.

Each signal is from 0 to 100. A signal of which nothing is known is missing, and the others share its weight:

- usage: days with use in the last 30 over `usage_full_days`; missing where there was no use in the last 365.
- adoption: features used in the last 30 days over all that anybody used in them; missing as usage is.
- tickets: 100 less what the tickets opened in the last 90 days take by priority; missing while there are none at all.
- nps, csat: mean answer over its scale (0 to 10, 1 to 5); missing without a valid answer.
- engagement: by band of the score: hot 100, warm 75, cool 50, cold 25, none 0; missing without a score.
- trend: 50 for what was paid 90 days ago, 0 for nothing of it, 100 for twice as much; missing for newer customers.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._customers import CUSTOMERS, QUARTER
from abm_pipeline.metrics._spec import Part
from abm_pipeline.metrics._voice import VOICE
from abm_pipeline.programme import Programme
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.lake import Input

USE_DAYS, TRACKED_DAYS, TICKET_DAYS, VOLUME_DAYS = 30, 365, 90, 30
SIGNALS = ("usage", "adoption", "tickets", "nps", "csat", "engagement", "trend")


def _set_health(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    """Make `health_choice`, one row, with a column `weight_<signal>` for each, and `ticket_price` by priority."""
    health = programme.customers.health
    weights = ", ".join(f"?::INTEGER AS weight_{signal}" for signal in SIGNALS)
    con.execute(
        "CREATE OR REPLACE TABLE health_choice AS SELECT ?::INTEGER AS usage_full_days, "
        f"?::DOUBLE AS at_risk_below, ?::INTEGER AS normal_ticket, {weights}",
        [
            health.usage_full_days,
            health.at_risk_below,
            health.ticket_cost.get("normal", 0),
            *(health.weights.get(signal, 0) for signal in SIGNALS),  # type: ignore[call-overload]
        ],
    )
    con.execute(
        "CREATE OR REPLACE TABLE ticket_price AS SELECT unnest(?::VARCHAR[]) AS priority, "
        "unnest(?::INTEGER[]) AS price",
        [list(health.ticket_cost), list(health.ticket_cost.values())],
    )


USE = Step(
    "use_level",
    "From a day on: days with use, users of those days, and features in 30 days; whether there was use in 365. A row "
    "without an account tells how many features anybody used. Made of arrivals and leavings; of what has left before "
    "the first day asked for, an account's last use is all that matters.",
    f"""
    WITH used AS (
        SELECT c.account_id, u.day, u.product || '/' || coalesce(u.feature, '') AS feature,
               max(coalesce(u.active_users, 1)) AS users
        FROM facts.usage u JOIN company_unit c USING (company_key), params p
        WHERE coalesce(u.active_users, 1) > 0 AND u.day > p.first_day - {USE_DAYS}
        GROUP BY ALL
    ),
    before AS (
        SELECT c.account_id, max(u.day) AS day
        FROM (
            SELECT u.company_key, max(u.day) AS day FROM facts.usage u, params p
            WHERE coalesce(u.active_users, 1) > 0 AND u.day <= p.first_day - {USE_DAYS} GROUP BY u.company_key
        ) u JOIN company_unit c USING (company_key)
        GROUP BY c.account_id
    ),
    item AS (
        SELECT 'day' AS kind, account_id, '' AS item, day, max(users) AS users FROM used GROUP BY ALL
        UNION ALL SELECT 'day', account_id, '', day, 0 FROM before
        UNION ALL SELECT 'feature', account_id, feature, day, 0 FROM used
        UNION ALL SELECT 'feature', NULL, feature, day, 0 FROM used GROUP BY ALL
    ),
    stay AS (
        SELECT *, day - lag(day) OVER by_day AS since, lead(day) OVER by_day - day AS until
        FROM item WINDOW by_day AS (PARTITION BY kind, account_id, item ORDER BY day)
    ),
    edge AS (
        SELECT account_id, day, 1 AS used_days, users, 0 AS features, 0 AS tracked FROM stay WHERE kind = 'day'
        UNION ALL SELECT account_id, day + {USE_DAYS}, -1, -users, 0, 0 FROM stay WHERE kind = 'day'
        UNION ALL SELECT account_id, day, 0, 0, 1, 0 FROM stay
                  WHERE kind = 'feature' AND (since IS NULL OR since >= {USE_DAYS})
        UNION ALL SELECT account_id, day + {USE_DAYS}, 0, 0, -1, 0 FROM stay
                  WHERE kind = 'feature' AND (until IS NULL OR until >= {USE_DAYS})
        UNION ALL SELECT account_id, day, 0, 0, 0, 1 FROM stay
                  WHERE kind = 'day' AND (since IS NULL OR since >= {TRACKED_DAYS})
        UNION ALL SELECT account_id, day + {TRACKED_DAYS}, 0, 0, 0, -1 FROM stay
                  WHERE kind = 'day' AND (until IS NULL OR until >= {TRACKED_DAYS})
    )
    SELECT coalesce(account_id, '') AS account_id, day AS from_day,
           CAST(sum(sum(used_days)) OVER upto AS BIGINT) AS used_days,
           CAST(sum(sum(users)) OVER upto AS BIGINT) AS users,
           CAST(sum(sum(features)) OVER upto AS BIGINT) AS features,
           sum(sum(tracked)) OVER upto > 0 AS is_tracked
    FROM edge GROUP BY account_id, day
    WINDOW upto AS (PARTITION BY account_id ORDER BY day)
    """,
)
TICKET_PLACED = Step(
    "ticket_placed",
    "Tickets with their account and what each takes from health.",
    """
    SELECT coalesce(c.account_id, r.account_id) AS account_id, t.day, coalesce(t.priority, 'none') AS priority,
           coalesce(p.price, h.normal_ticket) AS price
    FROM facts.ticket t CROSS JOIN health_choice h
    LEFT JOIN ticket_price p USING (priority)
    LEFT JOIN company_unit c ON c.company_key = t.company_key
    LEFT JOIN person_at r ON r.contact_key = t.contact_key AND t.day BETWEEN r.from_day AND r.until_day
    """,
)
TICKET_LEVEL = Step(
    "ticket_level",
    "From a day on: what an account's tickets of 90 days take from its health; without an account: of all tickets, "
    "their number.",
    f"""
    WITH edge AS (
        SELECT account_id, day, price FROM ticket_placed WHERE account_id IS NOT NULL
        UNION ALL SELECT account_id, day + {TICKET_DAYS}, -price FROM ticket_placed WHERE account_id IS NOT NULL
        UNION ALL SELECT '', day, 1 FROM ticket_placed
        UNION ALL SELECT '', day + {TICKET_DAYS}, -1 FROM ticket_placed
    )
    SELECT account_id, day AS from_day,
           CAST(sum(sum(price)) OVER (PARTITION BY account_id ORDER BY day) AS BIGINT) AS price
    FROM edge GROUP BY account_id, day
    """,
)
RENEWAL = Step(
    "renewal",
    "Days to the next anniversary of any of a customer's running subscriptions.",
    """
    WITH running AS (
        SELECT DISTINCT d.day, p.account_id, p.started_day
        FROM days d JOIN paid p ON d.day >= p.valid_from_day AND d.day < p.until_day
        WHERE p.started_day IS NOT NULL
    ),
    this_year AS (
        SELECT *, CAST(started_day + to_years(year(day) - year(started_day)) AS DATE) AS anniversary FROM running
    )
    SELECT day, account_id, min(CASE WHEN anniversary > day THEN anniversary
               ELSE CAST(started_day + to_years(year(day) - year(started_day) + 1) AS DATE) END - day) AS renewal_days
    FROM this_year GROUP BY day, account_id
    """,
)
SIGNAL = Step(
    "signal_day",
    "Each customer's signals on each day; null where nothing is known.",
    f"""
    WITH said AS (
        SELECT day, account_id,
               sum(score) FILTER (survey_type = 'nps') / count(*) FILTER (survey_type = 'nps') AS nps,
               sum(score) FILTER (survey_type = 'csat') / count(*) FILTER (survey_type = 'csat') AS csat
        FROM answer_day WHERE account_id IS NOT NULL GROUP BY day, account_id
    ),
    everyone AS (
        SELECT d.day, u.features AS features_known, t.price > 0 AS has_tickets
        FROM days d
        ASOF LEFT JOIN (FROM use_level WHERE account_id = '') u ON u.from_day <= d.day
        ASOF LEFT JOIN (FROM ticket_level WHERE account_id = '') t ON t.from_day <= d.day
    )
    SELECT c.*, coalesce(u.used_days, 0) AS used_days, coalesce(u.users, 0) AS user_days,
           coalesce(u.features, 0) AS features, coalesce(u.is_tracked, false) AS is_tracked,
           coalesce(e.features_known, 0) AS features_known, r.renewal_days,
           CASE WHEN u.is_tracked THEN least(100.0, u.used_days * 100.0 / h.usage_full_days) END AS usage,
           CASE WHEN u.is_tracked AND e.features_known > 0 THEN u.features * 100.0 / e.features_known END AS adoption,
           CASE WHEN e.has_tickets THEN greatest(0, 100.0 - coalesce(t.price, 0)) END AS tickets,
           -- least and greatest leave nulls out, so they must not see one
           CASE WHEN s.nps IS NOT NULL THEN greatest(0.0, least(100.0, CAST(s.nps * 10 AS DOUBLE))) END AS nps,
           CASE WHEN s.csat IS NOT NULL THEN greatest(0.0, least(100.0, CAST(s.csat * 25 - 25 AS DOUBLE))) END AS csat,
           CASE a.band WHEN 'hot' THEN 100.0 WHEN 'warm' THEN 75.0 WHEN 'cool' THEN 50.0 WHEN 'cold' THEN 25.0
                       WHEN 'none' THEN 0.0 END AS engagement,
           CASE WHEN b.mrr > 0 THEN greatest(0.0, least(100.0, 50.0 * CAST(c.mrr AS DOUBLE) / CAST(b.mrr AS DOUBLE)))
                END AS trend
    FROM customer_day c
    JOIN everyone e ON e.day = c.day
    CROSS JOIN health_choice h
    LEFT JOIN said s ON s.day = c.day AND s.account_id = c.account_id
    LEFT JOIN account_day a ON a.day = c.day AND a.account_id = c.account_id
    LEFT JOIN renewal r ON r.day = c.day AND r.account_id = c.account_id
    ASOF LEFT JOIN use_level u ON u.account_id = c.account_id AND u.from_day <= c.day
    ASOF LEFT JOIN ticket_level t ON t.account_id = c.account_id AND t.from_day <= c.day
    LEFT JOIN mrr_level b ON b.account_id = c.account_id AND c.day - {QUARTER} >= b.from_day
                         AND c.day - {QUARTER} < b.until_day
    """,
)
_SUM = " + ".join(f"weight_{s} * coalesce({s}, 0)" for s in SIGNALS)
_WEIGHT = " + ".join(f"CASE WHEN {s} IS NULL THEN 0 ELSE weight_{s} END" for s in SIGNALS)
_TOLD = ", ".join(f"CASE WHEN weight_{s} > 0 THEN '{s} ' || CAST(round({s}) AS INTEGER) END" for s in SIGNALS)
_MISSING = ", ".join(f"CASE WHEN weight_{s} > 0 AND {s} IS NULL THEN '{s}' END" for s in SIGNALS)

HEALTH = Part(
    "health",
    prepare=_set_health,
    choices=("customers",),
    needs=(CUSTOMERS, VOICE),
    reads=(Input(T.FACT_USAGE, TRACKED_DAYS), Input(T.FACT_TICKET, TICKET_DAYS)),
    columns=("customer_health", "health_parts", "renewal_days"),
    steps=(
        USE,
        TICKET_PLACED,
        TICKET_LEVEL,
        RENEWAL,
        SIGNAL,
        Step(
            "health",
            "The weighted mean of the signals that are there, and which they are.",
            f"""
            SELECT s.*, round(({_SUM}) / nullif({_WEIGHT}, 0), 4) AS customer_health,
                   concat_ws(', ', {_TOLD})
                   || coalesce('; missing: ' || nullif(concat_ws(', ', {_MISSING}), ''), '') AS health_parts
            FROM signal_day s CROSS JOIN health_choice
            """,
        ),
    ),
)
