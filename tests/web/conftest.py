"""A real browser for the tests of pages: Debian's Chromium, and axe-core, from where `.ci/run` or npm puts it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
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


def _axe_on_the_path() -> Path | None:
    """Return axe-core's script if it is installed beside commands of npm's that are on the PATH, as `.ci/run` does."""
    scripts = (Path(folder).parent / "axe-core" / "axe.min.js" for folder in os.get_exec_path())
    return next((script for script in scripts if script.is_file()), None)


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return axe-core's script; where it is not installed, npm fetches it once."""
    installed = _axe_on_the_path()
    if installed is not None:
        return installed.read_text(encoding="utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, and axe-core is not there either")
    cache = getattr(request.config, "cache", None)  # none with `-p no:cacheprovider`
    folder = tmp_path_factory.mktemp("axe-core") if cache is None else cache.mkdir("axe-core")
    script = Path(folder, "node_modules", "axe-core", "axe.min.js")
    if not script.exists():
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "axe-core@4"]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm can not fetch axe-core: no answer within a minute")
        if ran.returncode or not script.exists():
            pytest.skip(f"npm can not fetch axe-core: {ran.stderr.strip()[-200:]}")
    return script.read_text(encoding="utf-8")
