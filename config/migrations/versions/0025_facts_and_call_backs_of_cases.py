"""New facts that no department has, and call-backs that are agreed."""

import sqlalchemy as sa
from alembic import op


revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

COLUMNS = ('facts', 'call_back_at')


def upgrade() -> None:
    with op.batch_alter_table('tickets') as batch_op:
        for name in COLUMNS:
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('tickets') as batch_op:
        for name in reversed(COLUMNS):
            batch_op.drop_column(name)
