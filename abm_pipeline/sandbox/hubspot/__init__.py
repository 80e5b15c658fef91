"""HubSpot: CRM objects, search, associations, marketing e-mail, forms and surveys of one portal."""
