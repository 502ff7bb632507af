"""Folders like the ones that upstream Rattail leaves, and a distribution with its name and its files."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from pathlib import Path

PASSWORD = "s3cr@t %x:/"
CONFIGURATION = """\
[rattail]
app_title = Poser Foods
app_package = poser
timezone.default = America/Chicago
appdir = {here}
datadir = {here}/data
batch.files = {here}/data/batch
workdir = {here}/work
export.files = {here}/data/exports

[rattail.config]
usedb = true

[rattail.db]
default.url = postgresql+psycopg2://rattail:s3cr%40t %x%3A%2F@db.example:5433/poser
versioning.enabled = true

[rattail.mail]
smtp.server = mail.example:2525
smtp.username = poser
smtp.password = mail-pass
default.prefix = [Poser]
default.from = poser@example.com
default.to = alice@example.com, "bob@example.com"

[rattail.upgrades]
command = {here}/upgrade.sh --verbose
files = {here}/data/upgrades

[handler_file]
class = handlers.RotatingFileHandler
args = ('{here}/log/rattail.log', 'a', 1000000, 100, 'utf_8')

[formatter_generic]
format = %(asctime)s %(levelname)-5.5s %(message)s
"""
WEB = """\
[rattail.config]
require = %(here)s/rattail.conf

[app:main]
use = egg:poser
beaker.session.data_dir = %(here)s/cache/sessions/data
beaker.session.lock_dir = %(here)s/cache/sessions/lock
beaker.session.secret = TODO_YOU_SHOULD_CHANGE_THIS
pyramid_deform.tempdir = %(here)s/data/uploads
"""
FILES = {
    "data/batch/inventory/06/5f0e/count.csv": "upc,cases\n",
    "data/batch/vendor_catalog/06/11aa/catalog.xlsx": "sheet",
    "data/batch/vendor_invoice/06/22bb/invoice.csv": "invoice",
    "data/batch/handheld/06/33cc/scan.csv": "scan",
    "data/exports/report_output/06/44dd/report.xlsx": "report",
    "data/exports/instacart_product_export/06/55ee/instacart_product_export.00000123.csv": "products",
    "data/templates/input_files/vendorcatalogs/default/0001/template.xlsx": "template",
    "data/upgrades/06/66ff/stdout.log": "upgraded",
    "data/own/letters.txt": "dear customer",
    "luigi/2026/11/21/nightly-b": "",
    "luigi/log/luigi.log": "ran",
    "luigitasks/__init__.py": "",
    "luigitasks/overnight_nightly.py": "class Nightly: ...\n",
    "log/rattail.log": "2026 INFO started\n",
    "poser/poser/reports/sales.py": "class Sales: ...\n",
    # scratch
    "cache/sessions/data/container_file/a/ab/abc.cache": "pickle",
    "sessions/data/x.cache": "pickle",
    "work/tmp/upload": "half",
    "data/uploads/0123abcd": "upload",
}


def make_upstream(env: Path) -> Path:
    """Make an environment with an upstream folder in it, as its installer and a year of use leave it."""
    root = env / "app"
    root.mkdir(parents=True)
    (env / "pyvenv.cfg").write_text("home = /usr/bin\n")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "data/emptied").mkdir()
    (root / "rattail.conf").write_text(CONFIGURATION.format(here=root))
    (root / "quiet.conf").write_text("[rattail.config]\nrequire = %(here)s/rattail.conf\n")
    (root / "web.conf").write_text(WEB)
    for script in ("upgrade.sh", "own-script.sh"):
        (root / script).write_text("#!/bin/sh\n")
        (root / script).chmod(0o755)
    for number, entry in enumerate(sorted(root.rglob("*"))):
        os.utime(entry, ns=(0, 1_500_000_000_123_456_789 + number * 10**9))
    return root


def make_upstream_wheel(target: Path) -> Path:
    """A wheel named `rattail` with the files of upstream's that collide with ours, doing what those do."""
    contents = {
        "rattail/__init__.py": "from ._version import __version__\nfrom . import enum\n",
        "rattail/_version.py": "__version__ = '0.21.3'\n",
        "rattail/enum.py": "",
        "rattail/config.py": "def make_config(): ...\n",
        "rattail/features/__init__.py": "from .handlers import FeatureHandler\n",
        "rattail/features/handlers.py": "import colander_that_nobody_installed\n",
        "rattail/commands/__init__.py": "from .base import rattail_typer\n",
        "rattail/commands/base.py": "from rattail.config import make_config\ndef rattail_typer(): print('upstream')\n",
    }
    info = "rattail-0.21.3.dist-info"
    contents |= {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: rattail\nVersion: 0.21.3\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nrattail = rattail.commands.base:rattail_typer\n"
        "[rattail.features]\nnew-report = rattail.features.newreport:NewReportFeature\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    wheel = target / "rattail-0.21.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
