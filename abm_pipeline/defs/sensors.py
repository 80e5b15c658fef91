"""Sensors: look, let `_decisions` decide, act. All are on from the start."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from abm_pipeline.contracts import tables as t
from abm_pipeline.defs import _decisions, jobs
from abm_pipeline.defs._decisions import VendorDay
from abm_pipeline.defs.layers import key_of
from abm_pipeline.defs.raw import key_of_vendor, specs
from abm_pipeline.settings import Settings
from abm_pipeline.sources._spec import SourceSpec
from abm_pipeline.storage.lake import now_ns

ON = dg.DefaultSensorStatus.RUNNING
WEBHOOK_TIMEOUT_SECONDS = 10.0


def sensors(
    settings: Settings, ingest: dg.UnresolvedAssetJobDefinition, refresh: dg.UnresolvedAssetJobDefinition
) -> list[dg.SensorDefinition]:
    """Refresh after an ingest, on changed sources, backfill on a changed scoring model, alert on hot accounts and on
    failed runs.
    """
    after = [
        _after_ingest("refresh_after_ingest", dg.DagsterRunStatus.SUCCESS, ingest, refresh),
        _after_ingest("refresh_after_failed_ingest", dg.DagsterRunStatus.FAILURE, ingest, refresh),
    ]
    arriving = [_files_changed(settings, spec) for spec in specs() if spec.watched is not None]
    changed = [_source_changed(settings), _scoring_model_changed(settings), _identity_decided(settings)]
    return [*after, *arriving, *changed, _account_turned_hot(settings), _run_failed(settings)]


def _after_ingest(
    name: str,
    status: dg.DagsterRunStatus,
    ingest: dg.UnresolvedAssetJobDefinition,
    refresh: dg.UnresolvedAssetJobDefinition,
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        monitored_jobs=[ingest],
        request_job=refresh,
        minimum_interval_seconds=15,
        default_status=ON,
        description="Compute the days of an ingest run when it has ended, also with what a failed one has fetched.",
    )
    def after_ingest(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        days = _decisions.partition_tags(context.dagster_run.tags)
        if not days:
            return dg.SkipReason("the ingest run was for no day")
        # One refresh for each ingest run, ever: a run key is right here.
        return dg.RunRequest(run_key=context.dagster_run.run_id, tags=days)

    return after_ingest


def _files_changed(settings: Settings, spec: SourceSpec) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{spec.vendor}_arrived",
        job_name=jobs.INGEST,
        minimum_interval_seconds=60,
        default_status=ON,
        description=f"Take in new and changed files of {spec.title}, once nobody writes to them any more.",
    )
    def files_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from abm_pipeline.sources import credentials

        if spec.watched is None or credentials.status(spec).state != "on":
            return dg.SkipReason(f"{spec.vendor} is off")
        # Read now, not when the code was loaded: a new declaration must show without a restart.
        now = settings.model_copy()
        now.__dict__.pop("programme", None)
        files = spec.watched(credentials.required(spec), now.programme)
        zone = ZoneInfo(now.programme.reporting_timezone)
        newest, first = datetime.now(zone).date() - timedelta(days=1), now.programme.history_start
        written = {name: datetime.fromtimestamp(at / 1e9, zone).date() for name, (_, at) in files.items()}
        # Today's partition is not there yet, and there is none before history begins.
        days = {name: max(min(day, newest), first) for name, day in written.items()}
        pulled: dict[date, int] = {}
        for stream in spec.streams(now.programme):
            for day, at in now.open_lake.computed_at(spec.table(stream)).items():
                if day is not None:
                    pulled[day] = min(pulled.get(day, at), at)
        decision = _decisions.after_files_change(
            files, days, pulled, context.cursor, _is_busy(context.instance), now_ns()
        )
        return _requests(decision, [key_of_vendor(spec.vendor)])

    return files_changed


def _source_changed(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=jobs.REFRESH,
        minimum_interval_seconds=60,
        default_status=ON,
        description="Refresh exactly the days whose raw content changed by other ways than the ingest job.",
    )
    def source_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        raw, staged = raw_and_staged(settings)
        decision = _decisions.after_source_change(raw, staged, context.cursor, _is_busy(context.instance), now_ns())
        return _requests(decision)

    return source_changed


def raw_and_staged(settings: Settings) -> tuple[dict[VendorDay, int], dict[VendorDay, int]]:
    """When, in ns, raw content of each vendor and day last changed, and when it was last staged."""
    lake = settings.open_lake
    raw: dict[VendorDay, int] = {}
    staged: dict[VendorDay, int] = {}
    for spec in specs():
        for stream in spec.streams(settings.programme):
            for day, at in lake.content_changed_at(spec.table(stream)).items():
                if day is not None:
                    raw[spec.vendor, day] = max(raw.get((spec.vendor, day), 0), at)
        # Staging writes a vendor's quarantine last, empty or not.
        for day, at in lake.computed_at(t.QUARANTINE, part=spec.vendor).items():
            if day is not None:
                staged[spec.vendor, day] = at
    return raw, staged


def _scoring_model_changed(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=jobs.RESCORE,
        minimum_interval_seconds=60,
        default_status=ON,
        description="A scoring model or the choice of champion changed: one backfill over what that reaches.",
    )
    def scoring_model_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from abm_pipeline.scoring.model import load_models
        from abm_pipeline.scoring.state import missing_days

        # Read now, not when the code was loaded: an edit must show without a restart.
        now = settings.model_copy()
        now.__dict__.pop("programme", None)
        versions = {name: model.model_version for name, model in load_models(now.config).items()}
        scored = now.open_lake.days(t.ENGAGEMENT_SCORE)
        decision = _decisions.after_model_change(
            versions, now.programme.champion, missing_days(now), scored, context.cursor
        )
        only = [key_of(table) for table in t.TABLES.values() if table.layer in decision.groups]
        return _requests(decision, [*only, dg.AssetKey(["reports", "score_changes"])] if only else None)

    return scoring_model_changed


def _identity_decided(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        job_name=jobs.REFRESH,
        minimum_interval_seconds=60,
        default_status=ON,
        description="People decided who is who, or took a decision back: resolve again, and what that reaches.",
    )
    def identity_decided(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from abm_pipeline.identity import decisions

        log = decisions.load(decisions.decisions_path(settings))
        in_force = [f"{decision.kind} {decision.left} {decision.right}" for decision in decisions.active(log)]
        computed = settings.open_lake.days(t.ENGAGEMENT_SCORE)
        return _requests(_decisions.after_identity_decision(in_force, computed, context.cursor))

    return identity_decided


def _requests(decision: _decisions.Decision, only: list[dg.AssetKey] | None = None) -> dg.SensorResult:
    # No run keys: they de-duplicate for ever, failed runs included. The cursor says what was requested.
    requests = [dg.RunRequest(tags=_decisions.range_tags(*days), asset_selection=only) for days in decision.ranges]
    skipped = None if requests else dg.SkipReason(decision.why)
    return dg.SensorResult(run_requests=requests, cursor=decision.cursor, skip_reason=skipped)


def _is_busy(instance: dg.DagsterInstance) -> bool:
    under_way = [
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    ]
    return bool(instance.get_runs(dg.RunsFilter(statuses=under_way), limit=1))


def _account_turned_hot(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        minimum_interval_seconds=60,
        default_status=ON,
        description="Tell of target accounts that turned hot on the newest day, in the words of their briefs: in the "
        "log, and to ABM_ALERT_WEBHOOK_URL.",
    )
    def account_turned_hot(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from abm_pipeline.reports.briefs import turned_hot

        now = settings.model_copy()
        now.__dict__.pop("programme", None)
        told = date.fromisoformat(context.cursor) if context.cursor else None
        day, lines = turned_hot(now, told)
        if day is None or day == told:
            return dg.SkipReason("no day is newer than the one told of last")
        if lines:
            message = _decisions.turned_hot(day, lines)
            context.log.info(message["text"])
            if now.alert_webhook_url is not None:
                post(now.alert_webhook_url.get_secret_value(), message)
        return dg.SensorResult(cursor=day.isoformat(), skip_reason=dg.SkipReason(f"{len(lines)} accounts on {day}"))

    return account_turned_hot


def _run_failed(settings: Settings) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="run_failed",
        monitor_all_code_locations=True,
        minimum_interval_seconds=15,
        default_status=ON,
        description="Log a failed run, and post it to ABM_ALERT_WEBHOOK_URL.",
    )
    def run_failed(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        message = _decisions.alert(run.run_id, run.job_name, run.tags, dict(_failed_steps(context)))
        context.log.error(message["text"])
        if settings.alert_webhook_url is not None:
            post(settings.alert_webhook_url.get_secret_value(), message)

    return run_failed


def _failed_steps(context: dg.RunFailureSensorContext) -> Iterator[tuple[str, str]]:
    for event in context.get_step_failure_events():
        error = _decisions.user_error(event.step_failure_data.error)
        yield event.step_key or "?", (error.cls_name if error is not None else None) or "unknown"


def post(url: str, message: dict[str, object]) -> None:
    """POST the message as JSON. Raises URLError, whose text does not hold the URL."""
    request = urllib.request.Request(
        url, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=WEBHOOK_TIMEOUT_SECONDS).close()
