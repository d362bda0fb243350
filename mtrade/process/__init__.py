"""How the server lives and dies: one lock, one identity, stop by request, no foreign signal."""
