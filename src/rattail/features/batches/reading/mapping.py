"""The saved column mapping of a vendor: one readable TOML file, checked as a whole."""

import os
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from rattail.appdir.files import opened_folder, replace_file, safe_child
from rattail.config.render import toml_key, toml_value
from rattail.config.toml_text import Unreadable, parse_toml, read_text
from rattail.errors import ConfigInvalid, InputRejected
from rattail.features.batches.reading.column_names import NAMES
from rattail.features.batches.reading.columns import spoken
from rattail.features.batches.reading.layout import CHOICES, TABLES, Layout
from rattail.features.batches.reading.mapping_check import checked_layout

VENDOR_FILES = "vendor_files"  # below the folder of templates
_WIDTH_COLUMNS = 110
_UNSAFE = re.compile(r"[^\w.+-]+")
_FILE_MODE = 0o640

VendorMapping = Mapping[str, Layout]  # by kind


def mapping_path(folder: str, vendor: str) -> str:
    """Where the mapping of a vendor lies in `folder`: its name, made safe for a file system, and `.toml`.

    Raises:
        InputRejected: nothing of the name can be in the name of a file.
    """
    plain = unicodedata.normalize("NFKD", vendor).encode("ascii", "ignore").decode()
    stem = _UNSAFE.sub("-", plain).strip("-.").lower()[:100]
    if not stem:
        raise InputRejected(
            f"no file can be named for the vendor {vendor!r}: expected a letter or a digit in its name."
        )
    return safe_child(folder, f"{stem}.toml")


def load_mapping(folder: str, vendor: str) -> VendorMapping | None:
    """The vendor's mapping, by kind of file; None where none is saved.

    Raises:
        ConfigInvalid: with all faults of the file, each with its line.
    """
    path = mapping_path(folder, vendor)
    try:
        text = read_text(path, os.path.basename(path))
    except Unreadable as fault:
        raise ConfigInvalid([fault.message], hint=_hint(path)) from None
    if text is None:
        return None
    _require_owner(text, vendor, path)
    return parse_mapping(text, name=os.path.basename(path), hint=_hint(path))


def _require_owner(text: str, vendor: str, path: str) -> None:
    """Two vendors may share the name of a file: `A-B` and `a b`. The file says whose it is."""
    try:
        owner = parse_toml(text, os.path.basename(path)).get("vendor", vendor)
    except Unreadable:
        return
    if owner != vendor:
        raise InputRejected(
            f"{os.path.basename(path)} is the mapping of vendor {owner!r}, and {vendor!r} would have the same file.",
            hint=f"give one of the two another code, or see the file: {path}",
        )


def parse_mapping(text: str, *, name: str, hint: str = "") -> VendorMapping:
    """The mapping that a TOML text is; `name` is what messages call it.

    Raises:
        ConfigInvalid: with all faults, each with its line.
    """
    from rattail.features.batches.reading.mapping_check import Faults

    try:
        document = parse_toml(text, name)
    except Unreadable as fault:
        raise ConfigInvalid([fault.message], hint=hint) from None
    faults = Faults(text, name)
    found: dict[str, Layout] = {}
    for kind, raw in document.items():
        if kind == "vendor" and isinstance(raw, str):
            continue
        if kind not in NAMES:
            faults.unknown((kind,), f"there is no kind of file '{kind}'", (*NAMES, "vendor"))
        elif not isinstance(raw, dict):
            faults.add((kind,), f"'{kind}' should be a table: expected a line [{kind}]")
        else:
            found[kind] = checked_layout(kind, raw, faults)
    if faults.messages:
        raise ConfigInvalid(faults.messages, hint=hint)
    return found


def layout_of(kind: str, mapping: Mapping[str, object] | Layout | None) -> Layout:
    """The layout that a mapping of one kind says, whether it was loaded, or given as the tables of a TOML file.

    Raises:
        ConfigInvalid: with all its faults.
    """
    if mapping is None or isinstance(mapping, Layout):
        return mapping or Layout()
    from rattail.features.batches.reading.mapping_check import Faults

    faults = Faults("", f"mapping of {kind}")
    layout = checked_layout(kind, mapping, faults)
    if faults.messages:
        raise ConfigInvalid(faults.messages)
    return layout


def as_document(layout: Layout) -> dict[str, object]:
    """A layout as the tables of a TOML file have it, without what is left to the file."""
    return {
        name: (dict(value) if isinstance(value, Mapping) else value)
        for name, value in layout._asdict().items()
        if value != Layout._field_defaults[name]
    }


def save_mapping(folder: str, vendor: str, mapping: VendorMapping, *, why: Mapping[str, str] | None = None) -> str:
    """Write the vendor's mapping whole, and return its path. The folder is made where it is missing."""
    path = mapping_path(folder, vendor)
    if not os.path.isdir(folder):
        os.mkdir(folder, 0o750)
    content = render_mapping(mapping, vendor=vendor, why=why).encode()
    with opened_folder(os.path.realpath(folder)) as fd:
        replace_file(fd, os.path.basename(path), content, mode=_FILE_MODE)
    return path


def render_mapping(mapping: VendorMapping, *, vendor: str = "", why: Mapping[str, str] | None = None) -> str:
    """The file of a mapping, every choice explained; `why` says of a choice what spoke for it.

    The names in `why` are those of choices and of fields.
    """
    lines = [
        *_comment(
            "How the files of this vendor are laid out. Change what is wrong; a line with a '#' in front is not read."
        ),
        *_comment("To see how a file is understood:  rattail make-batch KIND FILE --dry-run"),
    ]
    if vendor:
        lines += ["", f"vendor = {toml_value(vendor)}"]
    for kind, layout in mapping.items():
        lines += ["", "", f"[{kind}]"]
        for choice in CHOICES:
            value: Any = getattr(layout, choice.name)
            is_set = value != Layout._field_defaults[choice.name]
            shown = toml_value("" if value is None else value)
            if choice.name == "names_row" and value is None:
                shown = "1"
            lines += ["", *_comment(choice.help), *_reason(why, choice.name)]
            lines.append(f"{'' if is_set else '#'}{choice.name} = {shown}")
        for table, said in TABLES.items():
            lines += ["", "", *_comment(said), f"[{kind}.{table}]"]
            lines += _entries(table, getattr(layout, table), why)
            if table == "columns":
                rest = [field for field in NAMES[kind] if field not in layout.columns]
                lines += [f'#{field} = ""  # {spoken(field)}' for field in rest]
    return "\n".join(lines) + "\n"


def _entries(table: str, values: Mapping[str, Any], why: Mapping[str, str] | None) -> list[str]:
    lines = []
    for name, value in values.items():
        if table == "columns":
            lines += _reason(why, name)
        lines.append(f"{toml_key(name)} = {toml_value(value)}")
    return lines


def _reason(why: Mapping[str, str] | None, name: str) -> list[str]:
    said = (why or {}).get(name, "")
    return _comment(f"Here: {said}.") if said else []


def _comment(text: str) -> list[str]:
    lines, line = [], "#"
    for word in " ".join(_printable(text).split(" ")).split(" "):
        if line != "#" and len(line) + 1 + len(word) > _WIDTH_COLUMNS:
            lines.append(line)
            line = "#"
        line += " " + word
    return [*lines, line]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _hint(path: str) -> str:
    return f"mend {path}, or delete it and type: rattail make-vendor-mapping"
