"""Metrics of the pipeline on one small quarter, worked by hand; and the classic mistakes with them.

Window of 90 days: 2 April to 30 June. a.com is 1:1, b.com 1:few, z.com 1:many, c.com and e.com are not listed.

| deal | account | created | closed | days | amount (USD) | owner at close |
|---|---|---|---|---|---|---|
| d1 | a.com | 1 May | 11 May, won | 10 | 60 000 | Kim (Pat since 15 June) |
| d2 | a.com | 1 May | 21 May, won | 20 | 20 000 | Kim |
| d3 | b.com | 12 March | 10 June, won | 90 | 44 000 (40 000 EUR) | Lee |
| d4 | c.com | 1 May | 31 May, lost | 30 | 80 000 | Lee |
| d5 | b.com | 10 June | 5 June, won: an error | none | 10 000 | Lee |
| h1 | a.com | 10 January | 30 January, won | 20 | 10 000 | Kim |

Open: d6 (a.com, 20 June), d7 and d8 (b.com, 5 January and 25 June), e1 (e.com, 1 April).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._values_by_day import preview
from abm_pipeline.reports.values import preset_of
from abm_pipeline_tests.metrics.world import D, World, at, day
from abm_pipeline_tests.metrics.world_pipeline import campaign, lead, line, stage


def build(world: World) -> World:
    """The quarter above, with stages, leads, product lines, campaigns and scores; computed for 30 June."""
    for name, tier in (("a.com", "one_to_one"), ("b.com", "one_to_few"), ("z.com", "one_to_many")):
        world.account(name, tier)
    world.account("c.com")
    world.account("e.com")
    _deals(world)
    _stages(world)
    _leads(world)
    _lines(world)
    _campaigns(world)
    # Refused by validation: one in the window, in two versions, and one on the day before it.
    for record, version, when in (("r1", "1", "04-02"), ("r1", "2", "05-02"), ("r2", "1", "04-01")):
        row = {"day": day(when), "vendor": "s", "stream": "opportunity", "record_id": record, "version": version}
        more = {"rule": "closed_before_created", "table_name": "staged.deal", "column": "close_day"}
        world.rows["quarantine.record"].append({**row, **more})
    for account, when in (("a.com", "05-10"), ("z.com", "06-01"), ("c.com", "06-01"), ("b.com", "04-01")):
        world.score(account, when, 50)
    world.refresh(tables=(T.METRIC_VALUES,))
    return world


def _deals(world: World) -> None:
    euro = {"currency": "EUR", "amount_reporting": Decimal(44_000)}
    world.deal("s:d1", "a.com", "05-01", "05-11", won=True, amount=60_000)
    # Handed to another owner after it was won.
    won = world.rows["facts.deal"][-1]
    world.rows["facts.deal"].append({**won, "valid_from": at(day("06-15")), "owner_name": "Pat"})
    won["valid_to"] = at(day("06-15"))
    world.deal("s:d2", "a.com", "05-01", "05-21", won=True, amount=20_000)
    world.deal("s:d3", "b.com", "03-12", "06-10", won=True, amount=40_000, owner_name="Lee", **euro)
    world.deal("s:d4", "c.com", "05-01", "05-31", amount=80_000, owner_name="Lee")
    world.deal("s:d5", "b.com", "06-10", "06-05", won=True, amount=10_000, owner_name="Lee")
    world.deal("s:h1", "a.com", "01-10", "01-30", won=True, amount=10_000)
    world.deal("s:d6", "a.com", "06-20")
    world.deal("s:d7", "b.com", "01-05")
    world.deal("s:d8", "b.com", "06-25")
    world.deal("s:e1", "e.com", "04-01")


def _stages(world: World) -> None:
    for deal, name, order, entered, left in (
        ("d1", "Discovery", 2, "05-01", "05-04"),
        ("d1", "Proposal", 3, "05-04", "05-11"),
        ("d2", "Discovery", 2, "05-01", "05-11"),
        ("d2", "Proposal", 3, "05-11", "05-21"),
        ("d3", "Discovery", 2, "03-12", "05-01"),
        ("d3", "Proposal", 3, "05-01", "06-01"),
        ("d3", "Discovery", 2, "06-01", "06-10"),
        ("d4", "Discovery", 2, "05-01", "05-31"),
        ("d4", "Closed Lost", 5, "05-31", None),
        ("d6", "Discovery", 2, "06-20", None),
        ("d7", "Proposal", 3, "01-05", None),
        ("old1", "Discovery", 2, "2025-12-26", "01-15"),
        ("old2", "Discovery", 2, "2025-11-27", "2025-12-01"),
        ("older", "Discovery", 2, "2023-11-28", "2025-01-01"),
    ):
        stage(world, f"s:{deal}", name, order, entered, left)


def _leads(world: World) -> None:
    world.person("p1", "a.com")
    world.person("p1 elsewhere", "a.com", person_id="crm:p1")
    world.person("p2", "b.com")
    lead(world, "crm:p1 elsewhere", "mql", "05-09")
    lead(world, "crm:p1", "mql", "05-02")
    lead(world, "crm:p1", "sql", "05-20")
    lead(world, "crm:p2", "mql", "03-30")
    lead(world, "web:visitor", "mql", "06-15", "c.com")
    for i, mql in enumerate(("02-01", "03-01", "05-02", "05-03")):
        lead(world, f"web:{i}", "lead", "02-01", "e.com")
        lead(world, f"web:{i}", "mql", mql, "e.com")
    lead(world, "web:0", "sql", "03-15", "e.com")


def _lines(world: World) -> None:
    line(world, "s:d1", "Platform", 900)
    line(world, "s:d2", "Platform", 1100, 9, source_id="changes later")
    line(world, "s:d2", "Platform", 5000, 9, "07-05", source_id="changes later")
    line(world, "s:d3", "Services", 100, 2, currency="EUR")
    line(world, "s:d3", "Services", 700, 2)
    line(world, "s:d4", "Platform", 8000)
    line(world, "s:d1", "Platform", 300, source_id="taken out")
    line(world, "s:d1", "Platform", 300, when="06-01", source_id="taken out", is_deleted=True)


def _campaigns(world: World) -> None:
    campaign(world, "crm:named", "04-02", "account")
    campaign(world, "crm:sector", None, "industry")
    campaign(world, "crm:all", None, "generic")
    for account, when, name in (
        ("a.com", "04-20", "named"),
        ("a.com", "04-25", "all"),
        ("b.com", "03-12", "sector"),
        ("c.com", "05-02", "named"),
    ):
        world.touch(account, when, "email_sent", campaign_id=f"crm:{name}")


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The quarter with the definitions that hold by default."""
    return build(World(tmp_path_factory.mktemp("quarter")))


