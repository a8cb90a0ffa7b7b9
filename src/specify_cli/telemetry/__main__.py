"""Run the package as a program: its commands for logs."""

import sys

from ._cli import main

sys.exit(main(program=f"python -m {__package__}"))
