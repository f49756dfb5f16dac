"""``guijian review``: a human works through the manual checks; every answer is saved at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner import __version__
from scanner.cli.decisionfile import (
    parse_date,
    read_decisions,
    record_evidence,
    verify_evidence,
    write_decisions,
)
from scanner.cli.documents import facts_of
from scanner.cli.options import LANG, PROFILE, RULES, Moment, exit_code, moment_or_now, show_error
from scanner.errors import GuijianError, InputError
from scanner.model import Decision, Lang, Text, Verdict

if TYPE_CHECKING:
    from rich.console import Console

    from reports.clauses import ControlView
    from reports.view import ReportView

DEFAULT = "guijian-decisions.yaml"
ANSWERS = {
    "c": Verdict.COMPLIANT,
    "v": Verdict.VIOLATION,
    "p": Verdict.SUSPECTED,
    "n": Verdict.NOT_APPLICABLE,
    "符合": Verdict.COMPLIANT,
    "不符合": Verdict.VIOLATION,
    "疑似": Verdict.SUSPECTED,
    "不适用": Verdict.NOT_APPLICABLE,
}
SKIP, QUIT = {"", "s", "跳过"}, {"q", "结束"}
CHOICES = [v.value for v in dict.fromkeys(ANSWERS.values())]
WORDS: dict[str, Text] = {
    "ask_verdict": Text(
        zh="结论 [c 符合 / v 不符合 / p 疑似 / n 不适用 / s 跳过 / q 结束]",
        en="verdict [c compliant / v violation / p suspected / n not applicable / s skip / q quit]",
    ),
    "ask_who": Text(zh="核查人", en="who"),
    "ask_why": Text(zh="理由（所见与依据）", en="why (what was seen)"),
    "ask_evidence": Text(zh="证据文件（每行一个，空行结束）", en="evidence file (one a line, empty to end)"),
    "ask_until": Text(zh="有效期至（YYYY-MM-DD，空为长期）", en="valid until (YYYY-MM-DD, empty for no end)"),
    "again": Text(zh="请重新输入", en="please answer again"),
    "required": Text(zh="此项必填", en="this is required"),
    "ended": Text(zh="输入已结束，未完成的一项未保存", en="input ended; the unfinished item was not saved"),
    "nothing": Text(zh="没有待人工核查的事项", en="nothing awaits a human"),
    "saved": Text(zh="已保存 {count} 条人工结论到 {path}", en="{count} decisions saved to {path}"),
    "unknown": Text(
        zh="本次评估中没有待核查的控制点：{name}", en="no control {name} awaits a human in this assessment"
    ),
    "together": Text(
        zh="--verdict 须与 --control、--who、--why 一起使用",
        en="--verdict needs --control, --who and --why",
    ),
}


@click.command("review")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "-d",
    "--decisions",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="人工结论文件（.yaml 或 .json） / decisions file",
)
@click.option("--control", "controls", multiple=True, help="只核查这些控制点 / only these controls")
@click.option("--who", default="", help="核查人 / who decides")
@click.option(
    "--verdict", type=click.Choice(CHOICES), default=None, help="不提问，直接记录 / record without asking"
)
@click.option("--why", default="", help="理由 / why")
@click.option("--until", default="", help="有效期至 / valid until, YYYY-MM-DD")
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(path_type=Path),
    help="证据文件，可重复 / evidence file, repeatable",
)
@click.option(
    "--any-version", is_flag=True, help="结论适用于该应用的任何版本 / the decision holds for any version"
)
@PROFILE
@RULES
@LANG
@click.option("--now", type=Moment(), default=None, help="核查时点（默认当前时间） / moment of the review")
def review(
    target: Path,
    path: Path,
    controls: tuple[str, ...],
    who: str,
    verdict: str | None,
    why: str,
    until: str,
    evidence: tuple[Path, ...],
    any_version: bool,
    profile_name: str | None,
    overlays: tuple[Path, ...],
    lang: Lang,
    now: datetime | None,
) -> None:
    """逐项完成 TARGET（事实文件或 JSON 报告）的人工核查，结论写入人工结论文件。

    Work through the manual checks of TARGET (facts or a JSON report); each answer is saved at once.
    """
    try:
        session = _Session(target, path, profile_name, overlays, moment_or_now(now), lang, any_version)
        items = session.items(controls)
        if verdict is not None:
            if not (controls and who.strip() and why.strip()):
                raise InputError("review-options", WORDS["together"])
            ends = parse_date(until) if until else None
            for item in items:
                session.save(item.id, Verdict(verdict), who, why, ends, evidence)
        else:
            session.ask_all(items, who)
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    click.echo(WORDS["saved"].get(lang).format(count=session.count, path=path), err=True)


class _Session:
    """One review: the assessment as it stands, and the decisions file that grows."""

    def __init__(
        self,
        target: Path,
        path: Path,
        profile_name: str | None,
        overlays: Sequence[Path],
        now: datetime,
        lang: Lang,
        any_version: bool,
    ) -> None:
        from reports.view import ReportView  # noqa: PLC0415 - loaded only for this command
        from scanner.assess import assess  # noqa: PLC0415
        from scanner.packload import load_pack, profile_for  # noqa: PLC0415

        facts = facts_of(target)
        pack = load_pack(overlays)
        self.path, self.folder, self.lang, self.today = path, path.parent, lang, now.date()
        self.decisions = list(read_decisions(path).decisions) if path.exists() else []
        good, bad = verify_evidence(self.decisions, self.folder)
        assessment = assess(
            facts,
            pack,
            profile_for(pack, facts.subject.kind, profile_name),
            now=now,
            tool_version=__version__,
            decisions=good,
            rejected=bad,
        )
        self.view: ReportView = ReportView(assessment, facts, pack, lang)
        subject = facts.subject
        self.subject = subject.identifier if any_version or not subject.sha256 else subject.sha256
        self.count = 0

    def items(self, controls: Sequence[str]) -> list[ControlView]:
        """Return the manual checks to work through; raises InputError for a control that does not wait."""
        waiting = {item.id: item for item in self.view.manual}
        missing = [name for name in controls if name not in waiting]
        if missing:
            text = WORDS["unknown"]
            names = "、".join(missing)
            raise InputError(
                "review-control", Text(zh=text.zh.format(name=names), en=text.en.format(name=names))
            )
        return [item for name, item in waiting.items() if not controls or name in controls]

    def save(
        self, control: str, verdict: Verdict, who: str, why: str, until: date | None, evidence: Sequence[Path]
    ) -> None:
        """Append one decision and write the file."""
        self.decisions.append(
            Decision(
                control=control,
                subject=self.subject,
                verdict=verdict,
                who=who.strip(),
                when=self.today,
                why=why.strip(),
                until=until,
                evidence=tuple(record_evidence(path, self.folder) for path in evidence),
            )
        )
        write_decisions(self.path, self.decisions)
        self.count += 1

    def ask_all(self, items: Sequence[ControlView], who: str) -> None:
        """Show each item with its procedure and ask; stop at the end of the input."""
        from rich.console import Console  # noqa: PLC0415 - only when people are asked

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        if not items:
            console.print(WORDS["nothing"].get(self.lang))
        try:
            for number, item in enumerate(items, 1):
                self._show(console, item, f"{number}/{len(items)}")
                verdict = self._ask_verdict(console)
                if verdict is QUIT_MARK:
                    return
                if isinstance(verdict, Verdict):
                    who = self._ask(console, "ask_who", default=who)
                    why = self._ask(console, "ask_why")
                    self.save(item.id, verdict, who, why, *self._ask_rest(console))
        except EOFError:
            console.print(WORDS["ended"].get(self.lang))

    def _show(self, console: Console, item: ControlView, position: str) -> None:
        view = self.view
        console.rule(f"{position}  {item.title}", align="left")
        console.print(
            f"{item.verdict_label}{view.word('colon')}{view.word('semicolon').join(item.reasons[:3])}"
        )
        console.print(
            f"{view.word('manual')}{view.word('open')}{view.word('minutes', minutes=item.minutes)}{view.word('close')}"
        )
        for preparation in item.prepare:
            head = f"{view.word('preparations')}{view.word('colon')}{preparation.title}"
            console.print(f"  {head}{view.word('colon')}{' '.join(preparation.steps)}", soft_wrap=True)
        for number, step in enumerate(item.steps, 1):
            console.print(f"  {number}. {step}", soft_wrap=True)
        kept = f"{view.word('keep')}{view.word('colon')}{view.names.join(item.evidence)}"
        console.print(kept, soft_wrap=True)

    def _ask_verdict(self, console: Console) -> Verdict | str | None:
        while True:
            answer = self._read(console, "ask_verdict").lower()
            if answer in SKIP:
                return None
            if answer in QUIT:
                return QUIT_MARK
            verdict = ANSWERS.get(answer) or next((v for v in ANSWERS.values() if v.value == answer), None)
            if verdict is not None:
                return verdict
            console.print(WORDS["again"].get(self.lang))

    def _ask(self, console: Console, key: str, default: str = "") -> str:
        while True:
            answer = self._read(console, key, default) or default
            if answer.strip():
                return answer.strip()
            console.print(WORDS["required"].get(self.lang))

    def _ask_rest(self, console: Console) -> tuple[date | None, list[Path]]:
        files: list[Path] = []
        while answer := self._read(console, "ask_evidence"):
            try:
                record_evidence(Path(answer), self.folder)
                files.append(Path(answer))
            except InputError as error:
                console.print(error.text.get(self.lang))
        while True:
            answer = self._read(console, "ask_until")
            try:
                return (parse_date(answer) if answer else None), files
            except InputError as error:
                console.print(error.text.get(self.lang))

    def _read(self, console: Console, key: str, default: str = "") -> str:
        """Return one answer from standard input; raises EOFError when the input has ended."""
        hint = f"（{default}）" if default else ""
        console.print(f"{WORDS[key].get(self.lang)}{hint}: ", end="")
        return input().strip()


QUIT_MARK = "quit"
