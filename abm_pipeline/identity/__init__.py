"""Which records are the same company or person, and what the account is called: built from staged alone."""
