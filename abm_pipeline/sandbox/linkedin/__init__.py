"""LinkedIn Marketing over the world: OAuth, accounts, campaigns, adAnalytics and organisation lookup, Rest.li 2.0."""
