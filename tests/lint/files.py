#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Licences, sizes, includes and words. Usage: files.py ROOT"""
import os
import re
import subprocess
import sys

import cpp

LICENCE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
LONGEST_FILE, LONGEST_FUNCTION = 600, 60
NEEDS_LICENCE = ('.cpp', '.hpp', '.py', '.sh', '.cmake', '.xml', '.service', '.socket', '.conf', '.spec', '.policy')
FORBIDDEN_INCLUDES = {
    r'<boost/asio\.hpp>': 'include support/task.hpp and narrow headers: this one takes seconds',
    r'<boost/asio/experimental/awaitable_operators\.hpp>': 'use all() and with_timeout(): && and || lose errors and results',
    r'<regex>': 'slow, and recursion without bound on hostile input: write a small parser',
    r'<iostream>': 'the log is support/log.hpp; tools print with fmt',
}
# Written in two parts so that this file does not find itself.
FORBIDDEN_WORDS = {'TO' + 'DO': 'finish it or file an issue', 'FIX' + 'ME': 'finish it or file an issue', '/wo' + 'rk/': 'a path of one machine'}
# Sources of tables and of other people's documents, by nature longer.
EXEMPT_FROM_SIZE = ('tests/unit/', 'tests/golden/', 'docs/', 'LICENSE', 'interfaces/')


def listed(root):
    """What git knows or would add; in a tree without git, everything but build folders."""
    try:
        out = subprocess.run(['git', '-C', root, 'ls-files', '--cached', '--others', '--exclude-standard'], capture_output=True, text=True, check=True)
        return sorted(set(n for n in out.stdout.splitlines() if os.path.isfile(os.path.join(root, n))))
    except (OSError, subprocess.CalledProcessError):
        found = []
        for base, inner, names in os.walk(root):
            inner[:] = [d for d in inner if d not in ('build', '.git', '__pycache__')]
            found += [os.path.relpath(os.path.join(base, n), root) for n in names]
        return sorted(found)


def functions(level):
    """The bodies of functions: blocks in namespaces and classes; lambdas belong to the function around them."""
    for i, token in enumerate(level):
        if token.text != '{':
            continue
        if token.kind == 'scope':
            yield from functions(token.inside)
        elif token.kind == 'block':
            start = token.line
            j = i - 1
            while j >= 0 and level[j].text not in (';', '{', '}'):
                start = level[j].line
                j -= 1
            yield start, token.last


def check_text(name, text, problems):
    lines = text.splitlines()
    head = '\n'.join(lines[:5])
    if name.startswith('tests/golden/'):
        return                      # what a generator wrote
    needs = name.endswith(NEEDS_LICENCE) or name.endswith('CMakeLists.txt') or text.startswith('#!')
    if needs and LICENCE not in head:
        problems.append(f'{name}:1: lacks "{LICENCE}"')
    if len(lines) > LONGEST_FILE and not name.startswith(EXEMPT_FROM_SIZE):
        problems.append(f'{name}: {len(lines)} lines; at most {LONGEST_FILE}')
    for word, why in FORBIDDEN_WORDS.items():
        for number, line in enumerate(lines, 1):
            if re.search(r'(?<![\w.])' + re.escape(word) if word[0] == '/' else r'\b' + word + r'\b', line):
                problems.append(f'{name}:{number}: "{word}": {why}')


def check_code(root, name, text, problems):
    if name.startswith('src/'):
        for number, line in enumerate(text.splitlines(), 1):
            if not re.match(r'\s*#\s*include', line):
                continue
            for pattern, why in FORBIDDEN_INCLUDES.items():
                if re.search(pattern, line):
                    problems.append(f'{name}:{number}: {line.strip()}: {why}')
            if 'sdbus-c++' in line and not name.startswith('src/dbus/'):
                problems.append(f'{name}:{number}: sdbus-c++ is used in src/dbus/ only')
    if name.endswith('.hpp') and '#pragma once' not in text:
        problems.append(f'{name}: lacks #pragma once')
    if name.startswith(('src/', 'tools/')):
        _, top = cpp.parse(os.path.join(root, name))
        for first, last in functions(top):
            if last - first + 1 > LONGEST_FUNCTION:
                problems.append(f'{name}:{first}: a function of {last - first + 1} lines; at most {LONGEST_FUNCTION}')


def main():
    root = sys.argv[1]
    problems = []
    for name in listed(root):
        if '/corpus/' in name or name == 'LICENSE':
            continue
        try:
            with open(os.path.join(root, name), encoding='utf-8') as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        check_text(name, text, problems)
        if name.endswith(('.cpp', '.hpp')):
            check_code(root, name, text, problems)
    print(*problems, sep='\n', end='\n' if problems else '')
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())
