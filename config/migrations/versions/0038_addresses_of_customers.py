"""The e-mail addresses of customers, by which their letters are known."""

import sqlalchemy as sa
from alembic import op


revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'customer_emails',
        sa.Column('email', sa.String(length=254), nullable=False),
        sa.Column('customer_id', sa.String(length=40), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('verified', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('email', 'customer_id'),
    )
    with op.batch_alter_table('customer_emails', schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f('ix_customer_emails_customer_id'), ['customer_id'], unique=False
        )


def downgrade() -> None:
    op.drop_table('customer_emails')
