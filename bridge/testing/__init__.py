"""Conformance suites and fakes for plugin authors."""
