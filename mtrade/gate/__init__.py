"""The client of Gate API v4: one for live, testnet and paper. Its pure files serve paper too."""
