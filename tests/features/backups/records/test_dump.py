"""What is read as a dump of PostgreSQL, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from rattail.features.backups.records.check import check_copy
from rattail.features.backups.records.dump import Rows, read_dump
from rattail.features.backups.records.statements import Ending, is_loaded

HEAD = "--\n-- PostgreSQL database dump\n--\n\n\\restrict aB3\n\n-- Dumped from database version 16.14\n\n"
TAIL = "\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict aB3\n\n"
TABLE = "CREATE TABLE public.shelf (\n    id integer,\n    name text\n);\n\n"
ROWS = "COPY public.shelf (id, name) FROM stdin;\n1\ta\n2\tb;\n3\t\\\\.\n\\.\n\n"
WHOLE = f"{HEAD}SET row_security = off;\n{TABLE}{ROWS}SELECT pg_catalog.setval('public.a', 3, true);\n{TAIL}"


class Slowly(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self._step = step

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(self._step)


def problem_with(text: str, folder: Path) -> str:
    (folder / "dump.sql").write_text(text)
    return check_copy(str(folder / "dump.sql"), "postgresql").problem


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 64, 10_000])
def test_a_dump_is_the_same_however_it_is_cut_into_pieces(step: int) -> None:
    found = [
        (part.table, part.columns, b"".join(part.blocks)) if isinstance(part, Rows) else part
        for part in read_dump(Slowly(WHOLE.encode(), step))
    ]

    assert found[0] == ("SET row_security = off;", 9)
    assert found[2] == ("shelf", ("id", "name"), b"1\ta\n2\tb;\n3\t\\\\.\n")
    assert found[3] == ("SELECT pg_catalog.setval('public.a', 3, true);", 21)
    assert len(found) == 4


def test_a_dump_that_ends_anywhere_before_its_end_is_found_out(tmp_path: Path) -> None:
    assert problem_with(WHOLE, tmp_path) == ""
    marks = (WHOLE.index("\\unrestrict") + len("\\unrestrict aB3\n"), len(WHOLE))

    believed = [cut for cut in range(len(WHOLE)) if not problem_with(WHOLE[:cut], tmp_path)]

    assert believed == list(range(*marks))


@pytest.mark.parametrize(
    "line",
    [
        "DROP TABLE public.shelf;",
        "DELETE FROM public.shelf;",
        "INSERT INTO public.shelf VALUES (1);",
        "GRANT ALL ON TABLE public.shelf TO PUBLIC;",
        "DO $$ BEGIN PERFORM 1; END $$;",
        "SET SESSION AUTHORIZATION postgres;",
        "SET role = 'postgres';",
        "ALTER SYSTEM SET fsync = off;",
        "ALTER ROLE shop SUPERUSER;",
        "SELECT pg_catalog.pg_read_file('/etc/passwd');",
        "SELECT pg_catalog.setval('a', pg_catalog.lo_import('/etc/passwd'), true);",
        "COPY public.shelf (id, name) FROM PROGRAM 'id';",
        "COPY public.shelf (id, name) FROM '/etc/passwd';",
        "COPY public.shelf (id, name) TO PROGRAM 'cat > /tmp/x';",
        "CREATE TABLE public.a (); DROP TABLE public.shelf;",
        "CREATE EVENT TRIGGER a ON ddl_command_start EXECUTE FUNCTION public.f();",
        "\\! id",
        "\\connect other",
        "\\i /etc/passwd",
        "\\copy public.shelf from /etc/passwd",
        "\\restrict other",
        "\\unrestrict wrong",
        "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $$ never ended;",
    ],
)
def test_what_no_dump_of_records_has_is_refused(line: str, tmp_path: Path) -> None:
    assert problem_with(f"{HEAD}{TABLE}{ROWS}{line}\n{TAIL}", tmp_path) != ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "it is no dump that pg_dump wrote"),
        (f"{WHOLE}SET row_security = off;\n", "behind its end"),
        (WHOLE.replace("2\tb;", "2\tb\tc"), "a row of table shelf has not 2 cells"),
        (WHOLE.replace(ROWS, ROWS + ROWS), "table shelf is in it twice"),
        (WHOLE.replace("aB3\n\n", "xyz\n\n", 1), "line 27 is behind"),
    ],
)
def test_what_is_wrong_with_a_dump_is_said(text: str, said: str, tmp_path: Path) -> None:
    assert said in problem_with(text, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ';', 'it''s;', E'\\';', \"a;\"\"b;\", $$;$$, $x$ $$; $x$, /* ; /* ; */ ; */ 1 -- ;\n;",
        "CREATE VIEW public.v AS\n SELECT (1;\n 2);",
        "CREATE OR REPLACE FUNCTION public.f(a integer) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n"
        " SELECT\n         CASE\n             WHEN (a > 1) THEN 1\n         END AS number;\n SELECT 2;\nEND;",
        "CREATE FUNCTION public.f() RETURNS text\n    AS 'begin;\n  end;\n'' ;';",
    ],
)
def test_a_statement_ends_at_its_own_semicolon(statement: str) -> None:
    ending = Ending()

    ends = [ending.is_after(line) for line in statement.split("\n")]

    assert ends == [False] * (len(ends) - 1) + [True]


def test_all_that_is_in_a_dump_of_records_is_loaded() -> None:
    for words in ("CREATE TABLE a (b);", "CREATE UNIQUE INDEX a ON b (c);", "ALTER TABLE ONLY a ADD CONSTRAINT b;"):
        assert is_loaded(words)
    assert is_loaded("SELECT pg_catalog.set_config('search_path', '', false);")
    assert is_loaded("CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f();")
