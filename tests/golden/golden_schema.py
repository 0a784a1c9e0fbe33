#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the JSON Schema of a domain's definition with its published copy: golden_schema.py VIREO SOURCE_FOLDER.
With VIREO_REGENERATE=1 the copy is rewritten instead."""
import difflib
import os
import pathlib
import subprocess
import sys


def main():
    made = subprocess.run([sys.argv[1], "domain", "schema"], capture_output=True, text=True, check=True).stdout
    copy = pathlib.Path(sys.argv[2]) / "docs/api/domain.schema.json"
    kept = copy.read_text(encoding="utf-8") if copy.exists() else ""
    if made == kept:
        return 0
    if os.environ.get("VIREO_REGENERATE") == "1":
        copy.write_text(made, encoding="utf-8")
        print(f"rewritten: {copy.name}")
        return 0
    lines = difflib.unified_diff(kept.splitlines(), made.splitlines(), str(copy), "made", lineterm="", n=1)
    print("\n".join(list(lines)[:80]))
    print("\nThe schema differs. When the change is meant: VIREO_REGENERATE=1 ctest -L golden, and commit.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
