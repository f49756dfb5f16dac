"""``guijian keygen``, ``evidence pack`` and ``verify``: what was found, sealed so that any change shows."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

import click

from scanner import __version__
from scanner.bundle import (
    Manifest,
    Opener,
    Role,
    SourceHash,
    Verification,
    describe,
    verify_bundle,
    write_bundle,
)
from scanner.cli.decisionfile import evidence_path, file_artifact, read_decisions, verify_evidence
from scanner.cli.documents import kind_of, parse, read_bytes, unknown_file
from scanner.cli.options import LANG, Moment, exit_code, moment_or_now, show_error
from scanner.errors import GuijianError, InputError, ReportError
from scanner.files import write_whole
from scanner.model import Assessment, Lang, Text
from scanner.seal import MAX_KEY, generate, read_private, read_public

REPORT = Text(zh="JSON 报告", en="JSON report")
WORDS: dict[str, Text] = {
    "made": Text(
        zh="私钥 {private}（请妥善保管，不要外传）\n公钥 {public}\n公钥指纹 {id}",
        en="private key {private} (keep it secret)\npublic key {public}\nkey fingerprint {id}",
    ),
    "packed": Text(
        zh="已写入 {path}：{count} 个文件，公钥指纹 {id}", en="{path}: {count} files, key fingerprint {id}"
    ),
    "intact": Text(zh="完好：内容与签署时一致", en="intact: as it was when signed"),
    "signed_by": Text(zh="签署公钥（{algorithm}）{id}", en="signing key ({algorithm}) {id}"),
    "untrusted": Text(
        zh="未用 --key 指定公钥，只能说明内容与包内公钥一致；请与签署单位公布的指纹核对",
        en="no --key was given: this shows only agreement with the key inside; compare the fingerprint with the "
        "signer's own",
    ),
    "about": Text(
        zh="对象 {name}（{identifier}）{version}，sha256 {sha256}\n制作时间 {created}，规则包 {pack}（{pack_sha256}）",
        en="subject {name} ({identifier}) {version}, sha256 {sha256}\ncreated {created}, rule pack {pack} ({pack_sha256})",
    ),
    "failed": Text(zh="校验不通过：{count} 处问题", en="verification failed: {count} problem(s)"),
}


@click.command("keygen")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="私钥文件 / private key file"
)
@click.option(
    "--algorithm",
    type=click.Choice(["ed25519", "sm2"]),
    default="ed25519",
    show_default=True,
    help="签名算法 / algorithm",
)
@LANG
def keygen(output: Path, algorithm: str, lang: Lang) -> None:
    """生成签署证据包的密钥对：私钥写入 -o 文件（仅本人可读），公钥写在其旁 .pub。

    Make a key pair for evidence packages: the private key goes to the file, the public key beside it (.pub).
    """
    public = output.with_name(output.name + ".pub")
    try:
        key = generate("sm2" if algorithm == "sm2" else "ed25519")
        _write_secret(output, key.pem())
        write_whole(public, key.public.pem())
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    text = WORDS["made"].get(lang).format(private=output, public=public, id=key.public.id)
    click.echo(text, err=True)


def _write_secret(path: Path, data: bytes) -> None:
    """Write ``data`` to a new file only its owner can read; raises ReportError, also when it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise ReportError(
            "key-write",
            Text(
                zh=f"无法写入私钥 {path}：{error.strerror}（不会覆盖已有文件）",
                en=f"cannot write the private key {path}: {error.strerror} (existing files are not replaced)",
            ),
        ) from error


@click.group("evidence")
def evidence() -> None:
    """制作可校验的证据包 / make evidence packages that can be verified."""


@evidence.command("pack")
@click.argument("report", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="证据包（.zip） / package"
)
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path), help="签署私钥 / private key"
)
@click.option(
    "--decisions",
    "decisions_file",
    default=None,
    type=click.Path(path_type=Path),
    help="人工结论文件，连同其证据文件 / decisions file, with its evidence files",
)
@click.option(
    "--source",
    default=None,
    type=click.Path(path_type=Path),
    help="原始检测对象，核对其 sha256 后放入 / the file examined, checked and included",
)
@LANG
@click.option("--now", type=Moment(), default=None, help="制作时间（默认当前时间） / time of making")
def pack(
    report: Path,
    files: tuple[Path, ...],
    output: Path,
    key_file: Path,
    decisions_file: Path | None,
    source: Path | None,
    lang: Lang,
    now: datetime | None,
) -> None:
    """把 REPORT（JSON 报告）及其他报告 FILES 做成签名的证据包。

    Pack REPORT (a JSON report) and other report FILES into a signed evidence package.
    """
    try:
        key = read_private(read_bytes(key_file, MAX_KEY))
        contents, assessment, sources = _gather(report, files, decisions_file, source)
        manifest = Manifest(
            created=moment_or_now(now),
            tool_version=__version__,
            pack_version=assessment.pack_version,
            pack_sha256=assessment.pack_sha256,
            profile=assessment.profile,
            subject=assessment.subject,
            sources=sources,
            files=tuple(describe(name, role, opener) for name, (role, opener) in sorted(contents.items())),
            algorithm=key.public.algorithm,
            key=key.public.id,
        )
        openers = {name: opener for name, (_, opener) in contents.items()}
        _write_package(output, lambda stream: write_bundle(stream, manifest, key, openers))
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    except OSError as error:
        click.echo(f"{'错误' if lang == 'zh' else 'error'}: {error.filename}: {error.strerror}", err=True)
        sys.exit(3)
    text = WORDS["packed"].get(lang).format(path=output, count=len(manifest.files), id=key.public.id)
    click.echo(text, err=True)


