"""Mail: messages are built here and handed to a mail server; what they say is written elsewhere."""
