"""``hotline call``: a real call from the terminal."""

import argparse
import math
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet.defer import Deferred

from cti.keying import Stroke, parse_keys
from cti.sip.events import Endpoint
from cti.telephone import PhoneCall, PhoneState, Telephone
from config.cli.terminal import Terminal
from config.cli.telephones import endpoint_argument, open_telephone, run_in_reactor
