"""Keys that backups are encrypted to, and the proof that the secret half is still there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rattail.errors import ConfigInvalid, InputRejected, KeyDoesNotFit, NoSuchThing
from rattail.features.backups.keys.keys import (
    PROOFS_FILE,
    key_file_text,
    make_key,
    note_proofs,
    opened_by,
    parse_recipients,
    read_identities,
    read_proofs,
    stale,
    unproved,
)
from rattail.features.backups.keys.proving import prove_keys
from rattail.features.backups.shelf.state import Known, Look
from tests.features.backups.shelf.on_shelf import put

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def test_the_file_for_a_key_holds_one_that_opens_what_the_public_half_closed() -> None:
    pair, other = make_key(), make_key()
    identities = read_identities(key_file_text(pair, app="shop", now=NOW), source="key.txt")

    assert opened_by([other.public, pair.public], identities) == (pair.public,)


def test_a_text_that_is_no_key_is_refused_without_being_shown() -> None:
    secret = make_key().secret

    with pytest.raises(InputRejected) as refused:
        read_identities(f"# a comment\n\n{secret[:-1]}\n", source="key.txt")
    assert refused.value.message.startswith("line 3 of 'key.txt' is no secret age key")
    assert secret[:-1] not in str(refused.value)
    with pytest.raises(InputRejected, match="holds no secret age key"):
        read_identities("# nothing\n", source="key.txt")


def test_all_wrong_public_keys_are_named_and_a_secret_one_is_not_shown() -> None:
    pair = make_key()

    with pytest.raises(ConfigInvalid) as refused:
        parse_recipients([pair.secret, pair.public, "age1nothing"])
    assert len(refused.value.faults) == 2
    assert "a secret key, which must not be there" in refused.value.faults[0]
    assert pair.secret not in str(refused.value)


def test_a_proof_is_kept_until_it_is_old(tmp_path: Path) -> None:
    first, second = make_key().public, make_key().public
    note_proofs(str(tmp_path), [first], now=NOW)

    assert unproved(str(tmp_path), [first, second]) == (second,)
    assert stale(str(tmp_path), [first, second], now=NOW + timedelta(days=90)) == ()
    assert stale(str(tmp_path), [first, second], now=NOW + timedelta(days=91)) == ((first, NOW),)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"age1x": 3}', '{"age1x": "2026-11-22T02:30:00"}', "[" * 100_000])
def test_a_file_of_proofs_that_cannot_be_read_is_no_proof(tmp_path: Path, content: str) -> None:
    (tmp_path / PROOFS_FILE).write_text(content)

    assert read_proofs(str(tmp_path)) == {}


def test_proving_tries_the_keys_of_the_setting_and_of_the_backups_that_are_there(tmp_path: Path) -> None:
    old, new = make_key(), make_key()
    put(tmp_path, NOW, known=Known(read_back=Look(NOW), recipients=(old.public,)))

    proved = prove_keys(str(tmp_path), [new.public], read_identities(old.secret, source="-"), now=NOW)

    assert proved == ((old.public,), (new.public,))
    assert read_proofs(str(tmp_path)) == {old.public: NOW}


def test_a_key_that_opens_nothing_proves_nothing(tmp_path: Path) -> None:
    identities = read_identities(make_key().secret, source="-")

    with pytest.raises(KeyDoesNotFit, match="opens none of the 1 public keys"):
        prove_keys(str(tmp_path), [make_key().public], identities, now=NOW)
    with pytest.raises(NoSuchThing, match="names no key"):
        prove_keys(str(tmp_path), [], identities, now=NOW)
    assert read_proofs(str(tmp_path)) == {}
