"""Values of metrics and rows of accounts by day: which days, in chunks that bound memory, and what their steps read.

Belongs here: the order in which base steps, kept rows and parts are made for `metric_values` and
`account_metrics_daily`. What is computed stands in `_base`, `_accounts`, the parts and the metrics' own files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import partial

import duckdb
import pandas as pd

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import select_list
from abm_pipeline.contracts.tables import Table
from abm_pipeline.metrics import _accounts, _base
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._kept import bring_up
from abm_pipeline.metrics._restated import Restatements
from abm_pipeline.metrics._setup import WHO, chunks, set_dates, set_days
from abm_pipeline.metrics._spec import MetricSpec, Part, account_parts, kept_of, parts_of
from abm_pipeline.metrics._values import compute
from abm_pipeline.metrics._work import CHUNK_DAYS, Outcome, Work, begin, connected, place
from abm_pipeline.programme import Programme
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import run_steps
from abm_pipeline.storage.lake import EVER, Input, Lake
from abm_pipeline.storage.report import TableReport

CHUNK_ROWS = 1_000_000
"""Rows of account and day that are dense in memory at a time."""


def account_inputs(programme: Programme, score_days: int) -> tuple[Input, ...]:
    """What the base steps read for a day of account_metrics_daily (`score_days` = 1) or of metric_values.

    A part that reads an identity table for itself, not joined to facts or to `account_day`, says so in its `reads`.
    """
    reach = max(_accounts.ENGAGED_DAYS, programme.journey.aware_window_days)
    return (
        *WHO,
        Input(T.CONTACT, EVER),
        Input(T.FACT_DEAL),
        Input(T.TOUCH, reach),
        Input(T.INTENT, _accounts.INTENT_DAYS),
        Input(T.SPEND, _accounts.ENGAGED_DAYS),
        Input(T.ENGAGEMENT_SCORE, score_days),
    )


def _furthest(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Each table once, as far back as anybody reads it."""
    found: dict[tuple[Table, str], Input] = {}
    for each in inputs:
        known = found.setdefault((each.table, each.way), each)
        if known.window_days < each.window_days:
            found[each.table, each.way] = each
    return tuple(found.values())


def accounts_and_values(work: Work, wanted: Sequence[Table]) -> list[TableReport]:
    con, lake = work.con, work.lake
    outcomes = {table: Outcome(table) for table in wanted}
    specs = metric_specs(work.programme)
    parts = {T.METRIC_VALUES: parts_of(specs), T.ACCOUNT_METRICS_DAILY: account_parts(specs)}
    days: set[date] = set(work.days)
    whys: dict[date, tuple[str, ...]] = {}
    inputs: list[Input] = []
    for table in wanted:
        more = [each for part in parts[table] for each in part.inputs(work.programme.journey)]
        if table is T.METRIC_VALUES:
            more.append(Input(T.ACCOUNT))  # a market's size counts accounts that nothing is known to have happened to
        # A day's values read scores back to the creation of the deals and the first engagement of the accounts.
        score_days = _span(lake) if table is T.METRIC_VALUES else 1
        reads = _furthest((*account_inputs(work.programme, score_days), *more))
        for day, why in lake.why_stale(table, work.of_champion(reads)).items():
            whys[day] = tuple(dict.fromkeys((*whys.get(day, ()), *why)))
        inputs += (*account_inputs(work.programme, 1), *(each for part in parts[table] for each in part.reads))
    days |= whys.keys()
    if not days:
        return [outcome.report() for outcome in outcomes.values()]
    restated = Restatements(lake, work.model, whys)
    running = parts[T.METRIC_VALUES if T.METRIC_VALUES in outcomes else T.ACCOUNT_METRICS_DAILY]
    for chunk in _ready(work, running, _furthest(inputs), days):
        restated.look(con, chunk)
        for table, outcome in outcomes.items():
            query = _accounts.publish(running)
            if table is T.METRIC_VALUES:
                compute(con, specs, work.programme, work.model)
                query = "SELECT * FROM metric_row"
            watch = partial(restated.watch, table)
            outcome.add(lake.write_days(con, table, query, chunk, computed_at=work.computed_at, watch=watch))
    if T.METRIC_VALUES in outcomes:
        outcomes[T.METRIC_VALUES].notes = _left_out(con)
    return [*(outcome.report() for outcome in outcomes.values()), *restated.report()]


