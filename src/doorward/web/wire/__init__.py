"""What travels: requests and responses as values, parameters, cookies, headers, error bodies."""
