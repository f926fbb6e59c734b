"""What people make of the days of working calendars, and the alarms that moved into the past."""

import sqlalchemy as sa
from alembic import op


revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None

LEFT = sa.text('reached IS NOT NULL')


def upgrade() -> None:
    op.create_table(
        'calendar_changes',
        sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('by', sa.String(length=64), nullable=False),
        sa.Column('by_name', sa.String(length=100), nullable=False),
        sa.Column('reason', sa.String(length=200), nullable=False),
        sa.Column('undoes', sa.Integer(), nullable=True),
        sa.Column('request_id', sa.String(length=64), nullable=False),
        sa.Column('moved', sa.Integer(), nullable=False),
        sa.Column('reached', sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint('version'),
        sa.UniqueConstraint('request_id'),
    )
    op.create_index(
        'calendar_changes_left',
        'calendar_changes',
        ['version'],
        postgresql_where=LEFT,
        sqlite_where=LEFT,
    )
    op.create_table(
        'calendar_days',
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('calendar', sa.String(length=64), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('kind', sa.String(length=16), nullable=False),
        sa.Column('spans', sa.String(length=200), nullable=False),
        sa.Column('name_zh', sa.String(length=40), nullable=False),
        sa.Column('name_en', sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(['version'], ['calendar_changes.version']),
        sa.PrimaryKeyConstraint('version', 'calendar', 'day'),
    )
    op.create_table(
        'calendar_years',
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('calendar', sa.String(length=64), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('complete', sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(['version'], ['calendar_changes.version']),
        sa.PrimaryKeyConstraint('version', 'calendar', 'year'),
    )
    with op.batch_alter_table('ticket_alarms') as table:
        table.add_column(
            sa.Column('moved', sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    with op.batch_alter_table('ticket_alarms') as table:
        table.drop_column('moved')
    op.drop_table('calendar_years')
    op.drop_table('calendar_days')
    op.drop_index('calendar_changes_left', 'calendar_changes')
    op.drop_table('calendar_changes')
