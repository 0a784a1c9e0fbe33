#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares what api_gen made with the committed copies: golden_api.py GENERATED_FOLDER SOURCE_FOLDER.

With VIREO_REGENERATE=1 the copies are rewritten instead. A line that goes from summary.txt is a promise that is broken
(interfaces/README.md says what may change and what not), so that is said apart.
"""
import difflib
import os
import pathlib
import sys


def pairs(generated, source):
    golden = source / "tests/golden"
    for name in ("openrpc.json", "summary.txt", "org.vireo1.policy"):
        yield generated / name, golden / name
    yield generated / "api.md", source / "docs/api/api.md"
    made = {path.name for path in (generated / "introspection").glob("*.xml")}
    kept = {path.name for path in (golden / "introspection").glob("*.xml")}
    interfaces = {path.name for path in (source / "interfaces").glob("org.vireo1.*.xml")}
    for name in sorted((made & interfaces) | kept | interfaces):
        yield generated / "introspection" / name, golden / "introspection" / name


def lines(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main():
    generated, source = map(pathlib.Path, sys.argv[1:3])
    regenerate = os.environ.get("VIREO_REGENERATE") == "1"
    different = 0
    for new, old in pairs(generated, source):
        before, after = lines(old), lines(new)
        if before == after:
            continue
        shown = old.relative_to(source)
        if regenerate:
            old.parent.mkdir(parents=True, exist_ok=True)
            if new.exists():
                old.write_text(new.read_text(encoding="utf-8"), encoding="utf-8")
            else:
                old.unlink()
            print(f"rewritten: {shown}")
            continue
        different += 1
        print("\n".join(list(difflib.unified_diff(before, after, str(shown), "generated", lineterm="", n=1))[:80]))
        if old.name == "summary.txt":
            for line in [line for line in before if line not in after]:
                print(f"BREAKS THE API, once it is released: {line}")
    if different:
        print(f"\n{different} golden copies differ. When the change is meant: VIREO_REGENERATE=1 ctest -L golden, and commit.")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
