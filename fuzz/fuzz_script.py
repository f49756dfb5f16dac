"""Text inside packages: scripts of web containers, configuration; URLs and credentials are searched in them."""

from __future__ import annotations

from scanner.collect.app.containers import find_containers
from scanner.collect.app.endpoints import text_endpoints
from scanner.collect.app.secrets import find_secrets

IN_PLACE = 0.1
FILES = (
    "assets/www/cordova.js",
    "assets/www/index.html",
    "assets/index.android.bundle",
    "assets/flutter_assets/a",
)


def check(data: bytes) -> None:
    """Search ``data`` as a script, as a string resource and as manifest meta-data."""
    text = data.decode("utf-8", "replace")
    names = [*FILES, *text[:500].split("\n")]
    list(find_containers(names, frozenset({"com.facebook.react.ReactActivity"}), lambda _: data[:4096]))
    text_endpoints([("assets/a.js", text)])
    name, _, value = text.partition("\n")
    found = find_secrets(None, [(f"string/{name}", "", value)], [(name, value)], [("assets/a.json", text)])
    for secret in found:
        assert "*" in secret.masked
