"""Tables, CSV or Parquet: opened, read as the texts that they hold, grouped; knows no column's meaning."""
