"""The sandbox: its world and its three APIs."""
