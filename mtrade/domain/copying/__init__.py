"""Copying, thought through without the world: values in, decisions out.

`params` what a person can choose, `model` what is remembered, `facts` what is known now, `codes`
why something was or was not done; the other files decide.
"""
