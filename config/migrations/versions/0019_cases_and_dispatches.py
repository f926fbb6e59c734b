"""What cases and dispatches know of who worked on them, and what each act made of them."""

import sqlalchemy as sa
from alembic import op


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

SUSPENDED = sa.text('suspended_until IS NOT NULL')


def upgrade() -> None:
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('handlers', sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
        )
        batch_op.add_column(
            sa.Column('supervised', sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column('extensions', sa.Integer(), server_default=sa.text('0'), nullable=False)
        )
        batch_op.add_column(
            sa.Column('appraised', sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column('tries', sa.JSON(), server_default=sa.text("'[]'"), nullable=False)
        )
        batch_op.add_column(sa.Column('rating', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('merged_into', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('void_asked_by', sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column('adopted', sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.create_index(batch_op.f('ix_tickets_merged_into'), ['merged_into'])
    with op.batch_alter_table('ticket_dispatches', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sent', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('petition', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('ground', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('suspended_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('facts', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            'ticket_dispatches_suspended',
            ['suspended_until'],
            postgresql_where=SUSPENDED,
            sqlite_where=SUSPENDED,
        )
    with op.batch_alter_table('ticket_history', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column('request_id', sa.String(length=64), server_default='', nullable=False)
        )
        batch_op.add_column(
            sa.Column('order_state', sa.String(length=32), server_default='', nullable=False)
        )
    op.execute(
        """UPDATE ticket_dispatches SET sent = (
             SELECT min(h.at) FROM ticket_history h
             WHERE h.number = ticket_dispatches.number AND h.dispatch = ticket_dispatches.serial
               AND h.action = 'dispatch')"""
    )
    op.execute(
        """UPDATE ticket_history SET version = (
             SELECT count(*) FROM ticket_history h
             WHERE h.number = ticket_history.number AND h.id <= ticket_history.id
               AND h.action NOT IN ('warning', 'breach', 'escalation'))
           WHERE action NOT IN ('warning', 'breach', 'escalation')"""
    )


def downgrade() -> None:
    with op.batch_alter_table('ticket_history', schema=None) as batch_op:
        for column in ('order_state', 'request_id', 'version'):
            batch_op.drop_column(column)
    with op.batch_alter_table('ticket_dispatches', schema=None) as batch_op:
        batch_op.drop_index('ticket_dispatches_suspended')
        for column in ('facts', 'suspended_until', 'ground', 'petition', 'sent'):
            batch_op.drop_column(column)
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_tickets_merged_into'))
        for column in (
            'adopted',
            'void_asked_by',
            'merged_into',
            'rating',
            'tries',
            'appraised',
            'extensions',
            'supervised',
            'handlers',
        ):
            batch_op.drop_column(column)
