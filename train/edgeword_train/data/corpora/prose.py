"""Sentences out of reference documentation: without its code, grammar, tables and inline markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

# The words that stand in every English sentence and in almost no line of code.
ENGLISH = """
a all also an and any are as at be been by can does for from has have if in into is it its may must no not of
on one only or same so such than that the their then there these they this to two used was when
where which will with
"""
FUNCTION_WORDS = frozenset(ENGLISH.split())
FUNCTION_WORD_SHARE = 0.12
SHORTEST_PARAGRAPH = 5  # words

BULLET = re.compile(r"^( *)([*•-] |\d+\. |\[\d+\] )(?= *\S)")
RULE_OR_TABLE_ROW = re.compile(r"^\s*([=*~^\"-]{3,}[=~^ -]*|[+|].*[+|])\s*$", re.MULTILINE)
CODE = re.compile(
    r"::=|  # |^\s*(>>>|\.\.\. |\(Pdb\)|[#@]|[\w.]+ = |import |from \S+ import |(class|def) .*:$)"
    r"|\A\s*(async |await )?(for|if|while|with|try)\b[^\n]*:(\n|\Z)",
    re.MULTILINE,
)
LABEL = re.compile(
    r"^(((New|Added|Changed|Deprecated)[^:.]*version [\d., and]*\d|Note|Warning|See also"
    r"|CPython implementation detail|Programmer's note)(:\s*|$))+"
)
SENTENCE_END = re.compile(r"[.:;!?][)']?$")

TYPOGRAPHY = str.maketrans(
    {
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": "",
        "\N{RIGHT DOUBLE QUOTATION MARK}": "",
        "\N{QUOTATION MARK}": "",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)
INLINE_MARKUP = (
    (re.compile(r"(?<=\w)-\n *(?=\w)"), "-"),  # a compound word that was broken at its hyphen
    (re.compile(r"\s+"), " "),
    (re.compile(r"(?<=\S) \[\d+\]"), ""),
    (re.compile(r"`+([^`]+)`+"), r"\1"),
    (re.compile(r"(?<![\w*])\*\*(?=\w)([^*]+)(?<=[\w:.!?])\*\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w*])\*(?=\w)([^*]+)(?<=[\w.!?])\*(?![\w*])"), r"\1"),
)


def prose(topic: str) -> Iterator[str]:
    """The paragraphs of one topic, without its headings, code, grammar and tables."""
    for block in re.split(r"\n\s*\n", topic):
        if RULE_OR_TABLE_ROW.search(block) or CODE.search(block):
            continue
        for paragraph in split_paragraphs(block.splitlines()):
            text = clean_inline(paragraph)
            if is_prose(text):
                yield text


def split_paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a block joined where neither the indent changes nor a bullet begins."""
    paragraph: list[str] = []
    indent = 0
    for line in lines:
        bare = BULLET.sub(lambda match: " " * len(match[0]), line)
        width = len(bare) - len(bare.lstrip())
        if paragraph and (width != indent or bare != line):
            yield "\n".join(paragraph)
            paragraph = []
        paragraph.append(bare)
        indent = width
    yield "\n".join(paragraph)


def clean_inline(paragraph: str) -> str:
    """A paragraph as one line of plain text, without quotation marks, emphasis and references."""
    text = paragraph.translate(TYPOGRAPHY).strip()
    for pattern, replacement in INLINE_MARKUP:
        text = pattern.sub(replacement, text)
    return LABEL.sub("", text)


def is_prose(text: str) -> bool:
    """Whether a line is a sentence of English, told by its end and its share of function words."""
    words = text.split()
    if len(words) < SHORTEST_PARAGRAPH or not SENTENCE_END.search(text):
        return False
    known = sum(word.strip("(),.:;").lower() in FUNCTION_WORDS for word in words)
    return known >= FUNCTION_WORD_SHARE * len(words)
