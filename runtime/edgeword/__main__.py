"""`python -m edgeword`."""

import sys

from edgeword.cli.main import main

sys.exit(main())
