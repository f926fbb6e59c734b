"""Tickets are found by an index of their own; lists, saved views and exports."""

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

WORDS = {
    'sqlite': (
        "CREATE VIRTUAL TABLE ticket_words USING fts5"
        "(terms, content='', detail=none, columnsize=0, tokenize='ascii')",
    ),
    'postgresql': (
        'CREATE TABLE ticket_words (id BIGINT PRIMARY KEY, terms INTEGER[] NOT NULL)',
        'CREATE INDEX ticket_words_by_terms ON ticket_words USING gin (terms)',
        'ALTER TABLE ticket_words ALTER COLUMN terms SET STATISTICS 1000',
    ),
}


def upgrade() -> None:
    op.create_table(
        'ticket_index',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('opened', sa.DateTime(timezone=True), nullable=False),
        sa.Column('facets', sa.Text(), nullable=False),
        sa.Column('matter', sa.Text(), nullable=False),
        sa.Column('whose', sa.Text(), nullable=False),
        sa.Column('said', sa.Text(), nullable=False),
        sa.Column('about_staff', sa.String(length=64), nullable=True),
        sa.Column('about_unit', sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(['number'], ['tickets.number'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('number'),
    )
    op.create_index('ticket_index_by_opened', 'ticket_index', ['opened', 'id'])
    for statement in WORDS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        'ticket_places',
        sa.Column('place', sa.String(length=96), nullable=False),
        sa.Column('due', sa.DateTime(timezone=True), nullable=False),
        sa.Column('entry', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['entry'], ['ticket_index.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('place', 'due', 'entry'),
    )
    op.create_index('ticket_places_by_entry', 'ticket_places', ['entry'])
    op.create_table(
        'ticket_views',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('staff_id', sa.String(length=64), nullable=False),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('tab', sa.String(length=32), nullable=False),
        sa.Column('asked', sa.String(length=500), nullable=False),
        sa.Column('shared', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ticket_views_by_staff', 'ticket_views', ['staff_id'])
    op.create_table(
        'ticket_exports',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('staff_id', sa.String(length=64), nullable=False),
        sa.Column('by_name', sa.String(length=100), nullable=False),
        sa.Column('kind', sa.String(length=8), nullable=False),
        sa.Column('tab', sa.String(length=32), nullable=False),
        sa.Column('asked', sa.String(length=500), nullable=False),
        sa.Column('lines', sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint('id'),
    )
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.drop_column('haystack')


def downgrade() -> None:
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('haystack', sa.Text(), server_default='', nullable=False))
    op.drop_table('ticket_exports')
    op.drop_table('ticket_views')
    op.drop_table('ticket_places')
    op.drop_table('ticket_words')
    op.drop_table('ticket_index')
