"""Azure Communication Services: calls whose words it sends, and which are controlled from here."""
