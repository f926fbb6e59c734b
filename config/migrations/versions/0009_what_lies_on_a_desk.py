"""What lies on an agent's desk: codes of calls, follow-ups, notes, consents, favourites."""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'call_code',
        sa.Column('call_id', sa.String(length=80), nullable=False),
        sa.Column('agent_id', sa.String(length=40), nullable=False),
        sa.Column('code', sa.String(length=80), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('follow_up', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('call_id', 'agent_id'),
    )
    op.create_table(
        'follow_up',
        sa.Column('call_id', sa.String(length=80), nullable=False),
        sa.Column('agent_id', sa.String(length=40), nullable=False),
        sa.Column('due', sa.DateTime(timezone=True), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('customer_id', sa.String(length=40), nullable=True),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('number', sa.String(length=80), nullable=False),
        sa.Column('done', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('call_id', 'agent_id'),
    )
    op.create_index('follow_up_by_done', 'follow_up', ['done', 'due'])
    op.create_table(
        'customer_note',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('customer_id', sa.String(length=40), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.String(length=40), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_customer_note_customer_id', 'customer_note', ['customer_id'])
    op.create_table(
        'customer_consent',
        sa.Column('customer_id', sa.String(length=40), nullable=False),
        sa.Column('purpose', sa.String(length=40), nullable=False),
        sa.Column('given', sa.Boolean(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('customer_id', 'purpose'),
    )
    op.create_table(
        'favourite',
        sa.Column('staff_id', sa.String(length=40), nullable=False),
        sa.Column('kind', sa.String(length=10), nullable=False),
        sa.Column('target', sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('staff_id', 'kind', 'target'),
    )
    with op.batch_alter_table('call_record', schema=None) as batch_op:
        batch_op.add_column(sa.Column('codes', sa.JSON(), server_default='[]', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('call_record', schema=None) as batch_op:
        batch_op.drop_column('codes')
    op.drop_table('favourite')
    op.drop_table('customer_consent')
    op.drop_index('ix_customer_note_customer_id', table_name='customer_note')
    op.drop_table('customer_note')
    op.drop_index('follow_up_by_done', table_name='follow_up')
    op.drop_table('follow_up')
    op.drop_table('call_code')
