"""``guijian serve``: the web console, its users and its audit log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import LANG, exit_code, show_error
from scanner.cli.storeoptions import store_option
from scanner.errors import GuijianError, PackError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from scanner.batch.store import Store

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ACTOR = "command-line"


@contextmanager
def _opened(url: str, lang: Lang) -> Iterator[Store]:
    from scanner.batch.store import Store  # noqa: PLC0415 - the database loads when used

    try:
        store = Store(url)
        try:
            yield store
        finally:
            store.close()
    except ImportError as error:
        need = Text(
            zh=f"缺少网页控制台所需的库（{error.name}）：请安装 guijian[console]",
            en=f"the console needs {error.name}: install guijian[console]",
        )
        show_error("", PackError("console-missing", need), lang)
        sys.exit(2)
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))


@click.group("serve", invoke_without_command=True)
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 / address to listen on")
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="端口 / port")
@click.option("--allowed-host", "hosts", multiple=True, help="允许的主机名，可重复 / host name served")
@click.option("--prefix", default="", help="反向代理下的路径，如 /guijian / path under a reverse proxy")
@click.option("--tls-cert", type=click.Path(path_type=Path, exists=True), help="证书（PEM） / certificate")
@click.option("--tls-key", type=click.Path(path_type=Path, exists=True), help="私钥（PEM） / private key")
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    help="提供 HTTPS 的反向代理地址，可重复 / address of the reverse proxy that offers HTTPS",
)
@click.option("--plain-http", is_flag=True, help="允许在非本机地址上不加密 / allow HTTP beyond this machine")
@click.option("--four-eyes", is_flag=True, help="人工结论须经他人复核 / decisions need a second person")
@click.option(
    "--rules", "overlays", multiple=True, type=click.Path(path_type=Path), help="附加规则目录 / overlay"
)
@LANG
@click.pass_context
def serve(
    context: click.Context,
    store_url: str,
    host: str,
    port: int,
    hosts: tuple[str, ...],
    prefix: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    plain_http: bool,
    four_eyes: bool,
    overlays: tuple[Path, ...],
    lang: Lang,
) -> None:
    """启动网页控制台；先用 serve users add 建立用户。

    Start the web console over the store; create users first with `serve users add`.
    """
    if context.invoked_subcommand is not None:
        return
    with _opened(store_url, lang) as store:
        import uvicorn  # noqa: PLC0415 - the server loads when it starts

        from scanner.console.app import create  # noqa: PLC0415
        from scanner.console.users import people  # noqa: PLC0415
        from scanner.console.web import Settings  # noqa: PLC0415
        from scanner.packload import load_pack  # noqa: PLC0415

        secure = tls_cert is not None or bool(proxies)
        if host not in LOOPBACK and not secure and not plain_http:
            raise PackError(
                "console-plain",
                Text(
                    zh="在非本机地址上须用 HTTPS：给出 --tls-cert 和 --tls-key，或 --proxy；确需不加密时用 --plain-http",
                    en="beyond this machine HTTPS is needed: give --tls-cert and --tls-key, or --proxy; --plain-http overrides",
                ),
            )
        if prefix and (not prefix.startswith("/") or prefix.endswith("/") or "//" in prefix):
            raise PackError(
                "console-prefix",
                Text(zh="--prefix 须形如 /guijian", en="--prefix must look like /guijian"),
            )
        if not any(user.active for user in people(store)):
            raise PackError(
                "console-no-user",
                Text(
                    zh="还没有用户，请先运行 guijian serve users add 用户名 --role admin",
                    en="there is no user yet: run guijian serve users add NAME --role admin first",
                ),
            )
        names = tuple(h.lower() for h in hosts) + tuple(dict.fromkeys([host.lower(), *LOOPBACK, "[::1]"]))
        settings = Settings(
            hosts=names,
            prefix=prefix,
            secure=secure,
            four_eyes=four_eyes,
            metrics_token=os.environ.get("GUIJIAN_METRICS_TOKEN", ""),
        )
        app = create(store, load_pack(overlays), settings)
        uvicorn.run(
            app,
            host=host,
            port=port,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            server_header=False,
            access_log=False,
            log_level="warning" if port else "info",
            timeout_keep_alive=10,
            limit_concurrency=200,
        )


@serve.group("users")
def users_group() -> None:
    """管理控制台用户。

    Manage the users of the console.
    """


def _password(name: str, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    prompt = f"{name} 的新密码 / new password"
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))


STDIN = click.option("--password-stdin", is_flag=True, help="从标准输入读密码 / read the password from stdin")


@users_group.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["viewer", "inspector", "admin"]), required=True, help="角色 / role"
)
@STDIN
@store_option
@LANG
def users_add(name: str, role: str, password_stdin: bool, store_url: str, lang: Lang) -> None:
    """新建用户 NAME。

    Create the user NAME.
    """
    with _opened(store_url, lang) as store:
        from scanner.console import users  # noqa: PLC0415 - the console is an extra

        users.add(store, name, role, _password(name, password_stdin), ACTOR)


@users_group.command("list")
@store_option
@LANG
def users_list(store_url: str, lang: Lang) -> None:
    """列出用户。

    List the users.
    """
    with _opened(store_url, lang) as store:
        from scanner.console import users  # noqa: PLC0415

        for user in users.people(store):
            state = Text(zh="启用", en="active") if user.active else Text(zh="停用", en="disabled")
            click.echo(f"{user.name}\t{users.ROLE_NAMES[user.role].get(lang)}\t{state.get(lang)}")


@users_group.command("disable")
@click.argument("name")
@store_option
@LANG
def users_disable(name: str, store_url: str, lang: Lang) -> None:
    """停用用户 NAME，并结束其登录。

    Disable the user NAME and end their sessions.
    """
    with _opened(store_url, lang) as store:
        from scanner.console import users  # noqa: PLC0415

        users.set_active(store, name, False, ACTOR)


@users_group.command("reset")
@click.argument("name")
@STDIN
@store_option
@LANG
def users_reset(name: str, password_stdin: bool, store_url: str, lang: Lang) -> None:
    """为用户 NAME 设置新密码，解除锁定和停用。

    Set a new password for the user NAME, unlock and enable them.
    """
    with _opened(store_url, lang) as store:
        from scanner.console import users  # noqa: PLC0415

        users.set_password(store, name, _password(name, password_stdin), ACTOR, must_change=True)
        users.set_active(store, name, True, ACTOR)


@serve.command("audit")
@click.option("--verify", is_flag=True, help="校验整条链 / check the whole chain")
@click.option(
    "--expect", "anchor", default="", help="另存的链头 条数:摘要 / head noted earlier, count:digest"
)
@store_option
@LANG
def audit_command(verify: bool, anchor: str, store_url: str, lang: Lang) -> None:
    """显示审计日志的链头；--verify 校验有无改动、删除或调换。

    Show the head of the audit log; --verify finds any change, removal or reordering.
    """
    with _opened(store_url, lang) as store:
        from scanner.console import audit  # noqa: PLC0415

        with store.session() as session:
            result = audit.verify(session, anchor)
        click.echo(result.head)
        if verify or anchor:
            for fault in result.faults:
                click.echo(fault.get(lang), err=True)
            good = Text(zh=f"完好，共 {result.count} 条", en=f"intact, {result.count} entries")
            click.echo(
                (Text(zh="日志被动过", en="the log was tampered with") if result.faults else good).get(lang)
            )
            sys.exit(1 if result.faults else 0)
