"""Many plans of one scenario with figures varied: definition, starts, engine, durable folder, tables and charts."""
