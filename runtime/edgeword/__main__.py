"""`python -m edgeword`."""

import sys

from edgeword.cli import main

sys.exit(main())
