"""Tests of the file-backed event store."""
