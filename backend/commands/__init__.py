"""What the `xinyi` command does, one module for each group of commands; `backend.cli` only names them."""
