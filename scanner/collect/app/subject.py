"""What the code collector must know of the package besides its dex files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.collect.app.natives import Native
from scanner.facts import Component


@dataclass(frozen=True, slots=True)
class Program:
    """The parts of a package that the analysis of its code needs.

    ``components`` carry only names and kinds here (their owners are found by this analysis); ``application`` and
    ``factory`` are class names or None; ``files`` are all entry names of the archive;
    ``layout_classes`` are the views and fragments that layouts name and the framework therefore creates;
    ``init_orders`` the ``android:initOrder`` of providers that state one, by class; ``initializers`` the classes that
    androidx.startup creates.
    """

    package: str
    min_sdk: int
    target_sdk: int
    application: str | None
    factory: str | None
    components: tuple[Component, ...]
    meta_data: tuple[str, ...]
    declared: frozenset[str]
    files: tuple[str, ...]
    layout_classes: tuple[str, ...] = ()
    init_orders: Mapping[str, int] = field(default_factory=dict)
    initializers: tuple[str, ...] = ()
    compile_sdk: int | None = None
    natives: tuple[Native, ...] = ()
