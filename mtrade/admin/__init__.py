"""The owner's commands at the machine itself."""
