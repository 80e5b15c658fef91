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
import orjson

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.fields import ROLES
from abm_pipeline.programme import Programme
from abm_pipeline.scoring import kept
from abm_pipeline.scoring.days import DAY_STEPS
from abm_pipeline.scoring.lifecycle import archive
from abm_pipeline.scoring.model import PARTS, ScoringModel, load_models
from abm_pipeline.scoring.steps import SPAN_STEPS, TOUCH_STEPS
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect, on_spark, run_steps
from abm_pipeline.storage.journal import FACTS
from abm_pipeline.storage.lake import Input, Lake, Written, now_ns
from abm_pipeline.storage.report import TableReport
from abm_pipeline.storage.whole import write_whole

OUTPUTS = (T.ENGAGEMENT_SCORE, T.SCORE_PART)
# score_change_7d looks at the score of seven days before, and that one at its own window.
CHANGE_DAYS = 7
# Rows of account, window and day that are dense in memory at a time, and the shortest and longest chunk whatever the
# accounts: each looks at seven days more, and partitioned writing holds one file open per day.
CHUNK_ROWS = 1_600_000
SHORT_CHUNK_DAYS, CHUNK_DAYS = 14, 90
# About as many touches are looked at together, if the days are many: each chunk reads what they add up to, which has to
# stay in memory.
SEGMENT_TOUCHES = 12_000_000
# What touches add up to is kept of ranges from this length on: a daily run's never comes again.
KEPT_FROM_DAYS = 60
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
    `valid_from` are left out, and so is what this very version has scored since anything that it reads changed: a
    killed re-score goes on where it was. Raises ConfigError for a model that can't be used.
    """
    models = load_models(settings.config) if models is None else models
    lake, programme = settings.open_lake, settings.programme
    for model in models.values():
        archive(settings, model)
    todo = days_to_score(settings, models, days)
    computed_at = now_ns()
    outcomes = {table: _Outcome() for table in OUTPUTS}
    for model in models.values():
        standing = set(days) - set(todo[model.name])
        for table, outcome in outcomes.items() if standing else ():
            for day, count in lake.rows_by_day(table, min(standing), max(standing), model.file_part).items():
                if day in standing:
                    outcome.rows[day] = outcome.rows.get(day, 0) + count
    unattributed = 0
    settings.home.mkdir(parents=True, exist_ok=True)
    reach = max((max(model.windows) for model in models.values()), default=1) - 1 + CHANGE_DAYS
    runs = _runs(sorted({day for wanted in todo.values() for day in wanted}), gap=reach)
    segments = [segment for run in runs for segment in _segments(lake, run)]
    for segment in segments:
        # A connection for each, so that the memory of one is free for the next.
        with (
            TemporaryDirectory(dir=settings.home, prefix="scoring_") as spill,
            connect(
                memory_limit=settings.memory_limit,
                threads=settings.threads,
                temp=Path(spill),
                cluster=settings.cluster,
            ) as con,
        ):
            keep = settings.home / "kept" if len(segments) == 1 and len(segment) >= KEPT_FROM_DAYS else None
            prepare_touches(con, lake, programme, segment, reach, keep)
            row = con.execute("SELECT touches FROM unattributed").fetchone()
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
        "days_scored": sum(map(len, todo.values())),
    }
    return [
        TableReport(table, outcome.rows, tuple(sorted(outcome.changed)), notes) for table, outcome in outcomes.items()
    ]


def days_to_score(
    settings: Settings, models: Mapping[str, ScoringModel], days: Sequence[date]
) -> dict[str, list[date]]:
    """For each model, by name: of `days` those that it has not scored as things stand, and the stale ones."""
    lake, programme = settings.open_lake, settings.programme
    rules_since = _rules_since(settings)
    out: dict[str, list[date]] = {}
    for model in models.values():
        reads, part = inputs(model, programme), model.file_part
        wanted = {day for table in OUTPUTS for day in lake.stale_days(table, reads, part=part)}
        computed = [lake.computed_at(table, part) for table in OUTPUTS]
        for day in set(days) - wanted:
            stands = all(at.get(day, 0) >= rules_since for at in computed)
            if not stands or not all(lake.file(table, day, part).exists() for table in OUTPUTS):
                wanted.add(day)
        first = max(programme.history_start, model.valid_from or date.min)
        out[model.name] = sorted(day for day in wanted if day >= first)
    return out


def _rules_since(settings: Settings) -> int:
    """Since when (ns) scores are made by the SQL and the programme's settings of now."""
    path, programme = settings.lake_path / "scoring" / "_rules.json", settings.programme
    chosen = (programme.history_start, programme.account_level, programme.reporting_timezone)
    now = kept.digest((*TOUCH_STEPS, *SPAN_STEPS, *DAY_STEPS), chosen, ())
    try:
        known = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        known = {}
    if known.get("rules") != now:
        known = {"rules": now, "since": now_ns()}
        write_whole(path, orjson.dumps(known))
    return int(known["since"])


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


