"""Signing facts of an Android App Bundle: the signature is for the upload, the store signs what devices install.

Source: developer.android.com/studio/publish/app-signing.  A bundle bears a JAR signature with the upload key or none at
all; neither says anything about the packages that users get, so nothing here is a fact about them.
"""

from __future__ import annotations

from scanner.collect.app.archive import Archive
from scanner.collect.app.certificates import describe_certificate
from scanner.collect.app.signingblock import MALFORMED, SIGNATURE_FILE
from scanner.facts import SchemeState, Signing
from scanner.model import Evidence, FileLocator, Gap, Text

PATH = "app.signing"
REASON = Text(
    zh="App Bundle 只有上传签名，用户安装的包由应用商店另行签名，其签名在此无从得知",
    en="an app bundle bears an upload signature only; what users install is signed by the store and not known here",
)
NO_SIGNATURE = Text(zh="没有上传签名", en="no upload signature")
UPLOAD_SIGNATURE = Text(
    zh="上传证书，不是用户安装的包的证书", en="upload certificate, not that of what users install"
)


def upload_signing(archive: Archive, artifact: str) -> Signing:
    """Return what is known of the signing of a bundle: all unknown but the upload signature, as scheme v1."""
    if not any(SIGNATURE_FILE.fullmatch(name) for name in archive.entries):
        state = SchemeState(scheme="v1", present=False, problem=REASON.en)
        return Signing(schemes=(state,), evidence=(_evidence(artifact, NO_SIGNATURE),))
    from scanner.collect.app.jarsign import verify_jar  # noqa: PLC0415 - the ASN.1 library loads only then

    result = verify_jar(archive, {})
    problem = f"upload signature; {result.problem}" if result.problem else "upload signature"
    state = SchemeState(scheme="v1", present=True, verified=result.verified, problem=problem)
    shown: list[str] = []
    for raw in result.certificates:
        try:
            certificate = describe_certificate(raw)
        except MALFORMED:  # the scheme's problem says so
            continue
        shown.append(f"{certificate.subject} SHA-256 {certificate.sha256}")
    return Signing(
        schemes=(state,), evidence=(_evidence(artifact, UPLOAD_SIGNATURE, "; ".join(shown)[:300]),)
    )


def signing_gap() -> Gap:
    """Return the gap that keeps every rule about signatures from concluding anything."""
    return Gap(path=PATH, code="bundle-signing", reason=REASON)


def _evidence(artifact: str, note: Text, excerpt: str = "") -> Evidence:
    return Evidence(artifact=artifact, locator=FileLocator(path="META-INF"), excerpt=excerpt, note=note)
