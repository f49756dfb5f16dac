"""APK signatures: which schemes are present, whether they verify, and the certificates.

A platform checks the newest scheme it knows and nothing else, so a package is verified when each scheme that some
platform in its range relies on verifies: v1 below Android 7, v2 below Android 9, then v3 and v3.1.  A scheme that is
absent is no fault: the older platforms do not install such a package.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from scanner.collect.app.archive import Archive
from scanner.collect.app.certificates import describe_certificate
from scanner.collect.app.contentdigest import ContentDigests
from scanner.collect.app.idsig import verify_idsig
from scanner.collect.app.signingblock import (
    MALFORMED,
    SIGNATURE_FILE,
    V2,
    V3,
    V31,
    Block,
    SchemeResult,
    SigningError,
    find_block,
    verify_scheme,
)
from scanner.facts import Certificate, SchemeState, Signing
from scanner.model import Evidence, FileLocator, Text

FIRST_V2, FIRST_V3, TARGET_NEEDS_V2 = 24, 28, 30
CERTIFICATE_UNREAD = "a certificate cannot be read"
Scheme = str


def read_signing(archive: Archive, min_sdk: int = 1, target_sdk: int = 1) -> Signing:
    """Return the signing facts of the package; unreadable parts are named in the scheme's ``problem``.

    ``min_sdk`` is the lowest API level the package runs on: schemes only older platforms look at do not count.
    ``target_sdk`` is the level it targets: from 30 on, Android 11 refuses a package with a v1 signature only.
    """
    block, damage = _block(archive)
    found: dict[Scheme, SchemeResult] = {}
    if block is not None:
        digests = ContentDigests(archive, block.start)
        for scheme, key in (("v2", V2), ("v3", V3), ("v3.1", V31)):
            if key in block.pairs:
                found[scheme] = verify_scheme(block, key, digests)
    jar = _jar(archive, found, min_sdk)
    if jar is not None:
        if not found and jar.verified and target_sdk >= TARGET_NEEDS_V2:
            jar = replace(
                jar, verified=False, problem="a package that targets API level 30 needs scheme v2 or newer"
            )
        found = {"v1": jar, **found}
    described = {raw: _described(raw) for result in found.values() for raw in result.certificates}
    for scheme, result in found.items():
        if result.verified and None in map(described.get, result.certificates):
            found[scheme] = replace(result, verified=None, problem=CERTIFICATE_UNREAD)
    content = tuple(part for scheme in ("v3", "v2") if scheme in found for part in found[scheme].content)
    sidecar = verify_idsig(archive, content)
    states = [_state(scheme, found.get(scheme), damage) for scheme in ("v1", "v2", "v3", "v3.1")]
    states.append(_state("v4", sidecar, None))
    return Signing(
        signed=bool(found),
        verified=_verdict(found, min_sdk) if damage is None else False,
        v1_only=set(found) == {"v1"},
        schemes=tuple(states),
        certificates=_certificates(found, described),
        evidence=(_evidence(states),),
    )


def _block(archive: Archive) -> tuple[Block | None, str | None]:
    """Return the signing block, or what is wrong with it."""
    try:
        return find_block(archive), None
    except (SigningError, struct.error) as error:
        return None, str(error)


def _jar(archive: Archive, found: dict[Scheme, SchemeResult], min_sdk: int) -> SchemeResult | None:
    """Check the v1 signature where a platform would; the ASN.1 library loads only then."""
    if not any(SIGNATURE_FILE.fullmatch(name) for name in archive.entries):
        return None
    if min_sdk >= FIRST_V2 and any(result.verified for result in found.values()):
        return SchemeResult(None, "not checked: every platform this package runs on uses a newer scheme")
    from scanner.collect.app.jarsign import verify_jar  # noqa: PLC0415

    announced = {"2": "v2" in found, "3": "v3" in found}
    return verify_jar(archive, announced)


def _verdict(found: dict[Scheme, SchemeResult], min_sdk: int) -> bool | None:
    """Whether each scheme that counts verifies; None when nothing is signed or something could not be checked."""
    relied = {
        "v1": min_sdk < FIRST_V2 or len(found) == 1,
        "v2": min_sdk < FIRST_V3 or not found.keys() & {"v3", "v3.1"},
        "v3": True,
        "v3.1": True,
    }
    outcomes = [result.verified for scheme, result in found.items() if relied[scheme]]
    if not outcomes or None in outcomes:
        return False if False in outcomes else None
    return all(outcomes)


def _state(scheme: Scheme, result: SchemeResult | None, damage: str | None) -> SchemeState:
    if result is None:
        values = {"scheme": scheme, "present": False, "problem": damage if scheme != "v1" else None}
    else:
        values = {
            "scheme": scheme, "present": True, "verified": result.verified, "problem": result.problem,
        }  # fmt: skip
    return SchemeState.model_validate(values)


def certificates_unread(signing: Signing) -> bool:
    """Whether the list of certificates may lack one: a signature is there and its certificate could not be read."""
    problems = [state.problem for state in signing.schemes]
    return CERTIFICATE_UNREAD in problems or (not signing.certificates and any(problems))


def _certificates(
    found: dict[Scheme, SchemeResult], described: dict[bytes, Certificate | None]
) -> tuple[Certificate, ...]:
    """Return the signers' certificates, the newest scheme's first; v1's only where there is no other."""
    newest = [found[scheme].certificates for scheme in ("v3.1", "v3", "v2") if scheme in found]
    raw = dict.fromkeys(one for certificates in newest for one in certificates)
    if not raw and "v1" in found:
        raw = dict.fromkeys(found["v1"].certificates)
    return tuple(one for one in map(described.get, raw) if one is not None)


def _described(raw: bytes) -> Certificate | None:
    try:
        return describe_certificate(raw)
    except MALFORMED:
        return None


def _evidence(states: list[SchemeState]) -> Evidence:
    words = [(state.scheme, _word(state)) for state in states]
    note = Text(
        zh="；".join(f"{scheme} 签名{word.zh}" for scheme, word in words),
        en="; ".join(f"{scheme} signature {word.en}" for scheme, word in words),
    )
    return Evidence(artifact="base.apk", locator=FileLocator(path="APK Signing Block"), note=note)


def _word(state: SchemeState) -> Text:
    if not state.present:
        return Text(zh="没有", en="absent")
    return {
        True: Text(zh="验证通过", en="verified"),
        False: Text(zh="无效", en="invalid"),
        None: Text(zh="存在，未能验证", en="present, not verified"),
    }[state.verified]
