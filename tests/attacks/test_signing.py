"""Signed bundles: with a trusted key nothing else is read."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edgeword import Bundle, BundleError, load
from edgeword.bundle.bundle import Manifest
from edgeword.bundle.packed import packed
from edgeword.bundle.seal import sealed, unsealed
from edgeword.bundle.statement import ED25519_SIZE, SIGNATURE_SIZE
from edgeword.bundle.store import MANIFEST_FILE, SIGNATURE_FILE
from edgeword.bundle.trust import trust_in
from edgeword.cli.main import main
from edgeword.errors import SignatureError
from edgeword.installing import install_command


def pem(key, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_pem(key) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A folder of key files: the maker's two, a stranger's, and some that are none."""
    folder, ours, strangers = (
        tmp_path_factory.mktemp("keys"),
        Ed25519PrivateKey.generate(),
        Ed25519PrivateKey.generate(),
    )
    rsa = generate_private_key(65537, 2048)
    files = {
        "ours": pem(ours),
        "trusted": public_pem(ours),
        "stranger": public_pem(strangers),
        "strangers": pem(strangers),
        "locked": pem(ours, b"password"),
        "rsa": pem(rsa),
        "public rsa": public_pem(rsa),
        "text": b"a key\n",
        "empty": b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(params=["folder", "file"])
def signed(request, bundle, keys, tmp_path):
    """A signed bundle in each of its two forms."""
    path = bundle
    if request.param == "file":
        path = tmp_path / "bundle.edgeword"
        path.write_bytes(packed(Bundle(bundle).contents()))
    assert main(["sign", str(path), "--key", str(keys / "ours")]) == 0
    return path


def test_what_was_signed_with_the_trusted_key_is_loaded(signed, keys, capsys):
    with load(signed, trusted_key=keys / "trusted") as lm:
        assert lm.generate("the cell", 2).words
    assert len(lm.bundle.signature()) == SIGNATURE_SIZE
    capsys.readouterr()
    assert main(["verify", str(signed), "--trusted-key", str(keys / "trusted")]) == 0
    assert "signature    no release, made with the key of" in capsys.readouterr().out


def test_without_a_key_a_signature_is_no_hindrance(signed, capsys):
    assert load(signed).generate("the cell", 2).words
    capsys.readouterr()
    assert main(["verify", str(signed)]) == 0
    out = capsys.readouterr().out
    assert "signature    no release, not checked; give --trusted-key FILE" in out
    assert "unlisted" not in out


def test_another_key_is_refused(signed, keys, capsys):
    with pytest.raises(SignatureError, match="was not signed with the key of"):
        load(signed, trusted_key=keys / "stranger")
    capsys.readouterr()
    assert main(["verify", str(signed), "--trusted-key", str(keys / "stranger")]) == 1
    assert not capsys.readouterr().out


def test_a_bundle_without_a_signature_is_refused(step_bundle, keys, capsys):
    with pytest.raises(SignatureError, match="is not signed"):
        load(step_bundle, trusted_key=keys / "trusted")
    assert main(["verify", str(step_bundle), "--trusted-key", str(keys / "trusted")]) == 1


def test_a_bundle_can_be_signed_again_with_another_key(signed, keys):
    assert main(["sign", str(signed), "--key", str(keys / "strangers")]) == 0
    Bundle(signed, trust_in(keys / "stranger"))
    with pytest.raises(SignatureError):
        Bundle(signed, trust_in(keys / "trusted"))


def test_nothing_is_read_of_a_manifest_that_was_changed(bundle, keys, monkeypatch):
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 0
    manifest = bundle / MANIFEST_FILE
    changed = unsealed(manifest.read_bytes(), MANIFEST_FILE).replace(b'"name": "', b'"name": "x')
    manifest.write_bytes(sealed(changed.decode("utf-8")))
    Bundle(bundle)
    monkeypatch.setattr(Manifest, "from_json", lambda _text: pytest.fail("the manifest was read"))
    with pytest.raises(SignatureError):
        Bundle(bundle, trust_in(keys / "trusted"))


def test_flips_of_a_signature_is_refused(bundle, keys):
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 0
    file = bundle / SIGNATURE_FILE
    content = file.read_bytes()
    for place in range(0, SIGNATURE_SIZE, 3):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        with pytest.raises(SignatureError):
            Bundle(bundle, trust_in(keys / "trusted"))


def test_flips_of_a_signature_in_a_packed_file_are_refused_without_a_key(bundle, keys, tmp_path):
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 0
    contents = Bundle(bundle).contents()
    content, file = packed(contents), tmp_path / "flipped.edgeword"
    start = content.index(contents[SIGNATURE_FILE])
    for place in range(start, start + SIGNATURE_SIZE, 3):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(BundleError, match="is not the file that was packed"):
            Bundle(file)


def test_a_signature_goes_through_pack_and_unpack(bundle, keys, tmp_path):
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 0
    file, folder = tmp_path / "b.edgeword", tmp_path / "again"
    assert main(["pack", str(bundle), str(file)]) == 0
    assert main(["unpack", str(file), "--out", str(folder)]) == 0
    Bundle(file, trust_in(keys / "trusted"))
    Bundle(folder, trust_in(keys / "trusted"))
    assert main(["sign", str(file), "--key", str(keys / "ours")]) == 0  # Ed25519 gives one signature for one text
    assert file.read_bytes() == packed(Bundle(folder).contents())


@pytest.mark.parametrize("size", [0, SIGNATURE_SIZE - 1, SIGNATURE_SIZE + 1, 1 << 20])
def test_a_signature_of_another_size_is_refused(size, bundle, keys, tmp_path):
    contents = Bundle(bundle).contents()
    file = tmp_path / "b.edgeword"
    file.write_bytes(packed({**contents, SIGNATURE_FILE: bytes(size)}))
    with pytest.raises(BundleError, match=f"{SIGNATURE_SIZE} bytes of a signature"):
        Bundle(file)
    (bundle / SIGNATURE_FILE).write_bytes(bytes(size))
    with pytest.raises(BundleError, match=f"not a signature of {SIGNATURE_SIZE} bytes"):
        Bundle(bundle, trust_in(keys / "trusted"))


@pytest.mark.parametrize("place", ["link", "pipe"])
def test_a_signature_is_not_written_through_a_link(place, bundle, keys, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(bytes(SIGNATURE_SIZE))
    if place == "link":
        (bundle / SIGNATURE_FILE).symlink_to(elsewhere)
    else:
        os.mkfifo(bundle / SIGNATURE_FILE)
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 2
    assert elsewhere.read_bytes() == bytes(SIGNATURE_SIZE)


@pytest.mark.parametrize("name", ["trusted", "locked", "rsa", "text", "empty", "nowhere", "a\0b"])
def test_a_file_that_is_no_private_key_is_refused(name, bundle, keys, capsys):
    assert main(["sign", str(bundle), "--key", str(keys / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (bundle / SIGNATURE_FILE).exists()


@pytest.mark.parametrize("name", ["ours", "public rsa", "text", "empty", "nowhere", "."])
def test_a_file_that_is_no_public_key_is_refused(name, bundle, keys, capsys):
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 0
    capsys.readouterr()
    assert main(["verify", str(bundle), "--trusted-key", str(keys / name)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_damaged_bundle_is_not_signed(bundle, keys):
    weights = bundle / "model.float32.onnx"
    weights.write_bytes(weights.read_bytes()[::-1])
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 2
    assert not (bundle / SIGNATURE_FILE).exists()


def test_without_cryptography_the_extra_is_named(bundle, keys, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert main(["sign", str(bundle), "--key", str(keys / "ours")]) == 2
    assert install_command("sign") in capsys.readouterr().err
    assert main(["verify", str(bundle), "--trusted-key", str(keys / "trusted")]) == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_openssl_says_the_same(bundle, keys, tmp_path):
    """The signature is the plain one of the statement's bytes: who has no edgeword can check it."""
    assert main(["sign", str(bundle), "--key", str(keys / "ours"), "--release", "7"]) == 0
    content = (bundle / SIGNATURE_FILE).read_bytes()
    statement, signature = tmp_path / "statement", tmp_path / "signature"
    statement.write_bytes(content[:-ED25519_SIZE])
    signature.write_bytes(content[-ED25519_SIZE:])
    line = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", str(keys / "trusted")]
    line += ["-in", str(statement), "-sigfile", str(signature)]
    assert b"Verified Successfully" in subprocess.run(line, capture_output=True, check=True, timeout=60).stdout
    line = ["openssl", "pkey", "-pubin", "-in", str(keys / "trusted"), "-outform", "DER"]
    der = subprocess.run(line, capture_output=True, check=True, timeout=60).stdout
    manifest = (bundle / MANIFEST_FILE).read_bytes()
    assert statement.read_text(encoding="ascii").splitlines() == [
        "edgeword signature 1",
        f"manifest.json sha256 {hashlib.sha256(manifest).hexdigest()}",
        f"key sha256 {hashlib.sha256(der).hexdigest()}",
        "release 000000000000007",
    ]
