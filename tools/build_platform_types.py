"""Build ``rules/data/platform_types.txt.zst``: ``python tools/build_platform_types.py FILE VERSION``.

FILE is ``lib/android/android-platform-NN.d.ts`` of the npm package ``@nativescript/types-android`` (Apache-2.0), which
declares the public types of Android's API level NN.  Kept are the types that an app can extend or implement, each with
its supertypes and the names of the methods it declares.  One line per type::

    = java.util.TimerTask java.lang.Runnable : cancel run scheduledExecutionTime

``=``: an app's class of this type is called through no other names (interfaces, and classes of the Java library);
``~``: the platform may call further methods (hidden ones, those a layout names, those of a subclass kept by name).
Nested types are written with ``$``.  The first lines state level, origin and hash.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

TARGET = Path(__file__).resolve().parents[1] / "rules" / "data" / "platform_types.txt.zst"
NAMESPACE = re.compile(r"(?:declare|export) (?:namespace|module) ([\w.]+) \{")
CLASS = re.compile(r"export (?:abstract )?class (\w+)(.*)\{(\})?$")
NAMED = re.compile(r"public static class: java\.lang\.Class<(.+)>;")
METHOD = re.compile(r"(?:public|protected) (?:abstract )?([\w$]+)\??\(")
IMPLEMENTED = "interface with the provided implementation"
JAVA = ("java.", "javax.", "org.w3c.", "org.xml.")
OBJECT = "java.lang.Object"
# Called by serialisation although no type declares them (Java Object Serialization Specification, 1.10 to 1.13).
SERIALISATION = {"readObject", "readObjectNoData", "readResolve", "writeObject", "writeReplace"}


@dataclass
class Type:
    """A declared type: supertypes as written (dotted), its methods, whether apps can make subtypes, its own name."""

    supers: list[str]
    interface: bool = False
    open: bool = False
    methods: set[str] = field(default_factory=set)
    name: str = ""


def plain(text: str) -> str:
    """Drop type arguments and comments."""
    text = re.sub(r"/\*.*?\*/", "", text)
    while (shorter := re.sub(r"<[^<>]*>", "", text)) != text:
        text = shorter
    return text


def read(lines: list[str]) -> dict[str, Type]:
    """Return the declared types by dotted name."""
    found: dict[str, Type] = {}
    stack: list[tuple[str, Type | None]] = []
    for line in (line.strip() for line in lines):
        current = next((one for _, one in reversed(stack) if one is not None), None)
        if match := NAMESPACE.match(line):
            stack.append((match[1], None))
        elif match := CLASS.match(line):
            name = ".".join([name for name, _ in stack if name] + [match[1]])
            found[name] = Type(re.findall(r"[\w.]+\.\w+", plain(match[2])))
            if not match[3]:
                stack.append(("", found[name]))
        elif line.endswith("{"):
            stack.append(("", None))
            if current is not None and re.match(r"(public|protected) constructor", line):
                current.open = True
        elif line.startswith("}"):
            stack.pop()
        elif current is not None:
            current.interface |= IMPLEMENTED in line
            if (match := NAMED.match(line)) and "." in match[1]:  # where an alias is declared
                current.name = plain(match[1])
            if match := METHOD.match(line):
                if match[1] == "constructor":
                    current.open = True
                else:
                    current.methods.add(match[1])
    return {one.name or name: one for name, one in found.items()}


def binary_name(name: str, types: dict[str, Type]) -> str:
    """Return the name with ``$`` before nested types."""
    outer, _, last = name.rpartition(".")
    return f"{binary_name(outer, types)}${last}" if outer in types else name


def with_supertypes(names: set[str], types: dict[str, Type]) -> set[str]:
    """Return ``names`` with all their supertypes, which apps extend through them."""
    found: set[str] = set()
    while names:
        found |= names
        names = {above for name in names for above in types[name].supers if above in types} - found
    return found


def main() -> int:
    """Write the data; return the exit code."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source = Path(sys.argv[1])
    level = int(source.stem.removesuffix(".d").rpartition("-")[2])
    raw = source.read_bytes()
    types = read(raw.decode("utf-8").splitlines())
    types["java.io.Serializable"].methods |= SERIALISATION
    kept = with_supertypes({name for name, one in types.items() if one.open or one.interface}, types)
    lines = [
        f"# level {level}",
        f"# @nativescript/types-android {sys.argv[2]}, {source.name}, Apache-2.0; facts only",
        f"# sha256 {hashlib.sha256(raw).hexdigest()}",
    ]
    for name in sorted(kept - {OBJECT}):
        one = types[name]
        mark = "=" if one.interface or name.startswith(JAVA) else "~"
        supers = [binary_name(above, types) for above in one.supers if above != OBJECT]
        lines.append(" ".join([mark, binary_name(name, types), *supers, ":", *sorted(one.methods)]))
    data = ("\n".join(lines) + "\n").encode()
    TARGET.write_bytes(zstandard.ZstdCompressor(level=19).compress(data))
    print(f"{len(lines) - 3} types, {len(data)} bytes, {TARGET.stat().st_size} compressed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
