"""What happens: accounts, the engine, the state a screen shows. Speaks only to ports."""