def _segments(lake: Lake, run: Sequence[date]) -> Iterator[Sequence[date]]:
    """The days cut into as many equal pieces as their touches ask for, none of them short."""
    most = len(run) // KEPT_FROM_DAYS
    touches = sum(lake.rows_by_day(T.TOUCH, run[0], run[-1]).values()) if most > 1 else 0
    length = math.ceil(len(run) / max(1, min(most, math.ceil(touches / SEGMENT_TOUCHES))))
    for start in range(0, len(run), length):
        yield run[start : start + length]


def prepare_touches(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    programme: Programme,
    segment: Sequence[date],
    reach: int,
    keep: Path | None = None,
) -> None:
    """Resolve and count the touches that the days of `segment` look back on, for every model at once.

    `keep`: the folder where that is looked for, and kept.
    """
    first, last = segment[0], segment[-1]
    read_from = first - timedelta(days=reach)
    daily = ((T.TOUCH, read_from), (T.INTENT, first - timedelta(days=CHANGE_DAYS)))
    whole = (T.MEMBER, T.PERSON, T.PERSON_HISTORY, T.ACCOUNT, T.TIER_HISTORY)
    for table, since in daily:
        lake.attach(con, table, since, last)
    for table in whole:
        lake.attach(con, table)
    told = (first, last, read_from, programme.history_start)
    con.execute(
        "CREATE TEMP TABLE segment AS SELECT ?::INTEGER AS first_day, ?::INTEGER AS last_day, ?::INTEGER AS read_from, "
        "?::INTEGER AS history_start, ? AS account_level, ? AS zone",
        [*((day - EPOCH).days for day in told), programme.account_level, programme.reporting_timezone],
    )
    _fill(con, "role_number (role VARCHAR, role_no TINYINT)", [(r, i) for i, r in enumerate((*ROLES, "unknown"))])
    folder = None
    if keep is not None and on_spark(con) is None:
        files = [file for table, since in daily for file in lake.files(table, since, last)]
        files += [file for table in whole for file in lake.files(table)]
        chosen = (*told, programme.account_level, programme.reporting_timezone, ROLES)
        folder = keep / kept.digest(TOUCH_STEPS, chosen, files)
    if folder is None or not kept.load(con, folder):
        run_steps(con, TOUCH_STEPS)
        if folder is not None:
            kept.save(con, folder)
    _number_texts(con, "account_number", "account_id")


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
    named = {**part_no, "breadth": -1, "intent": -2}
    _fill(con, "part_name (part_no INTEGER, part VARCHAR)", [(number, name) for name, number in named.items()])
    for table, column in (("part_name", "part"), ("model", "name"), ("model", "model_version")):
        _number_texts(con, table, column)
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


def _number_texts(con: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    """Make an ENUM of a column of texts that stand in millions of rows, each of few: it is carried as a number."""
    if on_spark(con) is not None:
        return  # which has no such type
    if con.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is None:
        return
    kind = f"texts_of_{table}_{column}"
    con.execute(f"CREATE OR REPLACE TYPE {kind} AS ENUM (SELECT DISTINCT {column} FROM {table} ORDER BY 1)")
    con.execute(f"ALTER TABLE {table} ALTER {column} TYPE {kind}")


def chunks(con: duckdb.DuckDBPyConnection, days: Sequence[date]) -> Iterator[list[date]]:
    """The days in runs of consecutive ones, short enough for their dense rows to fit in memory."""
    row = con.execute("SELECT count(DISTINCT (account, window_days)) FROM account_span").fetchone()
    length = min(CHUNK_DAYS, max(SHORT_CHUNK_DAYS, CHUNK_ROWS // max(1, row[0] if row else 1)))
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
