"""A certificate that a test made itself, for a proxy that speaks TLS."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.kit.programs import needs_program


def with_certificate(text: str, folder: Path) -> str:
    """A configuration of nginx whose certificate is one for localhost, in `folder`: `cert.pem`."""
    words = [needs_program("openssl"), "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += [
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {folder}/cert.pem;", text)
    return re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {folder}/key.pem;", text)
