"""Deals over time: stage, amount and owner as they were, and the stays in each stage.

A version begins with every event of the stage history and every change of owner between two captured records. Company,
deal type and kind are the latest record's. Whether a stage is closed or won is what the newest record in that stage
says; else a stage the programme calls open is open, and a probability of 1 or 0 is won or lost.

A deal closes on the day it enters a closed stage, in the reporting zone; a change of amount later leaves that day,
reopening and closing again gives a new one. Amounts are converted at the rate of the day a version begins; closed ones
at that of the closed day.

Where the history tells stages only, a record's later amount begins a version too. Where a source gives no stage
history, captured records stand in: the first from the deal's creation, or, if it was
captured closed, from its close day, since nobody knows its stages before that.

A deal that another system has copied (`same_as`) counts once: as the record of the source that the programme's
precedence names first, with all its history; the copies have no rows, whatever they say, and also if that record is
deleted. A copy of a record that nobody staged stands for itself.

Deleted deals, and deals whose record never passed its contract, have no rows.
"""

from __future__ import annotations

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.facts._base import Fact
from abm_pipeline.facts._rates import unconverted
from abm_pipeline.identity.versions import latest
from abm_pipeline.storage.engine import Step
from abm_pipeline.storage.journal import ENDS, Rule, Since, stretches

EVENTS = (
    latest(t.DEAL),
    latest(t.DEAL_STAGE_EVENT),
    Step(
        "ranked_deal",
        "deals with their source's place in the precedence",
        """
        SELECT source || ':' || source_id AS deal_id, same_as,
            (coalesce(list_position(p.sources, source), 999), source) AS place
        FROM latest_deal CROSS JOIN params AS p
        """,
    ),
    Step(
        "copied_deal",
        "pairs of one deal's records in two systems, the one that stands for it first",
        """
        SELECT
            CASE WHEN a.place <= b.place THEN a.deal_id ELSE b.deal_id END AS kept_id,
            CASE WHEN a.place <= b.place THEN b.deal_id ELSE a.deal_id END AS copy_id
        FROM ranked_deal AS a JOIN ranked_deal AS b ON b.deal_id = a.same_as AND a.deal_id <> b.deal_id
        """,
    ),
    Step(
        "standing_deal",
        "the last version of deals that are neither deleted nor copies",
        """
        SELECT * FROM latest_deal
        WHERE NOT is_deleted AND source || ':' || source_id NOT IN (SELECT copy_id FROM copied_deal)
        """,
    ),
    Step(
        "deal_version",
        "captured versions of deals that stand today, each once",
        """
        SELECT v.source || ':' || v.source_id AS deal_id, v.*
        FROM staged.deal AS v
        SEMI JOIN standing_deal AS l ON l.source = v.source AND l.source_id = v.source_id
        WHERE NOT v.is_deleted
        QUALIFY row_number() OVER (
            PARTITION BY v.source, v.source_id, v.modified_at ORDER BY v.captured_at DESC, v.day DESC
        ) = 1
        """,
    ),
    Step(
        "history_event",
        "events of the stage history, the last of each instant",
        """
        SELECT
            d.source || ':' || d.source_id AS deal_id, d.source, e.entered_at, e.stage, e.amount,
            coalesce(e.currency, d.currency) AS currency, e.probability
        FROM latest_deal_stage_event AS e
        JOIN standing_deal AS d ON d.source = e.source AND d.source_id = e.deal_source_id
        WHERE NOT coalesce(e.is_deleted, false)
        QUALIFY row_number() OVER (PARTITION BY deal_id, e.entered_at ORDER BY e.source_id DESC) = 1
        """,
    ),
    Step(
        "captured_event",
        "what captured records say of deals without a stage history",
        """
        SELECT
            v.deal_id, v.source,
            CASE
                WHEN row_number() OVER deal > 1 THEN v.modified_at
                WHEN v.is_closed THEN least(
                    v.modified_at, greatest(v.created_at, timezone(p.zone, v.close_day::TIMESTAMP))
                )
                ELSE v.created_at
            END AS entered_at,
            v.stage, v.amount, v.currency, NULL::DOUBLE AS probability
        FROM deal_version AS v CROSS JOIN params AS p
        ANTI JOIN history_event AS e ON e.deal_id = v.deal_id
        WINDOW deal AS (PARTITION BY v.deal_id ORDER BY v.modified_at)
        """,
    ),
    Step(
        "corrected_event",
        "amounts that captured records say after the last event of a history that tells stages only",
        """
        SELECT v.deal_id, v.source, v.modified_at AS entered_at, v.stage, v.amount, v.currency,
            NULL::DOUBLE AS probability
        FROM deal_version AS v
        JOIN (
            SELECT deal_id, max(entered_at) AS entered_at, arg_max(stage, entered_at) AS stage,
                arg_max(amount, entered_at) AS amount
            FROM history_event GROUP BY deal_id
        ) AS e ON e.deal_id = v.deal_id
        WHERE v.modified_at > e.entered_at AND v.stage = e.stage AND v.amount IS DISTINCT FROM e.amount
            AND v.amount IS NOT NULL
        """,
    ),
    Step(
        "stage_meaning",
        "what the newest record in a stage says about the stage",
        """
        SELECT source, stage, arg_max(is_closed, (modified_at, source_id)) AS is_closed,
            arg_max(is_won, (modified_at, source_id)) AS is_won
        FROM staged.deal GROUP BY ALL
        """,
    ),
    Step(
        "deal_event",
        "all events with what their stage means",
        """
        SELECT
            e.*,
            coalesce(m.is_closed, NOT list_contains(p.open_stages, e.stage) AND e.probability IN (0, 1), false)
                AS is_closed,
            coalesce(m.is_won, NOT list_contains(p.open_stages, e.stage) AND e.probability = 1, false) AS is_won
        FROM (
            SELECT * FROM history_event UNION ALL SELECT * FROM captured_event UNION ALL SELECT * FROM corrected_event
        ) AS e
        CROSS JOIN params AS p
        LEFT JOIN stage_meaning AS m ON m.source = e.source AND m.stage = e.stage
        """,
    ),
)

