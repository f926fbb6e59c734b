"""Who tried in vain to prove that a ticket is theirs."""

import sqlalchemy as sa
from alembic import op


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ticket_wrong_tries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('calling', sa.String(length=32), nullable=False),
        sa.Column('sought', sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ticket_wrong_tries_by_caller', 'ticket_wrong_tries', ['calling', 'at'])
    op.create_index('ticket_wrong_tries_by_ticket', 'ticket_wrong_tries', ['sought', 'at'])


def downgrade() -> None:
    op.drop_table('ticket_wrong_tries')
