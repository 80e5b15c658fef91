"""HubSpot: CRM, marketing e-mail, forms and surveys of one portal."""
