"""What leaves the house about tickets: e-mail, SMS and webhooks, written down before it is sent."""
