"""`abm attribution`: models on a file of paths. The worked numbers are metrics.md's."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from abm_pipeline.cli import main
from abm_pipeline.metrics._credit_models import MODELS
from abm_pipeline.metrics._markov import TooLargeError, chain, removal_effects
from abm_pipeline.metrics._shapley import MOST_CHANNELS, shapley, worth_of_sets
from abm_pipeline.metrics.path_file import attribute
from abm_pipeline.programme import Attribution

CHAIN = "path,conversions,value,nulls\na > a > b,2,200,1\nb > a,1,50,3\nc > b,0,0,6\n"


def run(folder: Path, text: str, *options: str) -> Result:
    """`abm attribution` on a file of this text."""
    (folder / "paths.csv").write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["attribution", str(folder / "paths.csv"), *options])


def credit(folder: Path, text: str, model: str, column: str = "conversions", *options: str) -> dict[str, float]:
    """channel → the column, as the command writes it."""
    result = run(folder, text, "--model", model, "--output", str(folder / "credit.csv"), *options)
    assert result.exit_code == 0, result.output
    frame = pd.read_csv(folder / "credit.csv")
    return dict(zip(frame["channel"], frame[column], strict=True))


def test_markov(tmp_path: Path) -> None:
    """{a>a>b: 2 won 1 lost; b>a: 1 won 3 lost; c>b: 0 won 6 lost}: removal effects 19/39, 6/7, 36/79, hence credits
    0.811957, 1.428557, 0.759486 of the 3 conversions."""
    effects = {"a": 19 / 39, "b": 6 / 7, "c": 36 / 79}
    assert effects == pytest.approx(credit(tmp_path, CHAIN, "markov", "removal_effect"), abs=1e-9)
    credits = {"a": 0.811957, "b": 1.428557, "c": 0.759486}
    assert credits == pytest.approx(credit(tmp_path, CHAIN, "markov"), abs=1e-6)


def test_markov_of_a_higher_order(tmp_path: Path) -> None:
    """Looking two channels back, c only ever leads to nothing, and removing it loses nothing."""
    assert credit(tmp_path, CHAIN, "markov", "conversions", "--order", "2")["c"] == 0


def test_shapley_of_given_worths(tmp_path: Path) -> None:
    """v(O)=7, v(F)=6, v(D)=4, v(OF)=15, v(OD)=7, v(FD)=9, v(OFD)=19: 23/3, 49/6, 19/6."""
    text = "path,conversions\nO,7\nF,6\nD,4\nO>F,15\nO>D,7\nF>D,9\nO>F>D,19\n"
    expected = {"O": 23 / 3, "F": 49 / 6, "D": 19 / 6}
    assert expected == pytest.approx(credit(tmp_path, text, "shapley", "conversions", "--worth", "given"), abs=1e-9)


def test_shapley_of_paths(tmp_path: Path) -> None:
    """Six conversions by a and b together, one by a alone: 3 + 1 and 3. How often one was touched is no matter."""
    text = "path,conversions\na > b > b > b,6\na,1\n"
    assert {"a": 4.0, "b": 3.0} == credit(tmp_path, text, "shapley")


def test_shapes(tmp_path: Path) -> None:
    """W on 100 000 over first, mid, SQL, mid, opportunity; full path over first, mid, lead, opportunity, mid, won."""
    w = "path,conversions,value,sql\nfirst > m > SQL > n > opp,1,100000,3\n"
    expected = {"first": 30_000, "m": 5_000, "SQL": 30_000, "n": 5_000, "opp": 30_000}
    assert expected == pytest.approx(credit(tmp_path, w, "w_shaped", "value"))
    full = "path,conversions,value,lead,opportunity\nfirst > m > lead > opp > n > won,1,100000,3,4\n"
    expected = {"first": 22_500, "m": 5_000, "lead": 22_500, "opp": 22_500, "n": 5_000, "won": 22_500}
    assert expected == pytest.approx(credit(tmp_path, full, "full_path", "value"))


def test_rules(tmp_path: Path) -> None:
    """a > b > direct, with half-life 1: first a, last direct, last non-direct b, linear thirds, U 40 20 40, decay
    1/7, 2/7, 4/7."""
    expected = {
        "first": (1, 0, 0),
        "last": (0, 0, 1),
        "last_non_direct": (0, 1, 0),
        "linear": (1 / 3, 1 / 3, 1 / 3),
        "u_shaped": (0.4, 0.2, 0.4),
        "time_decay": (1 / 7, 2 / 7, 4 / 7),
    }
    text = "path,conversions\na > b > Direct,1\n"
    found = {model: tuple(credit(tmp_path, text, model, "share", "--half-life", "1").values()) for model in expected}
    assert {model: pytest.approx(shares) for model, shares in expected.items()} == {
        model: (shares[1], shares[2], shares[0]) for model, shares in found.items()
    }


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_all_models_are_printed(tmp_path: Path, form: str) -> None:
    """Every model appears in each form, Markov's worked numbers among them."""
    result = run(tmp_path, CHAIN, "--format", form)
    assert 0 == result.exit_code
    assert [model for model in MODELS if model in result.output] == list(MODELS)
    assert "0.811957" in result.output or "0.81195" in result.output


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("route,conversions\na,1\n", (), "no column 'path'"),
        ("path\na\n", (), "no column 'conversions'"),
        ("path,conversions\n", (), "no path in it"),
        ("path,conversions\na,1\na > > b,1\n", (), "row 2: path 'a > > b' has no channel"),
        ("path,conversions\n,1\n", (), "row 1: path"),
        ("path,conversions\na,many\n", (), "row 1: conversions 'many' is no number"),
        ("path,conversions\na,-1\n", (), "row 1: conversions '-1' is no number"),
        ("path,conversions\na,inf\n", (), "row 1: conversions 'inf' is no number"),
        ("path,conversions,sql\na > b,1,3\n", (), "row 1: sql '3' is no position in the path"),
        ("path,conversions\na,1\na,b,c,d\n", (), "is no CSV table"),
        ("", (), "no column 'path'"),
        (CHAIN, ("--model", "magic"), "'magic' is no model"),
        (CHAIN, ("--half-life", "0"), "0 is no half-life"),
        (
            "path,conversions\n" + " > ".join(f"c{i}" for i in range(MOST_CHANNELS + 1)) + ",1\n",
            ("--model", "shapley"),
            f"at most {MOST_CHANNELS} channels",
        ),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, options: tuple[str, ...], says: str) -> None:
    """Exit code 2 and one sentence that names row, column and remedy; no traceback."""
    result = run(tmp_path, text, *options)
    assert 2 == result.exit_code
    assert says in " ".join(result.output.split())


