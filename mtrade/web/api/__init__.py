"""The routes' handlers, one module per resource: read a form, call the desk, encode the answer."""
