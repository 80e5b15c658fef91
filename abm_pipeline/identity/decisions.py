"""What people decided about identity: an append-only CSV log, kept with the configuration in version control.

Belongs here: the log's form, what may stand in it, which of it is in force, and adding to it. What a decision does to
accounts is the resolution's.

Nothing is ever removed or overruled by being older: whoever thinks otherwise adds an `undo`. Decisions in force that
can't all be true (a pair that is merged, also by way of others, and never to be; two parents of one company) are an
error that names them, wherever the file is read to be used.
"""

from __future__ import annotations

import csv
import fcntl
import getpass
import hashlib
import io
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import duckdb
import pyarrow as pa

from abm_pipeline.identity._contradictions import contradictions
from abm_pipeline.programme import ConfigError
from abm_pipeline.settings import Settings
from abm_pipeline.storage.whole import write_whole

FILE = "identity_decisions.csv"
Kind = Literal["merge", "never_merge", "pin_domain", "set_parent", "undo"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NEEDED = ("kind", "source_a", "source_id_a", "source_b", "source_id_b")
COLUMNS = ("decision_id", *NEEDED, "who", "at", "why", "undoes")
DOMAIN = "domain"


class DecisionError(ConfigError):
    """The decisions can't be used; the message names the file, the lines and the remedy."""


@dataclass(frozen=True)
class Decision:
    """One line of the log. What doesn't apply is an empty text; `at` is None in files that don't tell it.

    merge, never_merge: records a and b. pin_domain: the domain b (`source_b` = domain) belongs to the account of record
    a. set_parent: the account of record a is a child of that of record b, or of none if b is empty. undo: the decision
    with the id `undoes` is no longer in force.
    """

    decision_id: str
    kind: Kind
    source_a: str = ""
    source_id_a: str = ""
    source_b: str = ""
    source_id_b: str = ""
    who: str = ""
    at: datetime | None = None
    why: str = ""
    undoes: str = ""
    line: int = field(default=0, compare=False)

    @property
    def left(self) -> str:
        """Record a as `source:source_id`; empty for an undo."""
        return _key(self.source_a, self.source_id_a)

    @property
    def right(self) -> str:
        """Record b (or `domain:acme.com`); empty where there is none."""
        return _key(self.source_b, self.source_id_b)

    @property
    def by(self) -> str:
        """Who made it, for a sentence."""
        return self.who or "somebody"

    @property
    def place(self) -> str:
        """How a message names it."""
        return f"{self.decision_id} (line {self.line})" if self.line else "the new decision"


def decisions_path(settings: Settings) -> Path:
    """Where the log is: in the folder ABM_CONFIG, to be committed with it; without one, in ABM_HOME."""
    return (settings.config or settings.home).absolute() / FILE


def read(path: Path) -> tuple[Decision, ...]:
    """Every line of the log, in order; nothing if there is no file. Columns but those of a decision may be missing.

    Raises DecisionError for what is no decision. Contradictions are let through, so that they can be shown and undone.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except UnicodeDecodeError:
        raise DecisionError(f"{path} is not UTF-8 text") from None
    return _parsed(path, text)


def load(path: Path) -> tuple[Decision, ...]:
    """The log, to be used. Raises DecisionError for what is no decision and for decisions that can't all be true."""
    decisions = read(path)
    if wrong := contradictions(active(decisions)):
        raise DecisionError(f"{path}: {'; '.join(wrong)}. End one with `abm identity undo DECISION_ID`")
    return decisions


def undone_by(decisions: Sequence[Decision]) -> dict[str, Decision]:
    """The undo in force by the id of the decision that it ended. An undo that was undone itself ends nothing."""
    found: dict[str, Decision] = {}
    for decision in reversed(_unique(decisions)):
        if decision.kind == "undo" and decision.decision_id not in found:
            found[decision.undoes] = decision
    return found


def active(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions in force, oldest first, without the undos."""
    ended = undone_by(decisions)
    return tuple(d for d in _unique(decisions) if d.kind != "undo" and d.decision_id not in ended)


def register(con: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> None:
    """Make the temporary table `decision` (kind, left_key, right_key) of the decisions in force.

    merge, never_merge: left_key < right_key. pin_domain: right_key is `domain:acme.com`. set_parent: left_key is the
    child's, right_key the parent's, null for none.
    """
    rows = sorted({(d.kind, *_ends(d)) for d in active(decisions)}, key=str)
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    named = zip(("kind", "left_key", "right_key"), columns, strict=True)
    con.register("_decision", pa.table({name: pa.array(values, pa.string()) for name, values in named}))
    con.execute("CREATE OR REPLACE TEMP TABLE decision AS SELECT * FROM _decision")
    con.unregister("_decision")


def decide(
    settings: Settings, kind: Kind, left: str = "", right: str = "", *, why: str, undoes: str = ""
) -> tuple[Decision, bool]:
    """Add a decision to the log, made now by whoever runs this. Returns it and True, or the one in force that says the
    same already and False.

    `left`, `right`: `source:source_id`. Raises DecisionError if it can't be, or contradicts what is in force.
    """
    (source_a, _, id_a), (source_b, _, id_b) = left.partition(":"), right.partition(":")
    now = datetime.now(UTC)
    made = now.replace(microsecond=now.microsecond // 1000 * 1000)
    content = (kind, source_a, id_a, source_b, id_b)
    new = Decision(
        _decision_id((*content, undoes, made.isoformat())),
        *content,
        who=settings.user or getpass.getuser(),
        at=made,
        why=" ".join(why.split()),  # one decision, one line
        undoes=undoes,
    )
    path = decisions_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        decisions = read(path)
        same = [d for d in active(decisions) if d.kind == kind and _ends(d) == _ends(new)]
        if kind != "undo" and same:
            return same[0], False
        _check(path, new)
        _check_undo(path, new, {d.decision_id for d in decisions})
        if undoes in (ended := undone_by(decisions)):
            raise DecisionError(f"{undoes} is not in force: {ended[undoes].place} undid it")
        known = contradictions(active(decisions))
        if wrong := [text for text in contradictions(active([*decisions, new])) if text not in known]:
            raise DecisionError(f"not recorded: {'; '.join(wrong)}. End one with `abm identity undo DECISION_ID` first")
        _add_line(path, new)
    return new, True


def _key(source: str, source_id: str) -> str:
    return f"{source}:{source_id}" if source or source_id else ""


def _ends(decision: Decision) -> tuple[str, str | None]:
    if decision.kind in ("merge", "never_merge"):
        first, second = sorted((decision.left, decision.right))
        return first, second
    return decision.left, decision.right or None


def _unique(decisions: Sequence[Decision]) -> list[Decision]:
    """Without lines that stand there twice, as after joining two branches."""
    return list({d.decision_id: d for d in reversed(decisions)}.values())[::-1]


def _decision_id(content: Sequence[str]) -> str:
    return "d_" + hashlib.sha256("|".join(content).encode()).hexdigest()[:10]


# -- the file


def _parsed(path: Path, text: str) -> tuple[Decision, ...]:
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if missing and text.strip():
        raise DecisionError(f"{path}, line 1: no column {', '.join(missing)}; there must be {', '.join(NEEDED)}")
    found: dict[str, Decision] = {}
    out: list[Decision] = []
    try:
        for row in reader:
            cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
            if not any(cells.values()):
                continue
            decision = _decision(path, reader.line_num, cells)
            _check(path, decision)
            _check_undo(path, decision, found)
            earlier = found.setdefault(decision.decision_id, decision)
            if earlier != decision:
                raise DecisionError(
                    f"{path}, line {decision.line}: the id {decision.decision_id} is that of line {earlier.line}, "
                    "which says something else; empty one of the two"
                )
            out.append(decision)
    except csv.Error as error:
        raise DecisionError(f"{path}, line {reader.line_num}: {error}") from None
    return tuple(out)


def _decision(path: Path, line: int, cells: dict[str, str]) -> Decision:
    kind = cells["kind"]
    if kind not in KINDS:
        raise DecisionError(f"{path}, line {line}: unknown kind {kind!r}; there is {', '.join(KINDS)}")
    made: datetime | None = None
    if cells["at"]:
        try:
            made = datetime.fromisoformat(cells["at"])
        except ValueError:
            raise DecisionError(
                f"{path}, line {line}: {cells['at']!r} is no time; write 2026-06-30T09:15:00Z"
            ) from None
        made = made.astimezone(UTC) if made.tzinfo else made.replace(tzinfo=UTC)
    if kind == "pin_domain":
        cells["source_id_b"] = cells["source_id_b"].lower()
    texts = {name: cells[name] for name in COLUMNS if name not in ("decision_id", "kind", "at")}
    identity = cells["decision_id"] or _decision_id([cells[name] for name in COLUMNS if name != "decision_id"])
    return Decision(identity, kind, at=made, line=line, **texts)


def _check(path: Path, decision: Decision) -> None:
    """Raises DecisionError unless the cells are those that the kind needs."""

    def wrong(text: str) -> DecisionError:
        return DecisionError(f"{path}, line {decision.line}: {text}" if decision.line else f"not recorded: {text}")

    halves = ((decision.source_a, decision.source_id_a, "a"), (decision.source_b, decision.source_id_b, "b"))
    if decision.kind == "undo":
        if not decision.undoes or decision.left or decision.right:
            raise wrong("an undo names a decision in `undoes`, and no records")
        return
    if decision.undoes:
        raise wrong(f"`undoes` is for undo, not for {decision.kind}")
    for source, source_id, side in halves:
        may_be_empty = side == "b" and decision.kind == "set_parent" and not source and not source_id
        if not may_be_empty and (not source or not source_id):
            raise wrong(f"{decision.kind} needs source_{side} and source_id_{side}")
        if ":" in source:
            raise wrong(f"a source has no colon: {source!r}")
    is_pin = decision.kind == "pin_domain"
    if is_pin != (decision.source_b == DOMAIN) or decision.source_a == DOMAIN:
        raise wrong(f"the source {DOMAIN} stands in source_b of pin_domain, and nowhere else")
    if is_pin and ("." not in decision.source_id_b or set(decision.source_id_b) & set(" /@:")):
        raise wrong(f"{decision.source_id_b!r} is no domain")
    if decision.left == decision.right:
        raise wrong(f"{decision.kind} names {decision.left} twice")


def _check_undo(path: Path, decision: Decision, earlier: Collection[str]) -> None:
    """An undo comes after what it ends, so it can't end itself and no two can end each other."""
    if decision.kind == "undo" and decision.undoes not in earlier:
        where = f"{path}, line {decision.line}" if decision.line else str(path)
        raise DecisionError(
            f"{where}: there is no earlier decision {decision.undoes}; `abm identity history` lists them"
        )


def _add_line(path: Path, new: Decision) -> None:
    """Add a line; what stands there stays as it is, to the byte. The caller holds the folder."""
    old = path.read_bytes() if path.exists() else b""
    if not old.strip():
        old = (",".join(COLUMNS) + "\n").encode()
    columns = next(csv.reader(io.StringIO(old.decode("utf-8-sig"))))
    if missing := [name for name in COLUMNS if name not in columns]:
        raise DecisionError(f"{path} has no column {', '.join(missing)}: add it to the first line")
    cells = {name: getattr(new, name) for name in COLUMNS}
    assert new.at is not None
    cells["at"] = new.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = io.StringIO()
    csv.DictWriter(line, columns, lineterminator="\n").writerow(cells)
    write_whole(path, old + (b"" if old.endswith(b"\n") else b"\n") + line.getvalue().encode())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Exclude others who add decisions. The lock is on the folder, as the file itself is replaced."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
