"""A score that falls because a connector died is labelled so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import D, World, at

TABLES = (T.DATA_HEALTH, T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """LinkedIn sent something every day until ten days ago, Salesforce until today, Bombora until eight days ago."""
    world = World(Path(tmp_path_factory.mktemp("silent")))
    for source, last in (("linkedin", 10), ("salesforce", 0), ("bombora", 8)):
        for back in range(last, 60):
            when = D - timedelta(days=back)
            common = {"day": when, "source": source, "source_id": f"{source}{back}", "modified_at": at(when)}
            world.rows["staged.campaign"].append({**common, "name": "x", "is_deleted": False})
    for name in ("a.com", "b.com", "c.com", "d.com"):
        world.account(name, "one_to_one")
        world.score(name, "06-30", 0 if name == "d.com" else 30, 0.5, score_change_7d=-5)
    world.touch("a.com", "06-10", "ad_click", source="linkedin")
    world.intent("a.com", "06-15")
    world.touch("b.com", "06-29", "meeting", source="salesforce")
    world.touch("b.com", "06-10", "ad_impression", source="linkedin")
    world.touch("c.com", "04-01", "ad_click", source="linkedin")
    world.touch("c.com", "05-01", "meeting", source="salesforce")
    world.refresh(D, D - timedelta(days=9), tables=TABLES)
    return world


def test_who_rests_on_a_silent_source(world: World) -> None:
    """LinkedIn (ten days) and Bombora (eight) are silent.

    account | touches and surges                                          | rests on
    a       | ad click 20 days ago, surge 15 days ago                     | bombora, linkedin
    b       | meeting yesterday; an impression is no engagement           | –
    c       | ad click 90 days ago: out of the window of 90 days; meeting | –
    """
    found = {name: world.account_row(name)["silent_sources"] for name in ("a.com", "b.com", "c.com")}
    assert {"a.com": "bombora,linkedin", "b.com": None, "c.com": None} == found


def test_the_share_of_such_scores(world: World) -> None:
    """a of a, b and c; d has no score. On 21 June, a day after its last data, LinkedIn was not silent yet."""
    assert (1, 3, 1 / 3) == world.parts("silent_scores")
    assert (1, 3, 1 / 3) == world.parts("silent_scores", "tier", "one_to_one")
    before = world.cell("silent_scores", as_of=D - timedelta(days=9))
    assert before is not None
    assert before["numerator"] in (0, None)
