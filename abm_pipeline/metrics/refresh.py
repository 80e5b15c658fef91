"""Compute the metrics layer: which days of which tables, and the rows they get.

Belongs here: the plan of a refresh: days asked for, days whose inputs changed since, chunks that bound memory. What is
computed stands in the metrics' own files and in `_accounts`, `campaigns`, `attribution`, `data_health`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.contracts.tables import STAGED, Table
from abm_pipeline.metrics import _accounts, _base, _deal_shares, _paths, allocation, attribution, campaigns, data_health
from abm_pipeline.metrics._definitions import metric_specs, set_definitions
from abm_pipeline.metrics._kept import Kept, bring_up
from abm_pipeline.metrics._restated import Restatements
from abm_pipeline.metrics._setup import IDENTITY, champion, chunks, set_choices, set_dates, set_days, set_sources
from abm_pipeline.metrics._spec import account_parts, kept_of, parts_of
from abm_pipeline.metrics._values import compute
from abm_pipeline.programme import Programme
from abm_pipeline.scoring.model import ScoringModel
from abm_pipeline.settings import Settings
from abm_pipeline.storage._partitions import day_of
from abm_pipeline.storage.engine import Step, connect, forget_all_but, run_steps
from abm_pipeline.storage.journal import ENDS, FACTS, KNOWN, stretches
from abm_pipeline.storage.lake import EVER, Input, Lake, Written, now_ns
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
# Rows of account and day that are dense in memory at a time, and the longest chunk whatever the accounts: partitioned
# writing holds one file open per day.
CHUNK_ROWS = 1_000_000
CHUNK_DAYS = 120
# Rows of paths in memory at a time.
PATH_ROWS = 3_000_000
# Who is who: joined to facts, to the accounts' days and to who is known since when; only to facts.
_WHO = tuple(Input(table, way=KNOWN) for table in IDENTITY)
_WHO_DID = tuple(Input(table, way=FACTS) for table in IDENTITY if table is not T.TIER_HISTORY)


@dataclass
class _Outcome:
    table: Table
    rows: dict[date | None, int] = field(default_factory=dict)
    changed: list[date | None] = field(default_factory=list)
    notes: dict[str, int | float | str] = field(default_factory=dict)

    def add(self, written: Written) -> None:
        for day, rows in written.rows.items():
            self.rows[day] = rows
        self.changed += written.changed

    def report(self) -> TableReport:
        return TableReport(self.table, self.rows, tuple(self.changed), self.notes)


@dataclass(frozen=True)
class _Work:
    """One refresh: an engine with the programme's choices set, the lake, and the days asked for."""

    con: duckdb.DuckDBPyConnection
    lake: Lake
    programme: Programme
    model: ScoringModel
    days: frozenset[date]
    computed_at: int

    def todo(self, table: Table, inputs: Iterable[Input]) -> set[date]:
        return set(self.days) | set(self.lake.stale_days(table, inputs))

    def attach(self, inputs: Iterable[Input], days: Sequence[date]) -> None:
        """Make readable what the days need of the inputs."""
        for each in inputs:
            self.lake.attach(self.con, each.table, days[0] - timedelta(days=each.window_days - 1), days[-1])

    def write_table(self, table: Table, relation: str) -> TableReport:
        rule = stretches(table, self.programme.reporting_timezone)
        query = f"SELECT * FROM ({relation})"
        changed = self.lake.write_table(self.con, table, query, computed_at=self.computed_at, rule=rule)
        # Of what was written: a relation that is a view would be computed once more.
        self.lake.attach(self.con, table, name="_written")
        rows = self.con.execute("SELECT count(*) FROM _written").fetchall()[0][0]
        return TableReport(table, {None: int(rows)}, (None,) if changed else ())


