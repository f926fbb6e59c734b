"""Lists in every order people read them in: what they go by, and an index for each."""

import sqlalchemy as sa
from alembic import op


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LONG_AGO = '1970-01-01 00:00:00'
LAST_ACT = """
    UPDATE ticket_index SET changed = COALESCE(
        (SELECT MAX(at) FROM ticket_history WHERE ticket_history.number = ticket_index.number
         AND ticket_history.version IS NOT NULL),
        opened)
"""
OF_TICKETS = """
    UPDATE ticket_places SET
        changed = (SELECT changed FROM ticket_index WHERE ticket_index.id = entry),
        urgency = (SELECT CASE urgency WHEN 'urgent' THEN 0 WHEN 'important' THEN 1 ELSE 2 END
                   FROM tickets JOIN ticket_index ON ticket_index.number = tickets.number
                   WHERE ticket_index.id = entry)
"""
INDEXES = {
    'ticket_places_by_age': ('place', 'entry'),
    'ticket_places_by_urgency': ('place', 'urgency', 'due', 'entry'),
    'ticket_places_by_change': ('place', 'changed', 'entry'),
}


def upgrade() -> None:
    with op.batch_alter_table('ticket_index') as batch_op:
        batch_op.add_column(
            sa.Column('changed', MOMENT, nullable=False, server_default=LONG_AGO)
        )
    with op.batch_alter_table('ticket_places') as batch_op:
        batch_op.add_column(
            sa.Column('urgency', sa.SmallInteger(), nullable=False, server_default='2')
        )
        batch_op.add_column(
            sa.Column('changed', MOMENT, nullable=False, server_default=LONG_AGO)
        )
    op.create_table(
        'ticket_view_orders',
        sa.Column('staff_id', sa.String(length=64), primary_key=True),
        sa.Column('views', sa.JSON(), nullable=False),
        sa.Column('shared_last', sa.Boolean(), nullable=False),
    )
    op.execute(LAST_ACT)
    op.execute(OF_TICKETS)
    op.create_index('ticket_index_by_changed', 'ticket_index', ['changed', 'id'])
    for name, columns in INDEXES.items():
        op.create_index(name, 'ticket_places', list(columns))


def downgrade() -> None:
    op.drop_table('ticket_view_orders')
    for name in INDEXES:
        op.drop_index(name, table_name='ticket_places')
    op.drop_index('ticket_index_by_changed', table_name='ticket_index')
    with op.batch_alter_table('ticket_places') as batch_op:
        batch_op.drop_column('changed')
        batch_op.drop_column('urgency')
    with op.batch_alter_table('ticket_index') as batch_op:
        batch_op.drop_column('changed')
