"""The trial call of the README."""

from argparse import ArgumentParser

from config.cli import call
from config.demo.read import read_demo


def test_who_calls_by_default_is_the_customer_whose_pin_the_start_shows() -> None:
    parser = ArgumentParser()
    call.add_arguments(parser)
    shown = next(each for each in read_demo().customers if each.accounts)
    assert parser.parse_args(["95588"]).calling in shown.customer.numbers
