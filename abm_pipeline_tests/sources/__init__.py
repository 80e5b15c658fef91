"""Every source against the sandbox over real HTTP; and the parts they share on their own."""
