"""Settings: what the owner chose, where each choice came from, and what is wrong with it.

Precedence: command line > environment > `.env` > `config.json` > default.
"""

from mtrade.config.model import Config
from mtrade.config.settings import Setting, Settings, Source, home_of, load

__all__ = ["Config", "Setting", "Settings", "Source", "home_of", "load"]
