"""The application behind `tcpsim serve`: scenarios to choose, to change and to run in a browser.

Rule 1. It serves whoever sits at this machine. A request under another host's name (DNS rebinding) or from another
        origin's page is refused.
Rule 2. A request can't name a file, only a scenario of the table; it has a size, and its run has limits.
Rule 3. What is wrong with a request is said in a sentence, as JSON, with a status of 400 and above.
Rule 4. Every answer forbids the browser all but the server's own files. The page of a run stands in a sandbox.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..scenario import ScenarioError
from ..tcp.config import KNOBS
from .page import palette_css
from .requests import MAX_BODY, read_experiment
from .running import carry_out
from .shelves import Shelves
from .worker import Busy, OutOfMemory, Stopped, TooLong, Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .requests import Experiment
    from .running import Wanted

PAGES_KEPT: Final = 16
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SANDBOX: Final = "sandbox allow-scripts; frame-ancestors 'self'"
"""For the page of a run, which brings a policy of its own along."""
_FILES: Final = {
    "/": ("serve.html", "text/html"),
    "/serve.css": ("serve.css", "text/css"),
    "/serve.js": ("serve.js", "text/javascript"),
}
_KNOBS_OFFERED: Final = (
    "mss", "rcv_buff", "delayed_ack", "nagle", "rto_initial", "rto_min", "msl", "initial_window", "sack", "timestamps",
)  # fmt: skip


def app(folders: Iterable[Path] = (), *, host: str = "127.0.0.1", worker: Worker | None = None) -> Starlette:
    """Return the application.

    Args:
        folders: of scenarios of one's own, with all that lies in them.
        host: the name under which it is served, besides localhost and addresses.
        worker: what carries out `carry_out`, if not one of the usual limits.
    """
    desk = _Desk(Shelves(folders), worker if worker is not None else Worker(carry_out))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        desk.worker.stop()

    routes = [
        *(Route(path, _file(*file)) for path, file in _FILES.items()),
        Route("/api/scenarios", desk.scenarios),
        Route("/api/run", desk.run, methods=["POST"]),
        Route("/page/{name}", desk.page),
    ]
    made = Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _told, Exception: _our_bug}
    )  # fmt: skip
    made.add_middleware(_Guard, host=host)
    return made


class _Desk:
    """Answers the requests."""

    def __init__(self, shelves: Shelves, worker: Worker) -> None:
        self.shelves = shelves
        self.worker = worker
        self._pages: OrderedDict[str, _Kept] = OrderedDict()

    def scenarios(self, _request: Request) -> Response:
        books = [{"name": each.name, "title": each.title, "group": each.group} for each in self.shelves.books()]
        knobs = [
            {"name": name, "expected": KNOBS[name].expected, "doc": KNOBS[name].doc}
            for name in _KNOBS_OFFERED
            if name in KNOBS
        ]
        return JSONResponse({"scenarios": books, "knobs": knobs})

    async def run(self, request: Request) -> Response:
        try:
            experiment = read_experiment(await _json(request))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        try:
            text, file = await run_in_threadpool(self.shelves.text, experiment.scenario)
        except KeyError:
            raise HTTPException(404, "there is no such scenario in the list") from None
        except ScenarioError as error:
            raise HTTPException(422, str(error)) from error
        answer = await self._answer("outcome", text, file, experiment)
        answer["page"] = self._keep(text, file, experiment)
        return JSONResponse(answer)

    async def _answer(self, wanted: Wanted, text: str, file: str, experiment: Experiment) -> dict[str, Any]:
        """Return what the worker says; HTTPException, with a sentence, where it can't or will not."""
        try:
            answer: dict[str, Any] = await run_in_threadpool(self.worker.ask, wanted, text, file, experiment)
        except Busy:
            raise HTTPException(429, "too many runs are waiting already; try again in a moment") from None
        except Stopped as stopped:
            raise HTTPException(422, self._why(stopped)) from None
        if "bug" in answer:
            raise HTTPException(500, f"a bug of tcpsim's own ({answer['bug']})")
        if "error" in answer:
            raise HTTPException(422, answer["error"])
        return answer

    def _why(self, stopped: Stopped) -> str:
        if isinstance(stopped, TooLong):
            return f"the run was not done after {self.worker.time_limit:g} seconds and was stopped"
        if isinstance(stopped, OutOfMemory):
            return f"the run needed more than {self.worker.memory_limit >> 20:,} MiB of memory and was stopped"
        return "the process of the run has died, nobody knows of what; another one is ready"

    def _keep(self, text: str, file: str, experiment: Experiment) -> str:
        """Return where the page of a run will be; it is made when somebody wants it."""
        said = json.dumps([text, file, experiment.model_dump_json()])
        name = hashlib.sha256(said.encode()).hexdigest()
        self._pages.setdefault(name, _Kept(text, file, experiment))
        self._pages.move_to_end(name)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        return f"/page/{name}"

    async def page(self, request: Request) -> Response:
        kept = self._pages.get(request.path_params["name"])
        if kept is None:
            raise HTTPException(404, "this page is no longer kept; run the scenario again")
        if kept.page is None:
            kept.page = (await self._answer("page", kept.text, kept.file, kept.experiment))["page"]
        return Response(kept.page, media_type="text/html", headers={"Content-Security-Policy": _SANDBOX})


@dataclass(slots=True)
class _Kept:
    """What a page is made of, and the page once it was."""

    text: str
    file: str
    experiment: Experiment
    page: str | None = None


def _file(name: str, media_type: str) -> Any:
    content = resources.files(__package__).joinpath("static", name).read_bytes()
    if media_type == "text/css":
        content = f"{palette_css()}\n".encode() + content

    def answer(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    return answer


async def _json(request: Request) -> Any:
    """Return what the body holds; HTTPException for one that is too large, ValueError for what is no JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "expected a body of the type application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413, f"the request is too large; {MAX_BODY:,} octets are the most")
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise HTTPException(400, "the request is no JSON that can be read") from None


def _sentence(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)


async def _told(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _sentence(error.status_code, error.detail)


async def _our_bug(_request: Request, error: Exception) -> Response:
    return _sentence(500, f"a bug of tcpsim's own ({type(error).__name__})")


class _Guard:
    """Refuses what comes under another name or from another origin; gives every answer its headers."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _guarded(message["headers"])
            await send(message)

        refusal = self._refusal(scope)
        await (self._app if refusal is None else refusal)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        host = headers.get(b"host", "").lower()
        if len(hosts) != 1 or not self._is_ours(host):
            return _sentence(421, "this server does not go by that name; open it at 127.0.0.1")
        if scope["method"] not in ("GET", "HEAD") and headers.get(b"origin", "").lower() != f"http://{host}":
            return _sentence(403, "a request of this kind must come from the server's own page")
        return None

    def _is_ours(self, host: str) -> bool:
        """Return whether the Host header holds localhost, our name, or an address: no name that DNS could turn."""
        name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
        if port and not port.isdecimal():
            return False
        if name in ("localhost", self._host):
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True


def _guarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in headers}
    ours = {
        b"content-security-policy": _POLICY.encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
        b"cache-control": b"no-store",
    }
    return [*headers, *((name, value) for name, value in ours.items() if name not in given)]
