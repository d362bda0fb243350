"""Copying: the engine's guest that lets followers mirror leaders, and its hands and eyes."""
