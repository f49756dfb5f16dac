"""``guijian sample``: 双随机, a reproducible draw of subjects and inspectors with a record anybody can verify."""

from __future__ import annotations

import sys
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.batch import DefaultRun
from scanner.cli.options import LANG, Moment, moment_or_now, write_output
from scanner.cli.storeoptions import errors, opened
from scanner.errors import InputError, ReportError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scanner.sampling import Candidate, Inspector, SampleRecord, Source

FORMATS = {"json": "json", "html": "html", "docx": "docx"}
STRATA = ("category", "store", "region", "history")
WORDS: dict[str, Text] = {
    "drawn": Text(
        zh="从 {population} 个对象中抽取 {drawn} 个，分 {strata} 层；名单摘要 {digest}",
        en="{drawn} of {population} subjects drawn from {strata} strata; digest of the list {digest}",
    ),
    "fewer": Text(
        zh="只抽到 {drawn} 个，少于要求的 {size} 个：名单或权重不为零的层已抽完",
        en="only {drawn} of the {size} wanted: the list, or the strata with a weight, are exhausted",
    ),
    "unpaired": Text(
        zh="{count} 个对象因回避找不到两名检查人员，请增加人员后重抽：{names}",
        en="{count} subjects have fewer than two inspectors without conflict; add people and draw again: {names}",
    ),
    "verified": Text(
        zh="记录可重现：{drawn} 个对象及检查人员与记录一致",
        en="the record reproduces: {drawn} subjects as recorded",
    ),
    "subjects": Text(zh="抽查名单 {entries} 条，摘要 {digest}", en="{entries} subjects, digest {digest}"),
    "inspectors": Text(zh="检查人员 {entries} 名，摘要 {digest}", en="{entries} inspectors, digest {digest}"),
    "which": Text(
        zh="请给出 --subjects 名单或 --store 结果库", en="give a list with --subjects or a store with --store"
    ),
}


class Weight(click.ParamType[tuple[str, Fraction]]):
    """``STRATUM=NUMBER``: how many times likelier the members of a stratum are drawn."""

    name = "STRATUM=NUMBER"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Fraction]:
        """Return the value of a stratifying column (or a whole stratum) and its weight."""
        if isinstance(value, tuple):
            return value
        name, _, number = str(value).rpartition("=")
        try:
            weight = Fraction(number)
        except (ValueError, ZeroDivisionError):
            weight = Fraction(-1)
        if not name or weight < 0:
            self.fail(f"{value!r} 不是 层=权重，例如 差=3 / is not STRATUM=NUMBER", param, ctx)
        return name, weight


def list_options(function: Any) -> Any:
    """Add the options that name the lists."""
    for option in reversed(
        [
            click.option(
                "--subjects",
                type=click.Path(path_type=Path),
                default=None,
                help="抽查名单（CSV、Excel、JSONL） / list of subjects",
            ),
            click.option(
                "--inspectors",
                type=click.Path(path_type=Path),
                default=None,
                help="检查人员名单 / list of inspectors",
            ),
            click.option(
                "--store",
                "store_url",
                default=None,
                help="结果库：作为名单，或为名单补充历史等级 / store as list or history",
            ),
            click.option(
                "--by",
                multiple=True,
                type=click.Choice(STRATA),
                help="分层依据，可重复 / stratify by, repeatable",
            ),
            click.option(
                "--avoid-region",
                is_flag=True,
                help="检查人员回避本地区的对象 / inspectors avoid their own region",
            ),
        ]
    ):
        function = option(function)
    return function


@click.group("sample", cls=DefaultRun, default="draw")
def sample() -> None:
    """双随机抽查：按公开种子随机抽取对象和检查人员，任何人可重现。

    Draw subjects and inspectors at random from a published seed; anybody can repeat it.
    """


