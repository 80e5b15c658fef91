"""Backtests: ten accounts worked by hand, what several days of one account are worth, and that no score sees the
future."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abm_pipeline.cli import main
from abm_pipeline.contracts import tables as T
from abm_pipeline.programme import ConfigError
from abm_pipeline.scoring.backtest import Backtest, backtest, candidates, days_to_ask, known_before
from abm_pipeline.scoring.discrimination import Estimate, Judged, judge
from abm_pipeline.scoring.evidence import Candidate
from abm_pipeline.storage.engine import connect
from abm_pipeline_tests.scoring.test_lifecycle import declare
from abm_pipeline_tests.scoring.world import D0, PLAIN, World, intent, plain_model, touch

A = D0 + timedelta(days=100)
LAST = D0 + timedelta(days=200)
TEN = tuple("abcdefghij")
# Touches of the day itself: their points, which add up to the score.
TEN_TOUCHES = {
    "a": ["meeting", "meeting"],
    "b": ["meeting", "pricing_guide"],
    "c": ["meeting", "content_download"],
    "d": ["content_download"] * 3,
    "e": ["meeting"],
    "f": ["pricing_guide"],
    "g": ["content_download"],
    "h": ["ad_click"],
}
OPENED = "abdi"
PLAIN_CANDIDATE = Candidate("plain", plain_model())


def day_touches(day: date, touches: dict[str, list[str]], first: int = 0) -> list[dict[str, Any]]:
    """Touches of a day by account; a pricing guide is a download of that content."""
    rows = []
    for account, kinds in touches.items():
        for kind in kinds:
            columns = {"touch_type": kind}
            if kind == "pricing_guide":
                columns = {"touch_type": "content_download", "content_type": kind}
            rows.append(touch(first + len(rows), day, account, **columns))
    return rows


def at(day: date) -> datetime:
    """Noon of the day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def deal(account: str, opened: date, closed: date | None = None, is_won: bool = True) -> list[dict[str, Any]]:
    """A deal's versions: open since its day, and closed since another if that is given."""
    base = {"deal_id": f"crm:{account}-{opened}", "company_key": f"crm:{account}", "created_at": at(opened)}
    first = {**base, "valid_from": at(opened), "stage": "Open", "is_closed": False, "is_won": False}
    if closed is None:
        return [first]
    second = {**base, "valid_from": at(closed), "stage": "Closed", "is_closed": True, "is_won": is_won}
    return [{**first, "valid_to": at(closed)}, {**second, "closed_day": closed}]


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Ten target accounts with scores on day A; a, b, d and i open a deal 10 days later, of which a wins at once."""
    world = World(tmp_path_factory.mktemp("ten"), TEN, TEN, {"champion": "plain"})
    declare(world.settings)
    world.write_days(T.TOUCH, day_touches(A, TEN_TOUCHES), (D0, LAST))
    later = A + timedelta(days=10)
    deals = [row for account in "bdi" for row in deal(account, later)]
    # Opened before the day: neither one that opens then, nor one that could.
    deals += deal("j", A - timedelta(days=200), A - timedelta(days=150)) + deal("a", later, later + timedelta(days=5))
    world.write_table(T.FACT_DEAL, deals)
    return world


@pytest.fixture(scope="module")
def found(ten: World) -> Backtest:
    """The backtest of day A."""
    return backtest(ten.settings, [PLAIN_CANDIDATE], [A])


def of(found: Backtest, outcome: str) -> Judged:
    """What it says of the only model."""
    judged = found.of(0, outcome)
    assert judged is not None
    return judged


def near(value: float, low: float, high: float) -> Estimate:
    """An estimate to nine digits."""
    return Estimate(*(pytest.approx(each, abs=1e-9) for each in (value, low, high)))


def test_ten_accounts_worked_by_hand(found: Backtest) -> None:
    """Scores a 20, b 18, c 14, d 12, e 10, f 8, g 4, h 1, i and j 0; a, b, d and i open a deal.

    AUC: of the 4 × 6 pairs a and b are above all 6, d above all but c, i level with j: (6 + 6 + 5 + ½) ÷ 24 = 35/48.
    DeLong: shares below a, b, d, i: 1, 1, 5/6, 1/12: Σ (x − 35/48)² ÷ 3 = 0.1915509; shares above c, e, f, g, h, j:
    ½, ¾, ¾, ¾, ¾, 7/8: Σ ÷ 5 = 0.0151042; variance 0.1915509/4 + 0.0151042/6 = 0.0504051, ± 0.4400.
    Lift: fifths by percentile: a, b are the 5th (2 of 2), i, j the 1st (1 of 2): 1 ÷ ½ = 2, × ÷ e^(1.96 √½) = 3.9981.
    """
    judged = of(found, "opportunity")
    assert (10, 4, 4, 6) == (judged.n, judged.x, judged.yes, judged.no)
    below, above = (1, 1, 5 / 6, 1 / 12), (1 / 2, 3 / 4, 3 / 4, 3 / 4, 3 / 4, 7 / 8)
    area = 35 / 48
    variance = sum((x - area) ** 2 for x in below) / 3 / 4 + sum((x - area) ** 2 for x in above) / 5 / 6
    assert near(area, area - 1.959963984540054 * math.sqrt(variance), 1.0) == judged.auc
    half = math.exp(1.959963984540054 * math.sqrt(1 / 2))
    assert near(2.0, 2 / half, 2 * half) == judged.lift
    fifths = {group.value: (group.x, group.n, group.lowest, group.highest) for group in judged.of("quintile")}
    assert {
        "1": (1, 2, 0, 0),
        "2": (0, 2, 1, 4),
        "3": (0, 2, 8, 10),
        "4": (1, 2, 12, 14),
        "5": (2, 2, 18, 20),
    } == fifths
    assert judged.is_low_sample


def test_rates_have_wilsons_interval(found: Backtest) -> None:
    """1 of 2: centre (½ + z²/4) ÷ (1 + z²/2) = ½, half z/(1 + z²/2) × √(1/8 + z²/16) = 0.4055: 0.0945 … 0.9055."""
    rate = of(found, "opportunity").of("quintile")[0].rate
    assert (0.5, 0.0945, 0.9055) == tuple(round(each, 4) for each in (rate.value, rate.low, rate.high))  # type: ignore[arg-type]


def test_a_win_is_looked_for_among_all_target_accounts(found: Backtest) -> None:
    """Only a wins, and is the highest: above all 9 others, AUC 1; nobody of the lowest fifth wins, so no lift."""
    judged = of(found, "won")
    assert (10, 1, 1.0, None) == (judged.n, judged.x, judged.auc.value, judged.lift.value)


def test_the_roc_curve_goes_through_every_step(found: Backtest) -> None:
    """From the highest: yes, yes, no, yes, four times no, then i and j at once."""
    points = [(round(6 * no), round(4 * yes)) for no, yes in of(found, "opportunity").roc]
    assert [(0, 0), (0, 2), (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 4)] == points


def test_who_has_an_open_deal_is_not_asked_whether_one_opens(ten: World, tmp_path: Path) -> None:
    """b's deal is open since the day before A: 9 rows for opportunities, all 10 for wins."""
    world = World(tmp_path, TEN, TEN)
    world.write_days(T.TOUCH, day_touches(A, TEN_TOUCHES), (D0, LAST))
    world.write_table(T.FACT_DEAL, deal("b", A - timedelta(days=1)))
    found = backtest(world.settings, [PLAIN_CANDIDATE], [A])
    assert (9, 10) == (of(found, "opportunity").n, of(found, "won").n)


