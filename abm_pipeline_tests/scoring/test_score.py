"""The engagement score, worked by hand on a few touches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.scoring.world import D0, World, days_from, intent, plain_model, touch


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Accounts a, b, c on the list; no touches."""
    return World(tmp_path)


def later(days: int) -> date:
    """D0 plus some days."""
    return D0 + timedelta(days=days)


def test_points_halve_with_every_half_life(world: World) -> None:
    """A meeting with a user: 10 on the day, 10 × 2^(−15/30) = 7.07106781 after 15 days, 5 after 30, 2.5 after 60."""
    world.write_days(T.TOUCH, [touch(1, D0, "a")])
    world.score([D0, later(15), later(30), later(60)])
    assert [10.0, 7.07106781, 5.0, 2.5] == [world.scores(later(age))["a"] for age in (0, 15, 30, 60)]


def test_window_holds_its_last_day_and_not_the_next(world: World) -> None:
    """Window of 30 days up to D is D−29 … D: a touch of D0 counts 10 × 2^(−29/30) = 5.11687 on D0+29 and 0 on D0+30."""
    world.write_days(T.TOUCH, [touch(1, D0, "a")])
    world.score(days_from(D0, 95))
    assert [pytest.approx(5.11687, abs=1e-5), 0.0] == [world.scores(later(age), 30)["a"] for age in (29, 30)]
    assert [pytest.approx(1.27922, abs=1e-5), 0.0] == [world.scores(later(age), 90)["a"] for age in (89, 90)]


def test_role_weighs(world: World) -> None:
    """A meeting: decision maker 10 × 2, other 10 × 0.8, no known role 10 × 1."""
    roles = {"a": "decision_maker", "b": "other", "c": "unknown"}
    world.write_days(T.TOUCH, [touch(i, D0, a, contact_key=f"crm:{a}-{r}") for i, (a, r) in enumerate(roles.items())])
    world.score([D0])
    assert {"a": 20.0, "b": 8.0, "c": 10.0} == world.scores(D0)


def test_content_replaces_the_points_of_its_type(world: World) -> None:
    """A download is 4; a pricing guide 8; other content 4."""
    contents = {"a": None, "b": "pricing_guide", "c": "ebook"}
    rows = [touch(i, D0, a, touch_type="content_download", content_type=c) for i, (a, c) in enumerate(contents.items())]
    world.write_days(T.TOUCH, rows)
    world.score([D0])
    assert {"a": 4.0, "b": 8.0, "c": 4.0} == world.scores(D0)


def test_cap_of_a_contact_and_day_is_shared_pro_rata(world: World) -> None:
    """User: 2 meetings (20), 2 pricing guides (16): 36, capped at 25: 25 × 20/36 = 13.88889, 25 × 16/36 = 11.11111."""
    guides = [touch(i, D0, "a", touch_type="content_download", content_type="pricing_guide") for i in (3, 4)]
    world.write_days(T.TOUCH, [touch(1, D0, "a"), touch(2, D0, "a"), *guides])
    world.score([D0])
    assert 25.0 == world.scores(D0)["a"]
    expected = {"meeting": 13.88888889, "content_download": 11.11111111}
    assert pytest.approx(expected, abs=2e-8) == world.parts(D0)


def test_cap_holds_for_each_contact_and_each_day(world: World) -> None:
    """Decision maker with 2 meetings (40 → 25) and user with 1 (10): 35 × 1.5 for two contacts = 52.5. Next day another
    40 → 25 of the decision maker: (35 × 2^(−1/30) + 25) × 1.5 = 88.80090."""
    boss = "crm:a-decision_maker"
    first = [touch(1, D0, "a", contact_key=boss), touch(2, D0, "a", contact_key=boss), touch(3, D0, "a")]
    second = [touch(4, later(1), "a", contact_key=boss), touch(5, later(1), "a", contact_key=boss)]
    world.write_days(T.TOUCH, first + second)
    world.score([D0, later(1)])
    assert [52.5, pytest.approx(88.80090, abs=1e-5)] == [world.scores(D0)["a"], world.scores(later(1))["a"]]


