#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""packaging/packages.txt is the one list: what the Debian packaging builds with is its [build] section, what it depends
on at run time its [run] section. Usage: packages.py ROOT"""
import os
import re
import sys

root = sys.argv[1]
problems, sections, section = [], {}, None
with open(os.path.join(root, 'packaging/packages.txt'), encoding='utf-8') as file:
    for number, line in enumerate(file, 1):
        line = line.strip()
        if not line or line.startswith('#'):
            continue
        heading = re.fullmatch(r'\[(\w+)\]', line)
        if heading:
            section = heading.group(1)
            sections[section] = []
            continue
        match = re.fullmatch(r'([a-z0-9][a-z0-9.+-]+)\s+(\S.*)', line)
        if not match or section is None:
            problems.append(f'packaging/packages.txt:{number}: expected "package  purpose" below a [section]')
            continue
        if any(match.group(1) in names for names in sections.values()):
            problems.append(f'packaging/packages.txt:{number}: {match.group(1)} is there twice')
        sections[section].append(match.group(1))

for wanted in ('build', 'run', 'test', 'fast', 'develop'):
    if wanted not in sections:
        problems.append(f'packaging/packages.txt: lacks the section [{wanted}]')


def field(text, name):
    match = re.search(rf'^{name}:((?:.*\n)(?:[ \t].*\n)*)', text, re.M)
    if not match:
        problems.append(f'packaging/debian/control: lacks {name}')
        return set()
    names = (re.sub(r'[\s(\[<|].*', '', part.strip()) for part in match.group(1).replace('\n', ' ').split(','))
    return {n for n in names if n and not n.startswith('${') and not n.startswith('debhelper')}


with open(os.path.join(root, 'packaging/debian/control'), encoding='utf-8') as file:
    control = file.read()
for name, section in (('Build-Depends', 'build'), ('Depends', 'run')):
    listed, depended = set(sections.get(section, [])), field(control, name)
    for package in sorted(listed - depended):
        problems.append(f'packaging/debian/control: {name} lacks {package}, which packages.txt has in [{section}]')
    for package in sorted(depended - listed):
        problems.append(f'packaging/debian/control: {name} has {package}, which packages.txt lacks in [{section}]')

print(*problems, sep='\n', end='\n' if problems else '')
sys.exit(bool(problems))
