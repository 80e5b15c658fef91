"""One app with all vendors under their prefixes and the sandbox's own controls, and the ways to run it.

Belongs here: putting parts together and serving them. What a vendor answers is in its package.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from abm_pipeline.registry import collect
from abm_pipeline.sandbox.credentials import KEYS
from abm_pipeline.sandbox.faults import Fault, FaultGate
from abm_pipeline.sandbox.vendor import Vendor
from abm_pipeline.sandbox.world import World, build_world


def vendors() -> dict[str, Vendor]:
    """Every simulated vendor by name."""
    return {spec.name: spec for spec in collect("abm_pipeline.sandbox", Vendor)}


def environment(specs: Iterable[Vendor], places: Mapping[str, str]) -> dict[str, str]:
    """Variables that make vendors the sandbox at `places` ({url}, {files}); those of an unknown place are empty."""
    out = {}
    for name, value in ((name, value) for spec in specs for name, value in spec.environment.items()):
        for place in ("{url}", "{files}"):
            if place in value:
                value = value.replace(place, places[place]) if place in places else ""  # noqa: PLW2901
        out[name] = value
    return out


class Controls:
    """The `/_sandbox` paths: clock, faults, request counts, keys, limits, truth, health."""

    def __init__(self, world: World, files: Path) -> None:
        self.world, self.files = world, files
        self.vendors = {name: (spec, spec.create(world)) for name, spec in vendors().items()}
        self.faults: list[Fault] = []
        self.counts: dict[str, int] = {}

    def routes(self) -> list[Route]:
        """Paths to be mounted under /_sandbox."""
        return [
            Route("/health", self.health),
            Route("/clock", self.clock, methods=["GET", "POST"]),
            Route("/faults", self.change_faults, methods=["GET", "POST", "DELETE"]),
            Route("/requests", self.requests, methods=["GET", "DELETE"]),
            Route("/config", self.configure, methods=["POST"]),
            Route("/env", self.env),
            Route("/keys", self.show_keys),
            Route("/truth", self.truth_names),
            Route("/truth/{name}", self.truth),
        ]

    async def health(self, request: Request) -> Response:
        """`GET /_sandbox/health`."""
        cal = self.world.calendar
        return JSONResponse(
            {"status": "ok", "scale": cal.scale.name, "seed": cal.seed, "clock": self.world.until.isoformat()}
        )

    async def clock(self, request: Request) -> Response:
        """`GET` or `POST {"until": "YYYY-MM-DD"}`."""
        if request.method == "POST":
            try:
                self.set_clock(dt.date.fromisoformat(str(orjson.loads(await request.body())["until"])))
            except (ValueError, KeyError, TypeError) as error:
                return JSONResponse({"error": f"the clock was not moved: {error}"}, status_code=400)
        return JSONResponse({"until": self.world.until.isoformat()})

    def set_clock(self, until: dt.date) -> None:
        """Move the clock; files are what they were then. Raises ValueError outside the generated timeline."""
        before = self.world.day
        self.world.set_clock(until)
        if self.world.day != before:
            self.write_files()

    def write_files(self) -> None:
        """Write the files that vendors have delivered by the clock, each beside and then into its place."""
        for name, (spec, _) in self.vendors.items():
            if spec.files is None:
                continue
            folder, delivered = self.files / name, set()
            folder.mkdir(parents=True, exist_ok=True)
            for file in spec.files(self.world):
                path = folder / file.name
                delivered.add(path)
                path.parent.mkdir(parents=True, exist_ok=True)
                beside = path.with_name(f".{path.name}.tmp")
                beside.write_bytes(file.content)
                os.utime(beside, (file.at, file.at))
                beside.replace(path)
            for path in folder.rglob("*"):
                if path.is_file() and path not in delivered:
                    path.unlink()

    async def change_faults(self, request: Request) -> Response:
        """`GET`, `POST` one fault, `DELETE` all."""
        if request.method == "DELETE":
            self.faults.clear()
        if request.method == "POST":
            try:
                self.faults.append(Fault(**orjson.loads(await request.body())))
            except (ValueError, TypeError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        listed = [{"route": f.route, "kind": f.kind, "times": f.times, "after": f.after} for f in self.faults]
        return JSONResponse({"faults": listed})

    async def requests(self, request: Request) -> Response:
        """`GET` counts by method and path, `DELETE` resets them."""
        if request.method == "DELETE":
            self.counts.clear()
        return JSONResponse(self.counts)

    async def configure(self, request: Request) -> Response:
        """`POST {"salesforce": {"session_requests": 5}}`: limits and lifetimes by vendor."""
        wanted = orjson.loads(await request.body())
        for vendor, values in wanted.items():
            try:
                self.configure_vendor(vendor, values)
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse(wanted)

    def configure_vendor(self, vendor: str, values: dict[str, Any]) -> None:
        """Set limits and lifetimes of one vendor. Raises ValueError for what it has not."""
        if vendor not in self.vendors:
            raise ValueError(f"no vendor {vendor}; known: {', '.join(self.vendors)}")
        spec, api = self.vendors[vendor]
        if unknown := set(values) - set(spec.settings):
            raise ValueError(f"unknown settings of {vendor}: {sorted(unknown)}")
        for name, value in values.items():
            api.configure(name, value)

    async def env(self, request: Request) -> Response:
        """`GET /_sandbox/env`: the pipeline's variables for this sandbox, as lines of a `.env`."""
        places = {"{url}": str(request.base_url).rstrip("/").removesuffix("/_sandbox"), "{files}": str(self.files)}
        variables = environment([spec for spec, _ in self.vendors.values()], places)
        return PlainTextResponse("".join(f"{name}={value}\n" for name, value in variables.items()))

    async def show_keys(self, request: Request) -> Response:
        """`GET /_sandbox/keys`: the JWT test pair as PEM."""
        return JSONResponse(KEYS.pem())

    async def truth_names(self, request: Request) -> Response:
        """`GET /_sandbox/truth`: names of the truth tables."""
        return JSONResponse({"tables": sorted(self.world.truth)})

    async def truth(self, request: Request) -> Response:
        """`GET /_sandbox/truth/{name}`: JSON lines."""
        frame = self.world.truth.get(request.path_params["name"])
        if frame is None:
            return JSONResponse(
                {"error": f"no such table; known: {', '.join(sorted(self.world.truth))}"}, status_code=404
            )
        lines = frame.to_json(orient="records", lines=True, date_format="iso")
        return Response(lines, media_type="application/x-ndjson")

    def date(self) -> str:
        """The clock as an HTTP date."""
        return formatdate(self.world.instant, usegmt=True)


