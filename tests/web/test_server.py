"""What the server answers: an experiment's outcome to its own page, a sentence to everybody else."""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette", reason="the extra [web] is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

with warnings.catch_warnings():
    # Starlette would rather have httpx2; httpx serves as well.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from tcpsim.cli.commands import tcpsim
from tcpsim.scenario import loads, run
from tcpsim.web.requests import MAX_BODY
from tcpsim.web.server import PAGES_KEPT, app
from tcpsim.web.worker import MEMORY_LIMIT, Busy, OutOfMemory, Stopped, TooLong, Worker

HOME = "http://127.0.0.1:8080"
OURS = {"Origin": HOME}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("mine")
    (folder / "broken.yaml").write_text("title: x\n")
    with TestClient(app([folder]), base_url=HOME, raise_server_exceptions=False) as made:
        yield made


def asked(client: TestClient, experiment: object) -> Any:
    return client.post("/api/run", json=experiment, headers=OURS)


def test_its_own_files_are_served_under_a_strict_policy(client: TestClient) -> None:
    for path in ("/", "/serve.css", "/serve.js"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_scenarios_are_listed_with_ones_own(client: TestClient) -> None:
    told = client.get("/api/scenarios").json()
    names = [each["name"] for each in told["scenarios"]]
    assert {"handshake", "0:broken.yaml"} <= set(names)
    assert {"mss", "nagle"} <= {each["name"] for each in told["knobs"]}


def test_a_dropped_segment_is_sent_again_and_the_file_says_so(client: TestClient) -> None:
    before = asked(client, {"scenario": "handshake"}).json()
    target = next(each for each in before["segments"].values() if "SYN,ACK" in each["words"])
    assert target["phrase"] == "1st SYN,ACK from server"
    fault = {"link": target["link"], "verb": "drop", "phrase": target["phrase"]}
    after = asked(client, {"scenario": "handshake", "faults": [fault]}).json()
    assert before["passed"]
    assert not after["passed"]
    assert len([each for each in after["segments"].values() if "server SYN,ACK" in each["words"]]) == 2
    again = run(loads(after["yaml"]))
    assert again.passed
    assert "drop: 1st SYN,ACK from server" in after["yaml"]
    assert "expect" not in after["yaml"]
    page = client.get(after["page"])
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "<svg" in page.text


def test_pages_are_not_kept_for_ever(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PAGES_KEPT < 100
    monkeypatch.setattr("tcpsim.web.server.PAGES_KEPT", 2)
    first = asked(client, {"scenario": "handshake", "links": {"0": {"delay": "999ms"}}}).json()["page"]
    second = asked(client, {"scenario": "handshake", "links": {"0": {"delay": "1ms"}}}).json()["page"]
    asked(client, {"scenario": "handshake", "links": {"0": {"delay": "2ms"}}})
    assert client.get(second).status_code == 200
    answer = client.get(first)
    assert (answer.status_code, "no longer kept" in answer.json()["error"]) == (404, True)


HOSTILE: list[tuple[Any, int]] = [
    ([], 422), (7, 422), ("handshake", 422), ({}, 422), ({"scenario": 5}, 422), ({"scenario": ""}, 422),
    ({"scenario": "../../etc/passwd"}, 404), ({"scenario": "/etc/passwd"}, 404), ({"scenario": "0:../x.yaml"}, 404),
    ({"scenario": "handshake\0"}, 404), ({"scenario": "x" * 1000}, 422), ({"scenario": "0:broken.yaml"}, 422),
    ({"scenario": "handshake", "seed": -1}, 422), ({"scenario": "handshake", "seed": 10**30}, 422),
    ({"scenario": "handshake", "seed": True}, 422), ({"scenario": "handshake", "other": 1}, 422),
    ({"scenario": "handshake", "links": {"0": {"delay": "999999h"}}}, 422),
    ({"scenario": "handshake", "links": {"0": {"delay": "a: b"}}}, 422),
    ({"scenario": "handshake", "links": {"-1": {"delay": "1s"}}}, 422),
    ({"scenario": "handshake", "links": {"7": {"delay": "1s"}}}, 422),
    ({"scenario": "handshake", "links": {"0": {"loss": "200%"}}}, 422),
    ({"scenario": "handshake", "knobs": {"no_such": "1"}}, 422),
    ({"scenario": "handshake", "knobs": {"mss": "0"}}, 422),
    ({"scenario": "handshake", "faults": [{"verb": "down", "phrase": "x"}]}, 422),
    ({"scenario": "handshake", "faults": [{"verb": "drop", "phrase": "2nd nonsense"}]}, 422),
    ({"scenario": "handshake", "faults": [{"verb": "drop", "phrase": "1st SYN\nseed: 5"}]}, 422),
    ({"scenario": "handshake", "faults": [{"verb": "drop", "phrase": "1st SYN"}] * 51}, 422),
]  # fmt: skip


@pytest.mark.parametrize(("experiment", "status"), HOSTILE)
def test_a_hostile_experiment_gets_a_sentence(client: TestClient, experiment: Any, status: int) -> None:
    answer = asked(client, experiment)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert answer.json()["error"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"\xff\xfe", 400), (b"[" * 60_000, 400), (b"9" * 5_000, 400), (b"NaN", 422),
        (b" " * (MAX_BODY + 1), 413),
    ],
)  # fmt: skip
def test_a_body_that_is_no_request_gets_a_sentence(client: TestClient, body: bytes, status: int) -> None:
    answer = client.post("/api/run", content=body, headers=OURS | {"Content-Type": "application/json"})
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:80:80", "[::1", "127.0.0.1:x", "localhost@evil"]
)
def test_another_hosts_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/scenarios", headers={"Host": host})
    assert (answer.status_code, set(answer.json())) == (421, {"error"})


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "[::1]"])
def test_this_machine_has_several_names(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1:8080", "http://127.0.0.1"])
def test_another_origins_page_is_refused(client: TestClient, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = client.post("/api/run", json={"scenario": "handshake"}, headers=headers)
    assert (answer.status_code, set(answer.json())) == (403, {"error"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/static/../server.py", 404), ("GET", "/page/..%2f..%2fetc", 404),
        ("GET", "/api/run", 405), ("DELETE", "/api/run", 405), ("POST", "/", 405),
    ],
)  # fmt: skip
def test_what_there_is_not_is_said_as_json(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path, headers=OURS)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})


