"""Salesforce over the world: REST query, Bulk API 2.0 query jobs, replication, describe, OAuth and SOAP login."""
