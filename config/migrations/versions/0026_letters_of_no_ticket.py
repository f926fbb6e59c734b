"""Letters that belong to no ticket: why, their files, and who decided what."""

import sqlalchemy as sa
from alembic import op


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNFILED = sa.text('number IS NULL')


def upgrade() -> None:
    with op.batch_alter_table('ticket_mails') as batch_op:
        batch_op.add_column(sa.Column('why', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('headers', sa.JSON(), nullable=True))
        batch_op.add_column(
            sa.Column('version', sa.Integer(), nullable=False, server_default='1')
        )
        batch_op.add_column(sa.Column('discarded', MOMENT, nullable=True))
    op.create_index(
        'ticket_mails_unfiled',
        'ticket_mails',
        ['id'],
        postgresql_where=UNFILED,
        sqlite_where=UNFILED,
    )
    op.create_table(
        'ticket_mail_files',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('mail', sa.Integer(), sa.ForeignKey('ticket_mails.id'), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('name', sa.String(length=150), nullable=False),
        sa.Column('media_type', sa.String(length=100), nullable=False),
        sa.Column('size', sa.BigInteger(), nullable=False),
    )
    op.create_index('ticket_mail_files_by_mail', 'ticket_mail_files', ['mail'])
    op.create_index('ticket_mail_files_by_digest', 'ticket_mail_files', ['digest'])
    op.create_table(
        'ticket_mail_acts',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('mail', sa.Integer(), sa.ForeignKey('ticket_mails.id'), nullable=False),
        sa.Column('at', MOMENT, nullable=False),
        sa.Column('by', sa.String(length=64), nullable=False),
        sa.Column('by_name', sa.String(length=100), nullable=False),
        sa.Column('deed', sa.String(length=16), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
    )
    op.create_index('ticket_mail_acts_by_mail', 'ticket_mail_acts', ['mail'])


def downgrade() -> None:
    op.drop_table('ticket_mail_acts')
    op.drop_table('ticket_mail_files')
    op.drop_index('ticket_mails_unfiled', table_name='ticket_mails')
    with op.batch_alter_table('ticket_mails') as batch_op:
        for name in ('discarded', 'version', 'headers', 'why'):
            batch_op.drop_column(name)
