"""A line to an event and back, without any I/O."""
