"""Who is told of deadlines outside the pages, from when on, and whether they were."""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

NOT_SPREAD = sa.text('spread IS NULL')
WAITING = sa.text('told IS NULL')


def upgrade() -> None:
    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.add_column(
            sa.Column('email', sa.String(length=320), server_default='', nullable=False)
        )
    with op.batch_alter_table('ticket_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('spread', sa.DateTime(timezone=True), nullable=True))
    # Nobody is told now of what the pages have shown since.
    op.execute('UPDATE ticket_messages SET spread = at')
    op.create_index(
        'ticket_messages_not_spread', 'ticket_messages', ['id'], unique=False,
        postgresql_where=NOT_SPREAD, sqlite_where=NOT_SPREAD,
    )
    op.create_table(
        'ticket_notices',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('staff_id', sa.String(length=64), nullable=False),
        sa.Column('message_id', sa.Integer(), nullable=False),
        sa.Column('release', sa.DateTime(timezone=True), nullable=False),
        sa.Column('pressing', sa.Boolean(), nullable=False),
        sa.Column('told', sa.DateTime(timezone=True), nullable=True),
        sa.Column('outbox_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['message_id'], ['ticket_messages.id']),
        sa.ForeignKeyConstraint(['outbox_id'], ['ticket_outbox.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        'ticket_notices_waiting', 'ticket_notices', ['release'], unique=False,
        postgresql_where=WAITING, sqlite_where=WAITING,
    )


def downgrade() -> None:
    op.drop_index('ticket_notices_waiting', table_name='ticket_notices')
    op.drop_table('ticket_notices')
    op.drop_index('ticket_messages_not_spread', table_name='ticket_messages')
    with op.batch_alter_table('ticket_messages', schema=None) as batch_op:
        batch_op.drop_column('spread')
        batch_op.drop_column('due')
    with op.batch_alter_table('staff', schema=None) as batch_op:
        batch_op.drop_column('email')