def create_app(world: World, files: Path) -> Starlette:
    """The whole sandbox over a world; `app.state.controls` changes faults, limits and the clock without HTTP.

    What vendors deliver as files is written below `files`.
    """
    controls = Controls(world, files)
    controls.write_files()
    gate = Middleware(
        cast(Any, FaultGate),
        vendors=controls.vendors,
        date=controls.date,
        faults=controls.faults,
        counts=controls.counts,
    )
    mounts = [Mount(f"/{name}", routes=api.routes()) for name, (_, api) in controls.vendors.items()]
    app = Starlette(routes=[Mount("/_sandbox", routes=controls.routes()), *mounts], middleware=[gate])
    app.state.controls = controls
    return app


class _Protocol(HttpToolsProtocol):
    """Lets a fault close the connection under a request."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast(dict[str, Any], self.scope)["sandbox.transport"] = self.transport


def _server(app: Starlette) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        loop="asyncio",
        lifespan="off",
        log_level="critical",
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_keep_alive=60,
    )
    return uvicorn.Server(config)


def _bind(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    return bound


def run(port: int, scale: str, seed: int, until: dt.date, host: str = "127.0.0.1", files: Path | None = None) -> None:
    """Serve until interrupted. Port 0 takes any free one; the one line printed says which.

    Without a folder for `files`, a temporary one is used.
    """
    with tempfile.TemporaryDirectory(prefix="abm_files_") as folder:
        app = create_app(build_world(scale, seed, until), files or Path(folder))
        bound = _bind(host, port)
        print(f"sandbox listening on http://{host}:{bound.getsockname()[1]}", flush=True)
        _server(app).run(sockets=[bound])


class running_sandbox:  # noqa: N801 - reads as a function: `with running_sandbox() as sandbox`
    """A sandbox on a free port in a thread, for tests; `url` is its base, `world` what it serves.

    `files` is the folder that vendors deliver to, by default a temporary one.
    """

    def __init__(
        self,
        scale: str = "tiny",
        seed: int = 7,
        until: dt.date = dt.date(2026, 6, 30),
        world: World | None = None,
        files: Path | None = None,
    ) -> None:
        self.world = world or build_world(scale, seed, until)
        self._temporary = tempfile.TemporaryDirectory(prefix="abm_files_")
        self.files = files or Path(self._temporary.name)
        self._app = create_app(self.world, self.files)
        self._controls: Controls = self._app.state.controls
        self._server = _server(self._app)
        self._socket = _bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, args=([self._socket],), daemon=True)

    def _serve(self, sockets: Sequence[socket.socket]) -> None:
        asyncio.run(self._server.serve(sockets=list(sockets)))

    def __enter__(self) -> running_sandbox:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=5)
        self._socket.close()
        self._temporary.cleanup()

    def set_fault(self, route: str, kind: str, times: int | None = None, **more: Any) -> None:
        """Switch a fault on; see `faults.Fault`."""
        self._controls.faults.append(Fault(route, kind, times, **more))

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._controls.faults.clear()

    def set_clock(self, until: dt.date) -> None:
        """Move the world's clock; files are written anew."""
        self._controls.set_clock(until)

    def write_files(self) -> None:
        """Put every delivered file back as it was."""
        self._controls.write_files()

    def configure(self, vendor: str, **values: Any) -> None:
        """Set limits and lifetimes of a vendor, as `POST /_sandbox/config`."""
        self._controls.configure_vendor(vendor, values)

    def api(self, vendor: str) -> Any:
        """A vendor's handlers, for tests that look inside."""
        return self._controls.vendors[vendor][1]

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make every vendor this sandbox."""
        places = {"{url}": self.url, "{files}": str(self.files)}
        return environment([spec for spec, _ in self._controls.vendors.values()], places)

    @property
    def requests(self) -> dict[str, int]:
        """Requests so far by method and path."""
        return self._controls.counts
