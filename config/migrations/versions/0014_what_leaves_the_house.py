"""What leaves the house: the outbox of e-mail, SMS and webhooks."""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

WAITING = sa.text('ended IS NULL')
UNSETTLED = sa.text('ended IS NOT NULL AND settled IS NULL')


def upgrade() -> None:
    op.create_table(
        'ticket_outbox',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('recipient', sa.String(length=320), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('html', sa.Text(), nullable=True),
        sa.Column('number', sa.String(length=16), nullable=True),
        sa.Column('purpose', sa.String(length=16), nullable=False),
        sa.Column('headers', sa.JSON(), nullable=False),
        sa.Column('queued', sa.DateTime(timezone=True), nullable=False),
        sa.Column('due', sa.DateTime(timezone=True), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('end', sa.String(length=16), nullable=True),
        sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
        sa.Column('settled', sa.DateTime(timezone=True), nullable=True),
        sa.Column('said', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index(
        'ticket_outbox_waiting', 'ticket_outbox', ['due'], unique=False,
        postgresql_where=WAITING, sqlite_where=WAITING,
    )
    op.create_index(
        'ticket_outbox_unsettled', 'ticket_outbox', ['id'], unique=False,
        postgresql_where=UNSETTLED, sqlite_where=UNSETTLED,
    )
    op.create_index('ticket_outbox_by_number', 'ticket_outbox', ['number', 'id'], unique=False)
    with op.batch_alter_table('ticket_messages', schema=None) as batch_op:
        batch_op.alter_column('number', existing_type=sa.String(length=16), nullable=True)


def downgrade() -> None:
    op.execute('DELETE FROM ticket_messages WHERE number IS NULL')
    with op.batch_alter_table('ticket_messages', schema=None) as batch_op:
        batch_op.alter_column('number', existing_type=sa.String(length=16), nullable=False)
    op.drop_index('ticket_outbox_by_number', table_name='ticket_outbox')
    op.drop_index('ticket_outbox_unsettled', table_name='ticket_outbox')
    op.drop_index('ticket_outbox_waiting', table_name='ticket_outbox')
    op.drop_table('ticket_outbox')
