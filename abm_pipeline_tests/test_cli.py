"""The command line as people use it: help at once, one clear sentence for a mistake, exit codes for programs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from abm_pipeline.cli import main
from abm_pipeline.registry import collect
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec

Abm = Callable[..., Result]


@pytest.fixture
def abm(sample: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Abm:
    """Run a command on the sample, in a folder without .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ABM_HOME", str(sample.home))
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def test_help_imports_nothing_heavy() -> None:
    """`abm --help` must answer at once: none of the slow packages is loaded for it."""
    code = (
        "import sys; from click.testing import CliRunner; from abm_pipeline.cli import main;"
        "assert CliRunner().invoke(main, ['--help']).exit_code == 0;"
        "print([m for m in ('pandas', 'duckdb', 'dagster', 'sqlalchemy', 'altair', 'pydantic') if m in sys.modules])"
    )
    assert (
        "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help(abm: Abm, command: str) -> None:
    """Each says what it does."""
    result = abm(command, "--help")
    assert (0, "") == (result.exit_code, result.stderr)


def test_metrics_in_every_form(abm: Abm) -> None:
    """The same rows as table, CSV and JSON; a total of 60 target accounts; the definition below one metric."""
    table = abm("metrics", "--metric", "win_rate")
    assert 0 == table.exit_code
    assert "program = abm" in table.output
    assert "8 (low)" in table.output
    assert "Deals won" in table.output
    rows = json.loads(abm("metrics", "--format", "json").output)
    assert [60.0] == [row["value"] for row in rows if row["metric"] == "target_accounts"]
    assert abm("metrics", "--format", "csv").output.startswith("metric,as_of,window_days,dimension")
    assert "win_rate" in abm("metrics", "--list").output


def test_another_definition_beside_the_published(abm: Abm) -> None:
    """By the table as published and by the preset, with both formulas; a program gets the preset's rows alone."""
    table = abm("metrics", "--metric", "win_rate", "--preset", "amount").output
    assert ["As of 2026-03-31", "by the preset amount", "Deals won ÷", "Amount won ÷"] == [
        words for words in ("As of 2026-03-31", "by the preset amount", "Deals won ÷", "Amount won ÷") if words in table
    ]
    published = json.loads(abm("metrics", "--metric", "win_rate", "--format", "json").output)
    other = json.loads(abm("metrics", "--metric", "win_rate", "--preset", "amount", "--format", "json").output)
    assert [list(row) for row in published[:1]] == [list(row) for row in other[:1]]
    assert 2 == len({row["definition_version"] for row in (*published, *other)})


def test_explain_adds_up_on_the_screen(abm: Abm) -> None:
    """Exit code 0 and the sentence that it adds up."""
    result = abm("explain", "company51.example", "--date", "2026-03-31")
    assert 0 == result.exit_code
    assert "the published score" in result.output
    assert "salesforce:00T51_" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["metrics", "--metric", "win_rte"], "did you mean win_rate"),
        (["metrics", "--date", "2020-01-01"], "was not computed"),
        (["metrics", "--metric", "win_rate", "--preset", "mean"], "has no preset 'mean'; there are default, amount"),
        (["metrics", "--preset", "amount"], "name it with --metric"),
        (["explain", "nobody.example"], "there is no account"),
        (["explain", "acc_51", "--model", "x"], "there is no scoring model"),
        (["run", "--start", "2026-02-30", "--end", "2026-03-01"], "write YYYY-MM-DD"),
        (["run", "--start", "2026-03-02", "--end", "2026-03-01"], "is after --end"),
        (["postgres", "url"], "abm postgres start"),
    ],
)
def test_a_mistake_is_one_sentence(abm: Abm, arguments: list[str], says: str) -> None:
    """Exit code 2, the remedy, no traceback."""
    result = abm(*arguments)
    assert 2 == result.exit_code
    assert says in result.stderr
    assert "Traceback" not in result.output + result.stderr


def test_a_wrong_setting_names_the_variable(abm: Abm, monkeypatch: pytest.MonkeyPatch) -> None:
    """ABM_THREADS=many is no number."""
    monkeypatch.setenv("ABM_THREADS", "many")
    result = abm("metrics")
    assert 2 == result.exit_code
    assert "ABM_THREADS" in result.stderr


def test_debug_shows_the_traceback(abm: Abm) -> None:
    """For whoever mends the pipeline."""
    assert "NotFoundError" in repr(abm("--debug", "explain", "nobody.example").exception)


def test_doctor_with_everything_off_is_not_wrong(abm: Abm) -> None:
    """A fresh installation: nothing is wrong, and it says how to switch sources on."""
    result = abm("doctor")
    assert 0 == result.exit_code
    assert "90 days of metrics, 2026-01-01 to 2026-03-31" in result.output
    assert "copy .env.example to .env" in result.output


def test_doctor_names_what_is_wrong(abm: Abm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A half-filled vendor, an unreachable database and a wrong model at once: all three told, exit code 1."""
    monkeypatch.setenv("ABM_BOMBORA_CLIENT_ID", "x")
    monkeypatch.setenv("ABM_POSTGRES_URL", "postgresql://u:sesame@127.0.0.1:1/d")
    monkeypatch.setenv("ABM_DAGSTER_POSTGRES_URL", "postgresql://u:sesame@127.0.0.1:1/d")
    (tmp_path / "config" / "scoring_models").mkdir(parents=True)
    (tmp_path / "config" / "scoring_models" / "broken.yaml").write_text("name: broken")
    monkeypatch.setenv("ABM_CONFIG", str(tmp_path / "config"))
    result = abm("doctor")
    assert 1 == result.exit_code
    for said in ("ABM_BOMBORA_CLIENT_SECRET", "can't connect", "broken.yaml"):
        assert said in result.output
    assert "sesame" not in result.output


def test_doctor_finds_a_database_that_works(abm: Abm, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of both databases are told."""
    assert settings.postgres_url is not None
    for name in ("ABM_POSTGRES_URL", "ABM_DAGSTER_POSTGRES_URL"):
        monkeypatch.setenv(name, settings.postgres_url.get_secret_value())
    result = abm("doctor")
    assert 0 == result.exit_code
    assert 2 == result.output.count(": version 18")


def test_weekly_report_prints_its_path(abm: Abm) -> None:
    """The page is where the command says."""
    result = abm("report", "weekly", "--date", "2026-03-31")
    assert Path(result.output.strip()).name == "2026-03-31.html"
    assert Path(result.output.strip()).exists()


def test_docs_are_made_from_the_code(abm: Abm, tmp_path: Path) -> None:
    """The pages kept with the code are those that the code makes; every source and its variables are in them."""
    assert 0 == abm("docs").exit_code
    root = Path(__file__).parent.parent
    for name in ("docs/data_dictionary.md", "docs/metrics.md", "docs/sources.md", ".env.example"):
        assert (tmp_path / name).read_text() == (root / name).read_text(), f"run `make docs`: {name}"
    for spec in collect("abm_pipeline.sources", SourceSpec):
        assert (root / "abm_pipeline" / "sources" / spec.vendor / "README.md").exists()
        assert spec.base_url.env in (root / ".env.example").read_text()
