"""The public endpoints of the paper exchange: market data in Gate's shapes."""
