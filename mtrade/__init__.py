"""mTrade: a self-hosted trading desk for Gate."""

__version__ = "1.0.0"
