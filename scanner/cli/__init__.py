"""Command line: the only place that prints, reads the clock and chooses exit codes.

Exit codes: 0 scanned, nothing at or above ``--fail-on``; 1 something at or above it; 2 usage, configuration or
rule-pack error; 3 a target could not be scanned.  Commands load their modules when they run, so that
``guijian --help`` stays fast.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from scanner import __version__
from scanner.errors import GuijianError, InputError

COMMANDS: dict[str, str] = {
    "scan": "scanner.cli.scan:scan",
    "collect": "scanner.cli.scan:collect_command",
    "assess": "scanner.cli.scan:assess_command",
    "policy": "scanner.cli.policy:policy_command",
    "batch": "scanner.cli.batch:batch",
    "serve": "scanner.cli.serve:serve",
    "stats": "scanner.cli.stats:stats",
    "summary": "scanner.cli.stats:summary_command",
    "operators": "scanner.cli.stats:operators_command",
    "sample": "scanner.cli.sample:sample",
    "review": "scanner.cli.review:review",
    "diff": "scanner.cli.diff:diff",
    "keygen": "scanner.cli.evidence:keygen",
    "evidence": "scanner.cli.evidence:evidence",
    "verify": "scanner.cli.evidence:verify",
    "baseline": "scanner.cli.baseline:baseline_command",
    "explain": "scanner.cli.rules:explain_command",
    "config": "scanner.cli.config:config_command",
    "rules": "scanner.cli.rules:rules",
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when asked for; their one-line help stands in ``SHORT_HELP``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None for an unknown name."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT_HELP[name]) for name in COMMANDS])


SHORT_HELP = {
    "scan": "检测安装包，输出分级报告 / scan packages and write graded reports",
    "collect": "只采集事实并保存为 JSON / collect facts only, as JSON",
    "assess": "对已保存的事实重新评估 / assess saved facts again",
    "policy": "解读隐私政策，不作结论 / read a privacy policy, without verdicts",
    "batch": "批量检测，结果存入数据库 / examine many targets into a store",
    "serve": "启动网页控制台 / start the web console over the store",
    "stats": "统计指标与合规指数 / indicators and compliance index of a store",
    "summary": "年度、季度、月度统计报告 / summary of a year, quarter or month",
    "operators": "运营者档案与红黑名单提议 / records of operators and proposals",
    "sample": "双随机抽查，可由第三方重现 / reproducible random draw",
    "review": "逐项完成人工核查并记录结论 / work through the manual checks",
    "diff": "比较两个版本或两次评估（复测） / compare two versions or assessments",
    "keygen": "生成签署证据包的密钥 / make a signing key",
    "evidence": "制作签名的证据包 / make signed evidence packages",
    "verify": "校验证据包 / verify an evidence package",
    "baseline": "把已有问题记为基线 / remember findings as known",
    "explain": "说明一条规则、控制点或条款 / explain a rule, control or clause",
    "config": "显示生效的设置及来源 / print the effective settings",
    "rules": "查看、校验规则包与覆盖情况 / show, check and measure the rule pack",
}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="guijian")
@click.option(
    "--config",
    "config_file",
    default=None,
    type=click.Path(path_type=Path),
    help="配置文件（默认查找 guijian.toml 或 pyproject.toml） / configuration file",
)
@click.option("--isolated", is_flag=True, help="不读配置文件 / read no configuration file")
@click.pass_context
def cli(context: click.Context, config_file: Path | None, isolated: bool) -> None:
    """规鉴：查找 App、网站和隐私政策中违反个人信息保护与等级保护要求的证据。

    Guijian finds evidence of breaches of Chinese personal-information and classified-protection law.
    """
    from scanner.cli.config import load_config  # noqa: PLC0415 - help needs no configuration

    config = load_config(config_file, isolated=isolated)
    context.obj, context.default_map = config, config.default_map()


def main(args: list[str] | None = None) -> Any:
    """Run the command line; turns known errors into one clear line and an exit code."""
    try:
        return cli.main(args=args, prog_name="guijian", standalone_mode=True)
    except GuijianError as error:
        given = " ".join(sys.argv[1:] if args is None else args)
        english = "--lang en" in given or "--lang=en" in given
        click.echo(f"error: {error.text.en}" if english else f"错误：{error.text.zh}", err=True)
        sys.exit(3 if isinstance(error, InputError) else 2)
