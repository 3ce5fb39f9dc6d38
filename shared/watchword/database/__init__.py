"""PostgreSQL: transactions, the read path, migrations, notifications, advisory locks."""
