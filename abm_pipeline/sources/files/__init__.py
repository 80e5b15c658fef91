"""Files with a declared meaning: lists, costs, hours, rankings, rates, deliveries."""
