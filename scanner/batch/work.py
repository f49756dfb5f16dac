"""What happens to one target, in a process of its own: collect its facts, assess them, return both packed."""

from __future__ import annotations

import errno
import hashlib
import time
from datetime import datetime
from functools import cache
from pathlib import Path

import zstandard

from scanner import __version__
from scanner.batch.meta import with_meta
from scanner.batch.obtain import delivers_package, local_copy
from scanner.batch.targets import Target
from scanner.errors import GuijianError, InputError
from scanner.facts import Facts
from scanner.model import Assessment, Frozen, Text
from scanner.rulepack import Pack

COLLECTOR = f"guijian {__version__}"
LEVEL = 6  # zstd: a tenth of the JSON's size at 200 MB/s


class Job(Frozen):
    """A target with everything its process needs to know.

    ``facts`` are stored facts (packed) when the package need not be opened again.  ``profile`` is a profile id or
    empty for the default of the subject's kind.
    """

    target: Target
    profile: str
    now: datetime
    overlays: tuple[str, ...] = ()
    facts: bytes | None = None
    allow_private: bool = False


class Done(Frozen):
    """Result of a job: ``sha256`` of the input, facts and assessment packed (zstd JSON), seconds spent
    (wall for the two steps, processor for the whole process)."""

    sha256: str
    collector: str
    facts: bytes
    assessment: bytes
    collect_seconds: float
    assess_seconds: float
    cpu_seconds: float
    facts_reused: bool


class Failed(Frozen):
    """A target that could not be examined, and why; ``final`` when trying again cannot help."""

    code: str
    reason: Text
    sha256: str = ""
    final: bool = True


def pack_bytes(text: str) -> bytes:
    """Return ``text`` compressed."""
    return zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(text.encode())


def unpack_bytes(data: bytes) -> bytes:
    """Return what :func:`pack_bytes` compressed."""
    return zstandard.ZstdDecompressor().decompress(data)


@cache
def shared_pack(overlays: tuple[str, ...]) -> Pack:
    """Return the rule pack with ``overlays``, loaded once per process."""
    from scanner.packload import load_pack  # noqa: PLC0415 - loaded by the server the tasks are forked from

    return load_pack([Path(folder) for folder in overlays])


def work(job: Job) -> Done | Failed:
    """Examine one target; a target that cannot be read is a result, not an exception."""
    try:
        started = time.monotonic()
        if job.facts is not None:
            facts, reused = Facts.model_validate_json(unpack_bytes(job.facts)), True
        else:
            facts, reused = _collect(job), False
        collected = time.monotonic()
        assessment = assess_facts(with_meta(facts, job.target.meta), job)
        return Done(
            sha256=facts.subject.sha256,
            collector=facts.collector,
            facts=b"" if reused else pack_bytes(facts.model_dump_json()),
            assessment=pack_bytes(assessment.model_dump_json()),
            collect_seconds=round(collected - started, 4),
            assess_seconds=round(time.monotonic() - collected, 4),
            cpu_seconds=round(time.process_time(), 4),
            facts_reused=reused,
        )
    except InputError as error:
        return Failed(code=error.code, reason=error.text)
    except GuijianError as error:
        return Failed(code=error.code, reason=error.text, final=False)
    except MemoryError:
        raise
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError from error
        return Failed(
            code="system-error",
            reason=Text(zh=f"系统错误：{error}", en=f"system error: {error}"),
            final=False,
        )
    except Exception as error:  # noqa: BLE001 - the per-target boundary: one bad input never stops a batch
        kind = type(error).__name__
        return Failed(
            code="internal-error",
            reason=Text(
                zh=f"程序内部错误（{kind}：{error}），请把该安装包和此信息反馈给开发者",
                en=f"internal error ({kind}: {error}); report it with the input",
            ),
            final=False,
        )


def assess_facts(facts: Facts, job: Job) -> Assessment:
    """Assess ``facts`` as ``job`` says."""
    from scanner.assess import assess  # noqa: PLC0415 - with the pack
    from scanner.packload import profile_for  # noqa: PLC0415

    pack = shared_pack(job.overlays)
    return assess(
        facts,
        pack,
        profile_for(pack, facts.subject.kind, job.profile or None),
        now=job.now,
        tool_version=__version__,
    )


def _collect(job: Job) -> Facts:
    from scanner.collect import collect  # noqa: PLC0415 - parsers load in the server the tasks are forked from
    from scanner.context import CollectOptions, SiteOptions  # noqa: PLC0415

    site = SiteOptions(allow_private=job.allow_private)
    location = job.target.location
    if job.target.kind == "site" and not delivers_package(location, site):
        return collect(location, CollectOptions(site=site))
    with local_copy(location, site) as path:
        facts = collect(str(path), CollectOptions())
    return facts.model_copy(update={"subject": facts.subject.model_copy(update={"source": ""})})


def file_sha256(path: Path) -> str:
    """Return the SHA-256 (hex) of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
