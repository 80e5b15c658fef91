"""The weekly review: everything on it, nothing fetched from outside, and a page even when there is nothing to say."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from abm_pipeline.reports import weekly
from abm_pipeline.settings import Settings
from abm_pipeline_tests.reports.sample import DAY, DAYS


class Balance(HTMLParser):
    """Collects tags that are closed without having been opened, or the other way round."""

    VOID = frozenset({"meta", "link", "br", "path", "line", "rect", "circle", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def page(sample: Settings) -> str:
    """The page of the sample's last day."""
    return weekly.refresh(sample, DAYS, "run").read_text(encoding="utf-8")


def test_headlines_carry_interval_change_and_benchmark(page: str) -> None:
    """Coverage of the sample is 48 of 60 = 80 %, up from 46.87 of 60; intent lies within 15 to 30 %."""
    card = re.search(r"<h3>Target account coverage</h3>.*?</section>", page, re.S)
    assert card is not None
    assert "80.0\N{NO-BREAK SPACE}%" in card[0]
    assert "+1.9 pts" in card[0]
    assert "n = 60, 90 days" in card[0]
    assert "within benchmark" in page


def test_small_samples_and_empty_denominators_are_said(page: str) -> None:
    """Eight closed ABM deals are flagged; a win rate without deals is a dash, not 0 %."""
    row = re.search(r'<th scope="row">Win rate</th>.*?</tr>', page, re.S)
    assert row is not None
    assert "small sample" in row[0]
    assert "–<div" in row[0]


def test_what_is_wrong_with_the_data_comes_first(page: str) -> None:
    """The silent source and the quarantined records stand above the headlines."""
    assert page.index("linkedin is silent") < page.index("<h2>Headlines")
    assert "3 salesforce opportunity records are in quarantine: closed before created (close_day)" in page


def test_hot_accounts_say_why(page: str) -> None:
    """Six of sixty accounts are hot (top 10 %); names are escaped; parts, gaps and owner are told."""
    table = page[page.index("Hot accounts, and why") :]
    assert 6 == table.count('data-label="Rank"')
    assert "not reached: champion, user" in table
    assert "Owner 3" in table


def test_the_page_needs_nothing_from_outside(page: str) -> None:
    """No script, no address but the SVG name spaces, and every tag is closed."""
    assert "<script" not in page
    assert {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"} >= set(
        re.findall(r"https?://[^\s\"'<)]+", page)
    )
    assert not re.search(r"url\((?!#)|@import|<img|<iframe", page)
    checked = Balance()
    checked.feed(page)
    assert ([], []) == (checked.open, checked.wrong)


def test_markup_in_a_name_stays_text(sample: Settings) -> None:
    """An account may be called anything."""
    review = weekly.read_review(sample, DAY)
    review.hot.loc[0, "name"] = "<script>alert(1)</script>"
    assert "<script" not in weekly.render(review)


def test_written_again_it_is_the_same(sample: Settings, page: str) -> None:
    """The page depends on the lake alone."""
    assert page == weekly.write(sample, DAY).read_text(encoding="utf-8")


def test_an_older_week_does_not_replace_the_latest(sample: Settings, page: str) -> None:
    """Backfilling a past week writes its page and leaves latest.html."""
    path = weekly.write(sample, DAY - timedelta(days=14))
    assert f"{DAY - timedelta(days=14)}.html" == path.name
    assert page == (path.parent / "latest.html").read_text(encoding="utf-8")


def test_an_empty_lake_gives_a_page_that_says_so(settings: Settings) -> None:
    """Nothing computed: a page all the same, with the command that fills it."""
    page = weekly.write(settings, DAY).read_text(encoding="utf-8")
    assert "Nothing to review yet" in page
    assert "abm run" in page
