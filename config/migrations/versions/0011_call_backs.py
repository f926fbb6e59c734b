"""Promises to call customers back."""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'call_back',
        sa.Column('call_id', sa.String(length=80), nullable=False),
        sa.Column('queue_id', sa.String(length=40), nullable=False),
        sa.Column('customer_id', sa.String(length=64), nullable=True),
        sa.Column('promised', sa.DateTime(timezone=True), nullable=False),
        sa.Column('outcome', sa.String(length=16), nullable=True),
        sa.Column('record', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('call_id'),
    )
    op.create_index('ix_call_back_open', 'call_back', ['outcome', 'promised'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_call_back_open', table_name='call_back')
    op.drop_table('call_back')
