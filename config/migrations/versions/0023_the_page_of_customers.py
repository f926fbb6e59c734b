"""Codes that open tickets to their customers, and who is told of them."""

import sqlalchemy as sa
from alembic import op


revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'portal_challenges',
        sa.Column('visitor', sa.String(length=64), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('contact', sa.String(length=254), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('made', sa.DateTime(timezone=True), nullable=False),
        sa.Column('expires', sa.DateTime(timezone=True), nullable=False),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=16), nullable=True),
        sa.Column('draft', sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint('visitor'),
    )
    op.create_index('ix_portal_challenges_made', 'portal_challenges', ['made'], unique=False)
    op.create_table(
        'ticket_readers',
        sa.Column('number', sa.String(length=16), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('contact', sa.String(length=254), nullable=False),
        sa.Column('language', sa.String(length=8), nullable=False),
        sa.Column('since', sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['number'], ['tickets.number']),
        sa.PrimaryKeyConstraint('number'),
    )
    op.create_index(
        'ticket_readers_by_contact', 'ticket_readers', ['contact', 'number'], unique=False
    )


def downgrade() -> None:
    op.drop_index('ticket_readers_by_contact', table_name='ticket_readers')
    op.drop_table('ticket_readers')
    op.drop_index('ix_portal_challenges_made', table_name='portal_challenges')
    op.drop_table('portal_challenges')
