"""Why the dispatch catalogue proposes a department, in the words of a page."""

from tickets.proposals import Proposal
from tickets.web.shown import Words
from tickets.web.timeline import worded


def why(proposal: Proposal, words: Words) -> str:
    """Which line it is, whether it leads there, and what of the ticket the line goes by."""
    role = "lead" if proposal.lead else "assist"
    said = [
        words.text(f"ticket.kind.{text}") if name == "kind" else worded(name, text, words)
        for name, text in proposal.reasons
    ]
    entry = words.text("ticket.catalogue.entry", line=proposal.line_id)
    limit = [proposal.limit] if proposal.limit else []
    return " · ".join((entry, words.text(f"ticket.catalogue.{role}"), *said, *limit))
