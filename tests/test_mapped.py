"""Arrays on disk: fitted range by range, whatever their type, in less memory than they take."""
