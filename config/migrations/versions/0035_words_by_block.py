"""PostgreSQL's index of words knows in which blocks of entries each entry lies."""

from alembic import op


revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

BLOCKS = ', '.join(
    f'CAST({name} - 4 * (id >> {size}) AS INTEGER)' for name, size in ((-1, 12), (-2, 16), (-3, 20))
)


def upgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute('DROP INDEX ticket_words_by_terms')
    op.execute(
        f'CREATE INDEX ticket_words_by_terms ON ticket_words USING gin ((terms || ARRAY[{BLOCKS}]))'
        ' WITH (gin_pending_list_limit = 256)'
    )
    op.execute('ALTER INDEX ticket_words_by_terms ALTER COLUMN 1 SET STATISTICS 1000')


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute('DROP INDEX ticket_words_by_terms')
    op.execute('CREATE INDEX ticket_words_by_terms ON ticket_words USING gin (terms)')
