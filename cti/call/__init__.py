"""Calls after CSTA (ECMA-269): model, events, and the services that change them."""
