"""A fast, bounded engine for Dalvik bytecode: calls, strings, fields, hierarchy, call graph, reachability.

Useful on its own (docs/dex.md); needs only numpy and knows nothing of the rest of the project.
"""

from __future__ import annotations

from scanner.dex.body import Instruction, constant_arguments, instructions, listing
from scanner.dex.callbacks import PlatformTypes
from scanner.dex.constants import NumberSite, number_sites
from scanner.dex.errors import DexError, DexProblem
from scanner.dex.graph import CallGraph
from scanner.dex.guards import Guard, Kept, guarded_offsets, guards, kept_flags
from scanner.dex.package import Dex, open_dex
from scanner.dex.part import Site
from scanner.dex.query import (
    Member,
    MemberSite,
    call_sites,
    field_sites,
    native_methods,
    string_sites,
    strings_beyond_ascii,
    strings_containing,
    strings_with_prefix,
    text_sites,
)
from scanner.dex.reflect import Leap
from scanner.dex.refs import References
from scanner.dex.search import Late, Reach, Stages, Step
from scanner.dex.values import NOTHING, Thing, Value, Values, follow

__all__ = [
    "NOTHING",
    "CallGraph",
    "Dex",
    "DexError",
    "DexProblem",
    "Guard",
    "Instruction",
    "Kept",
    "Late",
    "Leap",
    "Member",
    "MemberSite",
    "NumberSite",
    "PlatformTypes",
    "Reach",
    "References",
    "Site",
    "Stages",
    "Step",
    "Thing",
    "Value",
    "Values",
    "call_sites",
    "constant_arguments",
    "field_sites",
    "follow",
    "guarded_offsets",
    "guards",
    "instructions",
    "kept_flags",
    "listing",
    "native_methods",
    "number_sites",
    "open_dex",
    "string_sites",
    "strings_beyond_ascii",
    "strings_containing",
    "strings_with_prefix",
    "text_sites",
]
