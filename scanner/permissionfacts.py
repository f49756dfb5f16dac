"""Facts about permissions: declared, used by whom, asked for at run time.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).
"""

from __future__ import annotations

from typing import Literal

from scanner.codefacts import EntryKind, Origin, Owner
from scanner.model import Evidence, Frozen, Text


class PermissionUse(Frozen):
    """One owner's use of a permission: how many call sites need it, one of them as evidence.

    How: 需要该权限的调用点，按代码所有者汇总 / call sites that need the permission, by owner
    Blind: 同所属权限 / as for the permission
    Evidence: dex
    """

    owner: Origin
    sites: int  #: 调用点个数 / number of call sites
    #: 其中只能由停用组件到达的个数 / of them, those only components that are switched off lead to
    dormant: int = 0
    evidence: tuple[Evidence, ...] = ()


class Permission(Frozen):
    """A permission the package declares or whose protected API it calls.

    ``used`` is None when code could not be read or the catalogue knows no API for the permission.
    ``requested`` says whether its name occurs as a string constant in code (the run-time request needs it).
    ``similar``: a permission of Android that an unknown name may be a misspelling of.

    How: 清单的 uses-permission，与代码中受保护接口的调用点对照（权限目录） / uses-permission of the manifest,
    held against calls of protected interfaces (permission catalogue)
    Blind: 目录未收录的接口、反射、native 代码对权限的使用 / uses through interfaces the catalogue lacks,
    reflection and native code
    Evidence: xml, dex
    """

    name: str  #: 权限全名 / full name
    declared: bool  #: 清单是否声明 / declared in the manifest
    max_sdk: int | None = None  #: 声明有效的最高 API 级别 / highest API level the declaration holds for
    #: 保护级别 / protection level
    protection: Literal[
        "normal", "dangerous", "signature", "special", "privileged", "vendor", "custom", "unknown"
    ]
    group: str | None = None  #: 权限组 / permission group
    label: Text | None = None  #: 权限的中英文名称 / name for people
    collects_pi: bool = False  #: 是否用于获取个人信息 / whether it gives access to personal information
    items: tuple[str, ...] = ()  #: 可获取的个人信息项 / items it gives access to
    flags: tuple[str, ...] = ()  #: 目录中的特别标记 / special marks of the catalogue
    #: 是否使用；不能判断为 null / whether it is used, null where that cannot be told
    used: bool | None = None
    used_by: tuple[PermissionUse, ...] = ()  #: 由谁在多少处使用 / used by whom, at how many places
    used_by_owner: tuple[Owner, ...] = ()  #: 使用者的种类 / kinds of the users
    #: 权限名是否作为字符串出现在代码中 / whether code holds its name as a string
    requested: bool | None = None
    similar: str = ""  #: 可能拼错的系统权限 / Android permission it may misspell
    evidence: tuple[Evidence, ...] = ()


class PermissionRequest(Frozen):
    """A run-time permission request: the permissions that could be read from its constant arguments.

    ``purposes`` are the texts about the use of permissions that a class on the way to the request shows.

    How: 代码中 requestPermissions 的调用及其常量参数 / calls of requestPermissions with their constant
    arguments
    Blind: 运行时拼出的权限、经封装库的申请 / permissions put together at run time or asked through wrappers
    Evidence: dex
    """

    caller: str  #: 所在方法 / method it stands in
    permissions: tuple[str, ...]  #: 申请的权限 / permissions asked for
    groups: int  #: 涉及的敏感权限组数 / dangerous permission groups it touches
    complete: bool  #: 参数是否全部为常量 / whether all arguments are constant
    owner: Origin
    owner_kind: Owner
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    entry_kind: EntryKind | None = None  #: 入口种类 / kind of the entry
    before_ui: bool | None = None  #: 是否在任何界面之前 / before any user interface
    purposes: tuple[
        str, ...
    ] = ()  #: 途中的类显示的权限用途文字 / texts on the use shown by classes on the way
    evidence: tuple[Evidence, ...] = ()
