"""Letters of customers, and how far their mailbox was read."""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'ticket_mails',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=True),
        sa.Column('direction', sa.String(length=8), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('message_id', sa.String(length=255), nullable=False),
        sa.Column('in_reply_to', sa.String(length=255), nullable=False),
        sa.Column('sender', sa.String(length=330), nullable=False),
        sa.Column('sender_name', sa.Text(), nullable=False),
        sa.Column('recipient', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('quoted', sa.Text(), nullable=False),
        sa.Column('signature', sa.Text(), nullable=False),
        sa.Column('html', sa.Text(), nullable=False),
        sa.Column('automatic', sa.String(length=16), nullable=True),
        sa.Column('opened', sa.Boolean(), nullable=False),
        sa.Column('delivery', sa.String(length=16), nullable=False),
        sa.Column('proof', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('fingerprint'),
    )
    with op.batch_alter_table('ticket_mails', schema=None) as batch_op:
        batch_op.create_index('ticket_mails_by_message_id', ['message_id'], unique=False)
        batch_op.create_index('ticket_mails_by_number', ['number', 'id'], unique=False)
        batch_op.create_index('ticket_mails_by_sender', ['sender', 'at'], unique=False)
    op.create_table(
        'ticket_mailboxes',
        sa.Column('name', sa.String(length=255), nullable=False),
        sa.Column('validity', sa.BigInteger(), nullable=False),
        sa.Column('last', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('name'),
    )


def downgrade() -> None:
    op.drop_table('ticket_mailboxes')
    op.drop_table('ticket_mails')
