"""The thinking part: values and rules of trading, with no I/O, clock, thread or randomness."""
