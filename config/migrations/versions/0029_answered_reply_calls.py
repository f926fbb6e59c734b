"""When a customer answered the call that reads them the answer."""

import sqlalchemy as sa
from alembic import op


revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('ticket_reply_calls') as batch_op:
        batch_op.add_column(sa.Column('answered', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('ticket_reply_calls') as batch_op:
        batch_op.drop_column('answered')
