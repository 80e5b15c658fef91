"""The batched event log stores what the stock one stores."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg
import sqlalchemy as sa
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, StepMaterializationData
from dagster_postgres import PostgresEventLogStorage

from abm_pipeline.defs.event_log import BatchedEventLogStorage
from abm_pipeline.settings import Settings

RUN = "11111111-1111-1111-1111-111111111111"
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
TABLES = {
    "event_logs": "run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition",
    "asset_keys": "asset_key, last_run_id, last_materialization_timestamp, wipe_timestamp, tags",
    "asset_check_executions": "asset_key, check_name, partition, run_id, execution_status",
}


def entry(event: DagsterEvent, timestamp: float) -> dg.EventLogEntry:
    """The event as the instance hands it to the storage."""
    return dg.EventLogEntry(
        error_info=None,
        level="debug",
        user_message="",
        run_id=RUN,
        timestamp=timestamp,
        step_key=event.step_key,
        job_name="refresh",
        dagster_event=event,
    )


def planned(asset: str, day: str | None, timestamp: float) -> dg.EventLogEntry:
    """A planned materialisation."""
    data = AssetMaterializationPlannedData(dg.AssetKey(asset), partition=day, partitions_subset=None)
    return entry(DagsterEvent.build_asset_materialization_planned_event("refresh", "step", data), timestamp)


def planned_check(asset: str, timestamp: float) -> dg.EventLogEntry:
    """A planned check, which stands between planned materialisations, as events are sorted by asset."""
    event = DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        job_name="refresh",
        step_key="step",
        event_specific_data=AssetCheckEvaluationPlanned(
            asset_key=dg.AssetKey(asset), check_name="adds_up", partitions_subset=None
        ),
    )
    return entry(event, timestamp)


BATCH = [
    *(planned("a", day, 1_767_225_600.0 + i) for i, day in enumerate(DAYS)),
    planned_check("a", 1_767_225_604.0),
    *(planned("b", day, 1_767_225_605.0 + i) for i, day in enumerate(DAYS)),
    planned("c", None, 1_767_225_610.0),
]


def stored(storage: PostgresEventLogStorage, events: Sequence[dg.EventLogEntry], url: str) -> dict[str, list[tuple]]:
    """All rows after storing the batch, in the order stored; ids and insertion times apart."""
    storage.store_event_batch(events)
    storage.dispose()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as con:
        rows = {
            table: [tuple(row) for row in con.execute(sa.text(f"SELECT {columns} FROM {table} ORDER BY id"))]
            for table, columns in TABLES.items()
        }
        # The other storage begins with the same empty tables.
        con.execute(sa.text(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY"))
    return rows


def test_planned_events_are_stored_as_the_stock_storage_stores_them(settings: Settings) -> None:
    """Seven planned materialisations of three assets with a check between: the same rows in every table."""
    assert settings.dagster_postgres_url is not None
    url = settings.dagster_postgres_url.get_secret_value()
    expected = stored(PostgresEventLogStorage(url), BATCH, url)
    assert [8, 3, 1] == [len(rows) for rows in expected.values()]
    assert expected == stored(BatchedEventLogStorage(url), BATCH, url)


def test_other_batches_go_the_stock_way(settings: Settings) -> None:
    """Materialisations of an asset's three days: the same rows as the stock storage's."""
    assert settings.dagster_postgres_url is not None
    url = settings.dagster_postgres_url.get_secret_value()
    events = []
    for i, day in enumerate(DAYS):
        event = DagsterEvent(
            event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
            job_name="refresh",
            step_key="step",
            event_specific_data=StepMaterializationData(dg.AssetMaterialization("a", partition=day), []),
        )
        events.append(entry(event, 1_767_225_600.0 + i))
    expected = stored(PostgresEventLogStorage(url), events, url)
    assert [3, 1, 0] == [len(rows) for rows in expected.values()]
    assert expected == stored(BatchedEventLogStorage(url), events, url)


def test_the_instance_of_dagster_yaml_uses_it(settings: Settings) -> None:
    """dagster.yaml names the class; an instance made from it has it, and its reference survives a round trip."""
    from abm_pipeline.defs.instance import instance

    with instance(settings) as made:
        assert isinstance(made.event_log_storage, BatchedEventLogStorage)
        with dg.DagsterInstance.from_ref(made.get_ref()) as again:
            assert isinstance(again.event_log_storage, BatchedEventLogStorage)
