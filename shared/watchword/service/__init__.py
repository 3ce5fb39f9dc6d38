"""The frame of a service: app, process, middleware, documentation page, health, settings."""
