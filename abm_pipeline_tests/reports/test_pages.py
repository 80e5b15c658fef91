"""Packs, briefs, the catalogue page and the words of alerts: what they say, and that they say it offline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from abm_pipeline.metrics._definitions import metric_specs
from abm_pipeline.programme import ConfigError
from abm_pipeline.reports import briefs, catalogue, packs
from abm_pipeline.reports._brief import Brief, next_step, read_briefs
from abm_pipeline.reports.explain import NotFoundError
from abm_pipeline.settings import Settings
from abm_pipeline_tests.reports.sample import DAY, DAYS
from abm_pipeline_tests.reports.test_weekly import Balance


@pytest.fixture(scope="module")
def pages(sample: Settings) -> Mapping[str, str]:
    """Every page but the weekly review's, by folder and name."""
    written = [*packs.refresh(sample, DAYS, ""), briefs.refresh(sample, DAYS, ""), catalogue.refresh(sample, DAYS, "")]
    found = [path for first in written for path in first.parent.glob("*.html")]
    return {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in found}


def test_each_page_needs_nothing_from_outside(pages: Mapping[str, str]) -> None:
    """No script, no address but the SVG name space, and every tag is closed."""
    for name, page in pages.items():
        assert "<script" not in page, name
        assert {"http://www.w3.org/2000/svg"} >= set(re.findall(r"https?://[^\s\"'<)]+", page)), name
        checked = Balance()
        checked.feed(page)
        assert ([], []) == (checked.open, checked.wrong), name


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 6, 30), 1, date(2026, 6, 30)),
        (date(2026, 6, 29), 1, date(2026, 5, 31)),
        (date(2026, 6, 29), 3, date(2026, 3, 31)),
        (date(2026, 1, 1), 3, date(2025, 12, 31)),
        (date(2025, 12, 31), 12, date(2025, 12, 31)),
        (date(2024, 2, 29), 1, date(2024, 2, 29)),
    ],
)
def test_a_pack_is_about_the_last_whole_period(day: date, months: int, expected: date) -> None:
    """A month that has not ended is not reviewed; its last day ends it."""
    assert expected == packs.last_period(day, months)


def test_a_pack_compares_with_the_period_before(pages: Mapping[str, str]) -> None:
    """Engaged to opportunity is 3 of 20 on 31 March and 3/20 × (0.7 + 0.3 × 58/89) = 13.4 % on 28 February, the 59th
    of the sample's 90 days: 1.6 points less. It begins in January, so a quarter has nothing to compare with."""
    monthly, quarterly = pages["monthly/2026-03.html"], pages["quarterly/2026-03.html"]
    assert "against 28 February 2026" in monthly
    assert "nothing was computed for the period before" in quarterly
    row = re.search(r'<th scope="row">Target account coverage.*?</tr>', quarterly, re.S)
    assert row is not None
    assert "80.0\N{NO-BREAK SPACE}%" in row[0]
    assert "below benchmark" in row[0]
    engaged = re.search(r'<th scope="row">Engaged to opportunity.*?</tr>', monthly, re.S)
    assert engaged is not None
    assert "within benchmark" in engaged[0]
    assert "−" not in engaged[0]
    assert "+1.6 pts" in engaged[0]


def test_a_pack_of_an_unknown_metric_is_refused(sample: Settings, tmp_path: Path) -> None:
    """The message names the file, the section and the metric; for an unknown pack, those that there are."""
    (tmp_path / "packs.yaml").write_text(
        "packs: {monthly: {title: M, months: 1, sections: [{title: Speed, metrics: [win_rat]}]}}"
    )
    changed = sample.model_copy(update={"config": tmp_path})
    changed.__dict__.pop("programme", None)
    with pytest.raises(ConfigError, match=r"packs\.yaml.*'Speed'.*'win_rat'"):
        packs.write(changed, "monthly", DAY)
    with pytest.raises(ConfigError, match="no pack 'yearly'; there is monthly, quarterly"):
        packs.write(sample, "yearly", DAY)


