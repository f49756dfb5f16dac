"""TLS checks that an app switches off: trust managers that accept everything, host-name verifiers that say yes,
WebView clients that proceed past certificate errors (CWE-295, CWE-297).

Judged by the method's own instructions, never by its class's name: a method that may throw, asks somebody else or
branches is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.codefacts import CodeIssue
from scanner.collect.app.code import Code
from scanner.dex import Instruction, instructions
from scanner.model import DexLocator, Evidence

TRUST_MANAGERS = ("Ljavax/net/ssl/X509TrustManager;", "Ljavax/net/ssl/X509ExtendedTrustManager;")
VERIFIERS = ("Ljavax/net/ssl/HostnameVerifier;", "Lorg/apache/http/conn/ssl/X509HostnameVerifier;")
WEB_CLIENTS = ("Landroid/webkit/WebViewClient;",)
PROCEED = "Landroid/webkit/SslErrorHandler;->proceed"
CANCEL = "Landroid/webkit/SslErrorHandler;->cancel"
# Calls that decide nothing: writing a log, building the text for it, handling collections.
HARMLESS = (
    "Landroid/util/Log;",
    "Ljava/lang/StringBuilder;",
    "Ljava/lang/String;->valueOf",
    "Ljava/lang/Object;-><init>",
    "Ljava/io/PrintStream;",
    "Ltimber/log/",
)
_THROW = 0x27
_INVOKES = frozenset([*range(0x6E, 0x73), *range(0x74, 0x79)])
_BRANCHES = frozenset(range(0x32, 0x3E))


def trust_issues(code: Code) -> list[CodeIssue]:
    """Return the switched-off checks of ``code``, each with the first instruction of the method as evidence."""
    found = []
    for node in _methods(code, TRUST_MANAGERS, "checkServerTrusted"):
        if _does_nothing(instructions(code.dex, node)):
            found.append(_issue(code, node, "tls-trust-any"))
    for node in _methods(code, VERIFIERS, "verify"):
        body = instructions(code.dex, node)
        if code.describe(node).endswith(")Z") and _says_yes(body):
            found.append(_issue(code, node, "tls-hostname-any"))
    for node in _methods(code, WEB_CLIENTS, "onReceivedSslError"):
        if _proceeds(instructions(code.dex, node)):
            found.append(_issue(code, node, "webview-ssl-error-ignored"))
    return found


def _methods(code: Code, supers: Sequence[str], name: str) -> Iterator[int]:
    """Yield the methods called ``name`` of all classes of the package below ``supers``."""
    inherits = code.graph.subclasses(supers)
    for place, dotted in enumerate(code.dex.class_names):
        if inherits[place]:
            yield from code.dex.find_methods("L" + dotted.replace(".", "/") + ";", name)


def _calls(body: Sequence[Instruction]) -> list[str]:
    return [ins.reference or "" for ins in body if ins.opcode in _INVOKES]


def _does_nothing(body: Sequence[Instruction]) -> bool:
    if not body or any(ins.opcode == _THROW for ins in body):
        return False
    return all(call.startswith(HARMLESS) for call in _calls(body))


def _says_yes(body: Sequence[Instruction]) -> bool:
    """Whether the method can return nothing but true: no branch, no call that matters, 1 in the register returned."""
    if not body or any(ins.opcode == _THROW or ins.opcode in _BRANCHES for ins in body):
        return False
    if not all(call.startswith(HARMLESS) for call in _calls(body)):
        return False
    last = body[-1]
    if last.opcode != 0x0F:
        return False
    value: int | None = None
    for ins in body[:-1]:
        if ins.registers and ins.registers[0] == last.registers[0] and 0x12 <= ins.opcode <= 0x19:
            value = ins.literal
    return value == 1


def _proceeds(body: Sequence[Instruction]) -> bool:
    """Whether the method goes on past the error without a choice: it proceeds, never cancels, never branches."""
    calls = _calls(body)
    return (
        any(call.startswith(PROCEED) for call in calls)
        and not any(call.startswith(CANCEL) for call in calls)
        and not any(ins.opcode in _BRANCHES for ins in body)
    )


def _issue(code: Code, node: int, kind: str) -> CodeIssue:
    owner = code.owner(node)
    reachable, _ = code.reached(node)
    method = code.describe(node)
    dex = code.dex.part_of(node).file.name
    body = instructions(code.dex, node)
    return CodeIssue(
        kind=kind,
        caller=method,
        detail="",
        owner=owner,
        owner_kind=owner.kind,
        reachable=reachable,
        evidence=(
            Evidence(
                artifact=dex,
                locator=DexLocator(dex=dex, method=method, offset=body[0].offset if body else 0),
                excerpt=_shown(body[0])[:400] if body else "",
                chain=code.chain(node),
            ),
        ),
    )


def _shown(ins: Instruction) -> str:
    return f"{ins.name} {ins.reference}" if ins.reference is not None else ins.name