def test_a_deal_after_the_horizon_does_not_count(ten: World) -> None:
    """Within 9 days nobody opens a deal, within 10 four do; a's win on day 15 does not count within 14."""
    counted = {}
    for horizon in (9, 14):
        found = backtest(ten.settings, [PLAIN_CANDIDATE], [A], horizon)
        counted[horizon] = (of(found, "opportunity").x, of(found, "won").x)
    assert {9: (0, 0), 14: (4, 0)} == counted


def test_the_lakes_scores_are_those_of_memory(ten: World, tmp_path: Path) -> None:
    """Scoring days A and A + 7 into a lake changes nothing of what a backtest reads, to the bit."""
    world = World(tmp_path, TEN, TEN)
    world.write_days(T.TOUCH, day_touches(A, TEN_TOUCHES), (D0, LAST))
    days = [A, A + timedelta(days=7)]
    before = known_before(world.settings, [PLAIN_CANDIDATE], days)
    world.score(days)
    pd.testing.assert_frame_equal(before, known_before(world.settings, [PLAIN_CANDIDATE], days), check_exact=True)


# -- several days, several models: rows given, not scored


def judged_rows(rows: list[tuple[int, int, str, float, int]]) -> list[Judged]:
    """Judge rows of (model, day, account, score, came); the highest two of a day are the 5th fifth, the lowest two the
    1st."""
    frame = pd.DataFrame(rows, columns=["model", "day", "account_id", "score", "came"])
    by_day = frame.groupby(["model", "day"])["score"]
    frame["quintile"] = 1
    frame.loc[by_day.rank(ascending=False) <= 2, "quintile"] = 5
    frame.loc[by_day.rank() > 2, "quintile"] = frame["quintile"].where(frame["quintile"] == 5, 3)
    frame = frame.assign(outcome="opportunity", twentieth=frame["quintile"] * 4, band="cold")
    with connect() as con:
        con.register("observation", frame)
        return judge(con, 1)


