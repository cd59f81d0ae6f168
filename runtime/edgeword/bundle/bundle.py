"""A bundle on disk: open it, and verify its bytes. This module is read at every cold start: keep it light."""

from __future__ import annotations

import hashlib
import os
import stat

from edgeword.bundle import limits
from edgeword.bundle.limits import check_size, irregular, read_regular
from edgeword.bundle.manifest import Answer, FileEntry, Manifest, Variant
from edgeword.bundle.seal import unsealed
from edgeword.bundle.spec import Spec
from edgeword.errors import BundleError
from edgeword.precisions import FORMATS, PRECISIONS, model_file
from edgeword.records import RecordError, parse_json, read_record
from edgeword.tokenizers.kinds import AnyTokenizer, from_json

MANIFEST_FILE = "manifest.json"
TOKENIZER_FILE = "tokenizer.json"
CARD_FILE = "README.md"


def digest(content: bytes) -> str:
    """Hexadecimal SHA-256, as it stands in the manifest."""
    return hashlib.sha256(content).hexdigest()


def file_entry(name: str, content: bytes) -> FileEntry:
    """A file's row in the manifest."""
    return FileEntry(name, len(content), digest(content))


class Bundle:
    """An opened bundle: its manifest was read and its files are all there, with the sizes it names."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        content = self._manifest_bytes()
        self.digest = digest(content)
        """SHA-256 of the manifest, and through the digests in it of the whole bundle."""
        self.manifest = Manifest.from_json(self._manifest_text(content))
        _check_names(self.manifest)
        check_sizes(self.manifest)
        self._check_files()
        self.tokenizer = self._tokenizer()

    @property
    def spec(self) -> Spec:
        """What a decoder of this bundle has to know."""
        return self.manifest.spec

    def unlisted(self) -> list[str]:
        """Names in the folder that the manifest does not answer for: never opened, and no harm."""
        listed = {MANIFEST_FILE, *(entry.file for entry in listed_files(self.manifest))}
        try:
            return sorted(set(os.listdir(self.path)) - listed)
        except OSError as error:
            raise BundleError(f"cannot list {self.path}: {error.strerror}; see to its permissions") from None

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
        content = self._bytes(entry.file, entry.size)
        if len(content) != entry.size or digest(content) != entry.sha256:
            raise BundleError(f"{self._at(entry.file)} is not the file that was exported; copy the bundle again")
        return content

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name)

    def _bytes(self, name: str, most: int) -> bytes:
        try:
            return read_regular(self._at(name), most)
        except OSError as error:
            raise BundleError(f"cannot read {self._at(name)}: {error.strerror}; copy the bundle again") from None

    def _manifest_bytes(self) -> bytes:
        path = self._at(MANIFEST_FILE)
        if not os.path.lexists(path):
            found = "it has no manifest.json" if os.path.isdir(self.path) else "there is no such folder"
            raise BundleError(f"{self.path} is no bundle: {found}; make one with: edgeword export MODEL --out BUNDLE")
        if os.path.islink(path) or not os.path.isfile(path):
            raise irregular(path)
        return self._bytes(MANIFEST_FILE, limits.MANIFEST_BYTES)

    def _manifest_text(self, content: bytes) -> str:
        try:
            return unsealed(content, self._at(MANIFEST_FILE)).decode("utf-8")
        except UnicodeDecodeError:
            raise BundleError(f"{self._at(MANIFEST_FILE)} is not UTF-8; export the bundle again") from None

    def _check_files(self) -> None:
        """Refuse a listed file that is missing, not regular, or of another size."""
        for entry in listed_files(self.manifest):
            path = self._at(entry.file)
            try:
                found = os.lstat(path)
            except FileNotFoundError:
                raise BundleError(f"{self.path} misses {entry.file}; copy the bundle again") from None
            except OSError as error:
                raise BundleError(f"cannot read {path}: {error.strerror}; see to its permissions") from None
            if not stat.S_ISREG(found.st_mode):
                raise irregular(path)
            if found.st_size != entry.size:
                raise BundleError(f"{path} has not the {entry.size} bytes that were exported; copy the bundle again")

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


def _check_names(manifest: Manifest) -> None:
    names = [entry.file for entry in listed_files(manifest)]
    for name in names:
        if name in ("", ".", "..", MANIFEST_FILE) or "/" in name or "\\" in name or "\0" in name or ":" in name:
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
