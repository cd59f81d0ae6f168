"""The built-in corpora: a primer on recurrent networks, and the reference that every CPython carries."""

import importlib
import importlib.resources
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from edgeword.errors import InputFileError, UsageError

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


def read_corpus(name: str) -> list[str]:
    """The lines of a built-in corpus, none empty; UsageError for a name that is none of `CORPORA`."""
    if name not in CORPORA:
        raise UsageError(f"There is no built-in corpus {name!r}; choose one of: {', '.join(CORPORA)}.")
    return CORPORA[name]()


def read_primer() -> list[str]:
    """The primer, one thought a line."""
    text = importlib.resources.files(__name__).joinpath("primer.txt").read_text(encoding="utf-8")
    return text.splitlines()


def read_python_docs() -> list[str]:
    """The reference, one paragraph a line, each once; InputFileError where this Python lacks it."""
    topics = load_topics()
    paragraphs = (line for name in sorted(topics) for line in prose(topics[name]))
    return list(dict.fromkeys(paragraphs))


def load_topics() -> Mapping[str, str]:
    """The documentation topics of the running Python, by name."""
    try:
        module = importlib.import_module("pydoc_data.topics")
    except ImportError as error:
        raise InputFileError(
            "The corpus 'python-docs' is not here: this Python was installed without pydoc_data.topics; "
            "give a text file instead, or the built-in corpus 'primer'."
        ) from error
    topics: Mapping[str, str] = module.topics
    return topics


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


CORPORA: Mapping[str, Callable[[], list[str]]] = {"primer": read_primer, "python-docs": read_python_docs}