@sample.command("draw")
@list_options
@click.option("--seed", required=True, help="公开的种子，例如当期彩票号码 / published seed")
@click.option("--seed-source", default="", help="种子的出处 / where the seed was published")
@click.option("--size", type=click.IntRange(1, 1_000_000), required=True, help="抽取数量 / how many")
@click.option(
    "--minimum", type=click.IntRange(0), default=1, show_default=True, help="每层至少 / at least per stratum"
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    type=Weight(),
    help="层的权重，例如 差=3，可重复 / weight of a stratum",
)
@click.option("--title", default="", help="抽查事项 / subject of the inspection")
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="记录的格式，可重复 / format of the record",
)
@click.option(
    "-o", "--output", default="-", help="输出文件；多种格式时为目录 / file, or folder for several formats"
)
@click.option("--now", type=Moment(), default=None, help="抽取时间（默认当前） / moment of the draw")
@LANG
def draw_command(
    lang: Lang, formats: tuple[str, ...], output: str, now: datetime | None, **options: Any
) -> None:
    """抽取对象，并为每个对象配两名检查人员，写出抽查记录。

    Draw subjects and two inspectors for each, and write the record.
    """
    from scanner.sampling import draw  # noqa: PLC0415 - with its command

    with errors("", lang):
        population, inspectors, sources = _lists(options)
        record = draw(
            population=population or [],
            inspectors=inspectors or [],
            seed=options["seed"],
            size=options["size"],
            minimum=options["minimum"],
            by=options["by"],
            weights=_weights(population or [], options["weights"]),
            drawn_at=moment_or_now(now),
            subjects_source=sources[0],
            inspectors_source=sources[1],
            avoid_region=options["avoid_region"],
            title=options["title"],
            seed_source=options["seed_source"],
        )
        for form, path in destinations(formats or (guess(output, FORMATS, "json"),), output, "sample"):
            write_output(path, _written(record, form, lang))
    _say(
        "drawn",
        lang,
        population=len(record.population),
        drawn=len(record.drawn),
        strata=len(record.strata),
        digest=record.population_sha256,
    )
    if len(record.drawn) < record.size:
        _say("fewer", lang, drawn=len(record.drawn), size=record.size)
    if record.unpaired:
        names = "、".join(item.name or item.id for item in record.unpaired[:10])
        _say("unpaired", lang, count=len(record.unpaired), names=names)
        sys.exit(1)


@sample.command("verify")
@click.argument("record_file", metavar="RECORD", type=click.Path(path_type=Path))
@list_options
@LANG
def verify_command(record_file: Path, lang: Lang, **options: Any) -> None:
    """按 RECORD（JSON 记录）重新抽取并比对；给出名单时一并核对名单。

    Draw again from RECORD and compare; with lists given, compare them too.  Exit code 1 when something differs.
    """
    from scanner.cli.documents import parse, read_bytes  # noqa: PLC0415
    from scanner.sampling import SampleRecord, verify  # noqa: PLC0415

    with errors(str(record_file), lang):
        record = parse(
            SampleRecord, read_bytes(record_file), record_file, Text(zh="抽查记录", en="record of a draw")
        )
        options["by"] = options["by"] or record.by
        options["avoid_region"] = options["avoid_region"] or record.avoid_region
        population, inspectors, _ = _lists(options, needed=False)
        differences = verify(record, population, inspectors)
    for difference in differences:
        click.echo(difference.get(lang))
    if differences:
        sys.exit(1)
    click.echo(WORDS["verified"].get(lang).format(drawn=len(record.drawn)))


@sample.command("announce")
@list_options
@LANG
def announce_command(lang: Lang, **options: Any) -> None:
    """输出名单的摘要，供在种子产生之前公布，证明名单未事后改动。

    Print the digests of the lists, to be published before the seed is known.
    """
    from scanner.sampling import digest  # noqa: PLC0415

    with errors("", lang):
        population, inspectors, _ = _lists(options)
        for key, items in (("subjects", digest(population or [])), ("inspectors", digest(inspectors or []))):
            count = len(population or []) if key == "subjects" else len(inspectors or [])
            click.echo(WORDS[key].get(lang).format(entries=count, digest=items))


