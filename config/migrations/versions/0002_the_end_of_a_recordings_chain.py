"""The end of a recording's chain."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        'call_record',
        sa.Column('recording_digest', sa.String(length=64), server_default='', nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table('call_record', schema=None) as batch_op:
        batch_op.drop_column('recording_digest')