FIRST = [(0, 1, a, s, c) for a, s, c in zip("abcdefg", (9, 8, 7, 6, 5, 2, 1), (1, 0, 1, 1, 0, 0, 1), strict=True)]
SECOND = [(1, 1, a, s, c) for a, s, c in zip("abcdefg", (9, 2, 8, 7, 1, 5, 6), (1, 0, 1, 1, 0, 0, 1), strict=True)]


def test_asking_the_same_accounts_again_makes_nothing_more_certain() -> None:
    """The same rows on two days: twice the rows, and every interval the same."""
    (once,) = judged_rows(FIRST)
    (twice,) = judged_rows(FIRST + [(m, 2, a, s, c) for m, _, a, s, c in FIRST])
    assert (7, 14, 4, 4) == (once.n, twice.n, once.yes, twice.yes)
    for a, b in [(once.auc, twice.auc), (once.lift, twice.lift)] + [
        (g.rate, h.rate) for g, h in zip(once.groups, twice.groups, strict=True)
    ]:
        assert a == near(*(each or 0 for each in (b.value, b.low, b.high)))


def test_two_models_on_the_same_accounts() -> None:
    """First: 4 × 3 pairs, a above b, e, f; c and d above e, f; g above none: 7/12. Second: a, c, d, g above all: 1.

    Difference 5/12. By account the shares of pairs differ by 0, 1/3, 1/3, 1 (a, c, d, g: mean 5/12, Σ of squares about
    it 0.5278, ÷ 3) and, for b, e, f, by 3/4, 1/4, 1/4 (mean 5/12, 0.1667, ÷ 2): variance 0.1759/4 + 0.0833/3 = 0.0718.
    A model against itself differs by nothing, for certain. Lift 1st: (1 of 2) ÷ (1 of 2) = 1; 2nd: (2 of 2) ÷ 0.
    """
    _, second = judged_rows(FIRST + SECOND)
    more, less = (0, 1 / 3, 1 / 3, 1), (3 / 4, 1 / 4, 1 / 4)
    variance = sum((x - 5 / 12) ** 2 for x in more) / 3 / 4 + sum((x - 5 / 12) ** 2 for x in less) / 2 / 3
    half = 1.959963984540054 * math.sqrt(variance)
    assert near(5 / 12, 5 / 12 - half, 5 / 12 + half) == second.auc_difference
    assert Estimate(None) == second.lift
    _, same = judged_rows(FIRST + [(1, *row[1:]) for row in FIRST])
    assert near(0, 0, 0) == same.auc_difference
    assert near(1, 1, 1) == same.lift_difference


