"""Imports every schema, so that the metadata knows all tables of the house."""

from sqlalchemy import MetaData

import agents.desk.schema
import agents.schema
import cti.keeping.schema
import cti.web.schema
import customers.schema
import ivr.bank.schema
import monitoring.schema
import tickets.attachments.schema
import tickets.calendar.schema
import tickets.delivery.schema
import tickets.line.schema
import tickets.looks
import tickets.mail.schema
import tickets.portal.schema
import tickets.regulation.schema
import tickets.reply_calls.schema
import tickets.schema
import tickets.search.schema
from cti.database import Base

SCHEMAS = (
    agents.desk.schema,
    agents.schema,
    cti.keeping.schema,
    cti.web.schema,
    customers.schema,
    ivr.bank.schema,
    monitoring.schema,
    tickets.attachments.schema,
    tickets.calendar.schema,
    tickets.line.schema,
    tickets.looks,
    tickets.delivery.schema,
    tickets.mail.schema,
    tickets.portal.schema,
    tickets.reply_calls.schema,
    tickets.regulation.schema,
    tickets.schema,
    tickets.search.schema,
)


def all_tables() -> MetaData:
    """The metadata of every table."""
    return Base.metadata
