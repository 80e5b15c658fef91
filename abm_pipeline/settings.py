"""Every environment variable, typed, in one place; secrets never print. What marketing decides is in `programme`.

Vendors' credentials are not here: each source's SPEC declares its own.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from abm_pipeline.programme import Programme, load_programme
from abm_pipeline.storage.engine import Cluster
from abm_pipeline.storage.lake import Lake


class Settings(BaseSettings):
    """Where things are and how much of the machine may be used. Read from `ABM_*` and `.env`."""

    model_config = SettingsConfigDict(env_prefix="ABM_", env_file=".env", extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path(".abm"), description="Folder of everything the pipeline keeps on disk by default.")
    lake: Path | None = Field(None, description="Folder of the lake; default {home}/lake.")
    config: Path | None = Field(None, description="Folder of YAML that overrides the defaults.")
    postgres_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL of the served database; default: the embedded server under {home}/postgres.",
    )
    dagster_postgres_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of Dagster's own database; default: the embedded server."
    )
    user: str | None = Field(None, description="Who makes identity decisions; default: the login name.")
    memory_limit: str = Field("4GB", description="Memory that one SQL step may use before it spills to disk.")
    threads: int | None = Field(None, description="Threads of one SQL step; default: all.")
    executor: Literal["in_process", "multiprocess"] = Field(
        "in_process", description="How Dagster runs the steps of a run that it launches."
    )
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="What runs the SQL steps of the layers that docs/spark.md lists; others run on DuckDB."
    )
    spark_master: str = Field("local[*]", description="Master URL of the Spark cluster, e.g. spark://host:7077.")
    alert_webhook_url: SecretStr | None = Field(None, description="Where run failures are posted as JSON.")

    @property
    def lake_path(self) -> Path:
        return (self.lake or self.home / "lake").absolute()

    @property
    def open_lake(self) -> Lake:
        return Lake(self.lake_path)

    @property
    def cluster(self) -> Cluster | None:
        """Where SQL steps run, if not here."""
        return Cluster(self.spark_master, self.lake_path / ".spill") if self.engine == "spark" else None

    @property
    def reports_path(self) -> Path:
        return (self.home / "reports").absolute()

    @cached_property
    def programme(self) -> Programme:
        """The programme as the YAML defaults, overridden by the folder `ABM_CONFIG`, declare it."""
        return load_programme(self.config)
