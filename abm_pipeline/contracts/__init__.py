"""What each table that crosses a layer line looks like. Declarations and their renderings; no logic."""
