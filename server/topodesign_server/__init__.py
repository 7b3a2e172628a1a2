"""The gRPC service around the library: durable jobs, isolation of the solver, streaming, rich errors."""
