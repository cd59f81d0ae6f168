"""Rollback: what is signed and older than a device asks for is refused, wherever a bundle is opened to be run."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from edgeword import Bundle, BundleError, EngineError, UsageError, load
from edgeword.bulk.ray import BulkGenerator
from edgeword.bundle.statement import MAX_RELEASE, SIGNATURE_SIZE, Statement, statement_of
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.bundle.trust import trust_in
from edgeword.choice.choosing import candidates
from edgeword.cli.main import main
from edgeword.errors import SignatureError
from edgeword_bench.measuring.process import Setting, cold_start
from edgeword_bench.measuring.variant import VariantSubject

RELEASE = 3


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder, key = tmp_path_factory.mktemp("keys"), Ed25519PrivateKey.generate()
    (folder / "key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "trusted").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return folder


@pytest.fixture(scope="module")
def released(step_bundle, keys, tmp_path_factory):
    """A bundle that is signed as release 3. Read it, never write it."""
    return sign(shutil.copytree(step_bundle, tmp_path_factory.mktemp("released") / "bundle"), keys, RELEASE)


def sign(bundle, keys, release=None):
    numbered = [] if release is None else ["--release", str(release)]
    assert main(["sign", str(bundle), "--key", str(keys / "key"), *numbered]) == 0
    return bundle


@pytest.mark.parametrize("oldest", [None, 1, RELEASE])
def test_a_release_that_is_new_enough_is_loaded(released, keys, oldest):
    with load(released, trusted_key=keys / "trusted", minimum_release=oldest) as lm:
        assert lm.generate("the cell", 2).words


def test_an_older_release_is_refused_by_its_number(released, keys):
    with pytest.raises(SignatureError, match=r"is release 3, and release 4 is the oldest that is taken"):
        load(released, trusted_key=keys / "trusted", minimum_release=RELEASE + 1)


def test_a_bundle_without_a_release_is_older_than_any(bundle, keys):
    sign(bundle, keys)
    load(bundle, trusted_key=keys / "trusted").close()
    with pytest.raises(SignatureError, match=r"is signed without a release, and release 1 is the oldest"):
        load(bundle, trusted_key=keys / "trusted", minimum_release=1)


def test_a_release_alone_is_no_trust(released):
    with pytest.raises(UsageError, match="says nothing without a trusted key"):
        load(released, minimum_release=1)


@pytest.mark.parametrize("release", [0, -1, 1.0, True, "3", MAX_RELEASE + 1])
def test_what_numbers_no_release_is_refused(release, released, keys):
    with pytest.raises(UsageError, match="minimum_release is"):
        load(released, trusted_key=keys / "trusted", minimum_release=release)


@pytest.mark.parametrize("release", ["0", "-3", "1.5", "three", str(MAX_RELEASE + 1)])
def test_nothing_is_signed_as_what_numbers_no_release(release, bundle, keys, capsys):
    assert main(["sign", str(bundle), "--key", str(keys / "key"), "--release", release]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (bundle / SIGNATURE_FILE).exists()


def test_the_release_is_signed(released, keys, tmp_path):
    """Nobody but the key's owner makes another release of it."""
    copy = shutil.copytree(released, tmp_path / "copy")
    content = (copy / SIGNATURE_FILE).read_bytes()
    (copy / SIGNATURE_FILE).write_bytes(content.replace(b"release 000000000000003", b"release 000000000000004"))
    assert Bundle(copy).statement().release == RELEASE + 1  # as it says itself
    with pytest.raises(SignatureError, match="was not signed with the key of"):
        Bundle(copy, trust_in(keys / "trusted"))


def test_the_signature_of_a_newer_release_does_not_make_an_older_bundle_newer(released, bundle, keys):
    manifest = bundle / MANIFEST_FILE
    manifest.write_bytes(manifest.read_bytes()[:-1])
    shutil.copy(released / SIGNATURE_FILE, bundle)
    with pytest.raises(SignatureError, match=r"the signature of another manifest\.json"):
        Bundle(bundle, trust_in(keys / "trusted"))


