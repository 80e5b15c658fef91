"""A score taken apart adds up to what was published, and is found by whatever name people use."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import empty_select
from abm_pipeline.contracts.tables import raw_table
from abm_pipeline.reports.explain import NotFoundError, explain, find_account, payload_files
from abm_pipeline.settings import Settings
from abm_pipeline.storage import engine
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.reports.sample import DAY


@pytest.mark.parametrize("window", [30, 90])
@pytest.mark.parametrize("number", range(0, 60, 7))
def test_it_adds_up_to_the_published_score(sample: Settings, number: int, window: int) -> None:
    """Touch by touch, for quiet and busy accounts: parts equal the published parts, their sum the published score."""
    found = explain(sample, f"acc_{number:02}", DAY, window_days=window)
    assert 0.0 == found.differs
    assert found.published is not None
    assert found.published["score"] == pytest.approx(found.parts["points"].fillna(0).sum(), abs=1e-5)
    assert found.parts["published_points"].fillna(0).tolist() == pytest.approx(
        found.parts["points"].fillna(0).tolist(), abs=1e-5
    )
    assert found.published["touches"] == len(found.touches)


def test_one_touch_by_hand(settings: Settings) -> None:
    """A meeting (20 points) with a champion (× 1.5), 30 days before, half-life 30 days: 20 × 1.5 × ½ = 15."""
    lake, day = settings.open_lake, date(2026, 3, 31)
    with engine.connect() as con:

        def put(table: T.Table, values: str) -> None:
            query = f"{empty_select(table)} UNION ALL BY NAME {values}"
            if table.is_daily:
                lake.write_days(con, table, query, [day - timedelta(days=30), day], computed_at=now_ns())
            else:
                lake.write_table(con, table, query, computed_at=now_ns())

        put(T.ACCOUNT, "SELECT 'a' AS account_id, 'Acme' AS name, 'a' AS ultimate_parent_id")
        put(T.MEMBER, "SELECT 'a' AS account_id, 'salesforce' AS source, '001' AS source_id")
        put(
            T.PERSON,
            "SELECT 'a' AS account_id, 'salesforce' AS source, '003' AS source_id, 'salesforce:003' AS person_id, "
            "'champion' AS role",
        )
        put(
            T.TOUCH,
            "SELECT DATE '2026-03-01' AS day, 't' AS touch_id, 'salesforce' AS source, 'E1' AS source_id, "
            "'salesforce:001' AS company_key, 'salesforce:003' AS contact_key, 'meeting' AS touch_type, "
            "false AS is_exposure, 1 AS weight_count",
        )
    found = explain(settings, "Acme", day)
    assert found.published is None
    (touch,) = found.touches.to_dict("records")
    weights = ("points_each", "role_weight", "cap_share", "recency", "points", "record")
    assert (20.0, 1.5, 1.0, 0.5, 15.0, "salesforce:E1") == tuple(touch[name] for name in weights)
    assert 15.0 == found.computed


def test_found_by_id_name_domain_record_and_old_id(sample: Settings) -> None:
    """All of these are account 59; upper case doesn't matter, a redirect is followed."""
    for wanted in ("acc_59", "Initech Foods 59", "initech foods 59", "COMPANY59.example", "00159", "acc_old"):
        assert "acc_59" == find_account(sample, wanted)[0]


def test_a_slip_of_the_pen_gets_suggestions(sample: Settings) -> None:
    """The nearest names are named."""
    with pytest.raises(NotFoundError, match="did you mean Initech Foods 59"):
        find_account(sample, "Initec Foods 59")


def test_what_is_not_there_is_said(sample: Settings, settings: Settings) -> None:
    """An unknown model or window names those there are; an empty lake says what to run."""
    with pytest.raises(NotFoundError, match="there is default"):
        explain(sample, "acc_59", DAY, "challenger")
    with pytest.raises(NotFoundError, match="it has 30, 90"):
        explain(sample, "acc_59", DAY, window_days=60)
    with pytest.raises(NotFoundError, match="abm run"):
        find_account(settings, "acme")


def test_a_score_whose_inputs_changed_is_said_to_differ(settings: Settings) -> None:
    """A published score of 10 without any touch in the lake: the difference is 10."""
    day, lake = date(2026, 3, 31), settings.open_lake
    from abm_pipeline.scoring.model import load_models

    version = load_models()["default"].model_version
    with engine.connect() as con:
        account = f"{empty_select(T.ACCOUNT)} UNION ALL BY NAME SELECT 'a' AS account_id, 'Acme' AS name"
        lake.write_table(con, T.ACCOUNT, account, computed_at=now_ns())
        score = (
            f"{empty_select(T.ENGAGEMENT_SCORE)} UNION ALL BY NAME SELECT DATE '{day}' AS day, 'a' AS account_id, "
            f"'default' AS model, '{version}' AS model_version, 90 AS window_days, 10 AS score"
        )
        lake.write_days(con, T.ENGAGEMENT_SCORE, score, [day], computed_at=now_ns())
    assert 10.0 == explain(settings, "a", day).differs


def test_payloads_are_found_by_source_record(settings: Settings) -> None:
    """The newest version's file, under the lake; a record that isn't there is left out."""
    table, days = raw_table("salesforce", "task"), [date(2026, 3, 1), date(2026, 3, 2)]
    with engine.connect() as con:
        rows = ", ".join(f"(DATE '{day}', 'salesforce', 'T1', '{day}', '{{}}')" for day in days)
        values = f"SELECT * FROM (VALUES {rows}) v(day, vendor, record_id, version, payload)"
        query = f"{empty_select(table)} UNION ALL BY NAME {values}"
        settings.open_lake.write_days(con, table, query, days, computed_at=now_ns())
    expected = {"salesforce:T1": Path("raw/salesforce_task/day=2026-03-02/data.parquet")}
    assert expected == payload_files(settings, ["salesforce:T1", "salesforce:T2", "linkedin:9"])
