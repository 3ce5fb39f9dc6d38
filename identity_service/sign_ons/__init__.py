"""Sign-ons: people in their browsers. A sign-on begins with a password, and ends with all sessions of its person."""
