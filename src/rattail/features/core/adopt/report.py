"""The written account of an adoption, for whoever asks in three years where a file came from."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rattail.features.core.adopt.survey import Copy, LeftOut
from rattail.features.core.adopt.translate import Translation


def render_report(
    source: str,
    copies: Sequence[Copy],
    left_out: Sequence[LeftOut],
    translation: Translation,
    problems: Sequence[str],
    *,
    when: str,
) -> str:
    """The text of `upstream/ADOPTED.txt`. Passwords are masked in it."""
    size = sum(copy.size_bytes for copy in copies)
    head = (
        f"This app folder was adopted from the folder of upstream Rattail at\n  {one_line(source)}\non {when}.\n"
        f"{len(copies):,} files, {size:,} bytes, were copied; the old folder was left as it was.\n"
        "The old configuration files, with their passwords, are kept in this folder.\n"
    )
    parts = [head]
    for title, lines in (
        ("Please look at this", [f"  {one_line(text)}" for text in problems]),
        ("Translated into rattail.toml and secrets.toml", list(translated_lines(translation))),
        ("Not translated", list(not_translated_lines(translation))),
        ("Left out", list(left_out_lines(left_out))),
        ("Copied, by folder", list(folder_lines(copies))),
        ("Copied, file by file", [f"  {one_line(copy.source)} -> {one_line(copy.to)}" for copy in copies]),
    ):
        parts.append(f"\n{title}\n" + "".join(f"{line}\n" for line in lines or ["  nothing"]))
    return "".join(parts)


def translated_lines(translation: Translation) -> Iterator[str]:
    for one in translation.translated:
        yield f"  {one.source} -> {one.to} = {one_line(one.shown)}"


def not_translated_lines(translation: Translation) -> Iterator[str]:
    for one in translation.not_translated:
        yield f"  not translated: {one.source} = {one_line(one.value)}   ({one_line(one.file)})"


def left_out_lines(left_out: Sequence[LeftOut]) -> Iterator[str]:
    for one in left_out:
        amount = "" if one.files == 1 and not one.size_bytes else f" ({amount_text(one.files, one.size_bytes)})"
        yield f"  {one_line(one.path)}{amount}: {one.reason}"


def folder_lines(copies: Sequence[Copy]) -> Iterator[str]:
    """Where the files go: per folder of the new one, how many and how large."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for copy in copies:
        folder = "/".join(copy.to.split("/")[:-1][:3]) or "."
        files[folder] += 1
        sizes[folder] += copy.size_bytes
    for folder in sorted(files):
        yield f"  {one_line(folder)}: {amount_text(files[folder], sizes[folder])}"


def amount_text(files: int, size_bytes: int) -> str:
    """So many files, so many bytes."""
    return f"{files:,} file{'' if files == 1 else 's'}, {size_bytes:,} byte{'' if size_bytes == 1 else 's'}"


def one_line(text: str) -> str:
    """A text that stays on its line whatever it holds."""
    return text if text.isprintable() else repr(text)[1:-1]
