"""List and market: how the list changed, how big the market is, how accounts fit, what is known of their people."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm_pipeline.contracts import tables as T
from abm_pipeline_tests.metrics.world import World, at, day

VALUES = (T.METRIC_VALUES, T.ACCOUNT_METRICS_DAILY)
MARKET = """
market:
  serviceable: {regions: [EMEA], min_employees: 50}
  obtainable_share: 0.25
  icp:
    industry: {weight: 40, fits: {Manufacturing: 1}, otherwise: 0.2}
    region: {weight: 20, fits: {EMEA: 1}}
    employees: {weight: 40, ranges: [{min_employees: 1000, fit: 1}, {min_employees: 200, fit: 0.8}]}
"""


def record(world: World, name: str, when: str, **fields: object) -> None:
    """A version of a person's record, as staged: `email`, `title`, `role` and `phone` say what it has."""
    known = {"email_hash": "h" if fields.pop("email", False) else None, "phone_known": fields.pop("phone", False)}
    row = {"day": day(when), "source": "crm", "source_id": name, "captured_at": at(day(when)), "person_type": "contact"}
    stamp = {"modified_at": at(day(when)), "is_deleted": False, "run_id": "r"}
    world.rows["staged.contact"].append({**row, **stamp, **known, **fields})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Six accounts on 30 June; contacts and touches as the tests below say."""
    world = World(tmp_path_factory.mktemp("market"))
    (world.settings.config / "market.yaml").write_text(MARKET)
    good = {"industry": "Manufacturing", "region": "EMEA", "employee_count": 300}
    world.account("stay.com", "one_to_one", **good)
    world.account("moved.com", industry="Retail", region="EMEA", employee_count=None)
    world.tier("moved.com", "one_to_few", "2025-01-01", "06-15")
    world.tier("moved.com", "one_to_one", "06-15")
    world.account("came.com", "one_to_many", since="06-20", industry=None, region=None, employee_count=5000)
    world.account("left.com", industry="Manufacturing", region="US", employee_count=40)
    world.tier("left.com", "one_to_many", "2025-01-01", "06-10")
    world.account("stranger.com", industry="Retail", region="EMEA", employee_count=50)
    world.account("future.com", industry="Retail", region="EMEA", employee_count=50, first_seen_day=day("07-01"))
    world.deal("new 1", "stranger.com", "01-01", "02-01", won=True, amount=30_000)
    world.deal("new 2", "stay.com", "2025-06-01", "2025-07-01", won=True, amount=50_000)
    world.deal("before the year", "stay.com", "2025-05-01", "2025-06-30", won=True, amount=90_000)
    world.deal("renewal", "stay.com", "01-01", "02-01", won=True, amount=90_000, deal_type="renewal")
    world.deal("lost", "stay.com", "01-01", "02-01", amount=90_000)

    all_known = {"email": True, "title": "CFO", "role": "decision_maker", "phone": True}
    world.person("whole", "stay.com", known="03-01")
    record(world, "whole", "03-01", **all_known)
    world.person("half", "stay.com", known="03-01")
    world.person("other half", "stay.com", known="03-01", person_id="crm:half")
    record(world, "half", "03-01", email=True, title="CFO")
    record(world, "other half", "03-01", role="champion", phone=True)
    world.person("late", "stay.com", known="06-20")
    record(world, "late", "06-20", email=True)
    record(world, "late", "06-30", **all_known)
    record(world, "late", "07-01", email=True)
    world.person("bare", "moved.com", known="06-01")
    record(world, "bare", "06-01", full_name="No More")
    world.person("gone", "moved.com", known="03-01", is_deleted=True)
    record(world, "gone", "03-01", **all_known)

    world.touch("stay.com", "2025-03-01", "meeting", "whole")
    world.touch("stay.com", "06-29", "email_reply", "half")
    world.touch("stay.com", "06-30", "call_connected", "other half")
    world.touch("stay.com", "06-30", "email_sent", "late")
    world.touch("stay.com", "06-30", "email_open", "late")
    world.touch("stay.com", "07-01", "meeting", "late")
    world.touch("moved.com", "06-30", "meeting_no_show", "bare")
    world.refresh(day("06-29"), day("06-30"), tables=VALUES)
    return world


def test_the_list_then_and_now(market: World) -> None:
    """On the list on 31 May: stay, moved, left. On 30 June: stay, moved, came.

    Added 1 (came, 1:many), removed 1 (left, of 1:many), moved 1 (one_to_few to one_to_one); 3 + 1 − 1 = 3. The 90 days
    begin on 1 April, with the same list. A deal, a score or a contact changes nothing.
    """
    assert 3 == market.cell("target_accounts")["value"]
    for window in (30, 90):
        assert 1 == market.cell("target_accounts_added", window_days=window)["value"]
        assert 1 == market.cell("target_accounts_removed", window_days=window)["value"]
        assert 1 == market.cell("target_tier_moves", window_days=window)["value"]
    assert 1 == market.cell("target_accounts_added", "tier", "one_to_many", window_days=30)["value"]
    assert 1 == market.cell("target_accounts_removed", "tier", "one_to_many", window_days=30)["value"]
    assert 1 == market.cell("target_tier_moves", "tier_move", "one_to_few>one_to_one", window_days=30)["value"]


def test_fit_and_its_parts(market: World) -> None:
    """Weights 40 industry, 20 region, 40 employees.

    stay:  Manufacturing 40, EMEA 20, 300 employees 0.8 × 40 = 32: 92.
    moved: Retail 0.2 × 40 = 8, EMEA 20, employees not known 0: 28.
    came:  industry and region not known (not even "otherwise"), 5 000 employees 40: 40.
    The mean of the list is 160 ÷ 3; left.com and stranger.com are not in it.
    """
    parts = [market.account_row("stay.com")[f"icp_fit{part}"] for part in ("", "_industry", "_region", "_size")]
    assert [92.0, 40.0, 20.0, 32.0] == parts
    assert [28.0, 40.0] == [market.account_row(name)["icp_fit"] for name in ("moved.com", "came.com")]
    assert (160, 3, pytest.approx(160 / 3)) == market.parts("icp_fit")


def test_size_of_the_market(market: World) -> None:
    """Five accounts are known on 30 June: the sixth comes on 1 July. New deals won in the year (from 1 July 2025 on):
    30 000 and 50 000, mean 40 000; the one of 30 June 2025, the renewal and the lost one are none.

    TAM 5 × 40 000 = 200 000. Serviceable is EMEA with 50 employees or more: stay, stranger (moved has no size known)
    2 × 40 000 = 80 000. A quarter of it can be won: 20 000. On 29 June the year still has 30 June 2025: mean 56 666.67.
    """
    assert (80_000, 2, 40_000) == market.parts("annual_contract_value")
    assert (5, None, 200_000) == market.parts("tam")
    assert (2, None, 80_000) == market.parts("sam")
    assert (2, None, 20_000) == market.parts("som")
    assert (2, None, 80_000) == market.parts("sam", "region", "EMEA")
    assert 5 * 170_000 / 3 == pytest.approx(market.parts("tam", as_of=day("06-29"))[2])


def test_stated_sizes(tmp_path: Path) -> None:
    """1 000 potential and 600 serviceable customers at 40 000 a year, 10 %: 40 M, 24 M, 2.4 M, without segments."""
    world = World(tmp_path)
    (world.settings.config / "market.yaml").write_text(
        "market: {annual_contract_value: 40000, potential_customers: 1000, serviceable_customers: 600}"
    )
    world.account("a.com", "one_to_one")
    world.refresh(tables=VALUES)

    sizes = [market_row["value"] for name in ("tam", "sam", "som") if (market_row := world.cell(name))]
    assert [40_000_000, 24_000_000, 2_400_000] == sizes
    assert 3 == len(world.read(T.METRIC_VALUES, "metric IN ('tam', 'sam', 'som')"))


def test_people_are_counted_once(market: World) -> None:
    """stay.com knows whole, half (two records) and late; moved.com bare (gone is deleted); came.com nobody.

    4 ÷ 3 accounts; one of three accounts has nobody. 90 days ago: whole and half, so (4 − 2) ÷ 2 = 100 %; 30 days ago
    the same two: bare came on 1 June. stay.com alone grew by 1 ÷ 2.
    """
    assert (4, 3) == market.parts("contacts_per_account")[:2]
    assert (1, 3) == market.parts("accounts_without_contacts")[:2]
    assert (2, 2, 1.0) == market.parts("contact_growth", window_days=30)
    assert (2, 2, 1.0) == market.parts("contact_growth", window_days=90)
    assert (1, 2, 0.5) == market.parts("contact_growth", "industry", "Manufacturing", window_days=90)
    assert 0.5 == market.account_row("stay.com")["contact_growth_90d"]
    assert market.account_row("came.com")["contact_growth_90d"] is None


def test_complete_contacts(market: World) -> None:
    """Complete on 30 June: whole; half, by its two records together; late, whose title, role and phone came that day
    (what is taken out on 1 July is another day's). bare is not; gone is deleted and counts nowhere: 3 ÷ 4. On 29 June
    late had an e-mail alone: 2 ÷ 4. E-mails are known of 3 of 4 on both days, a name of 1.
    """
    assert (3, 4, 0.75) == market.parts("contact_completeness")
    assert (2, 4, 0.5) == market.parts("contact_completeness", as_of=day("06-29"))
    assert (3, 4) == market.parts("contact_completeness", "field", "email", as_of=day("06-29"))[:2]
    assert (1, 4) == market.parts("contact_completeness", "field", "name")[:2]
    assert 3 == market.account_row("stay.com")["contacts_complete"]


def test_connected_contacts(market: World) -> None:
    """whole was met in March 2025, before any window: connected for good. half answered on 29 June, and the call of its
    other record is the same person's. late was sent a mail, opened it, and is met only on 1 July; bare did not show up:
    2 ÷ 4, on both days.
    """
    assert (2, 4, 0.5) == market.parts("contact_connected_rate")
    assert (2, 4, 0.5) == market.parts("contact_connected_rate", as_of=day("06-29"))
    assert 2 == market.account_row("stay.com")["contacts_connected"]
