"""Envelopes of EDI messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

_RECEIVER_GLN = "8798765432106"


def x12(segments: Sequence[str], *, group: str, transaction: str, sender: str, day: date) -> bytes:
    """One transaction in one group in one interchange, with right counts; a segment a line."""
    whole = [
        f"ISA*00*          *00*          *08*{sender:<15}*ZZ*{'SAMPLE':<15}*{day:%y%m%d}*0600*U*00401*000000101*0*P*>",
        f"GS*{group}*{sender}*SAMPLE*{day:%Y%m%d}*0600*101*X*004010",
        f"ST*{transaction}*0001",
        *segments,
        f"SE*{len(segments) + 2}*0001",
        "GE*1*101",
        "IEA*1*000000101",
    ]
    return "".join(f"{one}~\n" for one in whole).encode()


def edifact(segments: Sequence[str], *, message: str, sender: str, day: date) -> bytes:
    """One message in one interchange, with right counts; a segment a line."""
    whole = [
        f"UNB+UNOC:3+{sender}:14+{_RECEIVER_GLN}:14+{day:%y%m%d}:0600+101++{message}",
        f"UNH+1+{message}:D:96A:UN:EAN008",
        *segments,
        f"UNT+{len(segments) + 2}+1",
        "UNZ+1+101",
    ]
    return ("UNA:+.? '\n" + "".join(f"{one}'\n" for one in whole)).encode("latin-1", errors="replace")


def x12_text(text: str) -> str:
    """A name without the signs that separate."""
    return text.upper().translate({ord(sign): " " for sign in "*~>"})


def edifact_text(text: str) -> str:
    """A name with the signs that separate released, as long as may be."""
    for sign in "?+:'":
        text = text.replace(sign, f"?{sign}")
    return text[:70].rstrip("?")
