"""Layers: who may import whom, as the table in docs/architecture.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = {"scanner", "scanner.model", "scanner.errors", "scanner.context"}
FACTS = CORE | {
    "scanner.facts",
    "scanner.appfacts",
    "scanner.codefacts",
    "scanner.componentfacts",
    "scanner.permissionfacts",
    "scanner.policyfacts",
    "scanner.sitefacts",
    "scanner.visitfacts",
}
RULEPACK = {
    "scanner.rulepack",
    "scanner.packload",
    "scanner.packcheck",
    "scanner.paths",
    "scanner.conditions",
    "scanner.conditioncheck",
    "scanner.places",
    "scanner.predicates",
    "scanner.safere",
    "scanner.examples",
}
# (module prefix, allowed project imports by prefix); the first prefix that fits decides.
LAYERS: list[tuple[str, set[str]]] = [
    ("scanner.model", set()),
    ("scanner.appfacts", {"scanner.model"}),
    ("scanner.codefacts", {"scanner.model", "scanner.appfacts"}),
    ("scanner.componentfacts", {"scanner.model"}),
    ("scanner.permissionfacts", {"scanner.model", "scanner.codefacts"}),
    (
        "scanner.facts",
        {
            "scanner.model",
            "scanner.appfacts",
            "scanner.codefacts",
            "scanner.componentfacts",
            "scanner.permissionfacts",
            "scanner.policyfacts",
            "scanner.sitefacts",
        },
    ),
    ("scanner.policyfacts", {"scanner.model"}),
    ("scanner.sitefacts", {"scanner.model", "scanner.visitfacts"}),
    ("scanner.visitfacts", {"scanner.model"}),
    ("scanner.errors", {"scanner.model"}),
    ("scanner.context", set()),
    ("scanner.dex", {"scanner.dex"}),
    (
        "scanner.collect",
        FACTS
        | {"scanner.collect", "scanner.dex", "scanner.catalogue", "scanner.safere", "scanner.datafiles"},
    ),
    ("scanner.catalogue", CORE | {"scanner.safere", "scanner.datafiles"}),
    ("scanner.datafiles", set()),
    ("scanner.safere", set()),
    ("scanner.rulepack", {"scanner.model"}),
    ("scanner.paths", {"scanner.model"}),
    ("scanner.places", FACTS),
    ("scanner.necessity", FACTS | {"scanner.catalogue"}),
    ("scanner.overreachrows", FACTS | {"scanner.necessity"}),
    (
        "scanner.overreach",
        FACTS | {"scanner.catalogue", "scanner.necessity", "scanner.overreachrows", "scanner.places"},
    ),
    ("scanner.predicates", FACTS | {"scanner.necessity"}),
    ("scanner.conditioncheck", FACTS | RULEPACK),
    ("scanner.conditions", FACTS | RULEPACK),
    ("scanner.packcheck", FACTS | RULEPACK),
    ("scanner.packload", FACTS | RULEPACK | {"scanner.catalogue", "scanner.datafiles"}),
    ("scanner.examples", FACTS | RULEPACK),
    ("scanner.evaluate", FACTS | RULEPACK),
    ("scanner.grade", {"scanner.model", "scanner.rulepack"}),
    ("scanner.assess", FACTS | RULEPACK | {"scanner.evaluate", "scanner.grade", "scanner.decisions"}),
    ("scanner.decisions", {"scanner.model"}),
    ("scanner.sampling", CORE),
    ("scanner.supervision", CORE | {"scanner.datafiles"}),
    ("scanner.seal", CORE),
    ("scanner.bundle", CORE | {"scanner.seal"}),
    ("scanner.changes", FACTS),
    ("scanner.buildchanges", FACTS | {"scanner.changes", "scanner.necessity"}),
    ("scanner.appchanges", FACTS | {"scanner.changes", "scanner.buildchanges", "scanner.necessity"}),
    ("scanner.sitechanges", FACTS | {"scanner.changes"}),
    (
        "scanner.diff",
        FACTS
        | {
            "scanner.gate",
            "scanner.changes",
            "scanner.appchanges",
            "scanner.buildchanges",
            "scanner.sitechanges",
        },
    ),
    ("scanner.gate", {"scanner.model", "scanner.rulepack", "scanner.grade"}),
    ("scanner.files", CORE),
    ("scanner.cli", {"scanner", "reports"}),
    ("scanner.batch", {"scanner", "reports"}),
    ("scanner.console", {"scanner", "reports"}),
    ("scanner.__main__", {"scanner.cli"}),
    ("scanner", CORE),
    (
        "reports",
        FACTS
        | {
            "scanner.rulepack",
            "scanner.sampling",
            "scanner.supervision",
            "scanner.gate",
            "scanner.changes",
            "scanner.diff",
            "scanner.overreach",
            "scanner.overreachrows",
            "scanner.places",
            "reports",
        },
    ),
    ("rules", set()),
]
UNTIL_SUBMODULES = {"scanner.collect", "scanner.dex", "reports", "rules"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("scanner", "reports", "rules"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append((name.removesuffix(".__init__"), path))
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] in {"scanner", "reports", "rules"}}


def allowed(module: str, imported: str) -> bool:
    prefixes = next(rest for prefix, rest in LAYERS if module == prefix or module.startswith(prefix + "."))
    for prefix in prefixes:
        whole = prefix in UNTIL_SUBMODULES or module.startswith(
            ("scanner.cli", "scanner.batch", "scanner.console")
        )
        if whole and (imported == prefix or imported.startswith(prefix + ".")):
            return True
        if imported == prefix or imported.rpartition(".")[0] == prefix:
            return True
    return False


@pytest.mark.parametrize(
    ("name", "path"), modules(), ids=lambda value: str(value) if isinstance(value, str) else ""
)
def test_module_imports_only_what_its_layer_allows(name: str, path: Path) -> None:
    wrong = sorted(imported for imported in imports(path) if not allowed(name, imported))

    assert wrong == []


def test_engine_knows_nothing_but_numpy() -> None:
    for name, path in modules():
        if name.startswith("scanner.dex"):
            tree = ast.parse(path.read_text("utf-8"))
            roots = {
                (node.module or "").split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.level == 0
            } | {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            assert not roots & {"pydantic", "click", "rich", "androguard", "requests", "yaml"}, name


def test_only_the_command_line_prints_or_exits() -> None:
    for name, path in modules():
        if name.startswith("scanner.cli"):
            continue
        called = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not called & {"print", "sys.exit", "exit", "click.echo"}, name
