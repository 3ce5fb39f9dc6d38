"""The declarative file: roles, services and clients as they shall be, what differs from that, and how it is applied."""