Contents = dict[str, tuple[Role, Opener]]


def _gather(
    report: Path, files: tuple[Path, ...], decisions_file: Path | None, source: Path | None
) -> tuple[Contents, Assessment, tuple[SourceHash, ...]]:
    """Return the package's files by path, the assessment, and the hashes of what was examined."""
    from reports.jsonout import JsonReport  # noqa: PLC0415 - the report's model loads only when one is read

    data = read_bytes(report)
    if kind_of(data) != "report":
        raise unknown_file(report, REPORT)
    document = parse(JsonReport, data, report, REPORT)
    facts, assessment = document.facts, document.assessment
    contents: Contents = {
        "facts.json": ("facts", _from_bytes(facts.model_dump_json(indent=1).encode() + b"\n")),
        "assessment.json": ("assessment", _from_bytes(assessment.model_dump_json(indent=1).encode() + b"\n")),
    }
    for path in (report, *files):
        _add(contents, f"reports/{path.name}", "report", path)
    if decisions_file is not None:
        _add_decisions(contents, decisions_file)
    if source is not None:
        found = file_artifact(source, source.name)
        if found.sha256 != assessment.subject.sha256:
            raise InputError(
                "source-differs",
                Text(
                    zh=f"{source} 不是报告所检测的文件：sha256 为 {found.sha256}，报告记载 {assessment.subject.sha256}",
                    en=f"{source} is not what the report examined: sha256 {found.sha256}, not "
                    f"{assessment.subject.sha256}",
                ),
            )
        _add(contents, f"source/{source.name}", "source", source)
    hashes = {
        (a.name, a.sha256): SourceHash(name=a.name, size=a.size, sha256=a.sha256) for a in facts.artifacts
    }
    return contents, assessment, tuple(hashes[key] for key in sorted(hashes))


def _add_decisions(contents: Contents, path: Path) -> None:
    decisions = read_decisions(path).decisions
    _, rejected = verify_evidence(decisions, path.parent)
    if rejected:
        raise InputError("evidence-differs", rejected[0].reason)
    _add(contents, f"decisions/{path.name}", "decisions", path)
    for name in sorted({item.name for decision in decisions for item in decision.evidence}):
        place = evidence_path(name, path.parent)
        if place is not None:
            contents[f"decisions/{name}"] = ("evidence", _from_file(place))


def _add(contents: Contents, name: str, role: Role, path: Path) -> None:
    if name in contents:
        raise InputError(
            "evidence-twice", Text(zh=f"有两个文件都叫 {path.name}", en=f"two files are called {path.name}")
        )
    if not path.is_file():
        raise InputError(
            "evidence-file", Text(zh=f"找不到文件 {path}", en=f"{path} is missing or no plain file")
        )
    contents[name] = (role, _from_file(path))


def _from_file(path: Path) -> Opener:
    return lambda: path.open("rb")


def _from_bytes(data: bytes) -> Opener:
    return lambda: io.BytesIO(data)


def _write_package(output: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write the package whole or not at all."""
    try:
        handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    except OSError as error:
        raise ReportError(
            "write-failed",
            Text(zh=f"无法写入 {output}：{error.strerror}", en=f"cannot write {output}: {error.strerror}"),
        ) from error
    try:
        with os.fdopen(handle, "w+b") as stream:
            write(stream)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(output)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@click.command("verify")
@click.argument("package", type=click.Path(path_type=Path))
@click.option(
    "--key",
    "key_file",
    default=None,
    type=click.Path(path_type=Path),
    help="签署单位的公钥 / signer's public key",
)
@LANG
def verify(package: Path, key_file: Path | None, lang: Lang) -> None:
    """校验证据包 PACKAGE：找出任何改动、增删、改名，并验证签名。

    Verify an evidence PACKAGE: finds any file changed, added, removed or renamed, and checks the signature.
    Exit code 0: intact; 1: not; 3: cannot be read.
    """
    from reports.text import one_line  # noqa: PLC0415 - only for this command

    try:
        key = read_public(read_bytes(key_file, MAX_KEY)) if key_file is not None else None
        result = verify_bundle(package, key)
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    for line in _lines(result, lang):
        click.echo(one_line(line, 1000))
    sys.exit(1 if result.problems else 0)


def _lines(result: Verification, lang: Lang) -> list[str]:
    lines: list[str] = []
    manifest = result.manifest
    if manifest is not None:
        subject = manifest.subject
        about = (
            WORDS["about"]
            .get(lang)
            .format(
                name=subject.name,
                identifier=subject.identifier,
                version=subject.version,
                sha256=subject.sha256,
                created=manifest.created.isoformat(),
                pack=manifest.pack_version,
                pack_sha256=manifest.pack_sha256,
            )
        )
        lines += about.split("\n")
        lines.append(WORDS["signed_by"].get(lang).format(algorithm=manifest.algorithm, id=manifest.key))
    if result.problems:
        lines.append(WORDS["failed"].get(lang).format(count=len(result.problems)))
        lines += [
            f"- {p.path}: {p.text.get(lang)}" if p.path else f"- {p.text.get(lang)}" for p in result.problems
        ]
        return lines
    lines.append(WORDS["intact"].get(lang))
    if not result.trusted:
        lines.append(WORDS["untrusted"].get(lang))
    return lines
