"""Providers: from a request to one server's wire format and back."""