def test_touches_that_name_nobody_share_the_accounts_cap(world: World) -> None:
    """An ad row of 4 clicks is 4; two such rows on a day are 8, capped at 5; no contact is engaged, so breadth is 1."""
    ads = {"touch_type": "ad_click", "contact_key": None, "weight_count": 4.0}
    world.write_days(T.TOUCH, [touch(1, D0, "a", **ads), touch(2, D0, "a", **ads), touch(3, D0, "b", **ads)])
    world.score([D0])
    assert {"a": 5.0, "b": 4.0, "c": 0.0} == world.scores(D0)
    assert {"a": 0, "b": 0, "c": 0} == world.column("contacts_engaged", D0)
    assert {"a": 2, "b": 1, "c": 0} == world.column("touches", D0)


def test_breadth_counts_distinct_contacts_in_the_window(world: World) -> None:
    """Two people on D0: (10 + 12) × 1.5 = 33. One of them again on D0+30: the 30-day window holds him alone, 10 × 1;
    the 90-day window both, (22/2 + 10) × 1.5 = 31.5, of which breadth 10.5."""
    other = "crm:a-influencer"
    world.write_days(T.TOUCH, [touch(1, D0, "a"), touch(2, D0, "a", contact_key=other), touch(3, later(30), "a")])
    world.score([D0, later(30)])
    assert [33.0, 10.0, 31.5] == [
        world.scores(D0)["a"], world.scores(later(30), 30)["a"], world.scores(later(30))["a"]
    ]  # fmt: skip
    assert {"meeting": 21.0, "breadth": 10.5} == world.parts(later(30))
    assert [1, 2] == [world.column("contacts_engaged", later(30), window)["a"] for window in (30, 90)]


def test_two_records_of_one_human_are_one_contact(tmp_path: Path) -> None:
    """The lead a-other became the contact a-user; a stranger (a browser nobody has signed in with) is nobody known.

    Lead: 2 meetings × 10 × 0.8 = 16; contact: 2 × 10 = 20; one human and day: 36, capped at 25. Stranger: 10, capped
    at the 5 of an account's touches that name nobody. One human engaged: 25 + 5 = 30. Without the stranger: 25.
    """
    same = {"crm:a-other": "crm:a-user", "crm:b-other": "crm:b-user"}
    world = World(tmp_path, same=same)
    rows = [
        touch(i, D0, account, contact_key=f"crm:{account}-{role}")
        for i, (account, role) in enumerate((a, r) for a in "ab" for r in ("user", "other", "user", "other"))
    ]
    world.write_days(T.TOUCH, [*rows, touch(9, D0, "a", contact_key="crm:stranger")])
    world.score([D0])
    assert {"a": 30.0, "b": 25.0, "c": 0.0} == world.scores(D0)
    assert {"a": 1, "b": 1, "c": 0} == world.column("contacts_engaged", D0)


def test_intent_adds_points_for_surging_topics_of_the_day(world: World) -> None:
    """a: topics at 60 and 80: 5 × 0.6 + 5 × 0.8 = 7. b: three at 100 are 15, capped at 8. c: not surging, 0. Nothing is
    carried to the next day, on which nothing is told."""
    rows = [intent(D0, "a", "erp", 60), intent(D0, "a", "crm", 80), intent(D0, "c", "erp", 40, is_surging=False)]
    world.write_days(T.INTENT, rows + [intent(D0, "b", topic, 100) for topic in ("x", "y", "z")], [later(1)])
    world.score([D0, later(1)])
    assert {"a": 7.0, "b": 8.0, "c": 0.0} == world.scores(D0)
    assert {"intent": 7.0} == world.parts(D0)
    assert {"a": 0.0, "b": 0.0, "c": 0.0} == world.scores(later(1))


def test_one_topic_from_two_members_counts_once(world: World) -> None:
    """The same topic told of two records of an account, at 60 and 80: once, at 80: 4 points."""
    world.write_days(T.INTENT, [intent(D0, "a", "erp", 60), intent(D0, "a", "erp", 80, source="other")])
    world.score([D0])
    assert 4.0 == world.scores(D0)["a"]


def test_exposures_and_attempts_do_not_score(world: World) -> None:
    """An e-mail sent, an impression and an unanswered call: no points, no touches, no contact engaged."""
    rows = [
        touch(1, D0, "a", touch_type="email_sent", is_exposure=True),
        touch(2, D0, "a", touch_type="ad_impression", is_exposure=True, contact_key=None, weight_count=900.0),
        touch(3, D0, "a", touch_type="call"),
    ]
    world.write_days(T.TOUCH, rows)
    world.score([D0])
    assert (0.0, 0, 0, "none") == tuple(
        world.column(name, D0)["a"] for name in ("score", "touches", "contacts_engaged", "band")
    )


