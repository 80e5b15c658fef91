"""What the sensors decide, as pure functions: what to request, given what is there and what was decided before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster_shared.error import SerializableErrorInfo

VendorDay = tuple[str, date]
# Longer than the sensor on ingest runs takes to look again.
SETTLED_NS = 120 * 10**9
# A file written to more recently may be incomplete.
QUIET_NS = 60 * 10**9


@dataclass(frozen=True)
class Decision:
    """Ranges of days to request (both ends inclusive), what to remember, and why in a sentence.

    `groups`: of assets, where not all that the job has are to be computed.
    """

    ranges: tuple[tuple[date, date], ...]
    cursor: str | None
    why: str
    groups: tuple[str, ...] = ()


def ranges(days: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """The days as ranges without gaps, in order."""
    out: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if out and day - out[-1][1] == timedelta(days=1):
            out[-1] = (out[-1][0], day)
        else:
            out.append((day, day))
    return tuple(out)


def after_source_change(
    raw_changed: Mapping[VendorDay, int], staged: Mapping[VendorDay, int], cursor: str | None, is_busy: bool, now: int
) -> Decision:
    """Refresh exactly the days whose raw content changed after they were last staged, or were never staged.

    `raw_changed` and `staged`: when, in ns. A change is requested once: a refresh that failed is for people
    (the failure sensor tells them), not for a loop. Waits while a run is under way, which may well stage the days, and
    until the newest change has settled, so that the refresh that follows every ingest run comes first.
    """
    if is_busy:
        return Decision((), cursor, "an ingest or refresh run is under way; looking again after it")
    handled = int(cursor or 0)
    pending = {key: at for key, at in raw_changed.items() if at > staged.get(key, -1)}
    newest = max(pending.values(), default=0)
    if newest <= handled:
        return Decision((), cursor, f"{len(pending)} days pending, requested before" if pending else "nothing changed")
    if now - newest < SETTLED_NS:
        return Decision((), cursor, "raw is changing; looking again when it has settled")
    days = {day for _, day in pending}
    return Decision(ranges(days), str(newest), f"raw changed on {len(days)} days")


def after_files_change(
    files: Mapping[str, tuple[int, int]],
    days: Mapping[str, date],
    pulled: Mapping[date, int],
    cursor: str | None,
    is_busy: bool,
    now: int,
) -> Decision:
    """Take in the files that are new or another version than when last asked for, once nobody writes to them any more.

    `files`: size and last write (ns) by name; `days`: the partition that each would go to; `pulled`: when (ns) each
    partition was last pulled. A file is asked for when two looks find it the same and its last write is older than
    `QUIET_NS`. On the very first look (no cursor) those count as asked for that were written to before their partition
    was pulled. A file that vanishes is forgotten: what was read of it stays. Nothing is asked for while a run is under
    way, which may well take it.
    """
    known: dict[str, dict[str, list[int]]] = json.loads(cursor) if cursor else {"seen": {}, "asked": {}}
    asked = {name: said for name, said in known["asked"].items() if name in files}
    if cursor is None:
        asked = {n: list(said) for n, said in files.items() if n in days and pulled.get(days[n], -1) > said[1]}
    fresh = {name: list(said) for name, said in files.items() if list(said) != asked.get(name)}
    settled = [n for n, said in fresh.items() if said == known["seen"].get(n) and abs(now - said[1]) >= QUIET_NS]
    ready = [] if is_busy else [name for name in settled if name in days]
    asked |= {name: fresh[name] for name in ready}
    after = json.dumps({"seen": {n: said for n, said in fresh.items() if n not in ready}, "asked": asked})
    if ready:
        return Decision(ranges(days[name] for name in ready), after, f"{len(ready)} files to take in")
    if fresh:
        return Decision((), after, f"{len(fresh)} files are new, or may still be written to")
    return Decision((), after, "no file changed")


def after_model_change(
    versions: Mapping[str, str],
    champion: str,
    missing: Mapping[str, Sequence[date]],
    scored: Sequence[date],
    cursor: str | None,
) -> Decision:
    """One backfill when a model, or the choice of champion, is not the one last seen: over the whole scored history if
    it is the champion's scores that are others now, for metrics read them; else of scores alone, over what is missing.

    `versions`: of each model; `missing`: days that its present version lacks; `scored`: days scored under any version.
    Never seen before (no cursor) counts as unchanged unless days are missing. The cursor is the state acted on, so a
    failed backfill is not asked for again by itself; resetting the cursor asks again.
    """
    now = json.dumps({"champion": champion, "models": dict(versions)}, sort_keys=True)
    if now == cursor:
        return Decision((), cursor, "the scoring models are those last seen")
    if not scored:
        return Decision((), now, "nothing is scored yet")
    lacking = sorted(name for name, days in missing.items() if days)
    if cursor is None and not lacking:
        return Decision((), now, "every scored day has every model's present version")
    seen: dict[str, Any] = json.loads(cursor) if cursor else {"champion": champion, "models": {}}
    if (seen["champion"], seen["models"].get(champion)) == (champion, versions.get(champion)) or (
        cursor is None and champion not in lacking
    ):
        days = [day for name in lacking for day in missing[name]]
        if not days:
            return Decision((), now, "only models that are no champion changed, and their scores are there")
        return Decision(((min(days), max(days)),), now, f"{', '.join(lacking)} changed, no champion", ("scoring",))
    why = f"{', '.join(lacking)} changed" if lacking else f"the champion is now {champion}"
    return Decision(((min(scored), max(scored)),), now, why)


def after_identity_decision(in_force: Sequence[str], resolved: Sequence[date], cursor: str | None) -> Decision:
    """A refresh of the newest computed day when people's decisions about identity are not those last seen.

    `in_force`: what the decisions say, in any order. Who is who changes for all days at once; the refresh finds those
    that it reaches. No cursor counts as unchanged: the run that comes next reads them anyway.
    """
    now = json.dumps(sorted(in_force))
    if now == (cursor or now):
        return Decision((), now, "the decisions are those last seen")
    if not resolved:
        return Decision((), now, "no account is resolved yet")
    return Decision(((max(resolved), max(resolved)),), now, "people decided who is who")


def partition_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Of a run's tags, those that say which days it is for."""
    names = ("dagster/partition", "dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    return {name: tags[name] for name in names if name in tags}


def range_tags(first: date, last: date) -> dict[str, str]:
    """Tags of a run over the days from `first` to `last`."""
    return {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }


def user_error(error: SerializableErrorInfo | None) -> SerializableErrorInfo | None:
    """The error that a step raised, out of the ones that Dagster wraps it in."""
    while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    return error


def alert(run_id: str, job: str, tags: Mapping[str, str], failed: Mapping[str, str]) -> dict[str, Any]:
    """What to tell of a failed run. `failed`: class of the error by step. Messages stay in the log, where access is."""
    days = partition_tags(tags)
    steps = ", ".join(f"{step} ({error})" for step, error in sorted(failed.items())) or "before the first step"
    span = " to ".join(dict.fromkeys(days.values())) or "no day"
    return {
        "text": f"{job} failed for {span}: {steps}. Run {run_id}.",
        "run_id": run_id,
        "job": job,
        "failed_steps": dict(sorted(failed.items())),
        "days": list(dict.fromkeys(days.values())),
    }


def turned_hot(day: date, lines: Sequence[str]) -> dict[str, Any]:
    """What to tell of accounts that turned hot on a day, a line each."""
    count = f"{len(lines)} account{'s' if len(lines) != 1 else ''}"
    return {"text": "\n".join([f"{count} turned hot on {day}.", *lines]), "day": f"{day}", "accounts": list(lines)}
