"""The web layer: pages, the HTTP API and its security."""

from mtrade.web.app import create_app
from mtrade.web.context import WebContext

__all__ = ["WebContext", "create_app"]
