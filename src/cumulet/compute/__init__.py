"""Other people's code, run safely. Drivers arrive with the first service that runs code."""
