"""`make migrations`: write a migration for what changed in the models since the last one."""

import sys
import tempfile

from rattail.database.setup import Whereabouts, open_django
from rattail.registry import load_registry

if __name__ == "__main__":
    from django.core.management import call_command

    with tempfile.TemporaryDirectory() as scratch:
        open_django(Whereabouts(path=f"{scratch}/none.sqlite3"), apps=load_registry().apps, time_zone="UTC")
        call_command("makemigrations", *sys.argv[1:])