DEALS = (
    Step(
        "owner_change",
        "who owned a deal from when on; the first known owner from the beginning",
        """
        SELECT deal_id, owner_id, owner_name, modified_at, row_number() OVER deal = 1 AS is_first
        FROM deal_version
        WINDOW deal AS (PARTITION BY deal_id ORDER BY modified_at)
        QUALIFY is_first OR owner_id IS DISTINCT FROM lag(owner_id) OVER deal
        """,
    ),
    Step(
        "turn",
        "instants at which a deal's version begins",
        """
        SELECT deal_id, entered_at AS valid_from FROM deal_event
        UNION
        SELECT o.deal_id, o.modified_at
        FROM owner_change AS o
        WHERE NOT o.is_first
            AND o.modified_at > (SELECT min(e.entered_at) FROM deal_event AS e WHERE e.deal_id = o.deal_id)
        """,
    ),
    Step(
        "version",
        "the state from each turn until the next",
        """
        SELECT
            turn.deal_id, turn.valid_from,
            lead(turn.valid_from) OVER (PARTITION BY turn.deal_id ORDER BY turn.valid_from) AS valid_to,
            e.* EXCLUDE (deal_id, entered_at, probability, source),
            o.owner_id, o.owner_name
        FROM turn
        ASOF JOIN deal_event AS e ON e.deal_id = turn.deal_id AND turn.valid_from >= e.entered_at
        ASOF LEFT JOIN (
            SELECT * REPLACE (if(is_first, TIMESTAMPTZ '0001-01-01', modified_at) AS modified_at) FROM owner_change
        ) AS o ON o.deal_id = turn.deal_id AND turn.valid_from >= o.modified_at
        """,
    ),
    Step(
        "closing",
        "versions with the day on which their stretch of being won or lost began",
        """
        SELECT v.* EXCLUDE (stretch), CASE WHEN is_closed THEN
            timezone(zone, min(valid_from) OVER (PARTITION BY deal_id, stretch))::DATE
        END AS closed_day
        FROM (
            SELECT *, count_if(is_turn) OVER (PARTITION BY deal_id ORDER BY valid_from) AS stretch
            FROM (
                SELECT *, (is_closed, is_won) IS DISTINCT FROM lag((is_closed, is_won)) OVER (
                    PARTITION BY deal_id ORDER BY valid_from
                ) AS is_turn
                FROM version
            )
        ) AS v CROSS JOIN params
        """,
    ),
    Step(
        "new_deal",
        "versions with company, type and converted amount",
        """
        SELECT
            v.*, d.deal_type, d.kind, d.created_at,
            d.source || ':' || d.company_source_id AS company_key,
            (v.amount::DOUBLE / c.units)::DECIMAL(18, 4) AS amount_reporting
        FROM (
            SELECT c.*, coalesce(closed_day, timezone(zone, valid_from)::DATE) AS money_day
            FROM closing AS c CROSS JOIN params
        ) AS v
        JOIN latest_deal AS d ON d.source || ':' || d.source_id = v.deal_id
        LEFT JOIN conversion AS c
            ON c.currency = v.currency AND v.money_day >= c.start_day AND v.money_day < c.end_day
        """,
    ),
)

