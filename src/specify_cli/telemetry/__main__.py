"""Run the package as a program: its commands for logs."""

import sys

from ._cli.commands import main

sys.exit(main())
