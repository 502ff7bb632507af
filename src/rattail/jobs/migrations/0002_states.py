"""The database refuses what the state machine of jobs does not know.

The table of states is written out here, as it was when this migration was made: a later change of the
machine is a later migration. Taking a job has to count its token up, and nothing may count it back: that is what
keeps a process that was taken for dead from finishing it.
"""

from typing import Any

from django.db import migrations

_FOLLOWING = {
    "ready": ("running", "cancelled"),
    "running": ("done", "failed", "cancelled", "ready"),
    "failed": ("ready",),
    "cancelled": ("ready",),
    "done": (),
}
_ALLOWED = ", ".join(f"'{old}>{new}'" for old, following in _FOLLOWING.items() for new in following)
_WRONG_STEP = f"OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({_ALLOWED})"
_WRONG_TOKEN = "NEW.token <> OLD.token + (CASE WHEN OLD.state = 'ready' AND NEW.state = 'running' THEN 1 ELSE 0 END)"  # noqa: S105
_REFUSAL = "a job may not change its state or token like this"

_SQLITE = f"""
CREATE TRIGGER jobs_state_machine BEFORE UPDATE OF state, token ON jobs_job
WHEN ({_WRONG_STEP}) OR {_WRONG_TOKEN}
BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END
"""
_POSTGRESQL = f"""
CREATE FUNCTION jobs_state_machine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{_REFUSAL}: % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER jobs_state_machine BEFORE UPDATE OF state, token ON jobs_job FOR EACH ROW
WHEN (({_WRONG_STEP}) OR {_WRONG_TOKEN}) EXECUTE FUNCTION jobs_state_machine()
"""


def _make(apps: Any, schema_editor: Any) -> None:
    statements = _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL
    schema_editor.execute(statements, params=None)  # none at all, or PostgreSQL looks for places of some at each %


def _drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER jobs_state_machine")
        return
    schema_editor.execute("DROP TRIGGER jobs_state_machine ON jobs_job")
    schema_editor.execute("DROP FUNCTION jobs_state_machine()")


class Migration(migrations.Migration):
    dependencies = (("jobs", "0001_initial"),)

    operations = (migrations.RunPython(_make, _drop),)
