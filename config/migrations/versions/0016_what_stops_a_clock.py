"""When clocks stood still and were extended, and the policies they were set by.

The time for which a clock stood so far becomes part of its target: it is due when it was.
"""

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ticket_pauses',
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('clock', sa.Integer(), nullable=False),
        sa.Column('serial', sa.Integer(), nullable=False),
        sa.Column('started', sa.DateTime(timezone=True), nullable=False),
        sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
        sa.Column('ground', sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('number', 'clock', 'serial'),
    )
    op.create_table(
        'ticket_extensions',
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('clock', sa.Integer(), nullable=False),
        sa.Column('serial', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('added', sa.Double(), nullable=False),
        sa.Column('by', sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('number', 'clock', 'serial'),
    )
    op.create_table(
        'ticket_policies',
        sa.Column('version', sa.String(length=12), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('version'),
    )
    op.execute('UPDATE ticket_clocks SET target = target + paused')
    with op.batch_alter_table('ticket_clocks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('halted', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column('policy', sa.String(length=12), server_default='', nullable=False)
        )
        batch_op.drop_column('paused')


def downgrade() -> None:
    with op.batch_alter_table('ticket_clocks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('paused', sa.Double(), server_default='0', nullable=False))
        batch_op.drop_column('policy')
        batch_op.drop_column('halted')
    op.drop_table('ticket_policies')
    op.drop_table('ticket_extensions')
    op.drop_table('ticket_pauses')