def refresh(
    settings: Settings, days: Sequence[date], run_id: str, tables: Collection[Table] | None = None
) -> list[TableReport]:
    """Compute `days`, and days computed before whose inputs changed since, of `tables` (default: all of OUTPUTS).

    Writes only what differs; tables without days are computed whole. Returns one report a table. The notes of
    metric_values count deals that are left out of sums: amounts without a rate, and closed before they were created.
    Raises ConfigError when the programme's champion is no scoring model.
    """
    wanted = [table for table in OUTPUTS if tables is None or table in tables]
    model = champion(settings)
    reports: list[TableReport] = []
    with connect(
        memory_limit=settings.memory_limit,
        threads=settings.threads,
        temp=settings.lake_path / ".spill",
        cluster=settings.cluster,
        abreast=True,
    ) as con:
        known: list[dict[date | None, int]] = []
        for group, run in (
            ((T.COST_ALLOCATION,), _cost_allocation),  # accounts and values read it, and the next
            ((T.DATA_HEALTH,), _data_health),
            ((T.CHANNEL_TRANSITION, T.DEAL_CREDIT), _deal_credit),  # values read the second, and the next the first
            ((T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY), _accounts_and_values),
            ((T.CAMPAIGN_METRICS,), _campaigns),
            ((T.ATTRIBUTION_CREDIT,), _attribution_credit),
            ((T.QUARANTINE_SUMMARY,), _quarantine_summary),
            ((T.METRIC_DEFINITIONS,), _definitions),
        ):
            chosen = [table for table in group if table in wanted]
            if not chosen:
                continue
            set_choices(con, settings.programme, model)
            stamp = now_ns()
            lake = settings.open_lake.looking_once()
            work = _Work(con, lake, settings.programme, model, frozenset(days), stamp)
            # Who is who is the same for all, unless it changes meanwhile.
            if known != (now := [lake.content_changed_at(table) for table in IDENTITY]):
                for table in IDENTITY:
                    lake.attach(con, table)
                run_steps(con, _base.WHO_IS_WHO)
                known = now
            reports += run(work, chosen)
            # The memory of one is free for the next.
            forget_all_but(con, _base.WHO_IS_WHO)
    return reports


