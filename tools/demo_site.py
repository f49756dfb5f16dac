"""Serve the bundled site on the loopback interface and scan it: ``python tools/demo_site.py OUT``.

The address is this machine's own, so nothing leaves it; ``--allow-private`` tells the scanner that this is wanted.
"""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "fixtures" / "sites" / "bad"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line per request."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main() -> int:
    """Serve, scan, write the reports into the folder given; return the scan's exit code."""
    out = Path(sys.argv[1])
    handler = functools.partial(Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        address = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "-m", "scanner", "scan", address, "--allow-private", "--fail-on", "never"]
        code = subprocess.run(
            [*command, "--rate", "0", "-f", "html", "-f", "json", "-o", f"{out}/"], check=False, cwd=ROOT
        ).returncode
        server.shutdown()
    for report in out.glob(f"*{port}*"):
        report.replace(out / f"site{report.suffix}")
    return code


if __name__ == "__main__":
    sys.exit(main())