def _lists(
    options: dict[str, Any], *, needed: bool = True
) -> tuple[Sequence[Candidate] | None, Sequence[Inspector] | None, tuple[Source, Source]]:
    from scanner.batch import lists  # noqa: PLC0415
    from scanner.sampling import Source  # noqa: PLC0415

    population, inspectors = None, None
    sources = [Source(name="", entries=0), Source(name="", entries=0)]
    by, avoid = options["by"], options["avoid_region"]
    if options["store_url"] is not None:
        with opened(options["store_url"]) as store:
            if options["subjects"] is None:
                population, sources[0] = lists.store_subjects(
                    store, options["store_url"], by, avoid_region=avoid
                )
            else:
                known = lists.grades(store)
                population, sources[0] = lists.read_subjects(
                    options["subjects"], by, avoid_region=avoid, history=known
                )
    elif options["subjects"] is not None:
        population, sources[0] = lists.read_subjects(options["subjects"], by, avoid_region=avoid)
    elif needed:
        raise ReportError("sample-source", WORDS["which"])
    if options["inspectors"] is not None:
        inspectors, sources[1] = lists.read_inspectors(options["inspectors"], avoid_region=avoid)
    return population, inspectors, (sources[0], sources[1])


def _weights(population: Sequence[Candidate], given: tuple[tuple[str, Fraction], ...]) -> dict[str, str]:
    """Return the weight of each stratum: the product over its values that have one."""
    found: dict[str, Fraction] = {}
    used: set[str] = set()
    for stratum in {candidate.stratum for candidate in population}:
        parts = {stratum, *stratum.split(" / ")}
        for name, weight in given:
            if name in parts:
                used.add(name)
                found[stratum] = found.get(stratum, Fraction(1)) * weight
    unknown = [name for name, _ in given if name not in used]
    if unknown:
        raise InputError(
            "weight-unknown",
            Text(
                zh=f"没有名为 {'、'.join(unknown)} 的层，--weight 不起作用。请检查名称和 --by",
                en=f"no stratum is called {', '.join(unknown)}; check --weight and --by",
            ),
        )
    return {name: str(weight) for name, weight in found.items()}


def _written(record: SampleRecord, form: str, lang: Lang) -> bytes:
    if form == "json":
        return record.model_dump_json(indent=1).encode() + b"\n"
    from reports import samplepage, supervision  # noqa: PLC0415

    return supervision.write(samplepage.sample_page(record, lang), form)


def _say(key: str, lang: Lang, **values: Any) -> None:
    click.echo(WORDS[key].get(lang).format(**values), err=True)


def guess(output: str, formats: dict[str, str], default: str) -> str:
    """Return the format that the ending of ``output`` stands for."""
    suffix = Path(output).suffix.lstrip(".") if output != "-" else ""
    return next((name for name, extension in formats.items() if extension == suffix), default)


def destinations(formats: Sequence[str], output: str, stem: str) -> list[tuple[str, str]]:
    """Return the file of each format; raises ReportError when several formats have no folder."""
    wanted = list(dict.fromkeys(formats))
    if len(wanted) == 1 and not (output.endswith("/") or Path(output).is_dir()):
        return [(wanted[0], output)]
    if output == "-":
        raise ReportError(
            "output-needed",
            Text(
                zh="同时输出多种格式时，请用 -o 指定一个目录",
                en="several formats need a folder: give one with -o",
            ),
        )
    folder = Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            "output-folder",
            Text(
                zh=f"{output} 无法用作目录：{error.strerror}", en=f"{output} is no folder: {error.strerror}"
            ),
        ) from error
    return [(form, str(folder / f"{stem}.{form}")) for form in wanted]
