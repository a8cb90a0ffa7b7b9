"""Run the package as a program: its commands for logs."""

import sys

from ._cli import main

sys.exit(main())
