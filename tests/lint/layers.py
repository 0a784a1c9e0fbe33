#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""src/LAYERS says which folder of src/ may include which. Usage: layers.py ROOT"""
import os
import re
import sys

root = sys.argv[1]
source = os.path.join(root, 'src')
problems = []
allowed = {}
with open(os.path.join(source, 'LAYERS'), encoding='utf-8') as file:
    for number, line in enumerate(file, 1):
        line = line.split('#')[0].strip()
        if not line:
            continue
        name, colon, rest = line.partition(':')
        if not colon or not re.fullmatch(r'[a-z0-9_]+', name) or name in allowed:
            problems.append(f'src/LAYERS:{number}: expected one "folder: folder…" line per folder')
            continue
        allowed[name] = rest.split()

for name, below in allowed.items():
    for other in below:
        if other not in allowed:
            problems.append(f'src/LAYERS: {name} names {other}, which has no line of its own')

done, path = set(), []


def visit(name):
    if name in path:
        problems.append('src/LAYERS: a circle: ' + ' → '.join(path[path.index(name):] + [name]))
        return
    if name in done:
        return
    path.append(name)
    for other in allowed.get(name, []):
        visit(other)
    path.pop()
    done.add(name)


for name in allowed:
    visit(name)

for entry in sorted(os.scandir(source), key=lambda e: e.name):
    if not entry.is_dir():
        continue
    if entry.name not in allowed:
        problems.append(f'src/{entry.name}: a folder that src/LAYERS does not know')
        continue
    files = [os.path.join(base, name) for base, _, names in os.walk(entry.path) for name in names]
    if any(f.endswith(('.cpp', '.hpp')) for f in files) and not os.path.exists(os.path.join(entry.path, 'README.md')):
        problems.append(f'src/{entry.name}: has no README.md that says what it is for')
    for name in sorted(files):
        if not name.endswith(('.cpp', '.hpp')):
            continue
        with open(name, encoding='utf-8') as file:
            for number, line in enumerate(file, 1):
                match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
                if not match:
                    continue
                folder = match.group(1).split('/')[0]
                where = f'{os.path.relpath(name, root)}:{number}'
                if '/' not in match.group(1) or folder not in allowed:
                    problems.append(f'{where}: "{match.group(1)}" does not begin with a folder of src/')
                elif folder != entry.name and folder not in allowed[entry.name]:
                    problems.append(f'{where}: {entry.name} must not know {folder} (see src/LAYERS)')

print(*problems, sep='\n', end='\n' if problems else '')
sys.exit(bool(problems))
