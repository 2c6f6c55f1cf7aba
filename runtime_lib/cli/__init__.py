"""The host command."""