def values(world: World, metric: str, dimension: str, window: int = 90) -> dict[str, tuple[Any, Any]]:
    """Numerator and denominator of a metric by value of a dimension."""
    rows = world.read(
        T.METRIC_VALUES,
        f"metric = '{metric}' AND dimension = '{dimension}' AND window_days = {window} AND as_of = '{D}'",
    )
    return {row["dimension_value"]: (row["numerator"], row["denominator"]) for row in rows}


def test_days_to_close(quarter: World) -> None:
    """(10 + 20 + 90 + 30) ÷ 4 = 37.5 and median 25; won 40, lost 30.

    The deal of −5 days is in none, and counted beside the one that validation refused: 2."""
    assert (150, 4, 37.5) == quarter.parts("cycle_days")
    assert {"won": (120, 3), "lost": (30, 1)} == values(quarter, "cycle_days", "outcome")
    assert 25 == quarter.cell("cycle_days_median")["value"]
    assert 20 == quarter.cell("cycle_days_median", "outcome", "won")["value"]
    assert 2 == quarter.cell("cycle_errors")["value"]


def test_medians_are_those_of_the_segment(quarter: World) -> None:
    """1:1 has 10 and 20 days: 15; 1:few 90. The median of all, 25, is no mean of them."""
    by_tier = {tier: quarter.cell("cycle_days_median", "tier", tier)["value"] for tier in ("one_to_one", "one_to_few")}
    assert {"one_to_one": 15, "one_to_few": 90} == by_tier


