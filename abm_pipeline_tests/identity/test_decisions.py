"""The log of decisions: what may stand in it, what of it is in force, and that adding to it is safe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from abm_pipeline.identity.decisions import (
    COLUMNS,
    DecisionError,
    active,
    decide,
    decisions_path,
    load,
    read,
    register,
    undone_by,
)
from abm_pipeline.settings import Settings

HEAD = "kind,source_a,source_id_a,source_b,source_id_b\n"
FULL = ",".join(COLUMNS) + "\n"


@pytest.fixture
def mine(tmp_path: Path) -> Settings:
    """Settings of an empty home, used by Ada."""
    return Settings(_env_file=None, home=tmp_path / "home", user="ada")  # type: ignore[call-arg]


def written(tmp_path: Path, text: str) -> Path:
    """A decisions file with this text."""
    path = tmp_path / "decisions.csv"
    path.write_text(text, encoding="utf-8")
    return path


def table(path: Path) -> list[tuple[str | None, ...]]:
    """What `register` makes of the file."""
    with duckdb.connect() as con:
        register(con, load(path))
        return con.execute("SELECT * FROM decision ORDER BY ALL").fetchall()


def test_the_log_is_kept_with_the_configuration(tmp_path: Path) -> None:
    """In ABM_CONFIG if there is one, else at home."""
    home = Settings(_env_file=None, home=tmp_path / "home")  # type: ignore[call-arg]
    both = Settings(_env_file=None, home=tmp_path / "home", config=tmp_path / "config")  # type: ignore[call-arg]
    assert tmp_path / "home" / "identity_decisions.csv" == decisions_path(home)
    assert tmp_path / "config" / "identity_decisions.csv" == decisions_path(both)


def test_no_file_is_no_decision(tmp_path: Path) -> None:
    """A new installation; an empty file says as little."""
    assert () == load(tmp_path / "nothing.csv")
    assert () == load(written(tmp_path, ""))
    assert [] == table(written(tmp_path, HEAD))


def test_a_file_with_five_columns_is_enough(tmp_path: Path) -> None:
    """As the stand-alone resolution gets it: a pair is given in one order, ids may have colons, a BOM is no letter."""
    path = written(tmp_path, f"\ufeff{HEAD}merge,hubspot,2,crm,1\nnever_merge,crm,1,linkedin,urn:li:organization:7\n")
    assert [
        ("merge", "crm:1", "hubspot:2"),
        ("never_merge", "crm:1", "linkedin:urn:li:organization:7"),
    ] == table(path)


def test_every_kind_as_a_table(mine: Settings) -> None:
    """Domains stand under their own source; no parent is null; what was undone is out."""
    decide(mine, "merge", "crm:2", "crm:1", why="twins")
    decide(mine, "pin_domain", "crm:1", "domain:acme.com", why="their shop")
    decide(mine, "set_parent", "crm:3", "crm:1", why="bought")
    decide(mine, "set_parent", "crm:4", "", why="sold")
    wrong, _ = decide(mine, "never_merge", "crm:1", "crm:9", why="a slip")
    decide(mine, "undo", why="was a slip", undoes=wrong.decision_id)
    assert [
        ("merge", "crm:1", "crm:2"),
        ("pin_domain", "crm:1", "domain:acme.com"),
        ("set_parent", "crm:3", "crm:1"),
        ("set_parent", "crm:4", None),
    ] == table(decisions_path(mine))


def test_what_is_written_reads_back(mine: Settings) -> None:
    """Who, when and why come back; a reason with commas, quotes and line breaks is one line of the file."""
    made, is_new = decide(mine, "merge", "crm:1", "hubspot:2", why='same "Acme",\nsays Bo')
    assert is_new
    assert (made,) == read(decisions_path(mine))
    assert ("ada", 'same "Acme", says Bo') == (made.who, made.why)
    assert 2 == len(decisions_path(mine).read_text().splitlines())
    assert made.decision_id.startswith("d_")


def test_the_same_again_is_not_written_again(mine: Settings) -> None:
    """Whichever way round the pair is named; it can be decided anew once it has been undone."""
    first, _ = decide(mine, "merge", "crm:1", "crm:2", why="")
    again, is_new = decide(mine, "merge", "crm:2", "crm:1", why="")
    assert (first, False) == (again, is_new)
    decide(mine, "undo", why="", undoes=first.decision_id)
    anew, is_new = decide(mine, "merge", "crm:1", "crm:2", why="")
    assert is_new
    assert (anew,) == active(read(decisions_path(mine)))


def test_an_undo_can_be_undone(mine: Settings) -> None:
    """A decision, its undo, the undo's undo: the decision is in force again, and the history names who ended what."""
    first, _ = decide(mine, "merge", "crm:1", "crm:2", why="")
    undo, _ = decide(mine, "undo", why="", undoes=first.decision_id)
    assert {first.decision_id: undo} == undone_by(read(decisions_path(mine)))
    back, _ = decide(mine, "undo", why="", undoes=undo.decision_id)
    decisions = read(decisions_path(mine))
    assert (first,) == active(decisions)
    assert {undo.decision_id: back} == undone_by(decisions)
    with pytest.raises(DecisionError, match=f"{undo.decision_id} is not in force"):
        decide(mine, "undo", why="", undoes=undo.decision_id)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("mrege,crm,1,crm,2", "line 2: unknown kind 'mrege'"),
        ("merge,crm,,crm,2", "line 2: merge needs source_a and source_id_a"),
        ("merge,crm,1,crm,", "line 2: merge needs source_b and source_id_b"),
        ("merge,crm,1,crm,1", "line 2: merge names crm:1 twice"),
        ("merge,crm,1,domain,acme.com", "line 2: the source domain stands in source_b of pin_domain"),
        ("pin_domain,crm,1,crm,2", "line 2: the source domain stands in source_b of pin_domain"),
        ("pin_domain,crm,1,domain,https://acme.com/x", "line 2: 'https://acme.com/x' is no domain"),
        ("set_parent,crm,1,crm,", "line 2: set_parent needs source_b and source_id_b"),
        ("merge,cr:m,1,crm,2", "line 2: a source has no colon"),
        ("undo,,,,", "line 2: an undo names a decision"),
        ("merge,crm,1,crm,2\nmerge,crm,1", "line 3: merge needs source_b"),
    ],
)
def test_what_is_no_decision_is_named_by_file_and_line(tmp_path: Path, row: str, says: str) -> None:
    """Each mistake that an editor can make in a row."""
    with pytest.raises(DecisionError, match=says) as error:
        load(written(tmp_path, f"{HEAD}{row}\n"))
    assert "decisions.csv, line" in str(error.value)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["d_1,merge,crm,1,crm,2,ada,yesterday,,"], "line 2: 'yesterday' is no time"),
        (["d_2,undo,,,,,ada,,,d_1", "d_1,merge,crm,1,crm,2,ada,,,"], "line 2: there is no earlier decision d_1"),
        (["d_1,undo,,,,,ada,,,d_1"], "there is no earlier decision d_1"),
        (["d_1,merge,crm,1,crm,2,ada,,,", "d_1,merge,crm,1,crm,3,ada,,,"], "line 3: the id d_1 is that of line 2"),
        (["d_1,merge,crm,1,crm,2,ada,,,d_0"], "`undoes` is for undo"),
    ],
)
def test_times_ids_and_undos_are_checked(tmp_path: Path, rows: list[str], says: str) -> None:
    """Of files with all columns."""
    with pytest.raises(DecisionError, match=says):
        load(written(tmp_path, FULL + "\n".join(rows)))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """A file that another tool separated by semicolons has one column."""
    with pytest.raises(DecisionError, match="line 1: no column kind, source_a"):
        load(written(tmp_path, HEAD.replace(",", ";")))


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (["merge,crm,1,crm,2", "never_merge,crm,2,crm,1"], "(line 2) merges them"),
        # 1 = 2 = 3 = 4, so 1 ≠ 4 can't be; 5 has nothing to do with it
        (
            ["merge,crm,1,crm,2", "merge,crm,3,crm,2", "merge,crm,4,crm,5", "never_merge,crm,1,crm,4",
             "merge,crm,3,crm,4"],
            ("(line 2)", "(line 3)", "(line 6) together merge them"),
        ),
        (["set_parent,crm,1,crm,2", "set_parent,crm,1,crm,3"], "two parents, crm:2 and crm:3"),
        (["set_parent,crm,1,crm,2", "set_parent,crm,1,,"], "two parents, crm:2 and none"),
        (["set_parent,crm,1,crm,2", "merge,crm,1,crm,2"], "makes crm:1 its own parent"),
        (["set_parent,crm,1,crm,2", "set_parent,crm,2,crm,3", "set_parent,crm,3,crm,1"], "its own ancestor"),
        (["pin_domain,crm,1,domain,a.com", "pin_domain,crm,2,domain,A.com"], "pins a.com to crm:1"),
    ],
)  # fmt: skip
def test_decisions_that_cannot_all_be_true_are_named(
    tmp_path: Path, rows: list[str], named: str | tuple[str, ...]
) -> None:
    """Each kind of contradiction, also by way of merges; the message says how to end it."""
    path = written(tmp_path, HEAD + "\n".join(rows))
    with pytest.raises(DecisionError) as error:
        load(path)
    for text in (named,) if isinstance(named, str) else named:
        assert text in str(error.value)
    assert "abm identity undo" in str(error.value)
    assert len(rows) == len(read(path)), "what contradicts itself can still be looked at"


