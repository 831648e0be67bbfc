"""What calls cost: prices, totals, and the cap on spending."""