def test_the_auc_is_the_share_of_pairs_counted_one_by_one() -> None:
    """On 60 rows of 25 accounts with many ties: as a loop over pairs counts it."""
    rows = [(0, i % 3, f"x{i % 25}", float((i * 7) % 11), int(i * 13 % 5 < 2)) for i in range(60)]
    (judged,) = judged_rows(rows)
    yes, no = ([row[3] for row in rows if row[4] == came] for came in (1, 0))
    right = sum((y > n) + (y == n) / 2 for y in yes for n in no)
    assert pytest.approx(right / len(yes) / len(no), abs=1e-12) == judged.auc.value


# -- nothing of the future


ACCOUNTS = tuple("abcdef")
AS_OF = [A, A + timedelta(days=20)]
# Days after both, the next one first.
SOON = [AS_OF[1] + timedelta(days=days) for days in (1, 6, 40, 79)]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, pd.DataFrame]:
    """A world with a past, a deal that is open on A, and what a backtest knows of it."""
    world = World(tmp_path_factory.mktemp("past"), ACCOUNTS, ACCOUNTS[:5])
    write(world)
    return world, known_before(world.settings, [PLAIN_CANDIDATE], AS_OF)


def write(
    world: World,
    touches: list[dict[str, Any]] | None = None,
    surges: list[dict[str, Any]] | None = None,
    deals: list[dict[str, Any]] | None = None,
    closed: date | None = None,
    unlisted: date | None = None,
    listed: date | None = None,
    moved: date | None = None,
) -> None:
    """The past, and on top of it what comes: touches, surges, deals; the open deal closed, an account taken off the
    list and another put on, and a person who changes employer, from those days on."""
    old = [touch(i, A - timedelta(days=i * 7 % 95), ACCOUNTS[i % 6], touch_type=kind) for i, kind in enumerate(
        ["meeting", "content_download", "ad_click", "meeting", "content_download"] * 6
    )]  # fmt: skip
    middle = touch(100, AS_OF[1] - timedelta(days=1), "c")
    if touches is None:
        world.write_days(T.TOUCH, [*old, middle], [D0, LAST])
        world.write_days(T.INTENT, [intent(A, "b", "crm", 90), intent(AS_OF[1], "d", "abm", 70)])
    world.write_days(T.TOUCH, touches or [], SOON)
    world.write_days(T.INTENT, surges or [], SOON)
    world.write_table(T.FACT_DEAL, [*deal("b", A - timedelta(days=30), closed), *(deals or [])])
    stays = [{"account_id": f"A-{a}"} for a in ACCOUNTS[:5]]
    if unlisted:
        stays[0] |= {"valid_to": at(unlisted)}
    if listed:
        stays.append({"account_id": "A-f", "valid_from": at(listed)})
    world.list_accounts(*stays)
    home = {"source": "crm", "source_id": "a-user", "person_id": "crm:a-user", "role": "user", "snapshot_id": "s"}
    jobs = [
        {**home, "account_id": "A-a", "valid_from_day": date(1900, 1, 1), "valid_to_day": moved},
        {**home, "account_id": "A-c", "valid_from_day": moved},
    ]
    world.write_table(T.PERSON_HISTORY, jobs if moved else [])


FUTURE = st.sampled_from(SOON)
SOMEBODY = st.sampled_from(ACCOUNTS)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    touches=st.lists(
        st.tuples(FUTURE, SOMEBODY, st.sampled_from(["meeting", "content_download", "ad_click"])), max_size=8
    ),
    surges=st.lists(st.tuples(FUTURE, SOMEBODY), max_size=4, unique=True),
    deals=st.lists(st.tuples(SOMEBODY, FUTURE), max_size=5, unique=True),
    closed=st.none() | FUTURE,
    unlisted=st.none() | FUTURE,
    listed=st.none() | FUTURE,
    moved=st.none() | FUTURE,
)
def test_no_score_sees_the_future(
    past: tuple[World, pd.DataFrame],
    touches: list[tuple[date, str, str]],
    surges: list[tuple[date, str]],
    deals: list[tuple[str, date]],
    closed: date | None,
    unlisted: date | None,
    listed: date | None,
    moved: date | None,
) -> None:
    """Whatever comes after the last of the days, all that a backtest knows of them is the same, bit for bit."""
    world, known = past
    write(
        world,
        [touch(200 + i, day, account, touch_type=kind) for i, (day, account, kind) in enumerate(touches)],
        [intent(day, account, "abm", 80) for day, account in surges],
        [row for account, day in deals for row in deal(account, day)],
        closed,
        unlisted,
        listed,
        moved,
    )
    pd.testing.assert_frame_equal(known, known_before(world.settings, [PLAIN_CANDIDATE], AS_OF), check_exact=True)


