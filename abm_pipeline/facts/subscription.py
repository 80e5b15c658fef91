"""What subscriptions bring, from day to day, and the movements of recurring revenue between month ends.

A stretch of `subscription` has one monthly amount, from its first day until before `valid_to_day`. It begins with a
version that changes the amount, on the day of the version's modification stamp; the first known version holds from the
subscription's start on, since most billing systems do not tell earlier ones. A subscription that was already over when
first seen brought what its items say. Days without revenue (trial, unpaid, over) have no stretch. Records deleted at
the source have none at all.

Amounts are converted once, at the rate of the day the stretch begins, so that a rate never looks like an expansion; at
the currency's first rate where the stretch began earlier and still lasts then.

`mrr_month` compares each company's revenue at the end of a month with the end of the month before: new, expansion,
contraction, churn, resurrection (it had paid before, not at the last month end), flat. The changes add up.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact, Notes
from abm_pipeline.facts._dated import COMPANY_KEY, local_day
from abm_pipeline.storage.engine import Step

STRETCHES = (
    Step(
        "subscription_version",
        "the last version of each day, of subscriptions that are not deleted",
        f"""
        WITH kept AS (
            SELECT source, source_id FROM staged.subscription
            GROUP BY ALL HAVING NOT arg_max(is_deleted, (modified_at, captured_at, day))
        )
        SELECT source || ':' || source_id AS subscription_id, {COMPANY_KEY} AS company_key, mrr, mrr_listed, currency,
               started_day, ended_day, plan, {local_day("modified_at")} AS told_day
        FROM staged.subscription SEMI JOIN kept USING (source, source_id)
        QUALIFY row_number() OVER (
            PARTITION BY source, source_id, told_day ORDER BY modified_at DESC, captured_at DESC, day DESC
        ) = 1
        """,
    ),
    Step(
        "subscription_state",
        "from when to when each version holds; an end told later counts from the day it names",
        """
        SELECT *, row_number() OVER by_day = 1 AS is_first,
               CASE WHEN row_number() OVER by_day = 1 THEN least(coalesce(started_day, told_day), told_day)
                    ELSE told_day END AS from_day,
               coalesce(least(lead(told_day) OVER by_day, lead(ended_day) OVER by_day), DATE '9999-12-31') AS until_day
        FROM subscription_version
        WINDOW by_day AS (PARTITION BY subscription_id ORDER BY told_day)
        """,
    ),
    Step(
        "paid_state",
        "the days of each version on which money comes in",
        """
        SELECT subscription_id, company_key, currency, started_day, plan, from_day,
               CASE WHEN ended_day IS NULL THEN until_day ELSE least(until_day, ended_day) END AS until_day,
               CASE WHEN ended_day IS NULL THEN mrr
                    WHEN is_first THEN coalesce(nullif(mrr, 0), mrr_listed) ELSE mrr END AS mrr
        FROM subscription_state
        WHERE CASE WHEN ended_day IS NULL THEN until_day ELSE least(until_day, ended_day) END > from_day
        """,
    ),
    Step(
        "stretch",
        "neighbouring days with the same company and amount made one",
        """
        WITH marked AS (
            SELECT *, coalesce(
                       (company_key, mrr, currency, from_day)
                       IS DISTINCT FROM lag((company_key, mrr, currency, until_day)) OVER by_day, true) AS is_turn
            FROM paid_state WHERE mrr IS DISTINCT FROM 0
            WINDOW by_day AS (PARTITION BY subscription_id ORDER BY from_day)
        ),
        numbered AS (
            SELECT *, count_if(is_turn) OVER (PARTITION BY subscription_id ORDER BY from_day) AS number FROM marked
        )
        SELECT subscription_id, any_value(company_key) AS company_key, min(from_day) AS valid_from_day,
               max(until_day) AS until_day, any_value(mrr) AS mrr, any_value(currency) AS currency,
               arg_min(started_day, from_day) AS started_day, arg_min(plan, from_day) AS plan
        FROM numbered GROUP BY subscription_id, number
        """,
    ),
    Step(
        "new_subscription",
        "stretches with their amount in the reporting currency",
        """
        WITH first_rate AS (SELECT currency, min(start_day) AS start_day FROM conversion GROUP BY currency)
        SELECT s.* EXCLUDE (until_day), nullif(s.until_day, DATE '9999-12-31') AS valid_to_day,
               (s.mrr::DOUBLE / c.units)::DECIMAL(18, 4) AS mrr_reporting
        FROM stretch AS s
        LEFT JOIN first_rate AS f USING (currency)
        LEFT JOIN conversion AS c
            ON c.currency = s.currency AND greatest(s.valid_from_day, f.start_day) >= c.start_day
            AND greatest(s.valid_from_day, f.start_day) < c.end_day AND s.until_day > f.start_day
        """,
    ),
)


def _unknown(con: duckdb.DuckDBPyConnection) -> Notes:
    unpriced, unconverted = con.execute(
        "SELECT count(*) FILTER (mrr IS NULL), count(*) FILTER (mrr IS NOT NULL AND mrr_reporting IS NULL) "
        "FROM new_subscription"
    ).fetchall()[0]
    return {"amounts_unknown": int(unpriced), "amounts_unconverted": int(unconverted)}


SUBSCRIPTION = Fact(t.FACT_SUBSCRIPTION, (t.SUBSCRIPTION, t.FX_RATE), STRETCHES, note=_unknown)

MONTHS = (
    *STRETCHES,
    Step(
        "month_end",
        "the wanted month ends, with the one before",
        "SELECT day, date_trunc('month', day)::DATE - 1 AS day_before FROM wanted WHERE day = last_day(day)",
    ),
    Step(
        "new_mrr_month",
        "each company's revenue at month ends, with what moved since the last one",
        """
        WITH paid AS (
            SELECT m.day, s.company_key,
                   coalesce(sum(mrr_reporting) FILTER (
                       valid_from_day <= m.day AND coalesce(valid_to_day > m.day, true)), 0) AS mrr_reporting,
                   coalesce(sum(mrr_reporting) FILTER (
                       valid_from_day <= day_before AND coalesce(valid_to_day > day_before, true)), 0) AS mrr_before,
                   min(valid_from_day) <= any_value(day_before) AS has_paid
            FROM month_end AS m JOIN new_subscription AS s ON s.valid_from_day <= m.day
            WHERE s.company_key IS NOT NULL AND mrr_reporting > 0
            GROUP BY ALL
        )
        SELECT day, date_trunc('month', day)::DATE AS month, company_key,
               mrr_reporting::DECIMAL(18, 4) AS mrr_reporting,
               (mrr_reporting - mrr_before)::DECIMAL(18, 4) AS mrr_change,
               CASE WHEN mrr_reporting = mrr_before THEN 'flat' WHEN mrr_reporting = 0 THEN 'churn'
                    WHEN mrr_before = 0 AND has_paid THEN 'resurrection' WHEN mrr_before = 0 THEN 'new'
                    WHEN mrr_reporting > mrr_before THEN 'expansion' ELSE 'contraction' END AS movement
        FROM paid WHERE mrr_reporting <> 0 OR mrr_before <> 0
        """,
    ),
)
_REACHED = """
    WITH began AS (
        SELECT c.changed_at, min(coalesce(s.started_day, s.day)) AS first_day
        FROM changed AS c JOIN staged.subscription AS s
            ON c.table_name = 'staged.fx_rate' OR (c.table_name = 'staged.subscription' AND c.day = s.day)
        GROUP BY c.changed_at
    ),
    known AS (SELECT day FROM computed UNION SELECT day FROM asked),
    month_end AS (
        SELECT unnest(generate_series(
            (SELECT min(first_day) FROM began)::TIMESTAMP, (SELECT max(day) FROM known)::TIMESTAMP, INTERVAL 1 MONTH
        ))::DATE AS month
    )
    SELECT last_day(m.month) AS day, max(b.changed_at) AS changed_at
    FROM month_end AS m JOIN began AS b ON last_day(m.month) >= b.first_day
    WHERE last_day(m.month) <= (SELECT max(day) FROM known)
    GROUP BY ALL
"""
MRR_MONTH = Fact(t.MRR_MONTH, (t.SUBSCRIPTION, t.FX_RATE), MONTHS, _REACHED)
