"""`abm doctor`: what works, what is off, what is wrong, and what to do about it.

Belongs here: one function per part of an installation, each a generator of findings. Nothing is changed or started.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.registry import collect
from abm_pipeline.scoring.model import load_models
from abm_pipeline.settings import Settings
from abm_pipeline.sources import credentials
from abm_pipeline.sources._errors import SourceError
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.storage import postgres
from abm_pipeline.storage.engine import ON_SPARK, EngineError
from abm_pipeline.storage.spark import check as check_spark

LEAST_FREE_GB = 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` says what to do about a warning or something wrong."""

    part: str
    state: Literal["ok", "off", "warning", "wrong"]
    text: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at every part; a part that is wrong hides no other."""
    parts: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_config, _engine, _lake, _database, _sources)
    for part in parts:
        yield from part(settings)


def _config(settings: Settings) -> Iterator[Finding]:
    where = f"defaults and {settings.config}" if settings.config else "defaults"
    if settings.config and not settings.config.is_dir():
        yield Finding("config", "wrong", f"{settings.config} is no folder", "point ABM_CONFIG at a folder of YAML")
    try:
        programme = settings.programme
        yield Finding(
            "config", "ok", f"{where}: {programme.reporting_currency}, {programme.reporting_timezone}, "
            f"history from {programme.history_start}"
        )  # fmt: skip
        models = load_models(settings.config)
    except ConfigError as error:
        yield Finding("config", "wrong", str(error), "mend the file")
        return
    names = ", ".join(f"{model.name} {model.model_version}" for model in models.values())
    yield Finding("scoring models", "ok", names)
    if programme.champion not in models:
        yield Finding(
            "scoring models",
            "wrong",
            f"the champion {programme.champion!r} is none of them",
            "set `champion` in programme.yaml to one of these names",
        )


def _engine(settings: Settings) -> Iterator[Finding]:
    if settings.engine == "duckdb":
        yield Finding("engine", "ok", f"DuckDB, {settings.memory_limit} a step")
        return
    try:
        check_spark()
        yield Finding("engine", "ok", f"Spark at {settings.spark_master} for {', '.join(sorted(ON_SPARK))}")
    except EngineError as error:
        yield Finding("engine", "wrong", str(error), "see docs/spark.md, or set ABM_ENGINE=duckdb")


def _lake(settings: Settings) -> Iterator[Finding]:
    root = settings.lake_path
    probe = root / f".doctor-{uuid.uuid4().hex}"
    existed = root.exists()
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
        if not existed:
            root.rmdir()
    except OSError as error:
        yield Finding(
            "lake", "wrong", f"{root} can't be written: {error.strerror}", "set ABM_LAKE to a folder of yours"
        )
        return
    free = shutil.disk_usage(root if existed else root.parent).free / 1e9
    if free < LEAST_FREE_GB:
        yield Finding("lake", "warning", f"only {free:.1f} GB are free at {root}", "make room, or move ABM_LAKE")
    days = settings.open_lake.days(T.METRIC_VALUES)
    said = f"{len(days)} days of metrics, {days[0]} to {days[-1]}" if days else "no metrics yet"
    yield Finding("lake", "ok", f"{root}: {said}")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        urls = postgres.urls(settings)
    except postgres.PostgresError as error:
        if settings.postgres_url is None or settings.dagster_postgres_url is None:
            yield Finding("Postgres", "off", str(error), "`abm run` and `abm dev` start it by themselves")
        else:
            yield Finding("Postgres", "wrong", str(error), "check ABM_POSTGRES_URL and ABM_DAGSTER_POSTGRES_URL")
        return
    for name, variable, url in (
        ("Postgres, served", "ABM_POSTGRES_URL", urls.served),
        ("Postgres, Dagster", "ABM_DAGSTER_POSTGRES_URL", urls.dagster),
    ):
        try:
            with postgres.connect(url).connect() as con:
                version = con.scalar(sa.text("SHOW server_version"))
                may = con.scalar(sa.text("SELECT has_database_privilege(current_database(), 'CREATE')"))
        except postgres.PostgresError as error:
            yield Finding(name, "wrong", str(error), f"check {variable}, and that the server is up")
            continue
        if may:
            yield Finding(name, "ok", f"version {version}")
        else:
            yield Finding(name, "wrong", "the role may not create a schema", "GRANT CREATE ON DATABASE to the role")


def _source(settings: Settings, spec: SourceSpec) -> Finding:
    state = credentials.status(spec)
    if state.state == "off":
        return Finding(spec.title, "off", "no credentials", f"see .env.example, {spec.title}")
    if state.state == "incomplete":
        return Finding(spec.title, "wrong", f"{', '.join(state.missing)} not set", "set it in .env or the environment")
    try:
        return Finding(spec.title, "ok", credentials.check(spec, settings))
    except SourceError as error:
        return Finding(spec.title, "wrong", str(error))
    except ConfigError as error:
        return Finding(spec.title, "wrong", f"can't be tried: {error}")


def _sources(settings: Settings) -> Iterator[Finding]:
    specs = collect("abm_pipeline.sources", SourceSpec)
    # A login may take seconds, and there are many.
    with ThreadPoolExecutor(8) as pool:
        yield from pool.map(lambda spec: _source(settings, spec), specs)
    states = [credentials.status(spec) for spec in specs]
    if all(state.state == "off" for state in states):
        path = ".env" if os.path.exists(".env") else "no .env here"
        yield Finding("sources", "warning", f"every source is off ({path})", "copy .env.example to .env and fill it in")
