"""Data health, quarantine, campaigns and definitions: what is said about sources and about the metrics themselves."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import abm_pipeline.metrics
from abm_pipeline.contracts import tables as T
from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline_tests.metrics.world import D, World, at, day


def staged(world: World, source: str, when: date, rows: int = 1) -> None:
    """Company records that a source changed on a day."""
    common = {"day": when, "source": source, "captured_at": at(when), "modified_at": at(when), "is_deleted": False}
    world.rows["staged.company"] += [{**common, "source_id": f"{when}-{i}"} for i in range(rows)]


def health(world: World, source: str, as_of: date = D) -> dict[str, object]:
    """A source's row of data_health."""
    (row,) = world.read(T.DATA_HEALTH, f"source = '{source}' AND day = '{as_of}'")
    return row


def test_a_silent_source_is_called_silent(world: World) -> None:
    """Salesforce sent something every day to 26 June: 2 days behind on the 28th is not silent yet, 3 days on the 29th
    is. Bombora comes once a week: 6 days behind is usual. LinkedIn never sent anything: silent, with no last day."""
    for back in range(4, 60):
        staged(world, "salesforce", D - timedelta(days=back), rows=2 if back == 4 else 1)
    for week in range(8):
        staged(world, "bombora", D - timedelta(days=6 + 7 * week))
    world.refresh(day("06-26"), day("06-28"), day("06-29"), D, tables=(T.DATA_HEALTH,))

    says = [(health(world, "salesforce", d)["days_behind"], health(world, "salesforce", d)["is_silent"]) for d in (
        day("06-28"), day("06-29")
    )]  # fmt: skip
    assert [(2, False), (3, True)] == says
    assert 2 == health(world, "salesforce", day("06-26"))["rows_staged"]
    assert (6, False) == (health(world, "bombora")["days_behind"], health(world, "bombora")["is_silent"])
    assert (None, True) == (health(world, "linkedin")["last_day"], health(world, "linkedin")["is_silent"])


def test_match_rate_and_quarantine_of_a_day(world: World) -> None:
    """Four touches of 30 June, three of a known account: 0.75. Two rows refused by one rule: counted by rule."""
    world.account("a.com")
    for account in ("a.com", "a.com", "a.com", "unknown.com"):
        world.touch(account, "06-30", source="salesforce")
    for record in ("1", "2"):
        world.rows["quarantine.record"].append(
            {"day": D, "vendor": "salesforce", "stream": "opportunity", "record_id": record, "version": "1",
             "rule": "not_null", "table_name": "staged.deal", "column": "stage", "run_id": "r", "payload": "{}"}
        )  # fmt: skip
    world.refresh(tables=(T.DATA_HEALTH, T.QUARANTINE_SUMMARY))

    row = health(world, "salesforce")
    assert (0.75, 2) == (row["match_rate"], row["rows_quarantined"])
    (summary,) = world.read(T.QUARANTINE_SUMMARY)
    assert ("opportunity", "not_null", "stage", 2) == tuple(summary[c] for c in ("stream", "rule", "column", "rows"))


def test_what_belongs_to_no_account_is_counted(world: World) -> None:
    """Visits on 30 June: one at a.com, which a.com owns; one at the shared host.io; one at unknown.com; one at host.io
    by a person of a.com, who is known; one by nobody: 3 of 5 belong to no account, 1 of them at a shared domain.
    Of the surges host.io's and unknown.com's belong to none. Of 10 USD in all the platform tells 4 for a.com, 3 for
    unknown.com and 2 for an organisation that no record is known of: 5 are spent on nobody."""
    world.account("a.com")
    world.rows["identity.weak_key"].append(
        {"key_kind": "domain", "key_value": "host.io", "records": 9, "names": 9, "snapshot_id": "s"}
    )
    world.person("ann", "a.com")
    for where, who in (("a.com", None), ("host.io", None), ("unknown.com", None), ("host.io", "ann"), (None, None)):
        world.touch(where, "06-30", "form_fill", who, source="bombora")
    for where in ("a.com", "host.io", "unknown.com"):
        world.intent(where, "06-30")
    world.spend("06-30")
    for key, amount in (("domain:a.com", 4), ("domain:unknown.com", 3), ("linkedin:7", 2)):
        world.spend("06-30", amount=amount, company_key=key)
    world.refresh(tables=(T.DATA_HEALTH,))

    columns = ("touches_unmatched", "touches_ambiguous", "intent_unmatched", "intent_ambiguous")
    assert (3, 1, 2, 1) == tuple(health(world, "bombora")[column] for column in columns)
    assert Decimal(5) == health(world, "linkedin")["spend_unmatched"]
    assert 0 == health(world, "salesforce")["touches_unmatched"]


