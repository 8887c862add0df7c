"""How is the value of a param edited? One editor per kind of value; the form puts them together."""
