"""Sign-ons: people in their browsers. The sessions of clients come from them, and end with them."""