STAYS = (
    Step(
        "new_deal_stage",
        "events that change the stage, until the next one; closed stages come after all open ones",
        """
        WITH entry AS (
            SELECT * FROM deal_event
            QUALIFY stage IS DISTINCT FROM lag(stage) OVER (PARTITION BY deal_id ORDER BY entered_at)
        )
        SELECT
            e.deal_id, e.stage, e.entered_at,
            coalesce(
                list_position(p.open_stages, e.stage), CASE WHEN e.is_closed THEN len(p.open_stages) + 1 END
            ) AS stage_order,
            lead(e.entered_at) OVER (PARTITION BY e.deal_id ORDER BY e.entered_at) AS left_at
        FROM entry AS e CROSS JOIN params AS p
        """,
    ),
)

_ENDS = """
    WITH old AS (SELECT deal_id, arg_max(o, valid_from) AS last, arg_max(o, valid_from) FILTER (is_closed) AS closed
                 FROM _old AS o GROUP BY deal_id),
    new AS (SELECT deal_id, arg_max(n, valid_from) AS last, arg_max(n, valid_from) FILTER (is_closed) AS closed
            FROM _new AS n GROUP BY deal_id)
    SELECT min(CASE
        WHEN (o.last.company_key, o.last.created_at) IS DISTINCT FROM (n.last.company_key, n.last.created_at)
        THEN least(timezone($zone, least(o.last.created_at, n.last.created_at))::DATE, o.closed.closed_day,
                   n.closed.closed_day)
        WHEN (o.closed.closed_day, o.closed.is_won) IS DISTINCT FROM (n.closed.closed_day, n.closed.is_won)
        THEN least(o.closed.closed_day, n.closed.closed_day) END)
    FROM old AS o FULL JOIN new AS n USING (deal_id)
"""


def since_ended(zone: str) -> Rule:
    """The rule for `journal`: beside the versions' stretches, the first day on which a deal that differs as last known,
    in its company or the days of its ends, was created or closed.
    """
    versions = stretches(t.FACT_DEAL, zone)

    def rule(con: duckdb.DuckDBPyConnection) -> Since:
        return {**(versions(con) if versions else {}), ENDS: con.execute(_ENDS, {"zone": zone}).fetchall()[0][0]}

    return rule


READS = (t.DEAL, t.DEAL_STAGE_EVENT)
DEAL = Fact(t.FACT_DEAL, (*READS, t.FX_RATE), (*EVENTS, *DEALS), note=unconverted("new_deal"))
DEAL_STAGE = Fact(t.DEAL_STAGE, READS, (*EVENTS, *STAYS))