def test_time_in_stage_counts_stays_that_ended(quarter: World) -> None:
    """Discovery 3, 9, 10, 30, 50: median 10, nine tenths within 50. Proposal 7, 10, 31: 10. Who still waits since
    January is in none, however old the wait is today."""
    medians = {name: quarter.cell("stage_durations", "deal_stage", name) for name in ("Discovery", "Proposal")}
    assert {"Discovery": (10, 5), "Proposal": (10, 3)} == {k: (v["value"], v["n"]) for k, v in medians.items()}
    assert (10, 8) == (quarter.cell("stage_durations")["value"], quarter.cell("stage_durations")["n"])
    assert 50 == quarter.cell("stage_durations_p90", "deal_stage", "Discovery")["value"]


def test_stage_conversion(quarter: World) -> None:
    """Out of Discovery: three to Proposal, one straight to won, one lost: 4 ÷ 5. Out of Proposal: two won, one back to
    Discovery: 2 ÷ 3. d3 counts for the stage it was in then, though it is won today."""
    assert {"Discovery": (4, 5), "Proposal": (2, 3)} == values(quarter, "stage_conversion", "deal_stage")
    assert (6, 8, 0.75) == quarter.parts("stage_conversion")


def test_the_slowest_stage_against_its_own_year(quarter: World) -> None:
    """Discovery took 10 days by the median, and of the year before (4 and 20 days) 4: 2.5 times, flagged. What ended
    before that year is no part of it; Proposal has no history."""
    assert {"Discovery": (10, 4), "Proposal": (10, None)} == values(quarter, "stage_slowdown", "deal_stage")
    slowest = quarter.cell("stage_slowdown", "slowest_stage", "Discovery")
    assert (2.5, "above") == (slowest["value"], slowest["status"])


def test_sales_by_rep(quarter: World) -> None:
    """Kim 60 000 + 20 000, though Pat has d1 today; Lee 44 000 + 10 000. Per rep and per account 134 000 ÷ 2."""
    assert {"Kim": (80_000, 1), "Lee": (54_000, 1)} == values(quarter, "rep_sales", "rep")
    assert (134_000, 2, 67_000) == quarter.parts("rep_sales")
    # Two reps, 13 000 from the mean each: t(1) = 12.7062 times that.
    assert [67_000 - 165_181, 67_000 + 165_181] == [
        round(quarter.cell("rep_sales")[end]) for end in ("ci_low", "ci_high")
    ]
    assert {"Kim": (2, 1), "Lee": (2, 1)} == values(quarter, "rep_deals", "rep")
    assert {"Kim": (80_000, 1), "Lee": (54_000, 1)} == values(quarter, "rep_account_sales", "rep")
    assert (134_000, 2, 67_000) == quarter.parts("rep_account_sales")


def test_average_selling_price(quarter: World) -> None:
    """Platform 900 and 1 100 a unit: 1 000. Services 100 EUR at 1.10: 110 USD; its line in USD is of another currency
    than its deal and left out, and never added. Lost deals, lines taken out, and the price of July have no part."""
    assert {"Platform": (2_000, 2), "Services": (110, 1)} == values(quarter, "asp", "product_category")
    assert {"abm": (2_110, 3)} == values(quarter, "asp", "program")


def test_win_rate_by_personalisation(quarter: World) -> None:
    """d1 and d2: the account campaign outdoes the generic one. d3: by industry, on the day of its creation. d5: that
    touch was 91 days before, d4: the campaign came after. Every deal counts once."""
    assert {"account": (2, 2), "industry": (1, 1), "none": (1, 2)} == values(quarter, "win_rate", "personalisation")
    assert (4, 5, 0.8) == quarter.parts("win_rate")


def test_qualified_leads_are_people(quarter: World) -> None:
    """MQL since 2 April: p1 once, on 2 May (two records), the visitor, and two of the four of e.com: 4. Since 1 June
    the visitor alone. p2 of 30 March is before."""
    assert (4, 1) == tuple(quarter.cell("mql", window_days=window)["value"] for window in (90, 30))
    assert {"abm": (1, None), "non_abm": (3, None)} == values(quarter, "mql", "program")
    assert {"one_to_one": (1, None)} == values(quarter, "sql", "tier")


