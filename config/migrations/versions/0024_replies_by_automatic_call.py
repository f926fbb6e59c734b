"""Answers that are read to customers in calls of the house's own."""

import sqlalchemy as sa
from alembic import op


revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

OPEN = sa.text("state <> 'ended'")


def upgrade() -> None:
    op.create_table(
        'ticket_reply_calls',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('to', sa.String(length=64), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('by', sa.String(length=64), nullable=False),
        sa.Column('queued', sa.DateTime(timezone=True), nullable=False),
        sa.Column('due', sa.DateTime(timezone=True), nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('tried', sa.JSON(), nullable=False),
        sa.Column('call_id', sa.String(length=64), nullable=True),
        sa.Column('outcome', sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        'ticket_reply_calls_due', 'ticket_reply_calls', ['due'], unique=False,
        postgresql_where=OPEN, sqlite_where=OPEN,
    )
    op.create_index('ticket_reply_calls_by_number', 'ticket_reply_calls', ['number'])


def downgrade() -> None:
    op.drop_table('ticket_reply_calls')
