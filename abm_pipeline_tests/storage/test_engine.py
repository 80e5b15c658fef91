"""Steps beside each other: in an order that what they read asks for, with the same result, and clear errors."""

from __future__ import annotations

from itertools import permutations

import duckdb
import pytest

from abm_pipeline.storage.engine import Step, connect, forget_all_but, forget_steps, run_steps

SLOW = "SELECT count(*) AS n FROM range(30000) a(i), range(300) b(j) WHERE (i * j) % 7 = 3"


def test_a_step_waits_for_what_it_reads() -> None:
    """`late` reads two slow ones by way of a view; it sees their rows, whichever was ready first. What is read may
    stand behind several words: `slow_one` is no reader of `slow`."""
    steps = [
        Step("slow", "", SLOW),
        Step("slow_one", "", SLOW.replace("3", "1")),
        Step("sum_of_both", "", "SELECT s.n + o.n AS n FROM slow s, slow_one o", is_view=True),
        Step("late", "", "SELECT n FROM sum_of_both"),
        Step("own", "", "SELECT 1 AS n"),
    ]
    with connect(threads=2, abreast=True) as con:
        run_steps(con, steps)
        ((n,),) = con.execute("SELECT n FROM late").fetchall()
        run_steps(con, steps)  # once more, in the place of what there is
        assert [(n,)] == con.execute("FROM late").fetchall()
    with connect(threads=1) as alone:
        run_steps(alone, steps)
        assert [(n,)] == alone.execute("FROM late").fetchall()


def test_many_that_read_one_another() -> None:
    """Sixty steps, each a row more than the sum of the two before it: Fibonacci's numbers, in the end."""
    steps = [Step("f0", "", "SELECT 0::HUGEINT AS n"), Step("f1", "", "SELECT 1::HUGEINT AS n")]
    steps += [Step(f"f{i}", "", f"SELECT a.n + b.n AS n FROM f{i - 1} a, f{i - 2} b") for i in range(2, 60)]
    with connect(threads=2, abreast=True) as con:
        for _ in range(5):
            run_steps(con, steps)
            assert [(956722026041,)] == con.execute("FROM f59").fetchall()
            forget_steps(con, steps)


@pytest.mark.parametrize("order", list(permutations(("good", "bad", "other"))))
def test_an_error_names_its_step(order: tuple[str, ...]) -> None:
    """The error is the failing step's, wherever it stands; the connection goes on."""
    sql = {"good": SLOW, "bad": "SELECT CAST('x' AS INTEGER) AS n FROM range(10)", "other": "SELECT 1 AS n"}
    with connect(threads=2, abreast=True) as con:
        with pytest.raises(duckdb.ConversionException) as raised:
            run_steps(con, [Step(name, f"what {name} is", sql[name]) for name in order])
        assert ["in SQL step 'bad': what bad is"] == raised.value.__notes__
        assert [(1,)] == con.execute("SELECT 1").fetchall()


def test_a_name_can_be_made_twice() -> None:
    """Who stands between two of one name reads the first, who stands after them the second."""
    steps = [
        Step("a", "", f"SELECT 1 AS n FROM ({SLOW})"),
        Step("first", "", "SELECT n FROM a"),
        Step("a", "", "SELECT 2 AS n"),
        Step("second", "", "SELECT n FROM a"),
    ]
    with connect(threads=2, abreast=True) as con:
        run_steps(con, steps)
        assert [(1, 2)] == con.execute("SELECT f.n, s.n FROM first f, second s").fetchall()


def test_all_is_forgotten_but_what_stays() -> None:
    """Tables, views on them, temporary ones and those of other schemas go; what `keep` made stays and can be read."""
    keep = Step("keep", "", "SELECT 1 AS n")
    with connect(threads=2, abreast=True) as con:
        con.execute(
            "CREATE TEMP TABLE one AS SELECT 1 AS n; CREATE SCHEMA facts; CREATE VIEW facts.touch AS SELECT 2 AS n"
        )
        run_steps(
            con, [keep, Step("more", "", "SELECT n FROM keep"), Step("seen", "", "SELECT n FROM more", is_view=True)]
        )
        forget_all_but(con, [keep])
        names = con.execute(
            "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        assert [("keep",)] == names
        assert [(1,)] == con.execute("FROM keep").fetchall()