def _ready(work: Work, parts: Sequence[Part], reads: Sequence[Input], days: Collection[date]) -> Iterator[list[date]]:
    """Make all that metrics read, the parts included: for some of the days, which are yielded, and then for others."""
    con, lake = work.con, work.lake
    once = [step for part in parts for step in part.once]
    for each in reads:
        # Of the daily ones the others are attached with the days that a chunk reads: each costs a look at every file.
        if not each.table.is_daily or any(str(each.table) in step.sql for step in (*_base.ONCE, *once)):
            lake.attach(con, each.table)
    for part in parts:
        if part.prepare is not None:
            part.prepare(con, work.programme)
    run_steps(con, _base.ONCE)
    accounts = con.execute("SELECT count(*) FROM firm").fetchall()[0][0]
    longest = max(7, min(CHUNK_DAYS, CHUNK_ROWS // max(1, accounts)))
    for name, source in (("touched", Input(T.TOUCH)), ("scored", Input(T.ENGAGEMENT_SCORE))):
        (read,) = work.of_champion([source])
        set_dates(con, name, sorted(day for day in lake.content_changed_at(read.table, read.part) if day))
    for kept in dict.fromkeys((*_base.KEPT, *kept_of(parts))):
        bring_up(work, kept, days, (*_base.WHO_IS_WHO, *_base.ONCE), longest)
    set_days(con, sorted(days))
    run_steps(con, (*_base.DEALS, *once))
    for chunk in chunks(days, longest):
        work.attach(work.of_champion(each for each in reads if each.table.is_daily), chunk)
        set_days(con, chunk)
        run_steps(con, (*_base.DAILY, *_accounts.STEPS, *(step for part in parts for step in part.steps)))
        yield chunk


def _span(lake: Lake) -> int:
    """Days from the first score to the last computed values: how far back one may read the other."""
    scored = lake.days(T.ENGAGEMENT_SCORE)
    computed = [day for day in lake.computed_at(T.METRIC_VALUES) if day is not None]
    return max(1, (max(computed) - scored[0]).days + 1) if scored and computed else 1


def _left_out(con: duckdb.DuckDBPyConnection) -> dict[str, int | float | str]:
    unconverted, backwards, unplaced = con.execute(
        """
        SELECT count(DISTINCT deal_id) FILTER (amount IS NOT NULL AND amount_reporting IS NULL),
               count(DISTINCT deal_id) FILTER (closed_day < created_day),
               count(DISTINCT deal_id) FILTER (account_id IS NULL)
        FROM deal
        """
    ).fetchall()[0]
    return {
        "deals_unconverted": unconverted,
        "deals_closed_before_created": backwards,
        "deals_without_account": unplaced,
    }


def preview(settings: Settings, spec: MetricSpec, day: date) -> pd.DataFrame:
    """The rows of `metric_values` that a metric has on a day by the definition `spec`; none is written.

    Of what the layers before have now, so that a day that is published and stale has other values here.
    """
    with connected(settings) as con:
        work = begin(con, settings, [day])
        place(work)
        parts = parts_of([spec])
        reads = _furthest((*account_inputs(work.programme, 1), *(each for part in parts for each in part.reads)))
        for _ in _ready(work, parts, reads, [day]):
            compute(con, [spec], work.programme, work.model)
        return con.execute(f"SELECT {select_list(T.METRIC_VALUES)} FROM metric_row").df()
