"""Tables as a whole."""

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from config.migrations.tables import all_tables


def found_by(table: Table) -> set[str]:
    """Columns by which an index finds rows."""
    keys = [
        each
        for each in table.constraints
        if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)
    ]
    return {next(iter(each.columns)).name for each in (*keys, *table.indexes)}


def test_whatever_refers_to_a_row_is_found_by_it() -> None:
    """Else who deletes the row, or asks what belongs to it, reads the whole table."""
    slow = {
        f"{table.name}.{next(iter(reference.columns)).name}"
        for table in all_tables().sorted_tables
        for reference in table.foreign_key_constraints
        if next(iter(reference.columns)).name not in found_by(table)
    }
    assert slow == set()
