"""The built-in corpora: a primer on recurrent networks, and the reference that every CPython carries."""