@pytest.mark.parametrize("command", ["info", "verify"])
def test_the_signature_of_another_manifest_is_named_without_a_key(command, released, window_bundle, tmp_path, capsys):
    other = shutil.copytree(window_bundle, tmp_path / "other")
    shutil.copy(released / SIGNATURE_FILE, other)
    assert main([command, str(other)]) == 2
    assert "holds the signature of another manifest.json" in capsys.readouterr().err


def test_a_statement_of_another_form_is_refused_although_it_is_signed(bundle, keys):
    """A later version may mean something by it that this one does not look at."""
    private = load_pem_private_key((keys / "key").read_bytes(), None)
    digest = Bundle(bundle).digest
    content = Statement(digest, digest, 5).to_bytes().replace(b"signature 1", b"signature 2")
    (bundle / SIGNATURE_FILE).write_bytes(content + private.sign(content))
    with pytest.raises(BundleError, match="a form that this edgeword does not know"):
        Bundle(bundle, trust_in(keys / "trusted"))
    with pytest.raises(BundleError, match="a form that this edgeword does not know"):
        Bundle(bundle).statement()


def test_a_statement_that_names_another_key_is_refused(bundle, keys):
    private = load_pem_private_key((keys / "key").read_bytes(), None)
    digest = Bundle(bundle).digest
    content = Statement(digest, digest, 5).to_bytes()
    (bundle / SIGNATURE_FILE).write_bytes(content + private.sign(content))
    with pytest.raises(SignatureError, match=r"of another manifest\.json or key"):
        Bundle(bundle, trust_in(keys / "trusted"))


DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(DIGESTS, DIGESTS, st.none() | st.integers(1, MAX_RELEASE))
def test_a_statement_is_read_as_it_was_written(manifest, key, release):
    statement = Statement(manifest, key, release)
    content = statement.to_bytes() + bytes(64)
    assert (statement_of(content, "it"), len(content)) == (statement, SIGNATURE_SIZE)


GOOD = Statement("a" * 64, "b" * 64, 12).to_bytes()


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_a_statement_has_one_form(place, other):
    """What is read is written again as the same bytes, or refused: no two texts mean the same."""
    changed = GOOD[:place] + other + GOOD[place + len(other) :]
    try:
        assert statement_of(changed + bytes(64), "it").to_bytes() == changed
    except BundleError:
        assert changed != GOOD


COMMANDS = {
    "generate": ["generate", "BUNDLE", "the cell", "-n", "1"],
    "generate by a mode": ["generate", "BUNDLE", "the cell", "--decode", "window"],
    "suggest": ["suggest", "BUNDLE", "the cell"],
    "bulk": ["bulk", "BUNDLE", "PROMPTS", "--out", "OUT"],
    "evaluate": ["evaluate", "BUNDLE", "PROMPTS"],
    "verify": ["verify", "BUNDLE"],
    "benchmark": ["benchmark", "BUNDLE"],
}


@pytest.fixture
def line_of(keys, tmp_path):
    """The words of a command with the paths filled in, and the release that is asked for."""
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("the cell state\n", encoding="utf-8")

    def line(words, bundle, oldest):
        places = {"BUNDLE": bundle, "PROMPTS": prompts, "OUT": tmp_path / "out.jsonl"}
        asked = ["--trusted-key", str(keys / "trusted"), "--minimum-release", str(oldest)]
        return [*(str(places.get(word, word)) for word in words), *asked]

    return line


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_every_command_that_runs_a_bundle_refuses_it(words, released, step_bundle, line_of, capsys):
    for bundle, reason in ((released, "is release 3, and release 4 is"), (step_bundle, "is not signed")):
        assert main(line_of(words, bundle, 4)) == 1
        captured = capsys.readouterr()
        assert reason in captured.err
        assert (captured.out, len(captured.err.splitlines())) == ("", 1)