def test_an_earlier_day_does_not_see_a_later_one(past: tuple[World, pd.DataFrame]) -> None:
    """c's meeting between the two days is in the later one's score alone; judged together or apart, A is the same."""
    world, _ = past
    write(world)
    both = known_before(world.settings, [PLAIN_CANDIDATE], AS_OF)
    alone = known_before(world.settings, [PLAIN_CANDIDATE], AS_OF[:1])
    then = both[both["day"] == both["day"].min()].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, then, check_exact=True)
    of_c = both[both["account_id"] == "A-c"]["score"].tolist()
    assert of_c[1] > of_c[0]


# -- which days, which models, and what is printed


def test_days_are_those_whose_scores_are_whole_and_outcomes_known(ten: World) -> None:
    """Touches from 1 January to 20 July 2025: whole from 31 March, with 90 days after known up to 21 April."""
    models = [PLAIN_CANDIDATE]
    assert [date(2025, 4, 21)] == days_to_ask(ten.settings, models, 90)
    weeks = days_to_ask(ten.settings, models, 90, every="week")
    assert [date(2025, 3, 31), date(2025, 4, 7), date(2025, 4, 14), date(2025, 4, 21)] == weeks
    assert [date(2025, 4, 20), date(2025, 5, 20), date(2025, 6, 20)] == days_to_ask(ten.settings, models, 30)
    with pytest.raises(ConfigError, match="2025-03-30 can't be judged: scores are whole from 2025-03-31"):
        days_to_ask(ten.settings, models, 90, [date(2025, 3, 30)])
    with pytest.raises(ConfigError, match="too few days for a score of 90 days and 180 days after it"):
        days_to_ask(ten.settings, models, 180)


def test_the_champion_comes_first(ten: World, tmp_path: Path) -> None:
    """Declared models with the champion first; a file is judged without being installed, beside it if asked."""
    file = tmp_path / "draft.yaml"
    file.write_text(__import__("yaml").safe_dump({**PLAIN, "name": "draft"}))
    names = [each.model.name for each in candidates(ten.settings)]
    assert ["plain", "default"] == names
    assert ["draft"] == [each.model.name for each in candidates(ten.settings, [str(file)], with_champion=False)]
    assert ["plain", "draft"] == [each.model.name for each in candidates(ten.settings, [str(file)])]
    with pytest.raises(ConfigError, match="can't be read"):
        candidates(ten.settings, ["missing.yaml"])


def test_the_command_prints_it(ten: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """`abm model backtest` on day A: lift 2, AUC 0.73, flagged as few; nothing is written to the lake."""
    monkeypatch.setenv("ABM_HOME", str(ten.home))
    monkeypatch.setenv("ABM_CONFIG", str(ten.home / "config"))
    result = CliRunner().invoke(main, ["model", "backtest", "plain", "--as-of", A.isoformat()], catch_exceptions=False)
    assert 0 == result.exit_code, result.output
    assert "lift 2.00 (0.50 to 8.00), AUC 0.73 (0.29 to 1.00); 4 of 10 rows, 4 accounts (!)" in result.output
    assert "no thresholds proposed: too few accounts opened a deal: 4" in result.output
    assert [] == ten.settings.open_lake.days(T.ENGAGEMENT_SCORE)
    wrong = CliRunner().invoke(main, ["model", "backtest", "--as-of", "soon"])
    assert (2, True) == (wrong.exit_code, "'soon' is no day" in wrong.output)
