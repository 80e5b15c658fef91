"""`abm identity` as people use it: what they may call a record, what is written, and what they are told."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from abm_pipeline.cli import main
from abm_pipeline.identity.decisions import active, decisions_path, read
from abm_pipeline.settings import Settings
from abm_pipeline_tests.identity.decided import write_identity
from abm_pipeline_tests.identity.staged import settings_of

Abm = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The Acme lake; tests keep their decisions elsewhere."""
    settings = settings_of(tmp_path_factory.mktemp("acme"))
    write_identity(settings)
    return settings


@pytest.fixture
def mine(made: Settings, tmp_path: Path) -> Settings:
    """The same lake with a folder of decisions of the test's own."""
    return made.model_copy(update={"lake": made.lake_path, "home": tmp_path, "config": tmp_path / "config"})


@pytest.fixture
def abm(mine: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Abm:
    """Run `abm identity …` as Ada, in a folder without .env."""
    monkeypatch.chdir(tmp_path)
    for name in ("home", "lake", "config"):
        monkeypatch.setenv(f"ABM_{name.upper()}", str(getattr(mine, name)))
    monkeypatch.setenv("ABM_USER", "ada")
    return lambda *arguments: CliRunner().invoke(main, ["identity", *arguments])


def decided(settings: Settings) -> list[tuple[str, str, str]]:
    """Kind and both records of what is in force."""
    return [(d.kind, d.left, d.right) for d in active(read(decisions_path(settings)))]


@pytest.mark.parametrize(
    ("a", "b", "left", "right"),
    [
        ("salesforce:001I", "hubspot:88", "salesforce:001I", "hubspot:88"),
        ("Salesforce:001I", "88", "salesforce:001I", "hubspot:88"),
        ("acc_initech", "initech.co.uk", "salesforce:001I", "hubspot:88"),
        ("initech", "Initech Ltd", "salesforce:001I", "hubspot:88"),
        ("acc_old", "Umbrella", "salesforce:001A", "salesforce:001U"),
        ("acme.de", "bombora:acme.de", "salesforce:001A", "bombora:acme.de"),
        ("hubspot:12", "acc_initech", "hubspot:12", "salesforce:001I"),
    ],
)
def test_records_and_accounts_by_any_name(abm: Abm, mine: Settings, a: str, b: str, left: str, right: str) -> None:
    """A record is itself; an account, also by an earlier id, is its oldest record; a domain is an account's."""
    result = abm("merge", a, b, "--why", "same phone book entry")
    assert 0 == result.exit_code, result.output
    assert [("merge", left, right)] == decided(mine)
    assert "takes effect at the next run" in result.output
    assert "abm run --start" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["merge", "acme.de", "hubspot:12x", "--why", "x"], "there is no account"),
        (["merge", "acme.de", "salesforce:001A", "--why", "x"], "are both salesforce:001A"),
        (["merge", "acme.de", "globex.io"], "say why: --why TEXT"),
        (["pin", "acme.de", "n/a", "--why", "x"], "'n/a' is no domain"),
        (["undo", "d_nothing", "--why", "x"], "there is no earlier decision d_nothing"),
        (["explain", "acmee"], "did you mean"),
    ],
)
def test_a_mistake_is_one_sentence(abm: Abm, mine: Settings, arguments: list[str], says: str) -> None:
    """Exit code 2, what to do, nothing written."""
    result = abm(*arguments)
    assert 2 == result.exit_code
    assert says in result.stderr
    assert [] == decided(mine)


