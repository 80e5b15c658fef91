"""Identity's own health: what finds its account, how large accounts are, what waits; and the page that shows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from abm_pipeline.contracts import tables as t
from abm_pipeline.identity.health import Match, health
from abm_pipeline.reports.identity_page import render_health
from abm_pipeline.settings import Settings
from abm_pipeline.storage.engine import connect
from abm_pipeline.storage.lake import now_ns
from abm_pipeline_tests.identity.decided import DAY, write_identity
from abm_pipeline_tests.identity.staged import settings_of
from abm_pipeline_tests.reports.test_weekly import Balance

NOON = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The accounts of `decided`, four touches and two rows of ad spend.

    | source | company | |
    |---|---|---|
    | crm | initech.com | three touches |
    | crm | nobody.com | a touch |
    | linkedin | initech.com | 500 |
    | linkedin | nobody.com | 200 |
    """
    made = settings_of(tmp_path_factory.mktemp("health"))
    write_identity(made)
    touch = {"day": DAY, "occurred_at": NOON, "source": "crm", "touch_type": "meeting", "channel": "meeting"}
    companies = ["initech.com"] * 3 + ["nobody.com"]
    touches = [
        touch | {"touch_id": str(i), "company_key": f"domain:{name}", "is_exposure": False, "weight_count": 1.0}
        for i, name in enumerate(companies)
    ]
    spend = {"day": DAY, "source": "linkedin", "campaign_id": "c"}
    spent = [
        spend | {"spend_id": name, "company_key": f"domain:{name}", "amount_reporting": amount}
        for name, amount in (("initech.com", 500), ("nobody.com", 200))
    ]
    weak = [{"key_kind": "domain", "key_value": "host.example", "records": 40, "names": 38, "snapshot_id": "snap"}]
    with connect() as con:
        for table, rows in ((t.TOUCH, touches), (t.SPEND, spent), (t.WEAK_KEY, weak)):
            con.register("given", pd.DataFrame([{c: row.get(c) for c in table.columns} for row in rows]))
            if table.is_daily:
                made.open_lake.write_days(con, table, "FROM given", [DAY], computed_at=now_ns())
            else:
                made.open_lake.write_table(con, table, "FROM given", computed_at=now_ns())
    return made


def test_the_numbers_worked_by_hand(mine: Settings) -> None:
    """Touches: 3 of 4 matched. Ad spend: 500 of 700. Acme has four records, each of six others one. On the three pairs
    that wait hangs the pipeline of Globex Corporation, 100,000 of 125,000."""
    found = health(mine)
    assert (
        Match("crm", "touches", 4, 1, None, None),
        Match("linkedin", "ad spend", 2, 1, 700.0, 200.0),
    ) == found.matches
    assert [0.75, 1 - 200 / 700] == [match.rate for match in found.matches]
    assert [(1, 1, 6, 6), (3, 5, 1, 4)] == [size for size in found.sizes if size[2]]
    assert ("Acme GmbH", "acc_acme", 4) == found.largest[0]
    assert ((("domain", 1),), "host.example") == (found.weak, found.weakest[0].value)
    assert (DAY, 3, 100_000.0, 125_000.0) == (found.day, found.waiting, found.pipeline, found.whole_pipeline)


def test_the_page_tells_them_and_needs_nothing_from_outside(mine: Settings, tmp_path: Path) -> None:
    """Shares, money, sizes and the weak domain are there; every tag is closed; no address; an empty lake has a page."""
    page = render_health(mine)
    for text in ("75.0\N{NO-BREAK SPACE}%", "71.4\N{NO-BREAK SPACE}%", "USD\N{NO-BREAK SPACE}200", "host.example"):
        assert text in page
    assert not re.findall(r"https?://[^\s\"'<)]+", page)
    checked = Balance()
    checked.feed(page)
    assert ([], []) == (checked.open, checked.wrong)
    assert "No touches yet" in render_health(settings_of(tmp_path))
