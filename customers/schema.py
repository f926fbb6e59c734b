"""The tables of customers."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cti.database import Base
from customers.emails import LONGEST


class CustomerRow(Base):
    """A customer."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100))
    sex: Mapped[str] = mapped_column(String(10))
    service_level: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(300))
    do_not_call: Mapped[bool]
    numbers: Mapped[list["CustomerNumberRow"]] = relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="CustomerNumberRow.position",
    )
    emails: Mapped[list["CustomerEmailRow"]] = relationship(
        cascade="all, delete-orphan",
        lazy="selectin",
        order_by="CustomerEmailRow.position",
    )


class CustomerNumberRow(Base):
    """A telephone number of a customer; several customers may share one."""

    __tablename__ = "customer_numbers"

    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    customer_id: Mapped[str] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]


class CustomerEmailRow(Base):
    """An e-mail address of a customer; several customers may share one."""

    __tablename__ = "customer_emails"

    email: Mapped[str] = mapped_column(String(LONGEST), primary_key=True)
    customer_id: Mapped[str] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]
    verified: Mapped[bool]
