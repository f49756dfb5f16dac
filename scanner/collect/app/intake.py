"""What a package is, whatever its form: resources, manifest and signatures, and what of the delivery was not read."""

from __future__ import annotations

from contextlib import suppress

from scanner.collect.app import axml, protoxml
from scanner.collect.app.archive import EntryError
from scanner.collect.app.axml import AxmlError, Document
from scanner.collect.app.declared import mismatches
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.mergedmanifest import merge
from scanner.collect.app.missing import missing_splits
from scanner.collect.app.naming import cited_files, renamed
from scanner.collect.app.package import MANIFEST, Package
from scanner.collect.app.restable import Resources, ResourceTable
from scanner.collect.app.signing import certificates_unread, read_signing
from scanner.collect.app.splits import joined_signing
from scanner.collect.app.uploadsigning import signing_gap, upload_signing
from scanner.errors import InputError
from scanner.facts import AppFacts, Facts, Identity, Signing
from scanner.model import Artifact, Gap, Problem, Text

MAX_CITED, MAX_CITED_BYTES = 2_000, 256 << 20
MANIFEST_PATHS = (
    "app.components",
    "app.permissions",
    "app.autostarts",
    "app.abilities",
    "app.links",
    "app.own_permissions",
    "app.guards",
    "app.tasks",
    "app.foreground_services",
    "app.shared_folders",
)


