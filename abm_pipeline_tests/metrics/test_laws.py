"""Laws that hold for every metric, old and new: whatever the registry finds, on one world with a bit of everything."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.contracts.render import pandera_schema
from abm_pipeline.defs.checks import CHECKS, evaluate
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.metrics._segments import SEGMENTS
from abm_pipeline.metrics._spec import MetricSpec
from abm_pipeline.metrics.refresh import OUTPUTS
from abm_pipeline_tests.metrics.money import cost, populate_money
from abm_pipeline_tests.metrics.world import CHANNEL, D, World
from abm_pipeline_tests.metrics.world_engagement import populate_engagement
from abm_pipeline_tests.metrics.world_pipeline import populate_pipeline

DAYS = [D - timedelta(days=back) for back in (2, 1, 0)]


def populate(world: World) -> None:
    """Thirty accounts with people, touches, intent, scores, deals and ads over half a year; by a fixed seed."""
    rng = random.Random(7)
    tiers = ("one_to_one", "one_to_few", "one_to_many", None)

    def back(days: int) -> str:
        return str(D - timedelta(days=rng.randrange(days)))

    for i in range(30):
        account = world.account(
            f"a{i:02}.com", industry=rng.choice(["Retail", None]), region=rng.choice(["EMEA", "US"])
        )
        tier = rng.choice(tiers)
        if tier:
            moved = back(60)
            world.tier(account, tier, "2025-01-01", moved)
            world.tier(account, rng.choice(tiers[:3]), moved)
        for j in range(3):
            same = f"crm:{account}/{0 if i % 3 == 0 else j}"
            world.person(f"{account}/{j}", account, rng.choice(["champion", "user", None]), person_id=same)
        for _ in range(12):
            person = rng.choice([f"{account}/0", f"{account}/1", None])
            world.touch(
                account,
                back(18) if rng.random() < 0.5 else str(D - timedelta(days=95)),
                rng.choice(list(CHANNEL)),
                person,
                campaign_id="linkedin:c1",
            )
        for k in range(3):
            created = D - timedelta(days=rng.randrange(150))
            closed = rng.choice([None, str(min(D, created + timedelta(days=rng.randrange(1, 80))))])
            world.deal(
                f"{account}#{k}", account, str(created), closed, won=rng.random() < 0.5, amount=rng.randrange(1, 9999)
            )
        if i % 2:
            world.intent(account, back(35))
        engaged = rng.randrange(0, 150)
        for day_back in range(0, 150, 15):
            world.score(account, str(D - timedelta(days=day_back)), 40 if day_back < engaged else 3, rng.random())
    world.account("came.com", "one_to_few", str(D - timedelta(days=10)))
    world.tier(world.account("left.com"), "one_to_many", "2025-01-01", str(D - timedelta(days=10)))
    for day_back in range(0, 100, 9):
        world.spend(str(D - timedelta(days=day_back)))
    cost(world, str(D - timedelta(days=40)), 700, campaign_id="linkedin:c1")
    populate_pipeline(world)
    populate_engagement(world)
    populate_money(world)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world, its metrics computed for three days at once."""
    world = World(tmp_path_factory.mktemp("full"))
    populate(world)
    world.refresh(*DAYS)
    return world


