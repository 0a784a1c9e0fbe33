#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every CTest test has one label that says what kind it is ("slow" may be added) and a limit on its time.
Usage: labels.py BUILD_FOLDER"""
import json
import os
import subprocess
import sys
import tempfile

KINDS = {'unit', 'golden', 'api', 'integration', 'system', 'fuzz', 'bench', 'lint'}
# From a folder of its own: in the build folder it would take away the log of the CTest that runs this.
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, 'CTestTestfile.cmake'), 'w') as tests:
        tests.write(f'subdirs("{os.path.abspath(sys.argv[1])}")\n')
    listing = subprocess.run(['ctest', '--show-only=json-v1'], cwd=folder, capture_output=True, text=True, check=True)
problems = []
for test in json.loads(listing.stdout)['tests']:
    properties = {p['name']: p['value'] for p in test.get('properties', [])}
    labels = set(properties.get('LABELS', []))
    if len(labels & KINDS) != 1 or labels - KINDS - {'slow'}:
        problems.append(f'{test["name"]}: its labels are {sorted(labels)}; one of {sorted(KINDS)} is wanted, and slow where it is')
    if not float(properties.get('TIMEOUT', 0)) > 0:
        problems.append(f'{test["name"]}: has no TIMEOUT')
print(*problems, sep='\n', end='\n' if problems else '')
sys.exit(bool(problems))
