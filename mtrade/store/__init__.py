"""Everything mTrade keeps on disk. The only place that knows `sqlite3` and the file formats."""