@pytest.fixture(scope="module")
def rows(full: World) -> pd.DataFrame:
    """metric_values of the full world."""
    return pd.DataFrame(full.read(T.METRIC_VALUES))


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which nothing is known, computed all the same."""
    world = World(tmp_path_factory.mktemp("nothing"))
    world.refresh()
    return world


EVERY_METRIC = pytest.mark.parametrize("spec", metric_specs(), ids=lambda spec: spec.id)


@EVERY_METRIC
def test_the_total_is_there_for_every_day_and_window(spec: MetricSpec, rows: pd.DataFrame) -> None:
    """`all` has one row a day and window, and the windows are the declared ones (or the model's 30 and 90)."""
    totals = rows[(rows.metric == spec.id) & (rows.dimension == "all")]
    expected = {(day, window) for day in DAYS for window in spec.window_days or (30, 90)}
    assert sorted(expected) == sorted(zip(totals.as_of, totals.window_days, strict=True))


@EVERY_METRIC
def test_the_metric_has_a_value_in_a_full_world(spec: MetricSpec, rows: pd.DataFrame) -> None:
    """Half a year of a bit of everything gives every metric a total on the last day."""
    totals = rows[(rows.metric == spec.id) & (rows.dimension == "all") & (rows.as_of == D)]
    assert totals.value.notna().all()


@EVERY_METRIC
def test_segments_that_split_the_whole_add_up_to_it(spec: MetricSpec, rows: pd.DataFrame) -> None:
    """n of the segments of a partitioning dimension add up to n of `all`, on every day and window; where numerators
    and denominators are sums, theirs do too."""
    columns = ["n"] if spec.statistic == "given" or "velocity" in spec.id else ["n", "numerator", "denominator"]
    mine = rows[rows.metric == spec.id]
    total = mine[mine.dimension == "all"].set_index(["as_of", "window_days"])[columns].astype(float)
    for segment in [each for each in (*SEGMENTS, "stage") if each in spec.segments]:
        parts = (
            mine[mine.dimension == segment].groupby(["as_of", "window_days"])[columns].sum(min_count=1).astype(float)
        )
        if segment == "stage":
            # Stages have the whole list as denominator each; it is their numerators that split it.
            split = "denominator" if spec.id == "account_stage" else "numerator"
            parts, whole = parts[["numerator"]], total[[split]].set_axis(["numerator"], axis=1)
        else:
            whole = total
        known = whole.loc[parts.index]
        # Each is exact, but adding the parts up here rounds.
        pd.testing.assert_frame_equal(known, parts, rtol=1e-12)
        assert set(whole.index[whole.iloc[:, 0] > 0]) <= set(parts.index)


@EVERY_METRIC
def test_only_declared_dimensions_occur(spec: MetricSpec, rows: pd.DataFrame) -> None:
    """A dimension that is not in the SPEC's segments would not be documented."""
    assert {"all", *spec.segments} >= set(rows[rows.metric == spec.id].dimension)


@EVERY_METRIC
def test_a_zero_denominator_has_no_value(spec: MetricSpec, rows: pd.DataFrame, nothing: World) -> None:
    """Never 0 or infinity where there is nothing to divide by, in a full world and in an empty one."""
    everything = pd.concat([rows, pd.DataFrame(nothing.read(T.METRIC_VALUES))])
    zero = everything[(everything.metric == spec.id) & (everything.denominator == 0)]
    assert zero.value.isna().all()
    assert zero.ci_low.isna().all()
    assert {"none"} >= set(zero.status)


@EVERY_METRIC
def test_an_empty_lake_gives_no_number(spec: MetricSpec, nothing: World) -> None:
    """With nothing known there is a total without observations: counts are 0, all else is null; no segment exists."""
    mine = [row for row in nothing.read(T.METRIC_VALUES) if row["metric"] == spec.id]
    expected = 0.0 if spec.statistic == "count" else None
    assert {("all", 0, expected)} == {(row["dimension"], row["n"], row["value"]) for row in mine}


@EVERY_METRIC
def test_intervals_hold_the_value(spec: MetricSpec, rows: pd.DataFrame) -> None:
    """ci_low ≤ value ≤ ci_high wherever there is an interval; proportions lie within 0 and 1."""
    mine = rows[(rows.metric == spec.id) & rows.ci_low.notna()]
    assert (mine.ci_low <= mine.value + 1e-12).all()
    assert (mine.value <= mine.ci_high + 1e-12).all()
    if spec.statistic == "proportion":
        assert mine.value.between(0, 1).all()


@pytest.mark.parametrize("table", OUTPUTS, ids=lambda table: table.name)
def test_rows_keep_the_contract(table: Any, full: World) -> None:
    """Key unique and not null, values and bounds as the column dictionary says."""
    frame = pd.DataFrame(full.read(table), columns=list(table.columns))
    pandera_schema(table).validate(frame.infer_objects(), lazy=True)
    assert not frame.duplicated(list(table.key)).any()


def test_shares_of_stages_add_up_to_one(rows: pd.DataFrame) -> None:
    """Σ over stages of the share of the list is 1, on every day."""
    stages = rows[(rows.metric == "account_stage") & (rows.dimension == "stage")]
    assert [1.0] * len(DAYS) == [round(value, 12) for value in stages.groupby("as_of").value.sum()]


def test_sums_that_were_tampered_with_are_noticed(full: World, tmp_path: Path) -> None:
    """The checks of segments and of stages pass on what was computed. A segment's or a
    total's observations changed, and the first fails; the accounts of a stage taken away, and the other does.
    """
    segments, stages = (check for check in CHECKS if check.name in ("segments_add_up", "stages_add_up"))
    told = full.read(T.METRIC_VALUES)
    world = World(tmp_path)

    def verdicts(**tampered: dict[str, Any]) -> tuple[bool, bool]:
        def row(each: dict[str, Any]) -> dict[str, Any]:
            changed = tampered.get(each["metric"], {})
            return each | changed if each["dimension_value"] == changed.get("dimension_value") else each

        world.rows[str(T.METRIC_VALUES)] = [row(each) for each in told]
        world.write()
        return evaluate(world.settings, segments)[0], evaluate(world.settings, stages)[0]

    assert (True, True) == verdicts()
    assert (False, True) == verdicts(coverage={"dimension_value": "one_to_one", "n": 0})
    assert (False, True) == verdicts(win_rate={"dimension_value": "all", "n": 10_000})
    assert (True, False) == verdicts(account_stage={"dimension_value": "aware", "numerator": 0})


def content(world: World, days: list[date]) -> dict[str, list[dict[str, Any]]]:
    """Everything the metrics layer holds for the days, by table."""
    listed = ", ".join(f"DATE '{day}'" for day in days)
    return {str(t): world.read(t, f"day IN ({listed})" if t.is_daily else "true") for t in OUTPUTS}


def test_a_range_is_its_days_and_a_second_run_changes_nothing(full: World, tmp_path: Path) -> None:
    """Three days at once and the same days one by one, the last first: the same rows, to the bit. Run again, nothing
    is written; and the order in which rows lie in the lake does not matter either."""
    one_by_one = World(tmp_path)
    populate(one_by_one)
    for rows in one_by_one.rows.values():
        rows.reverse()
    for day in reversed(DAYS):
        one_by_one.refresh(day)

    assert content(full, DAYS) == content(one_by_one, DAYS)
    assert dict.fromkeys((t.name for t in OUTPUTS), ()) == {
        name: report.changed for name, report in full.refresh(*DAYS).items()
    }


def test_late_rows_change_the_days_they_reach(tmp_path: Path) -> None:
    """Days 28 to 30 June are computed. Then a touch of 29 June comes late: asked for the 30th only, the refresh also
    recomputes the 29th, and leaves the 28th as it was."""
    world = World(tmp_path)
    world.account("a.com", "one_to_one")
    world.touch("a.com", "2026-01-01")
    tables = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)
    world.refresh(*DAYS, tables=tables)
    world.touch("a.com", "06-29")
    reports = world.refresh(D, tables=tables)

    assert [False, True, True] == [world.account_row("a.com", day)["is_covered"] for day in DAYS]
    assert (DAYS[1], DAYS[2]) == reports["account_metrics_daily"].changed == reports["metric_values"].changed