@pytest.mark.parametrize(
    "rows",
    [
        ["set_parent,crm,1,crm,3", "merge,crm,1,crm,2", "set_parent,crm,2,crm,3"],
        ["pin_domain,crm,1,domain,a.com", "merge,crm,1,crm,2", "pin_domain,crm,2,domain,a.com"],
        ["merge,crm,1,crm,2", "never_merge,crm,2,crm,3", "merge,crm,3,crm,4"],
        ["set_parent,crm,1,crm,3", "set_parent,crm,2,crm,3", "set_parent,crm,3,crm,4"],
    ],
)
def test_merged_records_may_say_the_same(tmp_path: Path, rows: list[str]) -> None:
    """One parent, or one domain, of what is one account; a family of three generations."""
    assert len(rows) == len(load(written(tmp_path, HEAD + "\n".join(rows))))


def test_a_contradiction_is_not_recorded(mine: Settings) -> None:
    """1 = 2 and 2 = 3 are decided; 1 ≠ 3 is refused and names both, until one is undone."""
    first, _ = decide(mine, "merge", "crm:1", "crm:2", why="")
    second, _ = decide(mine, "merge", "crm:2", "crm:3", why="")
    before = decisions_path(mine).read_bytes()
    with pytest.raises(DecisionError, match=f"{first.decision_id}.*{second.decision_id}.*together merge them"):
        decide(mine, "never_merge", "crm:1", "crm:3", why="")
    assert before == decisions_path(mine).read_bytes()
    decide(mine, "undo", why="", undoes=second.decision_id)
    assert decide(mine, "never_merge", "crm:3", "crm:1", why="")[1]


