"""Compute facts: the daily ones for the days asked for and the days that new input reaches, the others whole.

Belongs here: the order of work and of writes. What a fact is stands in its own module; which days input reaches, in
`_base`. Rows do not depend on how a range is cut into runs: a day is always computed from everything staged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import duckdb

from abm_pipeline.contracts import tables as t
from abm_pipeline.contracts.tables import Table
from abm_pipeline.facts._base import Fact, want_days
from abm_pipeline.facts._rates import RATES
from abm_pipeline.facts.campaign import CAMPAIGN, since_used
from abm_pipeline.facts.cost import COST
from abm_pipeline.facts.customers import REFERRAL, REVIEW, SURVEY, TICKET, USAGE
from abm_pipeline.facts.deal import DEAL, DEAL_STAGE, since_ended
from abm_pipeline.facts.intent import INTENT
from abm_pipeline.facts.lead import LEAD_STAGE
from abm_pipeline.facts.spend import SPEND
from abm_pipeline.facts.subscription import MRR_MONTH, SUBSCRIPTION
from abm_pipeline.facts.touch import FUNNEL, TOUCH
from abm_pipeline.programme import Programme
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.journal import Rule, stretches
from abm_pipeline.storage.lake import Lake, now_ns
from abm_pipeline.storage.report import TableReport

FACTS = (
    TOUCH,
    INTENT,
    SPEND,
    COST,  # reads touches and spend
    DEAL,
    DEAL_STAGE,
    LEAD_STAGE,
    CAMPAIGN,
    SUBSCRIPTION,
    MRR_MONTH,
    SURVEY,
    TICKET,
    USAGE,
    REFERRAL,
    REVIEW,
)


def refresh(
    settings: Settings, days: Sequence[date], run_id: str, tables: Collection[Table] | None = None
) -> list[TableReport]:
    """Compute the facts `tables` (default: all) for `days` and every day that input changed since then reaches.

    Returns one report a table: rows by day computed (None for an unpartitioned table), days whose content changed, and
    amounts that could not be converted.
    """
    lake, stamp = settings.open_lake, now_ns()
    facts = [fact for fact in FACTS if tables is None or fact.table in tables]
    with connect(
        memory_limit=settings.memory_limit,
        threads=settings.threads,
        temp=settings.lake_path / ".spill",
        cluster=settings.cluster,
    ) as con:
        _params(con, settings.programme)
        lake.attach(con, t.FX_RATE)
        run_steps(con, RATES)
        return [_compute(con, lake, fact, days, stamp) for fact in facts]


def _compute(con: duckdb.DuckDBPyConnection, lake: Lake, fact: Fact, days: Sequence[date], stamp: int) -> TableReport:
    if any(table.layer == "facts" for table in fact.reads):
        stamp = now_ns()  # those were written by this run, after the stamp it began with
    for table in fact.reads:
        lake.attach(con, table)
    if not fact.table.is_daily:
        run_steps(con, fact.steps)
        (zone,) = con.execute("SELECT zone FROM params").fetchall()[0]
        changed = lake.write_table(
            con,
            fact.table,
            f"SELECT * FROM {fact.rows}",
            computed_at=stamp,
            rule=_rule(fact, lake, zone),
            why=f"{fact.table.name.replace('_', ' ')}s changed",
        )
        (rows,) = con.execute(f"SELECT count(*) FROM {fact.rows}").fetchall()[0]
        return TableReport(fact.table, {None: int(rows)}, (None,) if changed else (), fact.note(con))
    wanted = want_days(con, lake, fact, days)
    run_steps(con, fact.steps)
    written = lake.write_days(con, fact.table, f"SELECT * FROM {fact.rows}", wanted, computed_at=stamp)
    lake.mark_current(fact.table, stamp)
    return TableReport(fact.table, dict(written.rows.items()), written.changed, fact.note(con))


def _rule(fact: Fact, lake: Lake, zone: str) -> Rule | None:
    if fact is CAMPAIGN:
        return since_used(lake)
    return since_ended(zone) if fact is DEAL else stretches(fact.table, zone)


def _params(con: duckdb.DuckDBPyConnection, programme: Programme) -> None:
    con.execute(
        "CREATE TEMP TABLE params AS SELECT ?::VARCHAR AS zone, ?::VARCHAR AS currency, ?::VARCHAR[] AS open_stages, "
        "?::VARCHAR[] AS sources, ?::DECIMAL(18, 4) AS hourly_rate, ?::BOOLEAN AS counts_activities",
        [
            programme.reporting_timezone,
            programme.reporting_currency,
            list(programme.open_stages),
            list(programme.precedence.default),
            programme.costs.sales_time.hourly_rate,
            programme.costs.sales_time.from_activities,
        ],
    )
    con.execute(
        "CREATE TEMP TABLE funnel AS SELECT unnest(?::VARCHAR[]) AS kind, unnest(?::VARCHAR[]) AS funnel_stage",
        [list(FUNNEL), list(FUNNEL.values())],
    )
