"""Let PostgreSQL know that record, action and fields of a change go together: it would take a group of them for a few
rows, and loop over thousands.
"""

from typing import Any

from django.db import migrations

_NAME = "retail_change_groups"


def _make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"CREATE STATISTICS {_NAME} (mcv) ON record, action, fields FROM retail_change")


def _drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP STATISTICS {_NAME}")


class Migration(migrations.Migration):
    dependencies = (("retail", "0001_initial"),)

    operations = (migrations.RunPython(_make, _drop),)
