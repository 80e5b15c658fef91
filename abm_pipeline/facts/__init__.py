"""What happened, in canonical tables that never hold an account id: identity binds late."""
