"""A real browser for the tests of pages: Debian's Chromium, and axe-core, which npm puts into pytest's cache."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return Chromium, started once for a file of tests."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def axe(request: pytest.FixtureRequest) -> str:
    """Return axe-core's script, fetched once by npm."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("axe-core")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "axe-core@4"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if ran.returncode or not script.exists():
            pytest.skip(f"npm can not fetch axe-core: {ran.stderr.strip()[-200:]}")
    return script.read_text(encoding="utf-8")
