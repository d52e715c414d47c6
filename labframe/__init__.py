"""labframe: plug an instrument in; its values are on the network."""
