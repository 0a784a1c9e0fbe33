# SPDX-License-Identifier: LGPL-2.1-or-later
"""Just enough of C++ for the lints: comments and literals blanked, brackets matched, braces told apart."""
import os
import re

LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.S)
TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.\']*|->|::|<<|&&|\|\||\S')
OPENING, CLOSING = {'(': ')', '[': ']', '{': '}'}, {')', ']', '}'}
SCOPES = {'namespace', 'class', 'struct', 'union', 'enum', 'extern'}
AFTER_PARAMETERS = {'const', 'noexcept', 'override', 'final', 'mutable', 'try', 'else', 'do'}


def blank(text):
    """Comments become spaces, literals become "…" of the same length: lines and columns stay."""
    def replace(match):
        found = match.group(0)
        if found[0] == '/':
            return re.sub(r'[^\n]', ' ', found)
        return '"' + re.sub(r'[^\n]', '_', found[1:-1]) + '"' if len(found) > 1 else found
    text = LITERAL.sub(replace, text)
    return re.sub(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', lambda m: re.sub(r'[^\n]', ' ', m.group(0)), text, flags=re.M)


class Token:
    def __init__(self, text, line):
        self.text, self.line = text, line
        self.inside = None      # of an opening bracket: the tokens up to its partner
        self.kind = None        # of '{': block, scope, lambda or value; of '[': lambda or index
        self.last = line        # of an opening bracket: the line of its partner


def tokens(text):
    line, at, result = 1, 0, []
    for match in TOKEN.finditer(text):
        line += text.count('\n', at, match.start())
        at = match.start()
        result.append(Token(match.group(0), line))
    return result


def tree(flat):
    """Nests what stands in brackets; a stray closing one ends the file."""
    def level(i, closing):
        result = []
        while i < len(flat):
            token = flat[i]
            if token.text == closing:
                return result, i
            if token.text in OPENING:
                token.inside, end = level(i + 1, OPENING[token.text])
                token.last = flat[min(end, len(flat) - 1)].line
                result.append(token)
                i = end + 1
                continue
            if token.text in CLOSING:
                return result, i
            result.append(token)
            i += 1
        return result, i
    top, _ = level(0, None)
    classify(top)
    return top


def classify(level, around='{'):
    for i, token in enumerate(level):
        if token.text == '[':
            before = level[i - 1].text if i else ''
            follows = level[i + 1].text if i + 1 < len(level) else ''
            is_name = bool(re.fullmatch(r'[A-Za-z_]\w*', before)) and before not in ('return', 'co_return', 'co_await', 'co_yield')
            binding = before in ('auto', '&', '&&') and follows in ('=', ':')
            token.kind = 'index' if (is_name or before in (')', ']', '(') and follows not in ('(', '{') or binding or
                                     (i and level[i - 1].inside is not None)) else 'lambda'
        elif token.text == '{':
            token.kind = brace_kind(level, i, around)
        if token.inside is not None:
            classify(token.inside, token.text)


def brace_kind(level, i, around):
    if i == 0:
        return 'block' if around == '{' else 'value'
    before = level[i - 1]
    j = i - 1                       # back over what may stand between a parameter list and a body
    while j >= 0 and level[j].text not in (';', '{', '='):
        if level[j].text in SCOPES and not any(t.text == '(' for t in level[j + 1:i]):
            return 'scope'
        if level[j].text == '[' and level[j].kind == 'lambda':
            between = [t.text for t in level[j + 1:i]]
            plain = all(t in AFTER_PARAMETERS or t in ('(', '->', '::', '<', '>', '*', '&', ',') or re.fullmatch(r'\w+', t) for t in between)
            if plain and (not between or between[0] in ('(', 'mutable', '<', '->')) and between.count('(') <= 1:
                return 'lambda'
        j -= 1
    if before.text == '(' or before.text in AFTER_PARAMETERS or before.text in (';', '{', '}', ':'):
        return 'block'
    k = i - 1                       # a trailing return type: ) -> Task<std::string> {
    while k > 0 and re.fullmatch(r'\w+|::|<|>|,|\*|&', level[k].text):
        k -= 1
    if level[k].text == '->' and k and level[k - 1].text in AFTER_PARAMETERS | {'('}:
        return 'block'
    return 'value'


def parse(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    return text, tree(tokens(blank(text)))


def sources(root, folders=('src', 'tests', 'tools'), endings=('.cpp', '.hpp', '.h', '.c')):
    for folder in folders:
        for base, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = sorted(d for d in inner if d not in ('corpus', '__pycache__'))
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.join(base, name)
