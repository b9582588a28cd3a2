"""Tables, CSV or Parquet, read as the texts that they hold and grouped; knows no column's meaning."""
