"""Providers: each sends requests to one kind of server and reads its replies."""