def test_a_killed_run_is_run_again(tmp_path: Path) -> None:
    """Killed after metric_values was written and before the rest: the next run brings all tables to where an
    undisturbed one would have."""
    world, undisturbed = World(tmp_path / "a"), World(tmp_path / "b")
    for each in (world, undisturbed):
        each.account("a.com", "one_to_one")
        each.touch("a.com", "06-01")
        each.deal("d", "a.com", "06-10")
    world.refresh(tables=(T.METRIC_VALUES,))
    world.refresh()
    undisturbed.refresh()

    assert content(undisturbed, [D]) == content(world, [D])


def test_a_provider_that_comes_later_shows_on_no_earlier_day(tmp_path: Path) -> None:
    """Bombora tells of a.com on the 28th, 6sense on the 30th for the first time. Computed together, the 29th has a row
    for Bombora alone (1 of 1), as it has computed by itself; the 30th has both."""
    world = World(tmp_path)
    world.account("a.com", "one_to_one")
    world.intent("a.com", "06-28")
    world.intent("a.com", "06-30", source="sixsense")
    world.refresh(*DAYS[1:], tables=(T.METRIC_VALUES,))

    shown = [
        world.cell("intent_coverage", "provider", source, as_of=day) is not None
        for day in DAYS[1:]
        for source in ("bombora", "sixsense")
    ]
    assert [True, False, True, True] == shown
