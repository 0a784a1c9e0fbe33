#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lints find what they are for, and nothing in good code."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LICENCE = '// SPDX-License-Identifier: LGPL-2.1-or-later\n'
failures = []


def write(root, files):
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)


def run(lint, files, *more):
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        return subprocess.run([sys.executable, os.path.join(HERE, lint), root, *more], capture_output=True, text=True)


def expect(what, lint, files, *words):
    done = run(lint, files)
    if done.stderr:
        failures.append(f'{what}: {done.stderr}')
    elif not words and (done.returncode or done.stdout.strip()):
        failures.append(f'{what}: nothing was expected, but: {done.stdout}')
    elif words and (not done.returncode or not all(w in done.stdout for w in words)):
        failures.append(f'{what}: expected {words}, got {done.returncode}: {done.stdout}')


def coroutine(what, body, *words):
    expect(what, 'coroutines.py', {'src/a/x.cpp': 'Task<> f() {\n' + body + '\n}\n'}, *words)


coroutine('good', '''
    auto job = [copy](int x) { return new int(x ? 1 : 2); };
    auto result = co_await pool.call(std::move(job));
    if (co_await ready()) co_return;
    for (auto& x : things) { co_await x.go([&] { return Pair{1, 2}; }); }
    auto [a, b] = co_await both();
    co_await group.run([this, &x](int y) -> Task<> { auto z = Value{y}; co_await z.go(); });
    try { co_await risky(); } catch (const Error& e) { kept = e; auto later = [](int n) -> Task<> { co_await other(n); }; }
    co_return Value{1};''')
coroutine('handler', 'try { a(); } catch (...) { log(); co_await b(); }', 'handler')
coroutine('nested handler', 'try { a(); } catch (...) { if (x) { co_await b(); } }', 'handler')
coroutine('by value', 'co_await pool.call([copy](int) { return 1; });', 'captures by value')
coroutine('by value, all', 'co_await pool.call([=] { return 1; });', 'captures by value')
coroutine('braces', 'co_await start(Options{1, 2});', 'braced temporary')
coroutine('bare braces', 'co_await start({1, 2});', 'braced temporary')
coroutine('conditional', 'auto x = co_await (y ? a() : b());', 'conditional')
coroutine('conditional of awaits', 'auto x = y ? co_await a : co_await b;', 'conditional')
coroutine('conditional of names', 'co_await f(x ? slow : fast, y ? "a" : "b", g());')
coroutine('new', 'co_await f(new int);', 'new beside')
coroutine('macro', 'BOOST_TEST(co_await f() == 1);', 'test macro')
coroutine('in a lambda', 'auto f = [&]() -> Task<> { co_await start({1}); };', 'braced temporary')
coroutine('excused', 'co_await start({1}); // coroutine lint: trivially destructible')
coroutine('in a comment', '// co_await start({1});\nauto s = "co_await x ? 1 : 2";')
expect('borrowed', 'coroutines.py', {'src/a/x.hpp': 'Task<> f(std::string_view text);\nTask<int> g(int n, const std::string& s);\nTask<> h(std::string s);\n'},
       'f() borrows', 'g() borrows')
expect('detached', 'coroutines.py', {'src/a/x.cpp': 'void f() { co_spawn(e, g(), asio::detached); }'}, 'detached')

LAYERS = '# comment\na:\nb: a\n'
expect('layers kept', 'layers.py', {'src/LAYERS': LAYERS, 'src/b/README.md': '', 'src/b/x.cpp': '#include "a/x.hpp"\n#include "b/y.hpp"\n#include <z>\n'})
expect('upwards', 'layers.py', {'src/LAYERS': LAYERS, 'src/a/README.md': '', 'src/a/x.cpp': '#include "b/x.hpp"\n'}, 'a must not know b', 'src/a/x.cpp:1')
expect('unknown folder', 'layers.py', {'src/LAYERS': LAYERS, 'src/c/x.cpp': ''}, 'src/c: a folder')
expect('unknown include', 'layers.py', {'src/LAYERS': LAYERS, 'src/a/README.md': '', 'src/a/x.cpp': '#include "x.hpp"\n'}, 'does not begin')
expect('circle', 'layers.py', {'src/LAYERS': 'a: b\nb: c\nc: a\n'}, 'a → b → c → a')
expect('no readme', 'layers.py', {'src/LAYERS': LAYERS, 'src/a/x.cpp': ''}, 'README.md')

expect('good files', 'files.py', {'src/a/x.hpp': LICENCE + '#pragma once\n', 'src/dbus/y.cpp': LICENCE + '#include <sdbus-c++/sdbus-c++.h>\n'})
expect('no licence', 'files.py', {'src/a/x.cpp': 'int x;\n', 'run': '#!/bin/sh\n'}, 'src/a/x.cpp:1', 'run:1')
expect('long file', 'files.py', {'src/a/x.cpp': LICENCE + '\n' * 700}, '701 lines')
LONG = 'int f(int a,\n      int b) {\n' + '    g();\n' * 60 + '}\n'
expect('long function', 'files.py', {'src/a/x.cpp': LICENCE + 'namespace a {\nclass B { void g() {} };\n' + LONG + '}\n'}, 'x.cpp:4: a function of 63 lines')
expect('long scope', 'files.py', {'src/a/x.cpp': LICENCE + 'namespace a {\nstruct B {\n' + '    int g();\n' * 90 + '};\n}\n'})
expect('includes', 'files.py', {'src/a/x.cpp': LICENCE + '#include <regex>\n#include <boost/asio.hpp>\n#include <sdbus-c++/sdbus-c++.h>\n'},
       '<regex>', '<boost/asio.hpp>', 'src/dbus/ only')
expect('words', 'files.py', {'src/a/x.cpp': LICENCE + '// TO' + 'DO later\n// see /wo' + 'rk/there\n'}, 'x.cpp:2', 'x.cpp:3')

print(*failures, sep='\n', end='\n' if failures else '')
sys.exit(bool(failures))
