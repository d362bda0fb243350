"""`python -m mtrade.config` prints the JSON schema of config.json (docs/config.schema.json)."""

import sys

from mtrade.config.model import schema_text

if __name__ == "__main__":
    sys.stdout.write(schema_text())
