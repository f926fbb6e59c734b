"""From which figures on the wall board calls for attention, and for action."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Threshold:
    """Amber at `warning`, red at `critical`; with `below`, figures that are too low.

    A level is left only when the figure has come back past its limit by `hysteresis` (a share of
    the limit), so a figure on the edge does not flicker. With fewer than `sample` calls behind it
    a figure is noise and has no colour.
    """

    warning: float
    critical: float
    below: bool = False
    hysteresis: float = 0.1
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One for each coloured figure of a queue; waits in seconds, service level from 0 to 1."""

    waiting: Threshold = field(default=Threshold(warning=3, critical=6))
    longest_wait: Threshold = field(default=Threshold(warning=60, critical=120))
    service_level: Threshold = field(
        default=Threshold(warning=0.8, critical=0.6, below=True, hysteresis=0.02, sample=10)
    )
