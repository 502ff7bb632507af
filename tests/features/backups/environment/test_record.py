"""The record of an environment: everything installed, by its own files."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rattail.errors import NoSuchThing
from rattail.features.backups.environment.record import environment_document, environment_record, without_credentials
from rattail.features.backups.environment.wheel import Wheel
from tests.features.backups.environment.made_up import MadeUp


def test_the_record_names_every_distribution_and_imports_none(made_up: MadeUp) -> None:
    record = environment_record(str(made_up.path))

    rows = [(one.name, one.version, one.installer, one.is_editable) for one in record.distributions]
    assert rows == [
        ("linked", "3", "pip", True),
        ("many_parts", "1.0+local.2", "pip", False),
        ("old_style", "2", "pip", False),
        ("unlisted", "4", "pip", False),
    ]
    assert record.interpreter.version.startswith("3.")
    assert record.interpreter.platform.startswith("linux-")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://alice:secret@example.org:8443/a/b.whl", "https://example.org:8443/a/b.whl"),
        ("https://token@example.org/b.whl?X-Signature=secret#sha256=abc", "https://example.org/b.whl#sha256=abc"),
        ("ssh://git@example.org/shop.git", "ssh://git@example.org/shop.git"),
        ("ssh://git:secret@example.org/shop.git", "ssh://example.org/shop.git"),
        ("https://${USER}:${PASSWORD}@example.org/b.whl", "https://example.org/b.whl"),
        ("file:///srv/shop", "file:///srv/shop"),
    ],
)
def test_no_password_of_an_address_is_kept(url: str, kept: str) -> None:
    assert without_credentials(url) == kept


def test_what_came_out_of_a_repository_is_named_with_its_commit(made_up: MadeUp) -> None:
    known = {"url": "https://me:secret@example.org/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}}
    made_up.install("fetched", "1", {"fetched.py": b""}, direct_url={**known, "subdirectory": "python"})

    found = {one.name: one.direct_url for one in environment_record(str(made_up.path)).distributions}

    assert found["fetched"] == "git+https://example.org/x.git@abc123#subdirectory=python"
    assert found["many_parts"] == "https://example.org/many.tar.gz"
    assert found["old_style"] == ""


def test_a_folder_without_a_python_is_no_environment(tmp_path: Path) -> None:
    with pytest.raises(NoSuchThing, match="is not an environment"):
        environment_record(str(tmp_path))


def test_the_document_joins_distributions_with_their_wheels_and_holds_no_secret(made_up: MadeUp) -> None:
    record = environment_record(str(made_up.path))
    wheel = Wheel("/x/old_style-2-py3-none-any.whl", "old_style-2-py3-none-any.whl", 5, "ab")

    document = environment_document(
        record, [wheel], app="poser", made_at=datetime(2026, 11, 22, tzinfo=UTC), is_encrypted=True
    )

    text = json.dumps(document)
    rows = json.loads(text)["distributions"]
    assert {row["name"]: row["wheel"] for row in rows}["old_style"] == wheel.file_name
    assert {row["name"]: row["wheel"] for row in rows}["linked"] == ""
    assert json.loads(text)["wheels"] == [{"file": wheel.file_name, "size_bytes": 5, "sha256": "ab"}]
    assert "secret" not in text
