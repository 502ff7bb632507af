"""Small words in lines for people."""

from rattail.cli.console import counted


def test_one_of_something_is_said_as_one() -> None:
    said = [counted(count, "row") for count in (0, 1, 2, 12_000)]

    assert said == ["0 rows", "1 row", "2 rows", "12,000 rows"]
    assert [counted(count, "change was", "changes were") for count in (1, 2)] == ["1 change was", "2 changes were"]
