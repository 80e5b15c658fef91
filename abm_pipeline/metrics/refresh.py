"""Compute the metrics layer: which days of which tables, and the rows they get.

Belongs here: the plan of a refresh: days asked for, days whose inputs changed since, chunks that bound memory. What is
computed stands in the metrics' own files and in `_accounts`, `campaigns`, `attribution`, `data_health`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.contracts.tables import STAGED, Table
from abm_pipeline.metrics import _base, _deal_shares, _paths, allocation, attribution, campaigns, data_health
from abm_pipeline.metrics._definitions import set_definitions
from abm_pipeline.metrics._setup import IDENTITY, WHO, WHO_DID, chunks, set_days, set_sources
from abm_pipeline.metrics._values_by_day import accounts_and_values
from abm_pipeline.metrics._work import CHUNK_DAYS, Outcome, Work, begin, connected, place
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import Step, forget_all_but, run_steps
from abm_pipeline.storage.journal import ENDS
from abm_pipeline.storage.lake import EVER, Input
from abm_pipeline.storage.report import TableReport

OUTPUTS = (
    T.COST_ALLOCATION,
    T.CHANNEL_TRANSITION,
    T.DEAL_CREDIT,
    T.METRIC_VALUES,
    T.ACCOUNT_METRICS_DAILY,
    T.CAMPAIGN_METRICS,
    T.DATA_HEALTH,
    T.ATTRIBUTION_CREDIT,
    T.QUARANTINE_SUMMARY,
    T.METRIC_DEFINITIONS,
)
# Rows of paths in memory at a time.
PATH_ROWS = 3_000_000


def refresh(
    settings: Settings, days: Sequence[date], run_id: str, tables: Collection[Table] | None = None
) -> list[TableReport]:
    """Compute `days`, and days computed before whose inputs changed since, of `tables` (default: all of OUTPUTS).

    Writes only what differs; tables without days are computed whole. Returns one report a table. The notes of
    metric_values count deals that are left out of sums: amounts without a rate, and closed before they were created.
    Raises ConfigError when the programme's champion is no scoring model.
    """
    wanted = [table for table in OUTPUTS if tables is None or table in tables]
    reports: list[TableReport] = []
    with connected(settings) as con:
        known: list[dict[date | None, int]] = []
        for group, run in (
            ((T.COST_ALLOCATION,), _cost_allocation),  # accounts and values read it, and the next
            ((T.DATA_HEALTH,), _data_health),
            ((T.CHANNEL_TRANSITION, T.DEAL_CREDIT), _deal_credit),  # values read the second, and the next the first
            ((T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY), accounts_and_values),
            ((T.CAMPAIGN_METRICS,), _campaigns),
            ((T.ATTRIBUTION_CREDIT,), _attribution_credit),
            ((T.QUARANTINE_SUMMARY,), _quarantine_summary),
            ((T.METRIC_DEFINITIONS,), _definitions),
        ):
            chosen = [table for table in group if table in wanted]
            if not chosen:
                continue
            work = begin(con, settings, days)
            # Who is who is the same for all, unless it changes meanwhile.
            if known != (now := [work.lake.content_changed_at(table) for table in IDENTITY]):
                place(work)
                known = now
            reports += run(work, chosen)
            # The memory of one is free for the next.
            forget_all_but(con, _base.WHO_IS_WHO)
    return reports


def _daily(
    work: Work, table: Table, inputs: Sequence[Input], steps: Sequence[Step], longest: int = CHUNK_DAYS
) -> list[TableReport]:
    """A daily table whose rows are the relation of the last step."""
    outcome = Outcome(table)
    for whole in inputs:
        if not whole.table.is_daily:
            work.lake.attach(work.con, whole.table)
    for chunk in chunks(work.todo(table, inputs), longest):
        work.attach((each for each in inputs if each.table.is_daily), chunk)
        set_days(work.con, chunk)
        run_steps(work.con, steps)
        _put(work, outcome, steps[-1].name, chunk)
    return [outcome.report()]


def _put(work: Work, outcome: Outcome, relation: str, days: Sequence[date]) -> None:
    query = f"SELECT * FROM {relation}"
    outcome.add(work.lake.write_days(work.con, outcome.table, query, days, computed_at=work.computed_at))


def _cost_allocation(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    allocation.set_rules(work.con, work.programme)
    inputs = (*WHO, *allocation.inputs(work.programme))
    # A first load brings costs of days before those asked for; what an account has cost up to a day counts them.
    before = {day for day in work.lake.days(T.COST) if work.days and day < max(work.days)}
    known = work.lake.computed_at(T.COST_ALLOCATION).keys()
    work = replace(work, days=work.days | (before - known))
    return _daily(work, T.COST_ALLOCATION, inputs, allocation.STEPS)


def _campaigns(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    inputs = (*WHO_DID, Input(T.FACT_CAMPAIGN), Input(T.SPEND), Input(T.TOUCH))
    return _daily(work, T.CAMPAIGN_METRICS, inputs, campaigns.STEPS)


def _data_health(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    set_sources(work.con)
    staged = tuple(Input(table, data_health.HISTORY_DAYS) for table in STAGED)
    facts = (Input(T.TOUCH), Input(T.INTENT), Input(T.SPEND))
    inputs = (*WHO_DID, Input(T.WEAK_KEY), *staged, Input(T.QUARANTINE), *facts)
    # Long chunks: a row for each day and source is little, and each chunk reads the history before it once more.
    return _daily(work, T.DATA_HEALTH, inputs, data_health.STEPS, longest=366)


def _deal_credit(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    """Transitions and shares of the paths that ended on the days asked for; the second are learned from the first, and
    both are always made.
    """
    con, lake = work.con, work.lake
    outcomes = {table: Outcome(table) for table in (T.CHANNEL_TRANSITION, T.DEAL_CREDIT)}
    _read_deals(work)
    deals = (Input(T.FACT_DEAL, way=ENDS), Input(T.LEAD_STAGE), Input(T.FACT_CAMPAIGN))
    inputs = (*WHO_DID, *deals, Input(T.TOUCH, EVER))
    days = _days_before(work) | {day for table in outcomes for day in work.todo(table, inputs)}
    if not days:
        return []
    set_days(con, sorted(days))
    run_steps(con, attribution.DAILY)
    _read_touches(work, max(days))
    for chunk in chunks(days, _path_days(con, len(days))):
        set_days(con, chunk)
        run_steps(con, (_paths.ENDED, *_paths.PATHS))
        _put(work, outcomes[T.CHANNEL_TRANSITION], _paths.TRANSITION.name, chunk)
        lake.attach(con, T.CHANNEL_TRANSITION, chunk[0] - timedelta(days=_paths.LEARNED_DAYS - 1), chunk[-1])
        run_steps(con, (*_paths.SHARES, *_deal_shares.STEPS))
        _put(work, outcomes[T.DEAL_CREDIT], _deal_shares.DEAL_CREDIT_ROW.name, chunk)
    return [outcomes[table].report() for table in wanted]


def _read_deals(work: Work) -> None:
    attribution.set_choices(work.con, work.programme.attribution)
    for table in attribution.READS:
        work.lake.attach(work.con, table)
    run_steps(work.con, attribution.DEALS)


def _read_touches(work: Work, last: date | None = None) -> None:
    (first,) = work.con.execute("SELECT min(from_day) FROM traced").fetchall()[0]
    work.lake.attach(work.con, T.TOUCH, first, last)
    run_steps(work.con, _paths.TOUCHES)


def _days_before(work: Work) -> set[date]:
    """Days not computed yet that what is asked for looks back to: those on which deals were created or closed, and the
    window in which a touch helps a deal.
    """
    if not work.days:
        return set()
    rows = work.con.execute(
        "SELECT created_day FROM credited_deal UNION SELECT closed_day FROM credited_deal WHERE closed_day IS NOT NULL"
    ).fetchall()
    last, first = max(work.days), min(work.days) - timedelta(days=_base.DEAL_WINDOW_DAYS - 1)
    helped = {first + timedelta(days=offset) for offset in range((last - first).days)}
    return ({day for (day,) in rows if day < last} | helped) - work.lake.computed_at(T.DEAL_CREDIT).keys()


def _path_days(con: duckdb.DuckDBPyConnection, days: int) -> int:
    """The longest chunk of days whose paths are about PATH_ROWS."""
    deals, touches, accounts = con.execute(
        "SELECT (SELECT count(*) FROM credited_deal), (SELECT count(*) FROM engagement), (SELECT count(*) FROM traced)"
    ).fetchall()[0]
    rows = 2 * deals * touches / max(1, accounts)
    return max(7, min(366, int(days * PATH_ROWS / max(1, rows))))


def _attribution_credit(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    con = work.con
    _read_deals(work)
    work.lake.attach(con, T.CHANNEL_TRANSITION)
    run_steps(con, attribution.WHOLE)
    _read_touches(work)
    created = [day for (day,) in con.execute("SELECT DISTINCT created_day FROM credited_deal").fetchall()]
    con.execute(f"CREATE OR REPLACE TABLE credit_row AS {empty_select(T.ATTRIBUTION_CREDIT)}")
    for chunk in chunks(created, _path_days(con, len(created))):
        set_days(con, chunk)
        run_steps(con, attribution.CREDIT)
        con.execute("INSERT INTO credit_row BY NAME FROM credit")
    return [work.write_table(T.ATTRIBUTION_CREDIT, "SELECT * FROM credit_row")]


def _quarantine_summary(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    work.lake.attach(work.con, T.QUARANTINE)
    return [work.write_table(T.QUARANTINE_SUMMARY, data_health.QUARANTINE_SUMMARY)]


def _definitions(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    """What metrics mean now, beside the definitions that were published before: restated values were made by them."""
    set_definitions(work.con, work.programme, work.model)
    work.lake.attach(work.con, T.METRIC_DEFINITIONS, name="defined")
    earlier = "SELECT * FROM defined ANTI JOIN definition USING (metric, definition_version)"
    every = f"SELECT * FROM definition UNION ALL BY NAME SELECT * REPLACE (false AS is_current) FROM ({earlier})"
    return [work.write_table(T.METRIC_DEFINITIONS, every)]