def test_a_name_of_several_lists_the_candidates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id that two sources use: both records are named."""
    from abm_pipeline_tests.identity import decided as lake

    monkeypatch.setitem(lake.ACCOUNTS, "acc_twin", ("Twin", ["zoominfo:12"]))
    twins = settings_of(tmp_path)
    write_identity(twins)
    monkeypatch.setenv("ABM_HOME", str(tmp_path))
    result = CliRunner().invoke(main, ["identity", "merge", "12", "acme.de", "--why", "x"])
    assert 2 == result.exit_code
    assert "several records are called '12': hubspot:12, zoominfo:12" in result.stderr


def test_every_kind_and_its_undo(abm: Abm, mine: Settings) -> None:
    """Split, pin, parent and no parent are written; an undo ends one; a contradiction is refused by name."""
    for arguments in (
        ["split", "salesforce:001A", "hubspot:12"],
        ["pin", "Initech", "https://www.Initech.de/shop"],
        ["parent", "umbrella.com", "none"],
        ["parent", "Globex Corporation", "globex.com"],
    ):
        assert 0 == abm(*arguments, "--why", "because").exit_code
    assert [
        ("never_merge", "salesforce:001A", "hubspot:12"),
        ("pin_domain", "salesforce:001I", "domain:initech.de"),
        ("set_parent", "salesforce:001U", ""),
        ("set_parent", "hubspot:77", "salesforce:001G"),
    ] == decided(mine)
    assert mine.config is not None
    assert decisions_path(mine).parent == mine.config
    first = read(decisions_path(mine))[0]
    refused = abm("merge", "salesforce:001A", "hubspot:12", "--why", "x")
    assert 2 == refused.exit_code
    assert first.decision_id in refused.stderr
    assert 0 == abm("undo", first.decision_id, "--why", "a slip").exit_code
    assert 0 == abm("merge", "salesforce:001A", "hubspot:12", "--why", "x").exit_code
    assert "Already decided by ada" in abm("merge", "hubspot:12", "salesforce:001A", "--why", "x").output


def test_history_of_all_and_of_one(abm: Abm) -> None:
    """Newest last; an account's has its earlier ids; none is said."""
    assert "No decision in" in abm("history").output
    abm("merge", "salesforce:001A", "hubspot:12", "--why", "phoned")
    abm("split", "Initech", "Umbrella", "--why", "looked")
    everything = abm("history").output
    assert everything.index("phoned") < everything.index("looked")
    mine = abm("history", "hubspot:12").output
    assert "phoned" in mine
    assert "looked" not in mine
    assert "acc_old (merged)" in mine


def test_review_on_the_screen_and_as_a_page(abm: Abm, tmp_path: Path) -> None:
    """The heaviest pair first; with --html a page and its path."""
    shown = abm("review", "--limit", "2").output
    assert "2 of 3 pairs" in shown
    assert shown.index("Umbrella") < shown.index("Globex & Söhne <AG>")
    assert "abm identity merge RECORD RECORD" in shown
    assert "pages/review.html: 3 of 3 pairs" in abm("review", "--html", "pages/review.html").output
    assert "3 pairs wait" in (tmp_path / "pages" / "review.html").read_text(encoding="utf-8")


def test_explain_in_words(abm: Abm) -> None:
    """By any name of the account, or one of its records."""
    for name in ("acme.de", "acc_old", "zoominfo:9"):
        assert "zoominfo:9 ACME Deutschland — same rare name as hubspot:12" in abm("explain", name).output


def test_on_a_terminal_it_asks_why(mine: Settings) -> None:
    """The real program with a terminal for its input: the reason that is typed is the one that is kept."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "ABM_HOME": str(mine.home), "ABM_LAKE": str(mine.lake), "ABM_CONFIG": str(mine.config), "ABM_USER": "bo",
    }  # fmt: skip
    command = [sys.executable, "-m", "abm_pipeline", "identity", "merge", "Initech", "hubspot:88"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=mine.home, text=True
    ) as running:
        os.write(ours, b"same board\n")
        output, errors = running.communicate(timeout=120)
    os.close(ours)
    os.close(theirs)
    assert 0 == running.returncode, errors
    assert "salesforce:001I and hubspot:88 are one account" in output
    (made,) = read(decisions_path(mine))
    assert ("bo", "same board") == (made.who, made.why)


def test_resolve_needs_no_lake(tmp_path: Path) -> None:
    """Three records of a file: the two of one domain and name are one account, the other is another."""
    pytest.importorskip("abm_pipeline.identity.resolve")
    source, output = tmp_path / "records.parquet", tmp_path / "members.parquet"
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT * FROM (VALUES ('crm', '1', 'Acme GmbH', 'acme.de'), ('hub', '2', 'ACME', 'www.acme.de'), "
            f"('crm', '3', 'Globex', 'globex.com')) t(source, source_id, name, domain)) TO '{source}'"
        )
        result = CliRunner().invoke(main, ["identity", "resolve", "--input", str(source), "--output", str(output)])
        assert 0 == result.exit_code, result.output
        rows = con.execute("SELECT source_id, account_id FROM read_parquet(?) ORDER BY 1", [str(output)]).fetchall()
    assert ["1", "2", "3"] == [source_id for source_id, _ in rows]
    assert rows[0][1] == rows[1][1] != rows[2][1]
