"""How many letters of no ticket were deleted when their time was over, and where they are found."""

import sqlalchemy as sa
from alembic import op


revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None

DISCARDED = sa.text('discarded IS NOT NULL')


def upgrade() -> None:
    op.create_table(
        'ticket_mail_erasures',
        sa.Column('id', sa.Integer(), primary_key=True),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('rule', sa.String(length=64), nullable=False),
        sa.Column('letters', sa.Integer(), nullable=False),
        sa.Column('files', sa.Integer(), nullable=False),
    )
    op.create_index(
        'ticket_mails_discarded',
        'ticket_mails',
        ['id'],
        postgresql_where=DISCARDED,
        sqlite_where=DISCARDED,
    )


def downgrade() -> None:
    op.drop_index('ticket_mails_discarded', table_name='ticket_mails')
    op.drop_table('ticket_mail_erasures')
