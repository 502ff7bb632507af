"""Where things stand in a TOML text, against the real parser."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from rattail.config.statements import lines_of, pieces, statements

SNIPPETS = (
    *("[app]", "[a]", "a", "b-1", '"a/b"', "=", "= ", '"x"', "'y'", '"', "'", "1", "0", "01", "true", "[]", "[", "]"),
    *("#", "# c", "\n", "\n", "\n", " ", "\t", "\r\n", ".", "{", "}", ",", "\\", '"""', "é", "\u2028", "1_0", "-1"),
    *("=1\n", "='x'\n", '="y"\n', "\ufeff"),
)
NEARLY_TOML = st.one_of(st.lists(st.sampled_from(SNIPPETS), max_size=14).map("".join), st.text(max_size=40))


@settings(max_examples=500)
@given(NEARLY_TOML)
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(piece for _, piece in pieces(text)) == text
    assert all(text[one.start : one.end] for one in statements(text))


def test_lines_are_right_through_everything_toml_has() -> None:
    text = (
        "# title = 'not here'\r\n"
        'app.title = """\r\n'
        'locale = "not here"\r\n'
        '"""\r\n'
        "mail = {port = 25, to = [\n"
        "  'a', # ]\n"
        "  'b'], tls = '''\n"
        "x''', user = {a = 1}}\n"
        "[folders]\n"
        '"data/uploads" = "/x" # "log" = 1\n'
        '\'log\' = "a # b \\" c"\n'
        "[a.'b.c']\n"
        "d.e=1\u2028\n".replace("\u2028", "")
    )
    assert tomllib.loads(text)

    lines = lines_of(text)

    assert lines["app", "title"] == 2
    assert lines["mail",] == lines["mail", "port"] == 5
    assert lines["mail", "to"] == 5
    assert lines["mail", "tls"] == 7
    assert lines["mail", "user", "a"] == 8
    assert lines["folders",] == 9
    assert lines["folders", "data/uploads"] == 10
    assert lines["folders", "log"] == 11
    assert lines["a", "b.c"] == 12
    assert lines["a", "b.c", "d", "e"] == 13


def test_values_are_found_with_their_whole_extent() -> None:
    text = "a = [1, # ]\n 2]\nb = {c = 'x' , d = {}}  # end\n"

    found = {one.path: text[one.value_start : one.end] for one in statements(text)}

    assert found == {("a",): "[1, # ]\n 2]", ("b", "c"): "'x'", ("b", "d"): "{}", ("b",): "{c = 'x' , d = {}}"}
