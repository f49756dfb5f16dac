"""What a package is, for a retest: version, signature, switches, native code.

Sizes, offsets and orders are no part of any entry, so that two builds of one source compare as equal.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.appfacts import NativeHardening
from scanner.changes import Entry, Value, code_of, marks, said
from scanner.facts import Facts
from scanner.necessity import category_of


def identity(facts: Facts) -> Iterator[Entry]:
    """Version, levels, developer, category, signature: what the package says it is."""
    subject, app = facts.subject, facts.app
    yield from _filled(Entry("version", said("text", subject.version)))
    yield from _filled(Entry("developer", said("text", subject.developer)))
    if app is None:
        return
    own, signing = app.identity, app.signing
    numbers = {
        "version_code": own.version_code,
        "min_sdk": own.min_sdk,
        "target_sdk": own.target_sdk,
    }
    rows = {key: str(value) for key, value in numbers.items() if value is not None}
    rows |= {"label": own.label_zh or own.label or "", "shared_user_id": own.shared_user_id or ""}
    for key, value in rows.items():
        yield from _filled(Entry(key, said("text", value), evidence=own.evidence))
    category = category_of(app)
    if category is not None:
        yield Entry("category", (Value(kind="text", text=category.id, name=category.name),))
    for certificate in sorted(signing.certificates, key=lambda c: c.sha256):
        what = said("text", certificate.sha256, certificate.subject)
        flags = marks(debug_certificate=certificate.debug, weak_certificate=certificate.weak)
        yield Entry("certificate", (*what, *flags), evidence=certificate.evidence)
    schemes = said("text", *(s.scheme for s in signing.schemes if s.present))
    broken = marks(signature_broken=signing.verified is False, unsigned=signing.signed is False)
    yield from _filled(Entry("schemes", (*schemes, *broken), evidence=signing.evidence))
    packer = app.code.packer
    yield from _filled(
        Entry("packer", (Value(kind="text", text=packer, name=app.code.packer_name),) if packer else ())
    )


def _filled(entry: Entry) -> tuple[Entry, ...]:
    return (entry,) if entry.values else ()


def settings(facts: Facts) -> Iterator[Entry]:
    """Switches of the application element and of the network security configuration."""
    app = facts.app
    if app is None:
        return
    flags = {
        "debuggable": app.flags.debuggable,
        "allow_backup": app.flags.allow_backup,
        "cleartext_traffic": app.flags.cleartext_traffic,
        "test_only": app.flags.test_only,
        "legacy_external_storage": app.flags.legacy_external_storage,
    }
    for key, value in flags.items():
        if value is not None:
            yield Entry(key, said("word", "yes" if value else "no"), evidence=app.flags.evidence)
    if app.queries is not None and app.queries.all_packages:
        yield Entry("query_all_packages", said("word", "yes"), evidence=app.queries.evidence)
    network = app.network
    if network is None:
        return
    if network.user_certificates is not None:
        trusted = said("word", "yes" if network.user_certificates else "no")
        yield Entry("user_certificates", trusted, evidence=network.evidence)
    for domain in network.domains:
        what = marks(
            cleartext=domain.cleartext, user_certificates=domain.user_certificates, pinned=bool(domain.pins)
        )
        yield Entry(f"domain {domain.domain}", what, evidence=domain.evidence)


def native(facts: Facts) -> Iterator[Entry]:
    """Native libraries with processors and missing protections; containers of scripts."""
    app = facts.app
    if app is None:
        return
    owners = {library.path: code_of(library.owner) for library in app.native_libraries}
    for library in app.native_libraries:
        yield Entry(library.name, said("text", library.abi), owner=owners[library.path])
    for file in app.hardening:
        yield _hardening(file, owners.get(file.path, ""))
    for container in app.containers:
        yield Entry(f"container {container.kind}", (), container.name, evidence=container.evidence)


def _hardening(file: NativeHardening, owner: str) -> Entry:
    return Entry(
        file.path.rpartition("/")[2],
        marks(
            no_nx=file.nx is False,
            relro_none=file.relro == "none",
            relro_partial=file.relro == "partial",
            no_canary=file.canary is False,
            text_relocations=file.text_relocations,
        ),
        owner=owner,
        evidence=file.evidence,
    )
