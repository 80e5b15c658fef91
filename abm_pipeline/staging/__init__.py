"""Raw records become typed rows of the canonical tables: parsed, judged, mapped; what fails goes to quarantine."""