def account_inputs(programme: Programme, score_days: int) -> tuple[Input, ...]:
    """What the base steps read for a day of account_metrics_daily (`score_days` = 1) or of metric_values.

    A part that reads an identity table for itself, not joined to facts or to `account_day`, says so in its `reads`.
    """
    reach = max(_accounts.ENGAGED_DAYS, programme.journey.aware_window_days)
    return (
        *_WHO,
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


def _accounts_and_values(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    con, lake = work.con, work.lake
    outcomes = {table: _Outcome(table) for table in wanted}
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
        # Scores of other models than the champion may come and go.
        own = [replace(each, part=work.model.file_part) if each.table.layer == "scoring" else each for each in reads]
        for day, why in lake.why_stale(table, own).items():
            whys[day] = tuple(dict.fromkeys((*whys.get(day, ()), *why)))
        inputs += (*account_inputs(work.programme, 1), *(each for part in parts[table] for each in part.reads))
    days |= whys.keys()
    if not days:
        return [outcome.report() for outcome in outcomes.values()]
    restated = Restatements(lake, work.model, whys)
    running = parts[T.METRIC_VALUES if T.METRIC_VALUES in outcomes else T.ACCOUNT_METRICS_DAILY]
    attached = _furthest(inputs)
    scores_back = next(each.window_days for each in attached if each.table is T.ENGAGEMENT_SCORE)
    once = [step for part in running for step in part.once]
    for each in attached:
        # Of the daily ones the others are attached with the days that a chunk reads: each costs a look at every file.
        if not each.table.is_daily or any(str(each.table) in step.sql for step in once):
            lake.attach(con, each.table)
    for part in running:
        if part.prepare is not None:
            part.prepare(con, work.programme)
    run_steps(con, _base.ONCE)
    accounts = con.execute("SELECT count(*) FROM firm").fetchall()[0][0]
    longest = max(7, min(CHUNK_DAYS, CHUNK_ROWS // max(1, accounts)))
    _bring_up(work, dict.fromkeys((*_base.KEPT, *kept_of(running))), days, longest)
    set_days(con, sorted(days))
    run_steps(con, (*_base.DEALS, *once))
    for chunk in chunks(days, longest):
        work.attach((each for each in attached if each.table.is_daily and each.table is not T.ENGAGEMENT_SCORE), chunk)
        first_scores = chunk[0] - timedelta(days=scores_back - 1)
        lake.attach(con, T.ENGAGEMENT_SCORE, first_scores, chunk[-1], part=work.model.file_part)
        set_days(con, chunk)
        run_steps(con, (*_base.DAILY, *_accounts.STEPS, *(step for part in running for step in part.steps)))
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


def _bring_up(work: _Work, kept: Iterable[Kept], days: Collection[date], longest: int) -> None:
    """Make readable all kept rows that the days read."""
    for name, table, part in (("touched", T.TOUCH, "*"), ("scored", T.ENGAGEMENT_SCORE, work.model.file_part)):
        set_dates(work.con, name, sorted({day_of(path) for path in work.lake.files(table, part=part)}))
    for each in kept:
        bring_up(
            work.con, work.lake, each, days, base=(*_base.WHO_IS_WHO, *_base.ONCE), model=work.model,
            journey=work.programme.journey, computed_at=work.computed_at, longest=longest,
        )  # fmt: skip


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


def _daily(
    work: _Work, table: Table, inputs: Sequence[Input], steps: Sequence[Step], longest: int = CHUNK_DAYS
) -> list[TableReport]:
    """A daily table whose rows are the relation of the last step."""
    outcome = _Outcome(table)
    for whole in inputs:
        if not whole.table.is_daily:
            work.lake.attach(work.con, whole.table)
    for chunk in chunks(work.todo(table, inputs), longest):
        work.attach((each for each in inputs if each.table.is_daily), chunk)
        set_days(work.con, chunk)
        run_steps(work.con, steps)
        _put(work, outcome, steps[-1].name, chunk)
    return [outcome.report()]


def _put(work: _Work, outcome: _Outcome, relation: str, days: Sequence[date]) -> None:
    query = f"SELECT * FROM {relation}"
    outcome.add(work.lake.write_days(work.con, outcome.table, query, days, computed_at=work.computed_at))


def _cost_allocation(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    allocation.set_rules(work.con, work.programme)
    inputs = (*_WHO, *allocation.inputs(work.programme))
    # A first load brings costs of days before those asked for; what an account has cost up to a day counts them.
    before = {day for day in work.lake.days(T.COST) if work.days and day < max(work.days)}
    known = work.lake.computed_at(T.COST_ALLOCATION).keys()
    work = replace(work, days=work.days | (before - known))
    return _daily(work, T.COST_ALLOCATION, inputs, allocation.STEPS)


def _campaigns(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    inputs = (*_WHO_DID, Input(T.FACT_CAMPAIGN), Input(T.SPEND), Input(T.TOUCH))
    return _daily(work, T.CAMPAIGN_METRICS, inputs, campaigns.STEPS)


def _data_health(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    set_sources(work.con)
    staged = tuple(Input(table, data_health.HISTORY_DAYS) for table in STAGED)
    facts = (Input(T.TOUCH), Input(T.INTENT), Input(T.SPEND))
    inputs = (*_WHO_DID, Input(T.WEAK_KEY), *staged, Input(T.QUARANTINE), *facts)
    # Long chunks: a row for each day and source is little, and each chunk reads the history before it once more.
    return _daily(work, T.DATA_HEALTH, inputs, data_health.STEPS, longest=366)


def _deal_credit(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    """Transitions and shares of the paths that ended on the days asked for; the second are learned from the first, and
    both are always made.
    """
    con, lake = work.con, work.lake
    outcomes = {table: _Outcome(table) for table in (T.CHANNEL_TRANSITION, T.DEAL_CREDIT)}
    _read_deals(work)
    deals = (Input(T.FACT_DEAL, way=ENDS), Input(T.LEAD_STAGE), Input(T.FACT_CAMPAIGN))
    inputs = (*_WHO_DID, *deals, Input(T.TOUCH, EVER))
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


def _read_deals(work: _Work) -> None:
    attribution.set_choices(work.con, work.programme.attribution)
    for table in attribution.READS:
        work.lake.attach(work.con, table)
    run_steps(work.con, attribution.DEALS)


def _read_touches(work: _Work, last: date | None = None) -> None:
    (first,) = work.con.execute("SELECT min(from_day) FROM traced").fetchall()[0]
    work.lake.attach(work.con, T.TOUCH, first, last)
    run_steps(work.con, _paths.TOUCHES)


def _days_before(work: _Work) -> set[date]:
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


def _attribution_credit(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
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


def _quarantine_summary(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    work.lake.attach(work.con, T.QUARANTINE)
    return [work.write_table(T.QUARANTINE_SUMMARY, data_health.QUARANTINE_SUMMARY)]


def _definitions(work: _Work, wanted: Sequence[Table]) -> list[TableReport]:
    set_definitions(work.con, work.programme, work.model)
    return [work.write_table(T.METRIC_DEFINITIONS, "SELECT * FROM definition")]
