"""Mutation testing: change the code in one place at a time, and see a test fail."""