def test_first_and_last_touch_are_those_in_the_window(world: World) -> None:
    """Meetings on D0, D0+10, D0+35. On D0+35 the 30-day window (from D0+6) begins with D0+10, the 90-day one with D0;
    on D0+45 the 30-day one holds only D0+35; on D0+70 nothing."""
    world.write_days(T.TOUCH, [touch(i, later(offset), "a") for i, offset in enumerate((0, 10, 35))])
    world.score([later(35), later(45), later(70)])
    found = [
        (world.column("first_touch_day", day, window)["a"], world.column("last_touch_day", day, window)["a"])
        for day, window in ((later(35), 30), (later(35), 90), (later(45), 30), (later(70), 30))
    ]
    stamps = [first and (first.date(), last.date()) for first, last in found]
    assert [(later(10), later(35)), (D0, later(35)), (later(35), later(35)), None] == stamps


def test_a_touch_without_company_counts_for_its_persons_account(world: World) -> None:
    """No company: the person's account gets it. Neither known: nobody, and the note counts it."""
    rows = [
        touch(1, D0, None, contact_key="crm:b-user"),
        touch(2, D0, None, contact_key="crm:stranger"),
        touch(3, D0, None, company_key="domain:elsewhere.com"),
    ]
    world.write_days(T.TOUCH, rows)
    report = world.score([D0])[0]
    assert {"a": 0.0, "b": 10.0, "c": 0.0} == world.scores(D0)
    assert 2 == report.notes["touches_unattributed"]


def test_who_changed_employer_leaves_the_history_behind(world: World) -> None:
    """Two e-mail meetings of one person, day 0 and day 5, without company; on day 5 he began at b as a decision maker,
    having been a's user (identity.person says b): a has 10 × 2^(−5/30) = 8.90898718, b has 10 × 2 = 20."""
    mover = {"source": "crm", "source_id": "a-user", "person_id": "crm:a-user", "snapshot_id": "s"}
    jobs = [("A-a", "user", date(1900, 1, 1), later(5)), ("A-b", "decision_maker", later(5), None)]
    columns = ("account_id", "role", "valid_from_day", "valid_to_day")
    world.write_table(T.PERSON_HISTORY, [mover | dict(zip(columns, job, strict=True)) for job in jobs])
    world.write_days(T.TOUCH, [touch(day, later(day), "a", company_key=None) for day in (0, 5)])
    world.score([D0, later(5)])
    assert {"a": 10.0, "b": 0.0, "c": 0.0} == world.scores(D0)
    assert {"a": 8.90898718, "b": 20.0, "c": 0.0} == world.scores(later(5))


def test_scores_roll_up_to_the_parent_where_the_programme_says_so(tmp_path: Path) -> None:
    """a and b belong to p. Scored by parent: two contacts, (10 + 10) × 1.5 = 30 for p, listed since a is."""
    world = World(tmp_path, accounts=("a", "b", "p"), listed=("a",), programme={"account_level": "parent"})
    account = [
        {"account_id": f"A-{a}", "ultimate_parent_id": "A-p", "employee_band": "unknown", "snapshot_id": "s"}
        for a in "abp"
    ]
    world.write_table(T.ACCOUNT, account)
    world.write_days(T.TOUCH, [touch(1, D0, "a"), touch(2, D0, "b")])
    world.score([D0])
    assert ({"p": 30.0}, {"p": 1}) == (world.scores(D0), world.column("rank", D0))


def test_change_is_against_seven_days_before(world: World) -> None:
    """Meeting on D0: +10 on D0+6 would be 10 × 2^(−6/30) − 0; on D0+7 10 × 2^(−7/30) − 10 = −1.49333."""
    world.write_days(T.TOUCH, [touch(1, D0, "a")])
    world.score([later(6), later(7)])
    found = [world.column("score_change_7d", later(age))["a"] for age in (6, 7)]
    assert [pytest.approx(8.70551, abs=1e-5), pytest.approx(-1.49333, abs=1e-5)] == found


