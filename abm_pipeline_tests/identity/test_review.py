"""The review queue: what waits, in which order, and the page that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from abm_pipeline.identity.decisions import decide
from abm_pipeline.identity.review import queue
from abm_pipeline.reports.identity_page import render
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.decided import DAY, pair, write_identity
from abm_pipeline_tests.identity.staged import settings_of
from abm_pipeline_tests.reports.test_weekly import Balance


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    """A lake with pairs that wait, and numbers of their accounts."""
    made = settings_of(tmp_path)
    write_identity(made)
    return made


def pairs(settings: Settings) -> list[tuple[str, str]]:
    """Keys of the queue, in order."""
    return [(each.left.key, each.right.key) for each in queue(settings, 100).pairs]


def test_first_comes_what_most_hangs_on(mine: Settings) -> None:
    """Shares of all pipeline (125,000), score (40) and spend (500), added up.

    Initech–Umbrella: 0 + 30/40 + 500/500 = 1.75. Globex: 100,000/125,000 + 10/40 + 0 = 1.05. Initech: 500/500 = 1.
    """
    found = queue(mine, 2)
    assert DAY == found.day
    assert 3 == found.waiting
    assert [(0.0, 30.0, 500.0), (100_000.0, 10.0, 0.0)] == [(p.pipeline, p.score, p.spend) for p in found.pairs]
    assert [
        ("salesforce:001I", "salesforce:001U"),
        ("hubspot:77", "salesforce:001G"),
        ("hubspot:88", "salesforce:001I"),
    ] == pairs(mine)


def test_without_numbers_the_nearest_to_even_comes_first(tmp_path: Path) -> None:
    """|0.51 − ½| < |0.62 − ½| < |0.9 − ½|; no metrics were ever computed."""
    bare = settings_of(tmp_path)
    write_identity(bare, with_metrics=False)
    found = queue(bare, 10)
    assert [0.51, 0.62, 0.9] == [each.probability for each in found.pairs]
    assert found.day is None


def test_accounts_are_asked_about_once(mine: Settings) -> None:
    """Two pairs of records between the two Globex accounts: the more probable is shown, the other counted."""
    (globex,) = [each for each in queue(mine, 10).pairs if each.left.key == "hubspot:77"]
    assert (0.62, 1) == (globex.probability, globex.more)


def test_what_was_decided_waits_no_more(mine: Settings) -> None:
    """Before the next run, and whichever records of the two accounts the decision names; an undo brings it back."""
    made, _ = decide(mine, "never_merge", "salesforce:001G", "hubspot:77", why="")
    decide(mine, "merge", "salesforce:001I", "hubspot:88", why="")
    assert [("salesforce:001I", "salesforce:001U")] == pairs(mine)
    decide(mine, "undo", why="", undoes=made.decision_id)
    assert ("hubspot:77", "salesforce:001G") in pairs(mine)


@pytest.mark.parametrize(("level", "pipeline"), [("account", 0.0), ("parent", 25_000.0)])
def test_numbers_are_the_parents_where_the_programme_counts_parents(
    tmp_path: Path, level: str, pipeline: float
) -> None:
    """Acme Cloud has no numbers of its own; its parent Acme has 25,000 in pipeline."""
    made = settings_of(tmp_path, f"account_level: {level}")
    accounts = {"left_account_id": "acc_cloud", "right_account_id": "acc_umbrella"}
    write_identity(made, review=[pair("salesforce:001B", "salesforce:001U", 0.5, 0.0, "review", **accounts)])
    (found,) = queue(made, 10).pairs
    assert (pipeline, 30.0) == (found.pipeline, found.score)


def test_an_empty_lake_has_no_queue(tmp_path: Path) -> None:
    """Nothing was ever run."""
    found = queue(settings_of(tmp_path), 10)
    assert ((), 0) == (found.pairs, found.waiting)
    assert "Nothing waits for an answer" in render(found, "USD")


def test_the_prior_is_what_the_evidence_leaves(mine: Settings) -> None:
    """Globex: weight 0.706, evidence 8.106 + 3.2 − 4.1 = 7.206, so −6.5 bits before looking."""
    (globex,) = [each for each in queue(mine, 10).pairs if each.left.key == "hubspot:77"]
    assert pytest.approx(-6.5) == globex.prior


def test_the_page_shows_both_records_the_evidence_and_how_to_decide(mine: Settings) -> None:
    """Names escaped, equal attributes marked, the steps of the waterfall, both commands."""
    page = render(queue(mine, 10), "USD")
    section = page[page.index("Pair 2") : page.index("Pair 3")]
    assert "Globex &amp; Söhne &lt;AG&gt;" in section
    assert re.search(r'class="same"><th scope="row">city</th><td>Köln</td>', section)
    assert not re.search(r'class="same"><th scope="row">(domain|created at)', section)
    for text in ("before looking -6.5", "same rare name +8.1", "other domain -4.1", "together +0.7, p = 0.620"):
        assert text in section
    assert "abm identity merge hubspot:77 salesforce:001G" in section
    assert "abm identity split hubspot:77 salesforce:001G" in section
    assert "USD\N{NO-BREAK SPACE}100k" in section


def test_the_page_needs_nothing_from_outside(mine: Settings) -> None:
    """No script, no address but the SVG name spaces, and every tag is closed."""
    page = render(queue(mine, 10), "USD")
    assert "<script" not in page
    assert {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"} >= set(
        re.findall(r"https?://[^\s\"'<)]+", page)
    )
    checked = Balance()
    checked.feed(page)
    assert ([], []) == (checked.open, checked.wrong)
