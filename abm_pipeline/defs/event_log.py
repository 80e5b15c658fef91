"""Dagster's Postgres storage with its planned events written in batches, for runs over many partitions.

The stock event log stores one planned event per asset and day, each with two connections of its own, before a run
starts: for 180 days and 30 assets that is minutes. Here a batch is one INSERT, each asset's row is touched once, and
connections are pooled. The rows are the same (a test compares them); reading is untouched. Named in `dagster.yaml`.

Can go when the stock storage writes planned events in batches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from dagster import DagsterEventType
from dagster._core.storage.event_log import SqlEventLogStorageTable
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.auth import PgTokenProvider
from dagster_postgres.utils import create_pg_engine, get_token_provider_from_config, pg_url_from_config


class BatchedEventLogStorage(PostgresEventLogStorage):
    """The stock event log, but for `store_event_batch` of planned materialisations, and pooled connections."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: ConfigurableClassData | None = None,
        token_provider: PgTokenProvider | None = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data, token_provider)
        # No upper bound: waiting for a connection would stop threads of the daemon that the stock storage serves.
        self._engine = create_pg_engine(
            postgres_url,
            token_provider,
            isolation_level="AUTOCOMMIT",
            pool_size=2,
            max_overflow=-1,
            pool_pre_ping=True,
            pool_recycle=300,
        )

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> BatchedEventLogStorage:
        return cls(
            pg_url_from_config(config_value),
            config_value.get("should_autocreate_tables", True),
            inst_data,
            get_token_provider_from_config(config_value),
        )

    def store_event_batch(self, events: Sequence[Any]) -> None:
        """Store the events in order; neighbours that are planned materialisations in one statement."""
        planned = DagsterEventType.ASSET_MATERIALIZATION_PLANNED
        for kind, group in groupby(events, key=lambda event: event.get_dagster_event().event_type):
            if kind == planned:
                self._store_planned(list(group))
            else:
                super().store_event_batch(list(group))

    def _store_planned(self, events: Sequence[Any]) -> None:
        insert = SqlEventLogStorageTable.insert().returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)
        with self.index_transaction() as conn:
            ids = conn.execute(insert, [self._event_to_row(event) for event in events]).scalars().all()
            # Each planned event overwrites its asset's row, so that only the last one of an asset shows.
            last = {event.get_dagster_event().asset_key: (event, id_) for event, id_ in zip(events, ids, strict=True)}
            for event, event_id in last.values():
                self._store_asset_event(conn, event, event_id)

    def dispose(self) -> None:
        super().dispose()
        self._engine.dispose()


class BatchedPostgresStorage(DagsterPostgresStorage):
    """`DagsterPostgresStorage` with the event log above; the same configuration."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: ConfigurableClassData | None = None,
        token_provider: PgTokenProvider | None = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data, token_provider)
        self._batched = BatchedEventLogStorage(postgres_url, should_autocreate_tables, None, token_provider)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> BatchedPostgresStorage:
        return cls(
            pg_url_from_config(config_value),
            config_value.get("should_autocreate_tables", True),
            inst_data,
            get_token_provider_from_config(config_value),
        )

    @property
    def event_log_storage(self) -> EventLogStorage:
        return self._batched

    @property
    def event_storage_data(self) -> ConfigurableClassData | None:
        if self.inst_data is None:
            return None
        return ConfigurableClassData(__name__, BatchedEventLogStorage.__name__, self.inst_data.config_yaml)


__all__ = ["BatchedEventLogStorage", "BatchedPostgresStorage"]
