"""What a regulator reads of tickets: facts, groups, holds, deletions, letters, the catalogue."""

import sqlalchemy as sa
from alembic import op


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ticket_catalogue',
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('by_name', sa.String(length=100), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('version')
    )
    op.create_table('ticket_erasures',
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rule', sa.String(length=64), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('files', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    op.create_table('ticket_facts',
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('received', sa.DateTime(timezone=True), nullable=False),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=32), nullable=False),
    sa.Column('changed', sa.DateTime(timezone=True), nullable=False),
    sa.Column('channel', sa.String(length=64), nullable=False),
    sa.Column('channel_assumed', sa.Boolean(), nullable=False),
    sa.Column('business', sa.String(length=64), nullable=False),
    sa.Column('product', sa.String(length=64), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('region', sa.String(length=64), nullable=False),
    sa.Column('branch', sa.String(length=100), nullable=False),
    sa.Column('due', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told', sa.DateTime(timezone=True), nullable=True),
    sa.Column('missed', sa.Boolean(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=True),
    sa.Column('extensions', sa.Integer(), nullable=False),
    sa.Column('repeats', sa.String(length=16), nullable=True),
    sa.Column('ended', sa.DateTime(timezone=True), nullable=True),
    sa.Column('about_staff', sa.String(length=64), nullable=True),
    sa.Column('about_unit', sa.String(length=64), nullable=True),
    sa.Column('hotline', sa.Double(), nullable=False),
    sa.Column('department', sa.Double(), nullable=False),
    sa.Column('customer', sa.Double(), nullable=False),
    sa.Column('external', sa.Double(), nullable=False),
    sa.Column('erased', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('number')
    )
    with op.batch_alter_table('ticket_facts', schema=None) as batch_op:
        batch_op.create_index('ticket_facts_by_ended', ['erased', 'ended', 'number'], unique=False)
        batch_op.create_index('ticket_facts_by_received', ['kind', 'received'], unique=False)

    op.create_table('ticket_groups',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('first', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found', sa.DateTime(timezone=True), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('ticket_groups', schema=None) as batch_op:
        batch_op.create_index('ticket_groups_by_key', ['key', 'last'], unique=False)

    op.create_table('ticket_holds',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('by_name', sa.String(length=100), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('lifted', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('ticket_holds', schema=None) as batch_op:
        batch_op.create_index('ticket_holds_by_number', ['number'], unique=False)

    op.create_table('ticket_keys',
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('who', sa.String(length=120), nullable=False),
    sa.Column('received', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['tickets.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('number', 'key')
    )
    with op.batch_alter_table('ticket_keys', schema=None) as batch_op:
        batch_op.create_index('ticket_keys_by_key', ['key', 'received'], unique=False)

    op.create_table('ticket_letters',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=64), nullable=False),
    sa.Column('by_name', sa.String(length=100), nullable=False),
    sa.Column('dispatch', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['tickets.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('ticket_letters', schema=None) as batch_op:
        batch_op.create_index('ticket_letters_by_number', ['number'], unique=False)

    op.create_table('ticket_routes',
    sa.Column('number', sa.String(length=16), nullable=False),
    sa.Column('dispatch', sa.Integer(), nullable=False),
    sa.Column('sent', sa.DateTime(timezone=True), nullable=False),
    sa.Column('department_id', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('line', sa.String(length=32), nullable=False),
    sa.Column('proposed', sa.String(length=64), nullable=False),
    sa.Column('refusals', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['number'], ['tickets.number'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('number', 'dispatch')
    )
    with op.batch_alter_table('ticket_routes', schema=None) as batch_op:
        batch_op.create_index('ticket_routes_by_sent', ['sent'], unique=False)


def downgrade() -> None:
    op.drop_table('ticket_routes')
    op.drop_table('ticket_letters')
    op.drop_table('ticket_keys')
    op.drop_table('ticket_holds')
    op.drop_table('ticket_groups')
    op.drop_table('ticket_facts')
    op.drop_table('ticket_erasures')
    op.drop_table('ticket_catalogue')
