#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes wrong in coroutines without a warning of the compiler (docs/decisions/003-coroutine-rules.md):
 1. in one expression with co_await: a lambda that captures by value, a braced temporary, ?: between objects that are
    made there, new (g++ 12 destroys them twice, and a reader cannot see how long they live);
 2. co_await in a handler (not allowed; some compilers accept it), and inside a test macro;
 3. parameters that borrow: the coroutine may still run when the caller's value is gone;
 4. detached coroutines in src/, which nobody joins: only main() may.
An exception to the rule carries "// coroutine lint: why it is right" on its line or the one above.
Usage: coroutines.py ROOT [FILE…]"""
import os
import re
import sys

import cpp

BORROWED = re.compile(r'\bstd::(?:string_view|span<)|\bconst\s+std::string\s*&(?!&)|\bstd::string\s*&&')
FUNCTION = re.compile(r'\bTask<[^;{}()]*>\s+([\w:]+)\(([^;{}()]*(?:\([^()]*\)[^;{}()]*)*)\)\s*(?:const\s*)?(?:override\s*)?(?:=\s*0\s*)?[;{]')


class Findings:
    def __init__(self):
        self.found = {}

    def add(self, line, text):
        self.found.setdefault((line, text), None)


def by_value(capture):
    """Does [capture] hold anything but references and this?"""
    part, parts = [], []
    for token in capture:
        if token.text == ',':
            parts.append(part)
            part = []
        else:
            part.append(token.text)
    parts.append(part)
    return any(p and p[0] not in ('&', 'this') and p != ['*', 'this'] or p == ['*', 'this'] for p in parts if p)


def in_expression(statement):
    """The tokens of a statement with those of its brackets, but not those of lambda bodies: they are other functions."""
    for token in statement:
        yield token
        if token.inside is not None and not (token.text == '{' and token.kind in ('lambda', 'block', 'scope')):
            yield from in_expression(token.inside)


def chooses_between_objects(level):
    """Is there a ?: whose operands make something? One between names and literals destroys nothing."""
    asked = False
    for token in level:
        if token.text == ',':
            asked = False
        asked = asked or token.text == '?'
        if asked and (token.text in ('(', '{', 'co_await')):
            return True
        body = token.text == '{' and token.kind in ('lambda', 'block', 'scope')
        if token.inside is not None and not body and chooses_between_objects(token.inside):
            return True
    return False


def check_statement(statement, in_handler, findings):
    flat = list(in_expression(statement))
    awaits = [t for t in flat if t.text == 'co_await']
    if not awaits:
        return
    line = awaits[0].line
    if in_handler:
        findings.add(line, 'co_await in a handler: keep the exception, leave the handler, go on')
    if flat[0].text.startswith(('BOOST_', 'CHECK_')):
        findings.add(line, 'co_await in a test macro: await on the line above, then check the value')
    if chooses_between_objects(statement):
        findings.add(line, 'the conditional operator beside co_await: use if')
    for token in flat:
        if token.text == 'new':
            findings.add(line, 'new beside co_await: give it a name on the line above')
        elif token.text == '[' and token.kind == 'lambda' and by_value(token.inside):
            findings.add(line, 'a lambda that captures by value beside co_await: give it a name on the line above')
        elif token.text == '{' and token.kind == 'value' and token.inside:
            findings.add(line, 'a braced temporary beside co_await: give it a name on the line above')


def check_block(level, in_handler, findings):
    statement = []
    for i, token in enumerate(level):
        if token.text == ';':
            check_statement(statement, in_handler, findings)
            descend(statement, in_handler, findings)
            statement = []
        elif token.text == '{' and token.kind in ('block', 'scope'):
            check_statement(statement, in_handler, findings)
            descend(statement, in_handler, findings)
            handler = bool(statement) and statement[0].text == 'catch'
            check_block(token.inside, in_handler or handler, findings)
            statement = []
        else:
            statement.append(token)
    check_statement(statement, in_handler, findings)
    descend(statement, in_handler, findings)


def descend(statement, in_handler, findings):
    """Into the bodies of lambdas: functions of their own, so no longer in the handler."""
    for token in statement:
        if token.inside is None:
            continue
        if token.text == '{' and token.kind == 'lambda':
            check_block(token.inside, False, findings)
        elif token.text == '{' and token.kind in ('block', 'scope'):
            check_block(token.inside, in_handler, findings)
        else:
            descend(token.inside, in_handler, findings)


def check(path, name):
    text, top = cpp.parse(path)
    findings = Findings()
    check_block(top, False, findings)
    plain = cpp.blank(text)
    for match in FUNCTION.finditer(plain):
        if BORROWED.search(match.group(2)):
            findings.add(plain.count('\n', 0, match.start()) + 1, f'{match.group(1)}() borrows a parameter: pass it by value')
    if name.startswith('src/') and not name.endswith('/main.cpp'):
        for match in re.finditer(r'\basio::detached\b', plain):
            findings.add(plain.count('\n', 0, match.start()) + 1, 'a detached coroutine: use a TaskGroup')
    lines = text.splitlines()
    excused = {n for n, line in enumerate(lines, 1) if '// coroutine lint: ' in line}
    return [f'{name}:{line}: {what}' for line, what in sorted(findings.found) if not {line, line - 1} & excused]


def main():
    root = sys.argv[1]
    paths = sys.argv[2:] or list(cpp.sources(root, folders=('src', 'tests')))
    problems = []
    for path in paths:
        problems += check(path, os.path.relpath(path, root))
    print(*problems, sep='\n', end='\n' if problems else '')
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())
