"""The application gateway to the core banking system."""
