"""Score days: which days, under which models, and the rows they get.

Belongs here: the plan of a refresh and its parameters; the computation is the SQL of `steps` and `days`. Every model
is scored, champion and challengers alike, each into a file of its own in the partition, named after its version.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import ROLES
from abm_pipeline.programme import Programme
from abm_pipeline.scoring.days import DAY_STEPS
from abm_pipeline.scoring.lifecycle import archive
from abm_pipeline.scoring.model import PARTS, ScoringModel, load_models
from abm_pipeline.scoring.steps import SPAN_STEPS, TOUCH_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, run_steps
from abm_pipeline.storage.journal import FACTS
from abm_pipeline.storage.lake import Input, Lake, Written, now_ns
from abm_pipeline.storage.report import TableReport

OUTPUTS = (T.ENGAGEMENT_SCORE, T.SCORE_PART)
# score_change_7d looks at the score of seven days before, and that one at its own window.
CHANGE_DAYS = 7
# Rows of account, window and day that are dense in memory at a time, and the longest chunk whatever the accounts:
# partitioned writing holds one file open per day.
CHUNK_ROWS = 1_600_000
CHUNK_DAYS = 90
EPOCH = date(1970, 1, 1)


@dataclass
class _Outcome:
    rows: dict[date | None, int] = field(default_factory=dict)
    changed: set[date] = field(default_factory=set)

    def add(self, written: Written) -> None:
        for day, rows in written.rows.items():
            self.rows[day] = self.rows.get(day, 0) + rows
        self.changed.update(written.changed)


def inputs(model: ScoringModel, programme: Programme) -> tuple[Input, ...]:
    """What a model's rows of a day are computed from: the tables, and how many days up to the day itself."""
    daily = (Input(T.TOUCH, max(model.windows) + CHANGE_DAYS), Input(T.INTENT, 1 + CHANGE_DAYS))
    rolled = (T.ACCOUNT,) if programme.account_level == "parent" else ()
    who = (Input(table, way=FACTS) for table in (T.MEMBER, T.PERSON, T.PERSON_HISTORY, *rolled))
    return (*daily, *who, Input(T.TIER_HISTORY))


def refresh(
    settings: Settings, days: Sequence[date], run_id: str, models: Mapping[str, ScoringModel] | None = None
) -> list[TableReport]:
    """Score `days`, and days scored before whose inputs changed since, under every model (default: all the YAML).

    Writes scoring.engagement_score and scoring.score_part where rows differ. Days before `history_start` or a model's
    `valid_from` are left out. Raises ConfigError for a model that can't be used.
    """
    models = load_models(settings.config) if models is None else models
    lake, programme = settings.open_lake, settings.programme
    for model in models.values():
        archive(settings, model)
    computed_at = now_ns()
    todo = {model.name: _days_to_score(lake, programme, model, days) for model in models.values()}
    outcomes = {table: _Outcome() for table in OUTPUTS}
    unattributed = 0
    settings.home.mkdir(parents=True, exist_ok=True)
    reach = max((max(model.windows) for model in models.values()), default=1) - 1 + CHANGE_DAYS
    for segment in _runs(sorted({day for wanted in todo.values() for day in wanted}), gap=reach):
        # A connection for each, so that the memory of one is free for the next.
        with (
            TemporaryDirectory(dir=settings.home, prefix="scoring_") as spill,
            connect(memory_limit=settings.memory_limit, threads=settings.threads, temp=Path(spill)) as con,
        ):
            prepare_touches(con, lake, programme, segment, reach)
            row = con.execute("SELECT coalesce(sum(touches), 0) FROM actor WHERE account IS NULL").fetchone()
            unattributed += int(row[0]) if row else 0
            for model in models.values():
                wanted = [day for day in todo[model.name] if segment[0] <= day <= segment[-1]]
                if not wanted:
                    continue
                prepare_model(con, model)
                run_steps(con, SPAN_STEPS)
                for chunk in chunks(con, wanted):
                    run_chunk(con, chunk)
                    for table, rows in zip(OUTPUTS, ("score_row", "part_row"), strict=True):
                        query = f"SELECT * FROM {rows}"
                        written = lake.write_days(
                            con, table, query, chunk, computed_at=computed_at, part=model.file_part
                        )
                        outcomes[table].add(written)
    notes: dict[str, int | float | str] = {
        "models": ", ".join(f"{model.name} {model.model_version}" for model in models.values()),
        "touches_unattributed": unattributed,
    }
    return [
        TableReport(table, outcome.rows, tuple(sorted(outcome.changed)), notes) for table, outcome in outcomes.items()
    ]


def _days_to_score(lake: Lake, programme: Programme, model: ScoringModel, days: Sequence[date]) -> list[date]:
    stale = {day for table in OUTPUTS for day in lake.stale_days(table, inputs(model, programme), part=model.file_part)}
    first = max(programme.history_start, model.valid_from or date.min)
    return sorted(day for day in {*days, *stale} if day >= first)