def test_change_is_unknown_before_the_history_is_a_week_old(tmp_path: Path) -> None:
    """History starts on D0: on D0+6 there is no score of seven days before, on D0+7 there is (0)."""
    world = World(tmp_path, programme={"history_start": D0})
    world.write_days(T.TOUCH, [touch(1, later(6), "a")])
    world.score([D0 - timedelta(days=1), later(6), later(7)])
    assert [None, pytest.approx(9.77160, abs=1e-5)] == [
        world.column("score_change_7d", later(age))["a"] for age in (6, 7)
    ]
    assert {} == world.scores(D0 - timedelta(days=1))


def test_ties_share_the_lowest_rank_and_only_listed_accounts_are_ranked(tmp_path: Path) -> None:
    """Scores a 20, b 10, c 10, d 0 on the list; x 15 is not. Ranks 1, 2, 2, 4; percentiles 4/4, 3/4, 3/4, 1/4. Top 10 %
    of 4 is a; 30 % reaches no further than rank 2 ((2−1) × 100 < 4 × 30): b and c warm; d none. x lies over b: warm."""
    world = World(tmp_path, accounts=("a", "b", "c", "d", "x"), listed=("a", "b", "c", "d"))
    rows = [touch(1, D0, "a", contact_key="crm:a-decision_maker"), touch(2, D0, "b"), touch(3, D0, "c")]
    world.write_days(T.TOUCH, [*rows, touch(4, D0, "x", contact_key="crm:x-champion")])
    world.score([D0])
    assert {"a": 1, "b": 2, "c": 2, "d": 4, "x": None} == world.column("rank", D0)
    assert {"a": 1.0, "b": 0.75, "c": 0.75, "d": 0.25, "x": None} == world.column("percentile", D0)
    assert {"a": "hot", "b": "warm", "c": "warm", "d": "none", "x": "warm"} == world.column("band", D0)
    assert {"a": True, "b": True, "c": True, "d": False, "x": True} == world.column("is_engaged", D0)


def test_bands_are_shares_of_the_list(tmp_path: Path) -> None:
    """Ten listed accounts with 10 … 1 clicks: 10 % hot is one, 20 % warm two, 30 % cool three, the four others cold."""
    names = tuple("abcdefghij")
    world = World(tmp_path, accounts=names, listed=names)
    rows = [touch(i, D0, name, touch_type="ad_click", weight_count=10.0 - i) for i, name in enumerate(names)]
    world.write_days(T.TOUCH, rows)
    world.score([D0])
    expected = ["hot", "warm", "warm", "cool", "cool", "cool", "cold", "cold", "cold", "cold"]
    assert expected == [world.column("band", D0)[name] for name in names]


def test_listing_is_that_at_the_end_of_the_day(tmp_path: Path) -> None:
    """Zone New York (UTC−5). Listed from 2 January 03:00 UTC, still 1 January there: ranked on D0. Taken off on 3
    January 05:00 UTC, midnight there: still listed on the 2nd, not on the 3rd, where without a touch it has no row."""
    world = World(tmp_path, accounts=("a",), programme={"reporting_timezone": "America/New_York"})
    listed = {"valid_from": datetime(2025, 1, 2, 3, tzinfo=UTC), "valid_to": datetime(2025, 1, 3, 5, tzinfo=UTC)}
    world.list_accounts({"account_id": "A-a"} | listed)
    world.score(days_from(D0 - timedelta(days=1), 4))
    assert [{}, {"a": 1}, {"a": 1}, {}] == [world.column("rank", later(offset)) for offset in (-1, 0, 1, 2)]


def test_an_empty_day_is_computed_and_empty(tmp_path: Path) -> None:
    """No accounts, no facts: the partition exists, with no row."""
    world = World(tmp_path, accounts=(), listed=())
    report = world.score([D0])[0]
    assert {D0: 0} == dict(report.rows)
    assert [D0] == world.settings.open_lake.days(T.ENGAGEMENT_SCORE)


def test_two_models_lie_side_by_side(world: World) -> None:
    """The plain model and one whose meetings are worth 30 each have their rows of the day, told apart by version."""
    world.write_days(T.TOUCH, [touch(1, D0, "a")])
    challenger = plain_model(name="challenger", points={"meeting": 30}, content_points={}, cap_per_contact_day=90)
    world.score([D0], plain_model(), challenger)
    rows = world.read(T.ENGAGEMENT_SCORE, "account_id = 'A-a' AND window_days = 30").set_index("model").score
    assert {"plain": 10.0, "challenger": 30.0} == rows.to_dict()
