"""`tcpsim serve`: scenarios in the browser, served to this machine.

Rule 1. Starlette and uvicorn are an extra: imported here and nowhere else, and said so where they are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from ..trace.naming import shown_name
from .group import Wrong

LOCAL: Final = "127.0.0.1"


@click.command(short_help="Serve scenarios to the browser, to change and to run.")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER]...")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0: any.")
@click.option("--host", default=LOCAL, show_default=True, help="The address to serve at.")
def serve(folders: tuple[Path, ...], port: int, host: str) -> None:
    """Serve the library, and the scenarios in each FOLDER, at http://127.0.0.1:8080.

    In the browser, choose a scenario, change its links and knobs, run it, click a segment to drop, delay or
    duplicate it, and save what was done as a scenario file. Ctrl-C ends it.
    """
    for folder in folders:
        if not folder.is_dir():
            raise Wrong(f"{shown_name(str(folder))}: there is no such folder")
    try:
        import uvicorn

        from ..web.server import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise Wrong("`tcpsim serve` needs Starlette and uvicorn: pip install 'tcpsim[web]'") from missing
    if host != LOCAL:
        click.echo(f"whoever reaches {shown_name(host)} can use this server", err=True)
    address = f"[{host}]" if ":" in host else host
    click.echo(f"http://{address}:{port or '...'}/ (Ctrl-C ends it)", err=True)
    try:
        uvicorn.run(
            app(folders, host=host), host=host, port=port, log_level="info" if port == 0 else "warning",
            limit_concurrency=64, timeout_keep_alive=5, server_header=False,
        )  # fmt: skip
    except SystemExit as ended:  # uvicorn has logged why
        raise Wrong(f"{shown_name(host)}:{port}: can't be served at") from ended
