"""How well each leg sounded."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('call_leg', schema=None) as batch_op:
        batch_op.add_column(sa.Column('jitter', sa.Double(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('round_trip', sa.Double(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('rating', sa.Double(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('codec', sa.String(length=16), server_default='', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('call_leg', schema=None) as batch_op:
        batch_op.drop_column('codec')
        batch_op.drop_column('rating')
        batch_op.drop_column('round_trip')
        batch_op.drop_column('jitter')