def test_sales_velocity(quarter: World) -> None:
    """One sales-qualified person × 33 500 (134 000 ÷ 4) × 4 ÷ 5 ÷ 40 days = 670 per day."""
    assert (26_800, 40, 670) == tuple(round(part, 9) for part in quarter.parts("sales_velocity"))


def test_conversion_along_the_funnel(quarter: World) -> None:
    """Cohorts of 2 January to 1 April, followed for 90 days.

    Leads of 1 February: MQL on day 0, 28, 90 and, too late, 91: 3 ÷ 4. MQL of the cohort: two of them and p2; one
    becomes SQL: 1 ÷ 3. The SQL of 15 March: its account opens a deal on 1 April: 1 ÷ 1; which is not won: 0 ÷ 1.
    """
    expected = {
        "lead_to_mql": (3, 4),
        "mql_to_sql": (1, 3),
        "sql_to_opportunity": (1, 1),
        "opportunity_to_won": (0, 1),
    }
    assert expected == values(quarter, "lead_conversion", "funnel_step")
    assert (0, 4, 0) == quarter.parts("lead_conversion", window_days=90)
    assert (0, None) == quarter.parts("lead_conversion", window_days=180)[1:]


def test_target_accounts_in_the_pipeline(quarter: World) -> None:
    """a.com and b.com of three; e.com is not listed. New is a.com: b.com has a deal of January as well."""
    row = quarter.cell("target_in_pipeline")
    assert (2, 3) == (row["value"], row["n"])
    assert (1, 1) == tuple(quarter.cell("target_in_pipeline_new", window_days=window)["value"] for window in (30, 90))


def test_account_conversion(quarter: World) -> None:
    """Engaged in the window: a.com, which bought, and z.com: 1 ÷ 2. b.com bought, but was engaged on 1 April, the day
    before the window; c.com is not listed."""
    assert (1, 2, 0.5) == quarter.parts("account_conversion")


def test_velocity_before_and_after_a_campaign(quarter: World) -> None:
    """Since 2 April. Before, as of the 1st: two open × 10 000 × 1 ÷ 20 days = 1 000. Now three × 33 500 × 1 ÷ 40 =
    2 512.50; by the deals as they were, not by today's clock."""
    assert {"crm:named": (2_512.5, 1_000)} == values(quarter, "pipeline_velocity_since", "campaign")
    assert (2_512.5, 1_000, 2.5125) == quarter.parts("pipeline_velocity_since")


def test_presets(quarter: World, tmp_path: Path) -> None:
    """By amount: (60 + 20 + 44 + 10) ÷ (134 + 80) thousand = 0.626. Per unit: (900 + 9 × 1 100) ÷ 10 = 1 080. Another
    definition has another version."""
    other = build(World(tmp_path, "presets: {win_rate: amount, asp: per_unit}\n"))
    assert (134_000, 214_000) == other.parts("win_rate")[:2]
    assert {"Platform": (10_800, 10), "Services": (220, 2)} == values(other, "asp", "product_category")
    versions = {w.cell("win_rate")["definition_version"] for w in (quarter, other)}
    assert 2 == len(versions)


def test_a_preset_looked_at_is_the_preset_chosen(quarter: World, tmp_path: Path) -> None:
    """What a programme that chose the preset has published, another can look at: the same rows, its own untouched."""
    other = build(World(tmp_path, "presets: {win_rate: amount, asp: per_unit}\n"))
    before = quarter.read(T.METRIC_VALUES)
    for metric, preset in (("win_rate", "amount"), ("asp", "per_unit")):
        rows = preview(quarter.settings, preset_of(quarter.settings.programme, metric, preset), D)
        key = ["window_days", "dimension", "dimension_value", "value", "ci_low", "n", "definition_version"]
        chosen = [tuple(row[name] for name in key) for row in other.read(T.METRIC_VALUES, f"metric = '{metric}'")]
        looked_at = rows.astype("object").where(rows.notna(), None)[key].itertuples(index=False, name=None)
        assert sorted(chosen, key=repr) == sorted(looked_at, key=repr)
    assert before == quarter.read(T.METRIC_VALUES)
