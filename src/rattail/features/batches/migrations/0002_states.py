"""The database refuses a change of state that the state machine does not know.

The table of states is written out here, as it was when this migration was made: a later change of the
machine is a later migration.
"""

from typing import Any

from django.db import migrations

_FOLLOWING = {
    "new": ("reading", "failed"),
    "reading": ("ready", "failed", "new"),
    "ready": ("executing", "reading"),
    "executing": ("executed", "ready"),
    "executed": ("undone",),
    "undone": ("executing", "reading"),
    "failed": ("reading",),
}
_ALLOWED = ", ".join(f"'{old}>{new}'" for old, following in _FOLLOWING.items() for new in following)
_REFUSAL = "a batch may not change its state like this"

_SQLITE = f"""
CREATE TRIGGER batches_state_machine BEFORE UPDATE OF state ON batches_batch
WHEN OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({_ALLOWED})
BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
"""
_POSTGRESQL = f"""
CREATE FUNCTION batches_state_machine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_REFUSAL}: % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER batches_state_machine BEFORE UPDATE OF state ON batches_batch FOR EACH ROW
WHEN (OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({_ALLOWED}))
EXECUTE FUNCTION batches_state_machine()
"""


def _make(apps: Any, schema_editor: Any) -> None:
    statements = _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL
    schema_editor.execute(statements, params=None)  # none at all, or PostgreSQL looks for places of some at each %


def _drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER batches_state_machine")
        return
    schema_editor.execute("DROP TRIGGER batches_state_machine ON batches_batch")
    schema_editor.execute("DROP FUNCTION batches_state_machine()")


class Migration(migrations.Migration):
    dependencies = (("batches", "0001_initial"),)

    operations = (migrations.RunPython(_make, _drop),)
