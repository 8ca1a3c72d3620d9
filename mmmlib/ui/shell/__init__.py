"""The frame around the pages: title bar, theme, connection, messages."""
