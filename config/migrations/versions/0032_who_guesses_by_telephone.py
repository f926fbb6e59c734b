"""When the house cools down from wrong proofs by telephone, and the wrong digits of reply calls."""

import sqlalchemy as sa
from alembic import op


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ticket_cool_downs',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('until', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ticket_wrong_tries_at', 'ticket_wrong_tries', ['at'])
    with op.batch_alter_table('ticket_reply_calls') as batch_op:
        batch_op.add_column(sa.Column('wrong', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('ticket_reply_calls') as batch_op:
        batch_op.drop_column('wrong')
    op.drop_index('ticket_wrong_tries_at', 'ticket_wrong_tries')
    op.drop_table('ticket_cool_downs')
