"""The page “Does the score predict?”: what it says of ten accounts, and while it is too early to say anything."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from abm_pipeline.contracts import tables as T
from abm_pipeline.reports import prediction
from abm_pipeline_tests.reports.test_weekly import Balance
from abm_pipeline_tests.scoring.test_backtest import LAST, TEN, TEN_TOUCHES, A, day_touches, deal
from abm_pipeline_tests.scoring.test_lifecycle import declare
from abm_pipeline_tests.scoring.world import D0, World


def test_it_tells_of_the_champion_and_its_challengers(tmp_path: Path) -> None:
    """The ten accounts of the backtest, scored on the last day whose 90 days are over: a lift of 2 with an interval
    that reaches below 1, AUC 0.73, both models, few accounts. Nobody wins, so there are no pictures of it. It opens
    offline, and every tag is closed."""
    world = World(tmp_path, TEN, TEN, {"champion": "plain"})
    declare(world.settings)
    last = A + timedelta(days=90)
    world.write_days(T.TOUCH, day_touches(A, TEN_TOUCHES), (D0, last))
    world.write_table(T.FACT_DEAL, [row for account in "abdi" for row in deal(account, A + timedelta(days=10))])
    page = prediction.refresh(world.settings, [LAST], "").read_text(encoding="utf-8")
    assert "High scores have not been shown to open more deals: 2 times, 0.50 to 8.00" in page
    assert {"plain@1", "default@1"} == set(re.findall(r"\b(?:plain|default)@1", page))
    for text in ('<div class="value">0.73</div>', "0.29 to 1.00", "small sample", "Few accounts have opened a deal"):
        assert text in page
    assert (6, 1) == (page.count("<svg"), page.count("It came to nobody"))
    assert "<script" not in page
    names = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert names >= set(re.findall(r"https?://[^\s\"'<)]+", page))
    checked = Balance()
    checked.feed(page)
    assert ([], []) == (checked.open, checked.wrong)


def test_it_says_what_is_missing(tmp_path: Path) -> None:
    """Without touches, and with too few days of them, the page says so instead of failing."""
    world = World(tmp_path)
    assert "there are no touches yet" in prediction.render(world.settings)
    world.write_days(T.TOUCH, [], (D0, D0 + timedelta(days=100)))
    assert "too few days for a score of 90 days and 90 days after it" in prediction.render(world.settings)
