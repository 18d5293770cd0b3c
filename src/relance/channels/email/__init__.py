"""E-mail: MIME, any SMTP server, and a built-in mailbox."""