def test_a_form_can_post_nothing(client: TestClient) -> None:
    answer = client.post("/api/run", data={"scenario": "handshake"}, headers=OURS)
    assert answer.status_code == 415


def test_a_run_that_takes_too_long_is_stopped_and_the_next_one_runs() -> None:
    worker = Worker(time.sleep, time_limit=0.2)
    with pytest.raises(TooLong):
        worker.ask(60)
    assert worker.ask(0) is None
    worker.stop()


def test_a_job_that_raises_or_dies_is_told() -> None:
    worker = Worker(json.loads)
    assert "JSONDecodeError" in worker.ask("{")["bug"]
    worker.stop()
    dying = Worker(sys.exit)
    with pytest.raises(Stopped) as died:
        dying.ask(1)
    assert not isinstance(died.value, (TooLong, OutOfMemory))


def test_a_job_that_needs_too_much_memory_is_stopped_and_the_next_one_runs() -> None:
    pytest.importorskip("resource", reason="this system has no limits for a process")
    worker = Worker(bytearray)
    with pytest.raises(OutOfMemory):
        worker.ask(MEMORY_LIMIT)
    assert worker.ask(3) == bytearray(3)
    worker.stop()


def test_of_many_at_once_some_are_told_to_wait() -> None:
    worker = Worker(time.sleep, max_waiting=1)
    first = threading.Thread(target=worker.ask, args=(1,))
    first.start()
    time.sleep(0.1)
    with pytest.raises(Busy):
        worker.ask(0)
    first.join()
    worker.stop()


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Busy(), 429), (TooLong(), 422), (OutOfMemory(), 422), (Stopped(), 422), (RuntimeError("inside"), 500),
        ({"bug": "inside"}, 500),
    ],
)  # fmt: skip
def test_what_befalls_the_worker_is_a_sentence(raised: Any, status: int) -> None:
    class Failing(Worker):
        def ask(self, *arguments: object) -> Any:
            if isinstance(raised, Exception):
                raise raised
            return raised

    with TestClient(app(worker=Failing(print)), base_url=HOME, raise_server_exceptions=False) as made:
        answer = asked(made, {"scenario": "handshake"})
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert "Traceback" not in answer.text


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    said = CliRunner().invoke(tcpsim, ["serve"], standalone_mode=False)
    assert "pip install 'tcpsim[web]'" in str(said.exception)
    assert getattr(said.exception, "exit_code", None) == 2


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    said = CliRunner().invoke(tcpsim, ["serve", str(tmp_path / "none")], standalone_mode=False)
    assert "there is no such folder" in str(said.exception)


def test_the_command_serves_its_folders_at_this_machine_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import uvicorn

    served: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda _app, **options: served.update(options))
    assert CliRunner().invoke(tcpsim, ["serve", str(tmp_path)], standalone_mode=False).exception is None
    assert (served["host"], served["port"]) == ("127.0.0.1", 8080)
