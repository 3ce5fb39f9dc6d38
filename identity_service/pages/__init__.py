"""The HTML pages that people see: forms that work without JavaScript, over the same use cases as the API."""
