"""What the tests that call every operation of every service share."""
