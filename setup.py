"""Everything stands in setup.cfg; pip asks for this file."""

from setuptools import setup

setup()
