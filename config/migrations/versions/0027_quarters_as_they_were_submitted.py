"""Quarters as they were submitted: revisions, and the facts of each."""

import sqlalchemy as sa
from alembic import op


revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ticket_submissions',
    sa.Column('quarter', sa.String(length=8), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('by_name', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('codes_version', sa.String(length=16), nullable=False),
    sa.Column('codes', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('quarter', 'revision')
    )
    op.create_table('ticket_submitted',
    sa.Column('quarter', sa.String(length=8), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('fact', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(
        ['quarter', 'revision'], ['ticket_submissions.quarter', 'ticket_submissions.revision']
    ),
    sa.PrimaryKeyConstraint('quarter', 'revision', 'number')
    )


def downgrade() -> None:
    op.drop_table('ticket_submitted')
    op.drop_table('ticket_submissions')
