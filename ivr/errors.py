"""Every refusal of the IVR; the texts stand in `cti/web/texts.yaml`."""

from cti.kernel.errors import Refused


def no_such_loan(flow: str) -> Refused:
    """No flow of that name serves callers whom agents lend."""
    return Refused("loan.no_flow", flow=flow)


def loan_running() -> Refused:
    """The caller is lent already."""
    return Refused("loan.running")