RUNS = {name: words for name, words in COMMANDS.items() if name in ("generate", "suggest", "bulk", "evaluate")}


@pytest.mark.parametrize("words", RUNS.values(), ids=RUNS)
def test_every_command_runs_what_is_new_enough(words, released, line_of, tmp_path, capsys):
    assert main(line_of(words, released, RELEASE)) == 0
    assert capsys.readouterr().out or (tmp_path / "out.jsonl").exists()


def test_what_was_pickled_asks_again(released, keys, tmp_path):
    """Also where the key's file is gone, and no earlier release takes the bundle's place."""
    copy, key = shutil.copytree(released, tmp_path / "copy"), shutil.copy(keys / "trusted", tmp_path)
    with load(copy, trusted_key=key, minimum_release=RELEASE) as lm:
        kept, words = pickle.dumps(lm), lm.generate("the cell", 3).words
    (tmp_path / "trusted").unlink()
    with pickle.loads(kept) as again:  # noqa: S301 (its own)
        assert again.generate("the cell", 3).words == words
        assert again.bundle.trust.minimum_release == RELEASE
    sign(copy, keys, RELEASE - 1)
    with pytest.raises(SignatureError, match="is release 2"):
        pickle.loads(kept)  # noqa: S301 (its own)


def test_workers_and_clusters_ask_as_well(released, keys, tmp_path):
    prompts, out = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    prompts.write_text("the cell\n", encoding="utf-8")
    trusted = ["--trusted-key", str(keys / "trusted"), "--minimum-release", "3"]
    assert main(["bulk", str(released), str(prompts), "--out", str(out), "--workers", "2", *trusted]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["text"]
    generator = BulkGenerator(released, trusted_key=keys / "trusted", minimum_release=RELEASE)
    assert list(generator({"prompt": ["the cell"]})["text"])
    with pytest.raises(SignatureError, match="is release 3, and release 4"):
        BulkGenerator(released, trusted_key=keys / "trusted", minimum_release=4)


def test_a_benchmark_asks_in_each_of_its_processes(released, keys, tmp_path):
    bundle, trusted = Bundle(released), str(keys / "trusted")
    file = bundle.manifest.variants[0].file
    assert VariantSubject(str(released), file, 1, "the cell", trusted_key=trusted, minimum_release=RELEASE).facts
    with pytest.raises(SignatureError, match="is release 3, and release 4"):
        VariantSubject(str(released), file, 1, "the cell", trusted_key=trusted, minimum_release=4)
    setting = Setting(str(released), 1, "the cell", str(tmp_path), trusted, 4)
    with pytest.raises(EngineError, match="is release 3, and release 4"):
        cold_start(setting, candidates(bundle)[0])


def test_info_shows_what_a_signature_says_and_trusts_nobody(released, keys, capsys):
    assert main(["info", str(released)]) == 0
    public = (keys / "trusted").read_bytes()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("signature")]
    assert main(["info", str(released), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["signature"]
    assert said == {"key": fingerprint_of(public), "release": RELEASE, "checked": False}
    assert line.startswith(f"signature    release 3, says the key {said['key']}; not checked here")


def fingerprint_of(pem: bytes) -> str:
    """Of the DER form, which is what a PEM file has in base 64."""
    return hashlib.sha256(base64.b64decode(b"".join(pem.splitlines()[1:-1]))).hexdigest()


def test_info_of_a_bundle_that_nobody_signed(step_bundle, capsys):
    assert main(["info", str(step_bundle)]) == 0
    assert "\nsignature    none\n" in capsys.readouterr().out


def test_a_packed_bundle_keeps_its_release(released, keys, tmp_path):
    file = tmp_path / "b.edgeword"
    assert main(["pack", str(released), str(file)]) == 0
    assert Bundle(file, trust_in(keys / "trusted", RELEASE)).statement().release == RELEASE
    sign(file, keys, RELEASE + 1)
    assert Bundle(file, trust_in(keys / "trusted", RELEASE + 1)).statement().release == RELEASE + 1
