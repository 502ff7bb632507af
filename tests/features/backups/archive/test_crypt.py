"""Encrypted streams: age reads them, we read age's, and a wrong key is told from damage."""

from __future__ import annotations

import io
import os
import subprocess
import threading
from pathlib import Path

import pyrage
import pytest

from rattail.errors import KeyDoesNotFit
from rattail.features.backups.archive.crypt import Decrypting, encrypt
from rattail.features.backups.archive.damaged import Damaged

_CHUNK_BYTES = 65_536  # of age
_TAG_BYTES = 16
_SIZES = [0, 1, _CHUNK_BYTES - 1, _CHUNK_BYTES, _CHUNK_BYTES + 1, 3 * _CHUNK_BYTES, 1_500_000]

KEY = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()


def encrypted(content: bytes, *keys: pyrage.x25519.Identity) -> bytes:
    out = bytearray()
    encrypt(io.BytesIO(content).read, out.extend, [key.to_public() for key in keys or (KEY,)])
    return bytes(out)


def decrypted(stored: bytes, *keys: pyrage.x25519.Identity, at_once: int = 100_000) -> bytes:
    found = bytearray()
    with Decrypting(io.BytesIO(stored), list(keys or (KEY,)), what="'part.age'") as stream:
        while chunk := stream.read(at_once):
            found += chunk
    return bytes(found)


def payload_at(stored: bytes) -> int:
    """Where the header ends: after the line of its sum."""
    return stored.index(b"\n", stored.index(b"\n--- ") + 1) + 1


@pytest.mark.parametrize("size", _SIZES)
def test_what_is_encrypted_is_read_again(size: int) -> None:
    content = os.urandom(size)

    assert decrypted(encrypted(content)) == content


@pytest.mark.parametrize("at_once", [1, 1000, _CHUNK_BYTES, 10_000_000])
def test_it_is_read_in_pieces_of_any_size(at_once: int) -> None:
    content = os.urandom(2_000 if at_once == 1 else 300_000)

    assert decrypted(encrypted(content), at_once=at_once) == content


def test_each_of_several_keys_opens_it_and_one_of_many_is_found() -> None:
    content = os.urandom(100_000)
    stored = encrypted(content, KEY, OTHER)

    assert decrypted(stored, KEY) == decrypted(stored, OTHER) == content
    assert decrypted(encrypted(content), OTHER, KEY) == content


@pytest.mark.parametrize("size", [0, _CHUNK_BYTES, 200_000])
def test_the_program_age_reads_ours_and_we_read_its_own(size: int, tmp_path: Path) -> None:
    content, key_file = os.urandom(size), tmp_path / "key"
    key_file.write_text(f"{KEY}\n")
    ours = subprocess.run(
        ["age", "--decrypt", "-i", key_file], input=encrypted(content), capture_output=True, check=True
    )
    theirs = subprocess.run(["age", "-r", str(KEY.to_public())], input=content, capture_output=True, check=True)

    assert ours.stdout == content
    assert decrypted(theirs.stdout) == content


@pytest.mark.parametrize("size", [0, 200_000])
def test_a_key_of_another_backup_is_said_to_be_one(size: int) -> None:
    with pytest.raises(KeyDoesNotFit, match=r"'part\.age': the backup was encrypted to another one"):
        decrypted(encrypted(os.urandom(size)), OTHER)


def test_whatever_byte_of_the_payload_differs_is_said_to_be_damage() -> None:
    stored = encrypted(os.urandom(2 * _CHUNK_BYTES + 100))
    begin = payload_at(stored)
    last_chunk = begin + 16 + 2 * (_CHUNK_BYTES + _TAG_BYTES)
    places = [begin, begin + 16, begin + 16 + _CHUNK_BYTES, last_chunk, len(stored) - _TAG_BYTES, len(stored) - 1]

    for at in places:
        with pytest.raises(Damaged, match=r"'part\.age' cannot be decrypted"):
            decrypted(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :])


@pytest.mark.parametrize("chunks", [1, 2])
def test_one_that_ends_too_early_is_damaged_even_at_the_end_of_a_chunk(chunks: int) -> None:
    stored = encrypted(os.urandom(2 * _CHUNK_BYTES + 100))
    end = payload_at(stored) + 16 + chunks * (_CHUNK_BYTES + _TAG_BYTES)

    for cut in (end, end - 1, end + 5, payload_at(stored), payload_at(stored) - 3, 10):
        with pytest.raises(Damaged):
            decrypted(stored[:cut])


def test_one_that_goes_on_after_its_end_is_damaged() -> None:
    with pytest.raises(Damaged):
        decrypted(encrypted(b"x" * 100) + b"more")


def test_what_is_no_encrypted_stream_at_all_is_damaged() -> None:
    for stored in (b"", b"age-encryption.org/v1\n", b"\0" * 1000, os.urandom(100)):
        with pytest.raises(Damaged):
            decrypted(stored)


def test_the_sum_of_the_header_is_heeded() -> None:
    stored = encrypted(b"x")
    at = stored.index(b"\n--- ") + 6

    with pytest.raises(Damaged):
        decrypted(stored[:at] + (b"A" if stored[at : at + 1] != b"A" else b"B") + stored[at + 1 :])


def test_reading_that_is_given_up_ends_its_thread() -> None:
    stored, before = encrypted(os.urandom(3_000_000)), threading.active_count()
    with Decrypting(io.BytesIO(stored), [KEY], what="'part.age'") as stream:
        first = stream.read(10)

    assert (len(first), threading.active_count()) == (10, before)


def test_what_the_source_says_of_itself_is_what_is_raised() -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise Damaged("the disk ate it")

    with pytest.raises(Damaged, match="the disk ate it"), Decrypting(Broken(), [KEY], what="'part.age'") as stream:
        stream.read(10)
