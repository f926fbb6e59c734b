"""Acts of the system that are due at an instant."""

import sqlalchemy as sa
from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

WAITING = sa.text('done IS NULL')


def upgrade() -> None:
    op.create_table(
        'ticket_tasks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('dispatch', sa.Integer(), nullable=True),
        sa.Column('action', sa.String(length=32), nullable=False),
        sa.Column('due', sa.DateTime(timezone=True), nullable=False),
        sa.Column('done', sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        'ticket_tasks_waiting', 'ticket_tasks', ['due'], unique=False,
        postgresql_where=WAITING, sqlite_where=WAITING,
    )
    op.create_index('ticket_tasks_by_number', 'ticket_tasks', ['number'], unique=False)


def downgrade() -> None:
    op.drop_index('ticket_tasks_by_number', table_name='ticket_tasks')
    op.drop_index('ticket_tasks_waiting', table_name='ticket_tasks')
    op.drop_table('ticket_tasks')
