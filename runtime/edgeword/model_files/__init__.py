"""Model files, looked through before an engine sees a byte of them."""
