"""The page of `tcpsim serve` in a real browser: choose, move a slider, drop a segment, see it sent again, export."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcpsim.scenario import loads, run

pytest.importorskip("uvicorn", reason="the extra [web] is not installed")


@pytest.fixture
def address() -> Iterator[str]:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tcpsim", "serve", "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.1)"], check=True)
    yield f"http://127.0.0.1:{port}/"
    server.terminate()
    server.wait(10)
    assert server.stderr is not None
    assert "Traceback" not in server.stderr.read()
    server.stderr.close()


def test_a_segment_is_dropped_by_hand_and_the_experiment_saved(browser: Any, address: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.select_option("#scenario", "handshake")
    page.wait_for_selector("#ladder svg", timeout=60_000)
    page.fill("#delay", "100")
    page.wait_for_function("document.getElementById('delay-shown').textContent === '100ms'")
    page.wait_for_function("!document.body.hasAttribute('aria-busy')", timeout=60_000)
    page.locator('.target[data-phrase="1st SYN from client"]').focus()
    page.keyboard.press("Enter")
    assert "client SYN seq 0" in page.inner_text("#struck")
    page.locator('.target[data-phrase="1st SYN,ACK from server"] .hit').click()
    assert "server SYN,ACK seq 0" in page.inner_text("#struck")
    page.click("#actions [data-verb=drop]")
    page.wait_for_selector('.target[data-phrase="2nd SYN,ACK from server"]', timeout=60_000)
    assert "drop 1st SYN,ACK from server" in page.inner_text("#faults")
    page.click("#stepping summary")
    page.frame_locator("#page").locator("svg").first.wait_for(timeout=60_000)
    with page.expect_download() as download:
        page.click("#export")
    saved = tmp_path / "experiment.yaml"
    download.value.save_as(saved)
    page.click("#stepping summary")
    page.screenshot(path=os.environ.get("TCPSIM_SCREENSHOT", str(tmp_path / "serve.png")), full_page=True)
    page.close()
    assert said == []
    text = saved.read_text()
    assert "delay: 100ms" in text
    assert run(loads(text)).passed