class Intake:
    """Reads an open package; ``artifacts``, ``gaps`` and ``problems`` grow with what is read."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.gaps: list[Gap] = []
        self.problems: list[Problem] = []
        self.artifacts: list[Artifact] = list(package.artifacts())
        self.places: dict[str, str] = {}

    def gap(self, code: str, reason: Text, *paths: str) -> None:
        """Record that ``paths`` are not fully known."""
        self.gaps.extend(Gap(path=path, code=code, reason=reason) for path in paths)

    def read(self, name: str) -> bytes:
        """Return the content of a file and record it as an artifact; raises EntryError."""
        data, digest = self.package.read_hashed(name)
        self.artifacts.append(Artifact(name=self.package.artifact(name), sha256=digest, size=len(data)))
        return data

    def cited(self, facts: AppFacts) -> None:
        """Record the files of the package that evidence points into and that were read without being recorded.

        At most 2,000 files and 256 MB; a file that cannot be read again is not recorded, nor are the records of builds,
        dozens of files of a few bytes that the evidence quotes whole.
        """
        known = {artifact.name for artifact in self.artifacts}
        room = MAX_CITED_BYTES
        cited = cited_files(facts) & self.package.entries.keys()
        for name in sorted(one for one in cited if not one.startswith("META-INF/"))[:MAX_CITED]:
            if self.package.artifact(name) in known:
                continue
            room -= self.package.entries[name].size
            if room < 0:
                break
            with suppress(EntryError):
                self.read(name)

    def _table_unread(self, name: str, why: Text) -> None:
        reason = Text(zh=f"资源表无法读取（{why.zh}）", en=f"the resource table could not be read ({why.en})")
        self.gap("resources-unread", reason, "app.texts", "app.checkboxes", "app.dialogs", "app.has_account")
        where = self.package.artifact(name)
        self.problems.append(Problem(code="resources-unread", where=where, message=reason))

    def resources(self) -> ResourceTable | None:
        """Return the resources, None where there are none or none could be read."""
        return self.package.resources(self.read, self._table_unread)

    def skipped(self, resources: ResourceTable | None) -> None:
        """Report what of the resources was not read, once everything has been asked of them."""
        if resources is None or not resources.skipped:
            return
        message = Text(
            zh="资源表有部分条目损坏，已跳过",
            en="parts of the resource table are broken and were skipped",
        )
        self.problems.append(
            Problem(
                code="resources-skipped", where="resources.arsc", message=message, count=resources.skipped
            )
        )
        self.gap(
            "resources-skipped", message, "app.texts", "app.checkboxes", "app.dialogs", "app.has_account"
        )

    def manifest(self, resources: ResourceTable | None) -> Manifest:
        """Return the manifest, of a set merged; raises InputError when Android could not read it or the base is missing."""
        where = self.package.path
        try:
            manifest = Manifest(self._document(), resources)
        except EntryError as error:
            if error.code == "missing":
                raise InputError(
                    "no-manifest",
                    Text(
                        zh=f"{where}：没有 AndroidManifest.xml，不是 Android 安装包。请给出 APK 文件",
                        en=f"{where}: no AndroidManifest.xml, so not an Android package; give an APK file",
                    ),
                ) from error
            raise InputError(
                "manifest-unreadable",
                Text(
                    zh=f"{where}：AndroidManifest.xml 无法读取（{error.text.zh}）。安装包已损坏，请重新获取",
                    en=f"{where}: AndroidManifest.xml cannot be read ({error.text.en}); get the package again",
                ),
            ) from error
        except AxmlError as error:
            raise InputError(
                "manifest-broken",
                Text(
                    zh=f"{where}：AndroidManifest.xml 不是 Android 能读的格式（{error}）。请确认安装包能在手机上安装",
                    en=f"{where}: AndroidManifest.xml is not what Android can read ({error}); check that it installs",
                ),
            ) from error
        if manifest.split:
            raise InputError(
                "base-missing",
                Text(
                    zh=f"{where}：只是拆分包 {manifest.split}，没有 base，无法检测。请提供完整的一套",
                    en=f"{where}: only the split {manifest.split} without its base; give the complete set",
                ),
            )
        if manifest.dropped:
            message = Text(
                zh=f"清单中有 {manifest.dropped} 个元素嵌套过深，未读取",
                en=f"{manifest.dropped} elements of the manifest are nested too deep and were not read",
            )
            self.problems.append(
                Problem(code="manifest-depth", where=MANIFEST, message=message, count=manifest.dropped)
            )
            self.gap("manifest-depth", message, *MANIFEST_PATHS)
        return manifest

    def _document(self) -> Document:
        data = self.read(MANIFEST)
        document = protoxml.read(data) if self.package.kind == "bundle" else axml.read(data)
        if len(self.package.parts) == 1:
            return document
        for number, part in enumerate(self.package.parts[1:], 1):
            if part.document is not None:
                self.read(self.package.part_path(number, MANIFEST))
        merged = merge(document, self.package)
        self.places = merged.places
        self.problems += merged.problems
        return merged.document

    def signing(self, manifest: Manifest) -> Signing:
        """Return the signing facts; of a bundle only that they are not known."""
        package = self.package
        if package.kind == "bundle":
            self.gaps.append(signing_gap())
            return upload_signing(package.parts[0].archive, package.whole)
        if package.kind == "splits":
            signing = joined_signing(package.parts)
        else:
            archive = package.parts[0].archive
            signing = read_signing(archive, manifest.min_sdk or 1, manifest.effective_target)
        if certificates_unread(signing):
            reason = Text(
                zh="签名证书无法读取", en="the certificate of the package's signature could not be read"
            )
            self.problems.append(
                Problem(code="certificate-unread", where="APK Signing Block", message=reason)
            )
            self.gap("certificate-unread", reason, "app.signing.certificates")
        return signing

    def delivery(self, manifest: Manifest, identity: Identity, resources: ResourceTable | None) -> None:
        """Record what the delivery lacks, and where it contradicts what it says of itself."""
        missing = missing_splits(manifest, self.package, resources)
        self.gaps += [*self.package.gaps, *missing.gaps]
        self.problems += missing.problems
        if self.package.declared is not None:
            names = (identity.label, identity.label_zh, identity.label_en)
            version = identity.version_name, identity.version_code
            self.problems += mismatches(self.package.declared, identity.package, *version, names)

    def named(self, facts: Facts, resources: ResourceTable | None) -> Facts:
        """Return ``facts`` with evidence that names the files of the delivery."""
        if self.package.kind == "apk":
            return facts
        strings = resources.artifact if isinstance(resources, Resources) else None
        return renamed(facts, self.package, self.places, strings)