def test_a_brief_tells_who_what_and_what_next(sample: Settings, pages: Mapping[str, str]) -> None:
    """Account 57 has an open deal of 41 250.50, people with names and roles not reached; account 58 has no deal. The
    list has the six hot accounts, and a brief for each; one of a cold account is written when asked for."""
    page = briefs.write(sample, "acc_57").read_text(encoding="utf-8")
    for told in ("renewal", "USD\N{NO-BREAK SPACE}41.3k", "Person57", "Next step", "Not reached", "Owner 1"):
        assert told in page, told
    assert "No open deal" in briefs.write(sample, "acc_58").read_text(encoding="utf-8")
    listed = re.findall(r'<a href="([^"]+)"', pages["account_briefs/index.html"])
    assert 6 == len(listed)
    assert {f"account_briefs/{name}" for name in listed} <= set(pages)
    assert briefs.write(sample, "acc_01").exists()
    with pytest.raises(NotFoundError, match="there is no account"):
        briefs.write(sample, "nobody at all")


def brief(sample: Settings, **told: Any) -> Brief:
    """The brief of account 58 (no deal), with other things told of its row."""
    (found,) = read_briefs(sample, DAY, ["acc_58"])
    plain = {"stage": "engaged", "role_gaps": "", "last_touch_day": pd.Timestamp(DAY), "contacts_engaged": 3}
    row = found.row._replace(**{**plain, **{k: v for k, v in told.items() if k in found.row._fields}})
    frames = {k: v for k, v in told.items() if k in ("deals", "topics", "people")}
    empty = {"deals": found.deals.head(0), "topics": found.topics.head(0)}
    kept = {name: getattr(found, name) for name in ("parts", "trend", "touches", "people")}
    return Brief(day=DAY, currency="USD", row=row, **{**empty, **kept, **frames})


def test_the_next_step_is_the_first_that_fits(sample: Settings) -> None:
    """In order: a quiet deal (15 days; 14 is not yet), a missing decision maker, a qualified account without a deal,
    topics, a customer, a missing role, nothing."""
    (other,) = read_briefs(sample, DAY, ["acc_59"])
    deals = other.deals
    topics = pd.DataFrame({"topic": ["ABM", "Data Lakes"], "score": [80.0, 70.0]})
    quiet = pd.Timestamp(DAY - timedelta(days=15))
    missing = "decision_maker,user"

    def step(**told: Any) -> str:
        return next_step(brief(sample, **told))

    assert "Call: USD\N{NO-BREAK SPACE}41.3k of open pipeline, and no touch for 15 days." == step(
        deals=deals, last_touch_day=quiet, role_gaps=missing
    )
    assert "Reach a decision maker: 3 engaged so far, none of them decides." == step(
        deals=deals, last_touch_day=pd.Timestamp(DAY - timedelta(days=14)), role_gaps=missing
    )
    assert step(stage="qualified").startswith("Open the sales conversation with ")
    assert "Send something on ABM, Data Lakes: they are researching it now." == step(topics=topics, role_gaps=missing)
    assert step(stage="customer", role_gaps="user").startswith("Ask how it goes")
    assert "Widen the circle: no user has been reached." == step(role_gaps="user")
    assert step().startswith("Keep the programme running")


def test_who_turned_hot_is_told_once(sample: Settings) -> None:
    """Hot on the last day and not the day before, in the brief's words; asked again after that day, nothing."""
    day, lines = briefs.turned_hot(sample, None)
    now, before = ({b.row.account_id for b in read_briefs(sample, when)} for when in (DAY, DAY - timedelta(days=1)))
    assert DAY == day
    assert len(now - before) == len(lines)
    assert (DAY, []) == briefs.turned_hot(sample, DAY)


def test_the_catalogue_has_every_metric_once(pages: Mapping[str, str]) -> None:
    """Each metric is in exactly one row, and no row of the catalogue is without a metric or a place to look."""
    specs = metric_specs()
    rows = [(row, found) for _, rows in catalogue.sections(specs) for row, found in rows]
    assert sorted(spec.id for spec in specs) == sorted(spec.id for _, found in rows for spec in found)
    assert [] == [row.id for row, found in rows if not found and not row.where]
    page = pages["metric_catalogue/index.html"]
    assert [] == [spec.id for spec in specs if f'id="{spec.id}"' not in page]
    assert "80.0\N{NO-BREAK SPACE}%" in page


def test_pages_of_an_empty_lake(settings: Settings) -> None:
    """Nothing computed: no pack, no alert, an empty list, and a catalogue without values."""
    assert [] == packs.refresh(settings, [DAY], "")
    assert (None, []) == briefs.turned_hot(settings, None)
    assert "None." in briefs.refresh(settings, [DAY], "").read_text(encoding="utf-8")
    assert "win_rate" in catalogue.refresh(settings, [DAY], "").read_text(encoding="utf-8")