def _runs(days: Sequence[date], gap: int) -> Iterator[list[date]]:
    """The days cut where more than `gap` days lie between two of them."""
    run: list[date] = []
    for day in days:
        if run and (day - run[-1]).days > gap:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def prepare_touches(
    con: duckdb.DuckDBPyConnection, lake: Lake, programme: Programme, segment: Sequence[date], reach: int
) -> None:
    """Resolve and count the touches that the days of `segment` look back on, for every model at once."""
    first, last = segment[0], segment[-1]
    lake.attach(con, T.TOUCH, first - timedelta(days=reach), last)
    lake.attach(con, T.INTENT, first - timedelta(days=CHANGE_DAYS), last)
    for table in (T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.ACCOUNT, T.TIER_HISTORY):
        lake.attach(con, table)
    con.execute(
        "CREATE TEMP TABLE segment AS SELECT ?::INTEGER AS first_day, ?::INTEGER AS last_day, ?::INTEGER AS read_from, "
        "?::INTEGER AS history_start, ? AS account_level, ? AS zone",
        [
            *((day - EPOCH).days for day in (first, last, first - timedelta(days=reach), programme.history_start)),
            programme.account_level,
            programme.reporting_timezone,
        ],
    )
    _fill(con, "role_number (role VARCHAR, role_no TINYINT)", [(r, i) for i, r in enumerate((*ROLES, "unknown"))])
    run_steps(con, TOUCH_STEPS)


def prepare_model(con: duckdb.DuckDBPyConnection, model: ScoringModel) -> None:
    """Make the tables that the steps read a model's weights from. Caps are in millionths of a point."""
    block_days = max(model.windows)
    band = model.band_pct
    con.execute(
        "CREATE OR REPLACE TEMP TABLE model AS SELECT ? AS name, ? AS model_version, ?::INTEGER AS block_days, "
        "?::DOUBLE AS half_life_days, ?::INTEGER AS scale_bits, ?::BIGINT AS cap_contact, ?::BIGINT AS cap_account, "
        "?::DOUBLE AS points_per_topic, ?::DOUBLE AS full_score, ?::BIGINT AS cap_intent, "
        "?::DOUBLE AS engaged_min_score, ?::DOUBLE AS hot, ?::DOUBLE AS warm, ?::DOUBLE AS cool",
        [
            model.name,
            model.model_version,
            block_days,
            model.half_life_days,
            40 - math.ceil(block_days / model.half_life_days),
            *(round(cap * 1e6) for cap in (model.cap_per_contact_day, model.cap_per_account_day)),
            model.intent.points_per_topic,
            model.intent.full_score,
            round(model.intent.cap * 1e6),
            model.engaged_min_score,
            *(band.hot, band.hot + band.warm, band.hot + band.warm + band.cool),
        ],
    )
    part_no = {touch_type: number for number, touch_type in enumerate(PARTS)}
    most = max(model.breadth)
    reached = [max((n for n in model.breadth if n <= contacts), default=None) for contacts in range(most + 1)]
    roles = (*ROLES, "unknown")
    _fill(con, "part_name (part_no TINYINT, part VARCHAR)", [(number, name) for name, number in part_no.items()])
    _fill(
        con,
        "touch_points (touch_type VARCHAR, part TINYINT, points DOUBLE)",
        [(name, part_no[name], model.points[name]) for name in model.engagement_types],
    )
    _fill(
        con,
        "content_points (touch_type VARCHAR, content_type VARCHAR, points DOUBLE)",
        [
            (t, content, points)
            for t, by_content in model.content_points.items()
            for content, points in by_content.items()
        ],
    )
    _fill(
        con, "role_weight (role_no TINYINT, weight DOUBLE)", [(i, model.role_weights[r]) for i, r in enumerate(roles)]
    )
    _fill(con, "windows (window_days SMALLINT)", [(window,) for window in model.windows])
    _fill(con, "most_contacts (contacts INTEGER)", [(most,)])
    _fill(
        con,
        "breadth (contacts INTEGER, factor DOUBLE)",
        [(contacts, model.breadth[n] if n else 1.0) for contacts, n in enumerate(reached)],
    )


def _fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table}")
    if rows:
        places = ", ".join("?" * len(rows[0]))
        con.executemany(f"INSERT INTO {table.split(maxsplit=1)[0]} VALUES ({places})", rows)


def chunks(con: duckdb.DuckDBPyConnection, days: Sequence[date]) -> Iterator[list[date]]:
    """The days in runs of consecutive ones, short enough for their dense rows to fit in memory."""
    row = con.execute("SELECT count(DISTINCT (account, window_days)) FROM account_span").fetchone()
    length = max(1, min(CHUNK_DAYS, CHUNK_ROWS // max(1, row[0] if row else 1)))
    for run in _runs(days, gap=1):
        for start in range(0, len(run), length):
            yield run[start : start + length]


def run_chunk(con: duckdb.DuckDBPyConnection, chunk: Sequence[date]) -> None:
    """Make the rows of consecutive days readable as `score_row` and `part_row`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE chunk AS SELECT ?::INTEGER AS first_day, ?::INTEGER AS last_day",
        [(day - EPOCH).days for day in (chunk[0], chunk[-1])],
    )
    run_steps(con, DAY_STEPS)
