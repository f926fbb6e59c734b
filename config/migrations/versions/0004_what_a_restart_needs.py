"""What a restart needs."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'kept_calls',
        sa.Column('call_id', sa.String(length=64), nullable=False),
        sa.Column('state', sa.JSON(), nullable=False),
        sa.Column('written', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('call_id'),
    )
    op.create_table(
        'kept_bindings',
        sa.Column('account', sa.String(length=255), nullable=False),
        sa.Column('state', sa.JSON(), nullable=False),
        sa.Column('written', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('account'),
    )


def downgrade() -> None:
    op.drop_table('kept_bindings')
    op.drop_table('kept_calls')
