"""A bundle on disk: open it, and verify its bytes. This module is read at every cold start: keep it light."""

from __future__ import annotations

import os
import re

from edgeword.bundle import limits
from edgeword.bundle.folder import Folder
from edgeword.bundle.limits import check_size
from edgeword.bundle.manifest import Answer, FileEntry, Manifest, Variant
from edgeword.bundle.seal import digest, unsealed
from edgeword.bundle.spec import Spec
from edgeword.bundle.statement import Statement, statement_of
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE, Store
from edgeword.bundle.trust import Trust
from edgeword.errors import BundleError
from edgeword.precisions import FORMATS, PRECISIONS, model_file
from edgeword.records import RecordError, parse_json, read_record
from edgeword.tokenizers.kinds import AnyTokenizer, from_json

TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"


def file_entry(name: str, content: bytes) -> FileEntry:
    """A file's row in the manifest."""
    return FileEntry(name, len(content), digest(content))


class Bundle:
    """An opened bundle: its manifest was read and its files are all there, with the sizes it names.

    With a trust nothing is read of a manifest that was not signed with its key: SignatureError, a BundleError.
    """

    def __init__(self, path: str | os.PathLike[str], trust: Trust | None = None) -> None:
        self.path = os.fspath(path)
        self.trust = trust
        """What was asked of it, and will be asked of it wherever it is opened again."""
        self._store = _store(self.path)
        content = self._store.content(MANIFEST_FILE, limits.MANIFEST_BYTES)
        if trust is not None:
            trust.check(self.path, content, self.signature())
        self.digest = digest(content)
        """SHA-256 of the manifest, and through the digests in it of the whole bundle."""
        self.manifest = Manifest.from_json(self._manifest_text(content))
        _check_names(self.manifest)
        check_sizes(self.manifest)
        self._store.check(listed_files(self.manifest))
        self.tokenizer = self._tokenizer()

    def __repr__(self) -> str:
        return f"Bundle({self.path!r}, variants={[variant.file for variant in self.manifest.variants]})"

    @property
    def spec(self) -> Spec:
        """What a decoder of this bundle has to know."""
        return self.manifest.spec

    def unlisted(self) -> list[str]:
        """Names in the folder that the manifest does not answer for: never opened, and no harm."""
        listed = {MANIFEST_FILE, SIGNATURE_FILE, *(entry.file for entry in listed_files(self.manifest))}
        return sorted(set(self._store.names()) - listed)

    def signature(self) -> bytes | None:
        """The bytes that `edgeword sign` wrote, with whatever key; None where nobody signed it."""
        return self._store.signature()

    def statement(self) -> Statement | None:
        """What the signature says of itself, which nobody has checked without a trust; None without a signature.

        Raises BundleError for one of another form, or of another manifest.
        """
        signature = self.signature()
        if signature is None:
            return None
        statement = statement_of(signature, self.path)
        if statement.manifest != self.digest:
            raise BundleError(f"{self.path} holds the signature of another manifest.json; sign it again")
        return statement

    def contents(self) -> dict[str, bytes]:
        """Every file by its name, the manifest first, a signature last; raises BundleError as `read` does."""
        manifest = self._store.content(MANIFEST_FILE, limits.MANIFEST_BYTES)
        if digest(manifest) != self.digest:
            raise BundleError(f"{self.path} has changed since it was opened; open it again")
        files = {entry.file: self.read(entry) for entry in listed_files(self.manifest)}
        signature = self.signature()
        return {MANIFEST_FILE: manifest, **files, **({SIGNATURE_FILE: signature} if signature else {})}

    def answers(self) -> list[Answer]:
        """What the loop of the model's owner answered; none where the convention has no witness."""
        entry = next((entry for entry in self.manifest.files if entry.file == self.manifest.convention.file), None)
        if entry is None:
            return []
        try:
            lines = self.read(entry).decode("utf-8").splitlines()
            return [read_record(Answer, parse_json(line), "answer") for line in lines]
        except (RecordError, UnicodeDecodeError) as error:
            raise BundleError(f"{self._at(entry.file)}: {error}; export the bundle again") from None

    def read(self, entry: FileEntry | Variant) -> bytes:
        """The bytes of one file, which have the digest that the manifest names; raises BundleError."""
        content = self._store.content(entry.file, entry.size)
        if len(content) != entry.size or digest(content) != entry.sha256:
            raise BundleError(f"{self._at(entry.file)} is not the file that was exported; copy the bundle again")
        return content

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)

    def _manifest_text(self, content: bytes) -> str:
        try:
            return unsealed(content, self._at(MANIFEST_FILE)).decode("utf-8")
        except UnicodeDecodeError:
            raise BundleError(f"{self._at(MANIFEST_FILE)} is not UTF-8; export the bundle again") from None

    def _tokenizer(self) -> AnyTokenizer:
        content = self.read(self.manifest.tokenizer)
        try:
            tokenizer = from_json(content.decode("utf-8"))
        except ValueError as error:
            raise BundleError(f"{self._at(self.manifest.tokenizer.file)}: {error}") from None
        if tokenizer.vocab_size > self.spec.vocabulary:
            raise BundleError(
                f"{self.path}: the tokenizer has {tokenizer.vocab_size} ids and the model "
                f"{self.spec.vocabulary}; export the bundle again"
            )
        return tokenizer


def _store(path: str) -> Store:
    if os.path.isfile(path):
        from edgeword.bundle.packed import Packed  # few bundles are files

        return Packed(path)
    if not os.path.lexists(path):
        from edgeword.bundle.hub import may_be_repository, snapshot  # and few are elsewhere

        if may_be_repository(path):
            return snapshot(path)
    return Folder(path)


def listed_files(manifest: Manifest) -> list[FileEntry | Variant]:
    """Every file that the manifest answers for."""
    return [manifest.tokenizer, *manifest.files, *manifest.variants]


def check_sizes(manifest: Manifest) -> None:
    """Refuse a file that is larger than its kind may be, before any of it is read."""
    check_size(manifest.tokenizer.file, manifest.tokenizer.size, limits.TOKENIZER_BYTES)
    for entry in manifest.files:
        check_size(entry.file, entry.size, limits.OTHER_BYTES)
    for variant in manifest.variants:
        check_size(variant.file, variant.size, limits.MODEL_BYTES)


_NO_FILES = ("", ".", "..", MANIFEST_FILE, SIGNATURE_FILE)
# What leads elsewhere, and half a surrogate pair, which is no character.
_NO_PART_OF_A_NAME = re.compile("[/\\\\:\0\ud800-\udfff]")


def _check_names(manifest: Manifest) -> None:
    names = [entry.file for entry in listed_files(manifest)]
    for name in names:
        if name in _NO_FILES or _NO_PART_OF_A_NAME.search(name):
            raise BundleError(f"the manifest lists {name!r}, which is no plain file name; export the bundle again")
        if names.count(name) > 1:
            raise BundleError(f"the manifest lists {name} twice; export the bundle again")
    for variant in manifest.variants:
        if variant.format not in FORMATS or variant.precision not in PRECISIONS:
            raise BundleError(
                f"{variant.file} is {variant.format} {variant.precision}, which this edgeword does not know; "
                "pip install --upgrade edgeword"
            )
        if variant.file != model_file(variant.precision, variant.format):
            raise BundleError(f"{variant.file} is not named after its precision and format; export the bundle again")
