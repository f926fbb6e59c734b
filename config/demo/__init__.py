"""The demo bank: invented customers, accounts, departments and staff."""

from config.demo.load import load_bank_txn
from config.demo.model import Demo, DemoCustomer, DemoDepartment, DemoStaff
from config.demo.read import read_demo

__all__ = [
    "Demo",
    "DemoCustomer",
    "DemoDepartment",
    "DemoStaff",
    "load_bank_txn",
    "read_demo",
]