def test_a_contradiction_that_came_by_a_git_merge_can_be_undone(mine: Settings) -> None:
    """Two branches decided otherwise: the file can't be used, but each side can be ended by command."""
    path = decisions_path(mine)
    path.parent.mkdir(parents=True)
    path.write_text(f"{FULL}d_1,merge,crm,1,crm,2,ada,,,\nd_2,never_merge,crm,1,crm,2,bo,,,\n")
    with pytest.raises(DecisionError, match="d_1"):
        load(path)
    decide(mine, "undo", why="Bo is right", undoes="d_1")
    assert [("never_merge", "crm:1", "crm:2")] == table(path)


def test_lines_that_stand_there_twice_count_once(tmp_path: Path) -> None:
    """Joining two branches line by line can repeat a line; its one undo ends both."""
    line = "d_1,merge,crm,1,crm,2,ada,2026-06-30T09:00:00Z,,\n"
    path = written(tmp_path, f"{FULL}{line}d_2,undo,,,,,bo,,,d_1\n{line}")
    assert () == active(load(path))


def test_what_stands_in_the_file_stays_to_the_byte(mine: Settings) -> None:
    """Columns in an order of one's own, one of one's own, odd quotes, no line end: kept, and the new line fits in."""
    path = decisions_path(mine)
    path.parent.mkdir(parents=True)
    old = (
        'kind,note,source_a,source_id_a,source_b,source_id_b,decision_id,who,at,why,undoes\nmerge,"n",crm,1,crm,2,x,,,,'
    )
    path.write_text(old)
    decide(mine, "merge", "crm:2", "crm:3", why="")
    assert path.read_text().startswith(f"{old}\nmerge,,crm,2,crm,3,d_")
    assert 2 == len(load(path))


def test_a_short_file_is_not_added_to(mine: Settings) -> None:
    """It has no place for who, when and why, and says so."""
    path = decisions_path(mine)
    path.parent.mkdir(parents=True)
    path.write_text(HEAD)
    with pytest.raises(DecisionError, match="has no column decision_id, who, at, why, undoes"):
        decide(mine, "merge", "crm:1", "crm:2", why="")


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    """Four processes add ten decisions each: forty lines, all readable."""
    code = """if True:
        import sys
        from pathlib import Path
        from abm_pipeline.identity.decisions import decide
        from abm_pipeline.settings import Settings
        mine = Settings(_env_file=None, home=Path(sys.argv[1]), user="u")
        for number in range(10):
            decide(mine, "never_merge", f"crm:{sys.argv[2]}", f"crm:{sys.argv[2]}{number}", why="")
    """
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), letter]) for letter in "abcd"]
    assert [0] * 4 == [process.wait() for process in running]
    assert 40 == len(load(tmp_path / "identity_decisions.csv"))