def test_other_delimiters_and_encodings(tmp_path: Path) -> None:
    """Semicolons and a byte-order mark, as spreadsheets write them; what is not UTF-8 is refused by name."""
    assert {"a": 1.0, "c, d": 1.0} == credit(tmp_path, '\ufeffpath;conversions\n"c, d > a";2\n', "linear")
    (tmp_path / "old.csv").write_bytes("path,conversions\ncafé > b,2\n".encode("latin-1"))
    result = CliRunner().invoke(main, ["attribution", str(tmp_path / "old.csv")])
    assert (2, True) == (result.exit_code, "UTF-8" in result.output)


def test_without_conversions_there_is_no_credit(tmp_path: Path) -> None:
    """Only lost paths: 0 for every channel under every model, and no division by zero."""
    frame = credit_frame(tmp_path, "path,conversions,nulls\na > b,0,5\n")
    assert {0.0} == set(frame["conversions"])
    assert frame["share"].isna().all()


def credit_frame(folder: Path, text: str) -> pd.DataFrame:
    """What all models say of a file of this text."""
    source = folder / "paths.csv"
    source.write_text(text, encoding="utf-8")
    return attribute(source, MODELS, Attribution())


PATHS = st.lists(
    st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=1, max_size=6),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=8, deadline=None)
@given(PATHS)
def test_credit_adds_up_under_every_model(
    tmp_path_factory: pytest.TempPathFactory, paths: list[tuple[list[str], int, int, int]]
) -> None:
    """Law: conversions and value add up to the file's, unless a model has nobody to give them to (no conversion)."""
    text = "path,conversions,value,nulls\n" + "".join(
        f"{' > '.join(p)},{c},{v if c else 0},{n}\n" for p, c, v, n in paths
    )
    frame = credit_frame(tmp_path_factory.mktemp("law"), text)
    sums = frame.groupby("model")[["conversions", "value"]].sum()
    assert len(MODELS) == len(sums)
    assert (frame["conversions"] >= -1e-12).all()
    assert [sum(c for _, c, _, _ in paths)] * len(sums) == [pytest.approx(each, abs=1e-9) for each in sums.conversions]
    assert [sum(v if c else 0 for _, c, v, _ in paths)] * len(sums) == [
        pytest.approx(each, abs=1e-9) for each in sums.value
    ]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5).flatmap(lambda k: st.lists(st.integers(-9, 9), min_size=2**k, max_size=2**k)))
def test_shapley_is_the_mean_gain_over_all_orders(worths: list[int]) -> None:
    """Against the formula written out: Σ over sets S without j of |S|! (k−|S|−1)! ÷ k! × (v(S ∪ j) − v(S))."""
    worths[0] = 0
    k = len(worths).bit_length() - 1
    expected = []
    for j in range(k):
        others = [i for i in range(k) if i != j]
        value = 0.0
        for size in range(k):
            weight = factorial(size) * factorial(k - size - 1) / factorial(k)
            for members in combinations(others, size):
                mask = sum(1 << i for i in members)
                value += weight * (worths[mask | 1 << j] - worths[mask])
        expected.append(value)
    assert expected == pytest.approx(list(shapley(np.array(worths, dtype=np.float64))), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(PATHS)
def test_removal_is_the_chain_walked_without_the_channel(paths: list[tuple[list[str], int, int, int]]) -> None:
    """Against walking: the chain run for 400 steps by multiplying, the channel's state leading nowhere."""
    numbered = [["abcd".index(name) for name in path] for path, *_ in paths]
    conversions = np.array([c for _, c, _, _ in paths], dtype=np.float64)
    nulls = np.array([n + 1 for *_, n in paths], dtype=np.float64)
    counts, member = chain(numbered, conversions, nulls, 4)
    effects = removal_effects(counts, member)
    chance = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(counts) - 1

    def converted(without: int | None) -> float:
        at = chance[size, :size].copy()
        won = 0.0
        for _ in range(400):
            if without is not None:
                at[member[without]] = 0
            won += float(at @ chance[:size, size])
            at = at @ chance[:size, :size]
        return won

    everything = converted(None)
    expected = [1 - converted(channel) / everything if everything else 0.0 for channel in range(4)]
    assert expected == pytest.approx(list(effects), abs=1e-6)


def test_a_set_of_too_many_channels_is_refused() -> None:
    """2^21 sets would still be counted; 2^40 would not."""
    with pytest.raises(TooLargeError, match="at most 20 channels"):
        worth_of_sets(np.array([1]), np.array([1.0]), 40)