def test_a_campaign_on_a_day(world: World) -> None:
    """Ads on 30 June: 10 USD and 100 impressions in total (the row by company is not added to it); a.com got an
    impression row for 60 and one of 2 clicks, b.com an impression row: two accounts reached, one engaged, 2 touches."""
    world.rows["facts.campaign"].append(
        {
            "campaign_id": "linkedin:c1",
            "source": "linkedin",
            "campaign_name": "Spring",
            "channel": "ads",
            "is_abm": True,
        }
    )
    world.spend("06-30")
    world.spend("06-30", company_key="domain:a.com", amount_reporting=None, amount=0)
    for account, kind, weight in (
        ("a.com", "ad_impression", 60),
        ("a.com", "ad_click", 2),
        ("b.com", "ad_impression", 40),
    ):
        world.account(account) if kind == "ad_impression" else None
        world.touch(account, "06-30", kind, weight_count=float(weight), campaign_id="linkedin:c1")
    # A mail that bounced reached nobody.
    world.touch(world.account("c.com"), "06-30", "email_bounce", campaign_id="linkedin:c1")
    world.refresh(tables=(T.CAMPAIGN_METRICS,))

    (row,) = world.read(T.CAMPAIGN_METRICS)
    columns = (
        "campaign_name",
        "impressions",
        "clicks",
        "amount_reporting",
        "touches",
        "accounts_reached",
        "accounts_engaged",
    )
    assert ("Spring", 100, 2, 10, 2, 2, 1) == tuple(row[column] for column in columns)


def test_definitions_are_made_from_the_specs(world: World) -> None:
    """Every metric has a row with its formula, version and benchmark in words; money names its currency."""
    world.refresh(tables=(T.METRIC_DEFINITIONS,))
    rows = {row["metric"]: row for row in world.read(T.METRIC_DEFINITIONS)}

    assert {spec.id: spec.definition_version for spec in metric_specs(world.settings.programme)} == {
        metric: row["definition_version"] for metric, row in rows.items()
    }
    assert "USD per day" == rows["pipeline_velocity"]["unit"]
    assert "60 days and 90 days" == rows["coverage"]["window"]
    assert "all: 0.15 to 0.3" == rows["intent_coverage"]["benchmark"]


def test_a_changed_definition_stands_beside_the_one_before(world: World) -> None:
    """The win rate by amount takes the place of that by count; what it was stays, under its version. Chosen back, each
    is there once."""

    def versions(config: str) -> set[tuple[str, bool]]:
        other = World(world.settings.home, config)
        other.refresh(tables=(T.METRIC_DEFINITIONS,))
        rows = other.read(T.METRIC_DEFINITIONS, "metric = 'win_rate'")
        return {(row["definition_version"], row["is_current"]) for row in rows}

    ((by_count, _),) = versions("")
    changed = versions("presets: {win_rate: amount}")
    (by_amount,) = {version for version, _ in changed} - {by_count}
    assert {(by_count, False), (by_amount, True)} == changed
    assert {(by_count, True), (by_amount, False)} == versions("")


def test_another_choice_or_another_path_is_another_definition(world: World) -> None:
    """Attribution by another preset, or with paths made by other SQL, is another definition of what is credited and of
    what is sourced; health by another weight, of health. The win rate hangs on none of them."""
    programme = world.settings.programme
    attribution = programme.attribution.model_copy(update={"preset": "hubspot"})
    customers = programme.customers.model_copy(update={"gross_margin": 0.5})

    def changed(**choice: Any) -> set[str]:
        other = {spec.id: spec for spec in metric_specs(programme.model_copy(update=choice))}
        return {s.id for s in metric_specs(programme) if s.definition_version != other[s.id].definition_version}

    credited = {"attribution_pipeline", "attribution_revenue", "campaign_roi", "model_agreement"}
    stories = {"sourced_pipeline", "accelerated_pipeline", "influenced_revenue", "influenced_to_sourced"}
    assert credited | stories == changed(attribution=attribution)
    assert {"clv", "ltv_cac", "payback", "customer_health"} <= changed(customers=customers)
    assert not {"win_rate", "churn_rate", "coverage"} & changed(attribution=attribution, customers=customers)

    sourced = next(spec for spec in metric_specs(programme) if spec.id == "sourced_pipeline")
    (story,) = sourced.parts
    path = replace(story.made_by[0], sql="SELECT 1")
    assert (
        sourced.definition_version
        != replace(sourced, parts=(replace(story, made_by=(path, *story.made_by[1:])),)).definition_version
    )


def test_a_metric_is_added_by_one_file(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's example, put into a file of its own, is found, computed and defined: 1 of 2 accounts has an open
    deal. Nothing else is edited."""
    readme = Path(abm_pipeline.metrics.__path__[0]) / "README.md"
    example = readme.read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "open_deal_share.py").write_text(example)
    monkeypatch.setattr(abm_pipeline.metrics, "__path__", [*abm_pipeline.metrics.__path__, str(tmp_path / "more")])
    world.account("a.com", "one_to_one")
    world.account("b.com", "one_to_one")
    world.deal("d", "a.com", "06-01")
    try:
        world.refresh(tables=(T.METRIC_VALUES, T.METRIC_DEFINITIONS))
    finally:
        sys.modules.pop("abm_pipeline.metrics.open_deal_share", None)

    assert (1, 2, 0.5) == world.parts("open_deal_share") == world.parts("open_deal_share", "tier", "one_to_one")
    assert 1 == len(world.read(T.METRIC_DEFINITIONS, "metric = 'open_deal_share'"))
