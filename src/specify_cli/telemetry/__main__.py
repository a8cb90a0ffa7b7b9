"""``python -m specify_cli.telemetry``."""

import sys

from ._cli import main

sys.exit(main())
