"""A file of lines; it knows no events."""
